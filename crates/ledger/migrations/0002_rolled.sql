-- Up to which place of a chain its entries are in the snapshots. Not in the row of the chain's head, which every
-- transfer updates.
CREATE TABLE ledger_rolled (
    chain TEXT   NOT NULL PRIMARY KEY,
    seq   BIGINT NOT NULL
);
