-- What is known of a product: one article, at one revision. 0 before anything was written.
CREATE TABLE knowledge_article (
    product    BLOB NOT NULL PRIMARY KEY,
    merchant   BLOB NOT NULL,
    revision   BIGINT NOT NULL,
    -- Proposals that staff have not decided about.
    waiting    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (revision >= 0 AND waiting >= 0)
);

-- Every text the article ever had. None is changed.
CREATE TABLE knowledge_revision (
    product    BLOB NOT NULL,
    number     BIGINT NOT NULL,
    author     BLOB NOT NULL,
    side       TEXT   NOT NULL,
    words      TEXT   NOT NULL,
    -- Where it is known from: JSON that only the program reads.
    sources    TEXT   NOT NULL,
    remark     TEXT   NOT NULL,
    -- Which revision it brought back.
    restored   BIGINT,
    -- Which proposal it was.
    proposal   BLOB,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (product, number)
);

-- What somebody outside the shop would write.
CREATE TABLE knowledge_proposal (
    id         BLOB NOT NULL PRIMARY KEY,
    product    BLOB NOT NULL,
    merchant   BLOB NOT NULL,
    base       BIGINT NOT NULL,
    author     BLOB NOT NULL,
    side       TEXT   NOT NULL,
    words      TEXT   NOT NULL,
    sources    TEXT   NOT NULL,
    remark     TEXT   NOT NULL,
    -- waiting, accepted or declined.
    state      TEXT   NOT NULL,
    note       TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX knowledge_proposal_merchant ON knowledge_proposal (merchant, state, id);
CREATE INDEX knowledge_proposal_author ON knowledge_proposal (author, id);

CREATE VIEW audit_articles AS
SELECT id_text('prd', a.product) AS product, a.revision AS revision, a.waiting AS waiting
FROM knowledge_article a;

CREATE VIEW audit_revisions AS
SELECT id_text('prd', r.product) AS product, r.number AS number FROM knowledge_revision r;

CREATE VIEW audit_proposals AS
SELECT id_text('prp', p.id) AS id, id_text('prd', p.product) AS product, p.state AS state
FROM knowledge_proposal p;
