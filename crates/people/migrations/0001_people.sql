-- state: guest, member, merged (a guest that turned out to be a member), banned.
CREATE TABLE people_person (
    id              BLOB NOT NULL PRIMARY KEY,
    state           TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    locale          TEXT   NOT NULL,
    phone           TEXT,
    password        TEXT,
    is_operator     BIGINT NOT NULL,
    addresses       BIGINT NOT NULL,
    default_address BLOB,
    created_at      BIGINT NOT NULL,
    CHECK (addresses >= 0)
);

-- Who has a phone number: the number is the key, so nobody else can have it.
CREATE TABLE people_phone (
    phone  TEXT NOT NULL PRIMARY KEY,
    person BLOB NOT NULL
);

CREATE TABLE people_alias (
    guest     BLOB NOT NULL PRIMARY KEY,
    member    BLOB NOT NULL,
    merged_at BIGINT NOT NULL
);

-- The one live code of a number. demo_code is only written in demo mode.
CREATE TABLE people_code (
    phone      TEXT   NOT NULL PRIMARY KEY,
    salt       BLOB   NOT NULL,
    code_hash  BLOB   NOT NULL,
    tries_left BIGINT NOT NULL,
    demo_code  TEXT,
    sent_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX people_code_expiry ON people_code (expires_at, phone);

-- How often something was done within a time that starts with the first.
CREATE TABLE people_limit (
    scope      TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX people_limit_start ON people_limit (started_at, scope, key);

CREATE TABLE people_session (
    token_hash BLOB NOT NULL PRIMARY KEY,
    id         BLOB NOT NULL,
    person     BLOB NOT NULL,
    way        TEXT   NOT NULL,
    user_agent TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX people_session_person ON people_session (person, created_at, id);
CREATE INDEX people_session_expiry ON people_session (expires_at, token_hash);

CREATE TABLE people_address (
    person     BLOB NOT NULL,
    id         BLOB NOT NULL,
    name       TEXT   NOT NULL,
    phone      TEXT   NOT NULL,
    region     TEXT   NOT NULL,
    street     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (person, id)
);

CREATE TABLE people_merchant (
    id         BLOB NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    about      TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE people_staff (
    person   BLOB NOT NULL,
    merchant BLOB NOT NULL,
    role     TEXT   NOT NULL,
    rights   BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (person, merchant)
);
CREATE INDEX people_staff_merchant ON people_staff (merchant, person);

-- Acts of staff and operators; append-only.
CREATE TABLE people_act (
    id       BLOB NOT NULL PRIMARY KEY,
    merchant BLOB,
    actor    BLOB NOT NULL,
    action   TEXT   NOT NULL,
    target   TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX people_act_merchant ON people_act (merchant, id);
