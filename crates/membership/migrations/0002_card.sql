-- What a virtual variant gives to who buys it. A card is not sold any more by taking its product off sale.
CREATE TABLE membership_card (
    sku             BLOB NOT NULL PRIMARY KEY,
    merchant        BLOB NOT NULL,
    title           TEXT   NOT NULL,
    days            BIGINT NOT NULL,
    off_bp          BIGINT NOT NULL,
    is_freight_free BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    CHECK (days >= 1 AND off_bp >= 0)
);
CREATE INDEX membership_card_merchant ON membership_card (merchant, sku);

-- A card that somebody bought, as it was promised when it was ordered. Both times are 0 until it is paid for good.
CREATE TABLE membership_term (
    order_id        BLOB NOT NULL,
    line            BIGINT NOT NULL,
    merchant        BLOB NOT NULL,
    person          BLOB NOT NULL,
    sku             BLOB NOT NULL,
    title           TEXT   NOT NULL,
    off_bp          BIGINT NOT NULL,
    is_freight_free BIGINT NOT NULL,
    days            BIGINT NOT NULL,
    paid            BIGINT NOT NULL,
    starts_at       BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL,
    PRIMARY KEY (order_id, line),
    CHECK (days >= 1 AND ends_at >= starts_at)
);
CREATE INDEX membership_term_person ON membership_term (person, merchant, ends_at);

-- Whoever begins or ends a term of a person with a merchant takes this row first: terms follow each other.
CREATE TABLE membership_turn (
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    turns    BIGINT NOT NULL,
    PRIMARY KEY (merchant, person)
);

CREATE VIEW audit_member_terms AS
SELECT id_text('ord', t.order_id) AS order_id, t.line AS line, id_text('mer', t.merchant) AS shop,
       id_text('per', t.person) AS person, t.days AS days, t.paid AS paid, t.starts_at AS starts_at,
       t.ends_at AS ends_at
FROM membership_term t;
