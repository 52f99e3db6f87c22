-- A list of goods that friends fill and vote on together.
CREATE TABLE knowledge_list (
    id         BLOB NOT NULL PRIMARY KEY,
    owner      BLOB NOT NULL,
    title      TEXT   NOT NULL,
    -- Whoever knows it may join.
    code       TEXT   NOT NULL,
    is_open    BIGINT NOT NULL,
    members    BIGINT NOT NULL,
    items      BIGINT NOT NULL,
    said       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (members >= 0 AND members <= 30 AND items >= 0 AND items <= 50 AND said >= 0 AND said <= 500)
);

CREATE TABLE knowledge_list_code (
    code TEXT NOT NULL PRIMARY KEY,
    list BLOB NOT NULL
);

-- in; left, who may come back; out, who may not.
CREATE TABLE knowledge_list_member (
    list      BLOB NOT NULL,
    person    BLOB NOT NULL,
    state     TEXT   NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (list, person)
);
CREATE INDEX knowledge_list_member_person ON knowledge_list_member (person, state, list);

CREATE TABLE knowledge_list_item (
    list     BLOB NOT NULL,
    sku      BLOB NOT NULL,
    added_by BLOB NOT NULL,
    note     TEXT   NOT NULL,
    votes    BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (list, sku),
    CHECK (votes >= 0)
);

-- Each member once for each item.
CREATE TABLE knowledge_list_vote (
    list   BLOB NOT NULL,
    sku    BLOB NOT NULL,
    person BLOB NOT NULL,
    PRIMARY KEY (list, sku, person)
);

CREATE TABLE knowledge_list_word (
    list   BLOB NOT NULL,
    id     BLOB NOT NULL,
    person BLOB NOT NULL,
    words  TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (list, id)
);

CREATE VIEW audit_lists AS
SELECT id_text('lst', l.id) AS id, l.members AS members, l.items AS items, l.said AS said FROM knowledge_list l;

CREATE VIEW audit_list_members AS
SELECT id_text('lst', m.list) AS list_id, id_text('per', m.person) AS person_id, m.state AS state
FROM knowledge_list_member m;

CREATE VIEW audit_list_items AS
SELECT id_text('lst', i.list) AS list_id, id_text('sku', i.sku) AS sku, i.votes AS votes
FROM knowledge_list_item i;

CREATE VIEW audit_list_votes AS
SELECT id_text('lst', v.list) AS list_id, id_text('sku', v.sku) AS sku, id_text('per', v.person) AS person_id
FROM knowledge_list_vote v;

CREATE VIEW audit_list_words AS
SELECT id_text('lst', w.list) AS list_id, id_text('lsw', w.id) AS id FROM knowledge_list_word w;
