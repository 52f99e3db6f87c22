-- What coupons are made by; it does not change once it is there. rule is JSON that only the program reads.
CREATE TABLE coupons_template /* wide */ (
    id         BLOB NOT NULL PRIMARY KEY,
    merchant   BLOB NOT NULL,
    title      TEXT   NOT NULL,
    rule       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    -- How many may be claimed, and what they may take off together; NULL for no limit.
    issue_max  BIGINT,
    worth_max  BIGINT,
    per_person BIGINT NOT NULL,
    -- The most that one of them can take off.
    worth_each BIGINT NOT NULL,
    issued     BIGINT NOT NULL,
    promised   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (issued >= 0 AND promised >= 0 AND (issue_max IS NULL OR issued <= issue_max)
        AND (worth_max IS NULL OR promised <= worth_max))
);
CREATE INDEX coupons_template_merchant ON coupons_template (merchant, state, id);

-- How many a person has claimed.
CREATE TABLE coupons_person (
    template BLOB NOT NULL,
    person   BLOB NOT NULL,
    claimed  BIGINT NOT NULL,
    PRIMARY KEY (template, person),
    CHECK (claimed >= 0)
);

-- One person's coupon. `grown` is the sum of its growth, `days` how many days of it are written.
CREATE TABLE coupons_coupon (
    id         BLOB NOT NULL PRIMARY KEY,
    template   BLOB NOT NULL,
    merchant   BLOB NOT NULL,
    person     BLOB NOT NULL,
    state      TEXT   NOT NULL,
    order_id   BLOB,
    code       TEXT,
    grown      BIGINT NOT NULL,
    days       BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL,
    CHECK (grown >= 0 AND days >= 0)
);
CREATE INDEX coupons_coupon_person ON coupons_coupon (person, id);
CREATE INDEX coupons_coupon_shop ON coupons_coupon (person, merchant, state, valid_to, id);
CREATE INDEX coupons_coupon_template ON coupons_coupon (template, state);

-- The link by which friends help: whoever knows the code may.
CREATE TABLE coupons_code (
    code   TEXT NOT NULL PRIMARY KEY,
    coupon BLOB NOT NULL
);

CREATE INDEX coupons_person_person ON coupons_person (person, template);

-- Why a coupon grew: a friend, whose id it is, or days from one to another. One row per cause.
CREATE TABLE coupons_growth (
    coupon BLOB NOT NULL,
    cause  TEXT   NOT NULL,
    amount BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (coupon, cause),
    CHECK (amount > 0)
);

CREATE INDEX coupons_growth_cause ON coupons_growth (cause, coupon);

-- What a coupon took off which order; `released` when the order ended before it was sent.
CREATE TABLE coupons_use (
    order_id BLOB NOT NULL PRIMARY KEY,
    coupon   BLOB NOT NULL,
    template BLOB NOT NULL,
    person   BLOB NOT NULL,
    off      BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    CHECK (off > 0)
);
CREATE INDEX coupons_use_template ON coupons_use (template, state);
CREATE INDEX coupons_use_coupon ON coupons_use (coupon, state);

CREATE VIEW audit_vouchers AS
SELECT id_text('cpt', t.id) AS code, t.issue_max AS limit_total, t.per_person AS limit_user,
       (SELECT COUNT(*) FROM coupons_coupon c WHERE c.template = t.id AND c.state = 'used') AS used
FROM coupons_template t;

CREATE VIEW audit_voucher_uses AS
SELECT id_text('cpt', u.template) AS code, id_text('per', u.person) AS user_id, id_text('ord', u.order_id) AS order_id,
       u.state AS state
FROM coupons_use u;

CREATE VIEW audit_coupon_templates AS
SELECT id_text('cpt', t.id) AS id, id_text('mer', t.merchant) AS shop, t.state AS state, t.issue_max AS issue_max,
       t.worth_max AS worth_max, t.per_person AS per_person, t.worth_each AS worth_each, t.issued AS issued,
       t.promised AS promised
FROM coupons_template t;

CREATE VIEW audit_coupons AS
SELECT id_text('cpn', c.id) AS id, id_text('cpt', c.template) AS template, id_text('per', c.person) AS person,
       c.state AS state, id_text('ord', c.order_id) AS order_id, c.grown AS grown, c.valid_to AS valid_to
FROM coupons_coupon c;

CREATE VIEW audit_coupon_uses AS
SELECT id_text('ord', u.order_id) AS order_id, id_text('cpn', u.coupon) AS coupon, u.off AS off, u.state AS state
FROM coupons_use u;

CREATE VIEW audit_coupon_growth AS
SELECT id_text('cpn', g.coupon) AS coupon, g.cause AS cause, g.amount AS amount FROM coupons_growth g;
