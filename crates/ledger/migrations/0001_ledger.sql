CREATE TABLE ledger_account (
    id         BLOB NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    asset      TEXT   NOT NULL,
    rule       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX ledger_account_kind ON ledger_account (kind, id);

-- Only for accounts with a floor: the one row that guards it.
CREATE TABLE ledger_balance (
    account    BLOB NOT NULL PRIMARY KEY,
    posted_dr  BIGINT NOT NULL,
    posted_cr  BIGINT NOT NULL,
    pending_dr BIGINT NOT NULL,
    pending_cr BIGINT NOT NULL,
    CHECK (posted_dr >= 0 AND posted_cr >= 0 AND pending_dr >= 0 AND pending_cr >= 0)
);

CREATE TABLE ledger_transfer /* wide */ (
    id             BLOB NOT NULL PRIMARY KEY,
    kind           TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    pending_id     BLOB,
    asset          TEXT   NOT NULL,
    amount         BIGINT NOT NULL,
    debit_account  BLOB,
    credit_account BLOB,
    order_id       BLOB,
    cause          TEXT   NOT NULL,
    digest         BLOB NOT NULL,
    expires_at     BIGINT,
    created_at     BIGINT NOT NULL,
    CHECK (amount > 0)
);
CREATE INDEX ledger_transfer_order ON ledger_transfer (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX ledger_transfer_pending ON ledger_transfer (expires_at, id) WHERE state = 'pending';

-- Append-only. All entries of an account with a floor lie in one chain.
CREATE TABLE ledger_entry (
    chain    TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    transfer BLOB NOT NULL,
    account  BLOB NOT NULL,
    side     TEXT   NOT NULL,
    amount   BIGINT NOT NULL,
    asset    TEXT   NOT NULL,
    hash     BLOB NOT NULL,
    PRIMARY KEY (chain, seq),
    CHECK (amount > 0)
);
CREATE INDEX ledger_entry_account ON ledger_entry (account, chain, seq);
CREATE INDEX ledger_entry_transfer ON ledger_entry (transfer);

CREATE TABLE ledger_chain (
    chain TEXT   NOT NULL PRIMARY KEY,
    seq   BIGINT NOT NULL,
    hash  BLOB NOT NULL
);

-- Sums of entries up to a place in a chain, for accounts without a balance row.
CREATE TABLE ledger_snapshot (
    account   BLOB NOT NULL,
    chain     TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    posted_dr BIGINT NOT NULL,
    posted_cr BIGINT NOT NULL,
    PRIMARY KEY (account, chain)
);

CREATE VIEW audit_accounts AS
SELECT id_text('acc', a.id) AS account_id, a.owner AS owner_id, a.kind AS kind, a.asset AS currency, a.rule AS rule
FROM ledger_account a;

CREATE VIEW audit_transfers AS
SELECT id_text('tra', t.id) AS transfer_id, t.kind AS kind, t.state AS state,
       id_text('tra', t.pending_id) AS pending_id, t.asset AS currency, t.amount AS amount,
       id_text('acc', t.debit_account) AS debit_account, id_text('acc', t.credit_account) AS credit_account,
       id_text('ord', t.order_id) AS order_id, t.expires_at AS expires_at, t.created_at AS created_at
FROM ledger_transfer t;

CREATE VIEW audit_entries AS
SELECT e.chain AS chain, e.seq AS seq, id_text('tra', e.transfer) AS transfer_id,
       id_text('acc', e.account) AS account_id, e.asset AS currency, e.side AS side, e.amount AS amount,
       COALESCE((SELECT lower_hex(p.hash) FROM ledger_entry p WHERE p.chain = e.chain AND p.seq = e.seq - 1),
                '0000000000000000000000000000000000000000000000000000000000000000') AS prev_hash,
       lower_hex(e.hash) AS hash
FROM ledger_entry e;

CREATE VIEW audit_balances AS
SELECT id_text('acc', a.id) AS account_id,
       COALESCE(b.posted_dr, CAST(
           COALESCE((SELECT SUM(s.posted_dr) FROM ledger_snapshot s WHERE s.account = a.id), 0)
         + COALESCE((SELECT SUM(e.amount) FROM ledger_entry e WHERE e.account = a.id AND e.side = 'D'
             AND e.seq > COALESCE((SELECT s.seq FROM ledger_snapshot s WHERE s.account = a.id AND s.chain = e.chain), 0)), 0)
         AS BIGINT)) AS posted_dr,
       COALESCE(b.posted_cr, CAST(
           COALESCE((SELECT SUM(s.posted_cr) FROM ledger_snapshot s WHERE s.account = a.id), 0)
         + COALESCE((SELECT SUM(e.amount) FROM ledger_entry e WHERE e.account = a.id AND e.side = 'C'
             AND e.seq > COALESCE((SELECT s.seq FROM ledger_snapshot s WHERE s.account = a.id AND s.chain = e.chain), 0)), 0)
         AS BIGINT)) AS posted_cr,
       COALESCE(b.pending_dr, CAST(COALESCE((SELECT SUM(t.amount) FROM ledger_transfer t
           WHERE t.state = 'pending' AND t.debit_account = a.id), 0) AS BIGINT)) AS pending_dr,
       COALESCE(b.pending_cr, CAST(COALESCE((SELECT SUM(t.amount) FROM ledger_transfer t
           WHERE t.state = 'pending' AND t.credit_account = a.id), 0) AS BIGINT)) AS pending_cr
FROM ledger_account a LEFT JOIN ledger_balance b ON b.account = a.id;
