-- Answers to requests that must not be carried out twice, kept with their effect.
CREATE TABLE rest_idempotency /* wide */ (
    id           BLOB   NOT NULL PRIMARY KEY, -- the first half of the SHA-256 of scope, NUL, key
    scope        TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash BLOB NOT NULL,
    status       BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    money        BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX rest_idempotency_age ON rest_idempotency (created_at);

-- A row appears with its effect, in one transaction, so none is ever seen in flight.
CREATE VIEW audit_idempotency AS
SELECT i.scope AS scope, i.key AS key, lower_hex(i.request_hash) AS request_hash, 'done' AS state,
       i.status AS status, i.created_at AS created_at, i.money AS money
FROM rest_idempotency i;
