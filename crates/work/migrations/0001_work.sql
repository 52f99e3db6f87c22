-- Which subscriber has dealt with which event.
CREATE TABLE work_inbox (
    event    BLOB NOT NULL,
    consumer TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (event, consumer)
);
CREATE INDEX work_inbox_age ON work_inbox (at);

-- What is to be done, and from when on. A timer is a row here.
CREATE TABLE work_job (
    kind       TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    payload    TEXT   NOT NULL,
    run_at     BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    attempts   BIGINT NOT NULL,
    last_error TEXT,
    PRIMARY KEY (kind, key)
);
CREATE INDEX work_job_due ON work_job (run_at, kind, key) WHERE state = 'waiting';

-- Events a subscriber could not deal with; a person looks at them.
CREATE TABLE work_stuck (
    event      BLOB NOT NULL,
    consumer   TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    retry_at   BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    last_error TEXT   NOT NULL,
    PRIMARY KEY (event, consumer)
);

CREATE VIEW audit_inbox AS
SELECT i.consumer AS consumer, id_text('evt', i.event) AS event_id FROM work_inbox i;
