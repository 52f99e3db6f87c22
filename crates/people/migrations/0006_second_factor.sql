-- The second factor of a person: the secret is encrypted (secret_key.rs). last_step: the last 30 seconds of which a
-- code was taken; none of them or before is taken again.
CREATE TABLE people_totp (
    person       BLOB NOT NULL PRIMARY KEY,
    secret       BLOB NOT NULL,
    last_step    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT
);

-- Codes for who has lost the authenticator: SHA-256 of 80 random bits each; a used one is gone.
CREATE TABLE people_recovery (
    person    BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (person, code_hash)
);

-- When the person last proved in this session who it is.
ALTER TABLE people_session ADD COLUMN stepped_up_at BIGINT;

-- Whether staff need a second factor.
ALTER TABLE people_merchant ADD COLUMN needs_second_factor BIGINT NOT NULL DEFAULT 0;
