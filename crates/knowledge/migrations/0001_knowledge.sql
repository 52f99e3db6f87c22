-- What somebody said of a product: a review, a question, or the answer to one.
CREATE TABLE knowledge_post /* wide */ (
    id           BLOB NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    product      BLOB NOT NULL,
    merchant     BLOB NOT NULL,
    author       BLOB NOT NULL,
    -- Who speaks: the shop, somebody who bought it, somebody else.
    side         TEXT   NOT NULL,
    anonymous    BIGINT NOT NULL,
    words        TEXT   NOT NULL,
    -- Of an answer: the question. Of a question: the answer its author took.
    question     BLOB,
    accepted     BLOB,
    -- Of a review: 1 to 5; 0 else. Tags and what distinguished the variant are JSON that only the program reads.
    stars        BIGINT NOT NULL,
    tags         TEXT   NOT NULL,
    bought       TEXT   NOT NULL,
    order_id     BLOB,
    line         BIGINT,
    refunded     BIGINT NOT NULL,
    followed     BIGINT NOT NULL,
    follow_up    TEXT,
    follow_up_at BIGINT,
    reply        TEXT,
    reply_at     BIGINT,
    -- Where it stands: shown, reported, held, hidden; in public; waiting for an operator; what the operator said.
    standing     TEXT   NOT NULL,
    public       BIGINT NOT NULL,
    waits        BIGINT NOT NULL,
    note         TEXT,
    reports      BIGINT NOT NULL,
    helpful      BIGINT NOT NULL,
    -- Of a question: its answers in public.
    answers      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    CHECK (stars >= 0 AND stars <= 5 AND reports >= 0 AND helpful >= 0 AND answers >= 0)
);
CREATE INDEX knowledge_post_product ON knowledge_post (product, kind, public, id);
CREATE INDEX knowledge_post_helpful ON knowledge_post (product, kind, public, helpful, id);
CREATE INDEX knowledge_post_merchant ON knowledge_post (merchant, kind, public, id);
CREATE INDEX knowledge_post_question ON knowledge_post (question, public, id);
CREATE INDEX knowledge_post_author ON knowledge_post (author, id);
CREATE INDEX knowledge_post_waits ON knowledge_post (waits, id);

-- One review for each line of an order.
CREATE TABLE knowledge_reviewed (
    order_id BLOB NOT NULL,
    line     BIGINT NOT NULL,
    post     BLOB NOT NULL,
    PRIMARY KEY (order_id, line)
);

-- Who found what helpful: each person once.
CREATE TABLE knowledge_vote (
    post   BLOB NOT NULL,
    person BLOB NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (post, person)
);
CREATE INDEX knowledge_vote_person ON knowledge_vote (person, post);

-- Who reported what: each person once.
CREATE TABLE knowledge_report (
    post   BLOB NOT NULL,
    person BLOB NOT NULL,
    reason TEXT   NOT NULL,
    words  TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (post, person)
);

-- What is in public of a product, counted in the transaction that changes it.
CREATE TABLE knowledge_summary (
    product   BLOB NOT NULL PRIMARY KEY,
    stars     BIGINT NOT NULL,
    ones      BIGINT NOT NULL,
    twos      BIGINT NOT NULL,
    threes    BIGINT NOT NULL,
    fours     BIGINT NOT NULL,
    fives     BIGINT NOT NULL,
    followed  BIGINT NOT NULL,
    questions BIGINT NOT NULL,
    CHECK (stars >= 0 AND ones >= 0 AND twos >= 0 AND threes >= 0 AND fours >= 0 AND fives >= 0
        AND followed >= 0 AND questions >= 0)
);

-- How often a person has done something in the present hour.
CREATE TABLE knowledge_limit (
    person     BLOB NOT NULL,
    scope      TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    PRIMARY KEY (person, scope)
);

-- Words that hold back what is said with them: one row, JSON that only the program reads.
CREATE TABLE knowledge_words (
    scope   TEXT   NOT NULL PRIMARY KEY,
    words   TEXT   NOT NULL,
    version BIGINT NOT NULL
);

CREATE VIEW audit_posts AS
SELECT id_text('pst', p.id) AS id, p.kind AS kind, id_text('prd', p.product) AS product,
       id_text('pst', p.question) AS question, p.public AS public, p.stars AS stars, p.followed AS followed,
       p.helpful AS helpful, p.answers AS answers
FROM knowledge_post p;

CREATE VIEW audit_post_votes AS
SELECT id_text('pst', v.post) AS post_id, id_text('per', v.person) AS person_id
FROM knowledge_vote v;

CREATE VIEW audit_product_summaries AS
SELECT id_text('prd', s.product) AS product, s.ones + s.twos + s.threes + s.fours + s.fives AS reviews,
       s.stars AS stars, s.followed AS followed, s.questions AS questions
FROM knowledge_summary s;
