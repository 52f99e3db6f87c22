-- What a shop promises its members. tiers is JSON that only the program reads.
CREATE TABLE membership_program (
    merchant   BLOB NOT NULL PRIMARY KEY,
    factor     BIGINT NOT NULL,
    days       BIGINT NOT NULL,
    tiers      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (factor >= 0 AND days >= 1)
);

-- What a settled order is worth: growth follows from paid - back, and factor, the program's when it was settled.
CREATE TABLE membership_order (
    order_id  BLOB NOT NULL PRIMARY KEY,
    merchant  BLOB NOT NULL,
    person    BLOB NOT NULL,
    unit      BIGINT NOT NULL,
    factor    BIGINT NOT NULL,
    paid      BIGINT NOT NULL,
    back      BIGINT NOT NULL,
    growth    BIGINT NOT NULL,
    earned_at BIGINT NOT NULL,
    CHECK (unit > 0 AND back >= 0 AND back <= paid AND growth >= 0)
);
CREATE INDEX membership_order_person ON membership_order (merchant, person, earned_at);

-- Why growth changed: 'settled', or the refund. One row per cause.
CREATE TABLE membership_growth (
    order_id BLOB NOT NULL,
    cause    TEXT   NOT NULL,
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    amount   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (order_id, cause)
);
CREATE INDEX membership_growth_person ON membership_growth (merchant, person, at);

CREATE VIEW audit_member_orders AS
SELECT id_text('ord', o.order_id) AS order_id, id_text('mer', o.merchant) AS shop, id_text('per', o.person) AS person,
       o.unit AS unit, o.factor AS factor, o.paid AS paid, o.back AS back, o.growth AS growth
FROM membership_order o;

CREATE VIEW audit_member_growth AS
SELECT id_text('ord', g.order_id) AS order_id, g.cause AS cause, g.amount AS amount FROM membership_growth g;
