-- One row per SKU and place: the row that guards what may be promised.
CREATE TABLE stock_level (
    sku      BLOB NOT NULL,
    location BLOB NOT NULL,
    merchant BLOB NOT NULL,
    on_hand  BIGINT NOT NULL,
    held     BIGINT NOT NULL,
    sold     BIGINT NOT NULL,
    adjusted BIGINT NOT NULL,
    PRIMARY KEY (sku, location),
    CHECK (held >= 0 AND on_hand >= held)
);
CREATE INDEX stock_level_merchant ON stock_level (merchant, sku, location);

CREATE TABLE stock_hold (
    id         BLOB NOT NULL PRIMARY KEY,
    order_id   BLOB NOT NULL,
    sku        BLOB NOT NULL,
    location   BLOB NOT NULL,
    qty        BIGINT NOT NULL,
    returned   BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK (qty > 0 AND returned >= 0 AND returned <= qty)
);
CREATE INDEX stock_hold_order ON stock_hold (order_id, sku, id);

-- How many orders a person holds stock for at this moment.
CREATE TABLE stock_holder (
    person BLOB NOT NULL PRIMARY KEY,
    orders BIGINT NOT NULL
);

-- Which order holds for whom; the row goes when the hold ends.
CREATE TABLE stock_holding (
    order_id BLOB NOT NULL PRIMARY KEY,
    person   BLOB NOT NULL
);

CREATE TABLE stock_movement (
    id       BLOB NOT NULL PRIMARY KEY,
    sku      BLOB NOT NULL,
    location BLOB NOT NULL,
    delta    BIGINT NOT NULL,
    reason   TEXT   NOT NULL,
    note     TEXT,
    actor    BLOB,
    at       BIGINT NOT NULL
);
CREATE INDEX stock_movement_sku ON stock_movement (sku, id);

CREATE VIEW audit_stock AS
SELECT id_text('sku', l.sku) AS sku, id_text('loc', l.location) AS location, l.on_hand AS on_hand,
       l.held AS reserved, l.sold AS sold, l.adjusted AS adjusted
FROM stock_level l;

CREATE VIEW audit_reservations AS
SELECT id_text('hld', h.id) AS id, id_text('ord', h.order_id) AS order_id, id_text('sku', h.sku) AS sku,
       id_text('loc', h.location) AS location, h.qty AS qty, h.state AS state, h.expires_at AS expires_at
FROM stock_hold h;
