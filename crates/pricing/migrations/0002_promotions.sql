-- How many promotions of a merchant are live: without any, a checkout does not look for them.
ALTER TABLE pricing_rules ADD COLUMN live BIGINT NOT NULL DEFAULT 0;

-- rule is JSON that only the program reads: which goods, what is asked for, what is given.
CREATE TABLE pricing_promotion /* wide */ (
    id         BLOB NOT NULL PRIMARY KEY,
    merchant   BLOB NOT NULL,
    title      TEXT   NOT NULL,
    rule       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    -- What it may take off in all, how often it may be used, and how often by one person; NULL for no limit.
    budget     BIGINT,
    uses_max   BIGINT,
    per_person BIGINT,
    -- What it has taken off and how often, counted only where there is a limit: else no order writes this row.
    spent      BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (spent >= 0 AND used >= 0 AND (budget IS NULL OR spent <= budget) AND (uses_max IS NULL OR used <= uses_max))
);
CREATE INDEX pricing_promotion_merchant ON pricing_promotion (merchant, state, id);

-- How often a person has used a promotion that limits that.
CREATE TABLE pricing_promotion_person (
    promotion BLOB NOT NULL,
    person    BLOB NOT NULL,
    used      BIGINT NOT NULL,
    PRIMARY KEY (promotion, person),
    CHECK (used >= 0)
);

-- What a promotion took off which order; `released` when the order ended without being bought.
CREATE TABLE pricing_promotion_use (
    order_id  BLOB NOT NULL,
    promotion BLOB NOT NULL,
    person    BLOB NOT NULL,
    off       BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (order_id, promotion),
    CHECK (off > 0)
);
CREATE INDEX pricing_promotion_use_promotion ON pricing_promotion_use (promotion, state);

CREATE VIEW audit_promotions AS
SELECT id_text('prm', p.id) AS id, id_text('mer', p.merchant) AS shop, p.state AS state, p.budget AS budget,
       p.uses_max AS uses_max, p.per_person AS per_person, p.spent AS spent, p.used AS used
FROM pricing_promotion p;

CREATE VIEW audit_promotion_uses AS
SELECT id_text('ord', u.order_id) AS order_id, id_text('prm', u.promotion) AS promotion_id,
       id_text('per', u.person) AS person, u.off AS off, u.state AS state
FROM pricing_promotion_use u;
