-- Events, in the transaction that made them true.
CREATE TABLE db_outbox /* wide */ (
    aggregate TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    id        BLOB NOT NULL,
    kind      TEXT   NOT NULL,
    version   BIGINT NOT NULL,
    payload   TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    published BIGINT NOT NULL,
    PRIMARY KEY (aggregate, seq)
);
CREATE INDEX db_outbox_waiting ON db_outbox (seq, aggregate) WHERE published = 0;

-- Transactions that were committed: read when the connection is lost while a commit is under way.
CREATE TABLE db_commit (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

-- Small facts about the store itself, such as the offset of the test clock.
CREATE TABLE db_fact (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO db_fact (name, value) VALUES ('clock_offset', 0);

CREATE VIEW audit_outbox AS
SELECT o.seq AS seq, o.aggregate AS aggregate, id_text('evt', o.id) AS event_id, o.published AS published
FROM db_outbox o;

-- The clock the server decides by.
CREATE VIEW audit_clock AS
SELECT micros_now() + f.value AS now FROM db_fact f WHERE f.name = 'clock_offset';
