-- One case: what a buyer asks for about one order, and how far it has come.
CREATE TABLE aftersale_case /* wide */ (
    id         BLOB NOT NULL PRIMARY KEY,
    order_id   BLOB NOT NULL,
    merchant   BLOB NOT NULL,
    buyer      BLOB NOT NULL,
    kind       TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    -- What is asked for, in minor units: items and delivery.
    amount     BIGINT NOT NULL,
    shipping   BIGINT NOT NULL,
    -- What went back in the end.
    refunded   BIGINT NOT NULL,
    -- How the goods travel back.
    carrier    TEXT,
    tracking   TEXT,
    -- The order that goes out in exchange.
    replacement BLOB,
    -- When the case moves on by itself; NULL when nobody is waited for.
    due_at     BIGINT,
    opened_at  BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    CHECK (amount >= 0 AND shipping >= 0 AND refunded >= 0 AND refunded <= amount)
);
CREATE INDEX aftersale_case_order ON aftersale_case (order_id, id);
CREATE INDEX aftersale_case_buyer ON aftersale_case (buyer, id);
CREATE INDEX aftersale_case_merchant ON aftersale_case (merchant, state, id);
CREATE INDEX aftersale_case_state ON aftersale_case (state, id);

-- What of which line. Units of 0 ask for money only.
CREATE TABLE aftersale_item (
    case_id BLOB NOT NULL,
    line    BIGINT NOT NULL,
    units   BIGINT NOT NULL,
    amount  BIGINT NOT NULL,
    to_sku  BLOB,
    PRIMARY KEY (case_id, line),
    CHECK (units >= 0 AND amount >= 0)
);

-- What was said and done, in turns.
CREATE TABLE aftersale_turn (
    case_id BLOB NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    side    TEXT   NOT NULL,
    actor   BLOB,
    what    TEXT   NOT NULL,
    words   TEXT   NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- How a shop deals with what comes back.
CREATE TABLE aftersale_terms (
    merchant   BLOB NOT NULL PRIMARY KEY,
    -- JSON that only the program reads; NULL while the shop has not said where goods go.
    address    TEXT,
    -- Days after payment in which a lower price is made good; 0 for none.
    protection BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    CHECK (protection >= 0)
);

CREATE VIEW audit_after_sales AS
SELECT id_text('cas', c.id) AS id, id_text('ord', c.order_id) AS order_id, c.kind AS kind, c.state AS state,
       c.currency AS currency, c.amount AS amount, c.refunded AS refunded
FROM aftersale_case c;
