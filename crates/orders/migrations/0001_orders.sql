CREATE TABLE orders_cart (
    person   BLOB NOT NULL,
    sku      BLOB NOT NULL,
    qty      BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (person, sku),
    CHECK (qty > 0)
);

CREATE TABLE orders_order /* wide */ (
    id           BLOB NOT NULL PRIMARY KEY,
    checkout     BLOB NOT NULL,
    number       TEXT   NOT NULL,
    buyer        BLOB NOT NULL,
    merchant     BLOB NOT NULL,
    state        TEXT   NOT NULL,
    currency     TEXT   NOT NULL,
    goods        BIGINT NOT NULL,
    discount     BIGINT NOT NULL,
    shipping     BIGINT NOT NULL,
    tax          BIGINT NOT NULL,
    total        BIGINT NOT NULL,
    captured     BIGINT NOT NULL,
    refunded     BIGINT NOT NULL,
    shipping_refunded BIGINT NOT NULL,
    activity     BLOB,
    team         BLOB,
    payment      BLOB,
    address      TEXT   NOT NULL,
    note         TEXT,
    explanations TEXT   NOT NULL,
    placed_at    BIGINT NOT NULL,
    pay_by       BIGINT NOT NULL,
    paid_at      BIGINT,
    confirmed_at BIGINT,
    shipped_at   BIGINT,
    received_at  BIGINT,
    settle_at    BIGINT,
    completed_at BIGINT,
    cancelled_at BIGINT,
    carrier      TEXT,
    tracking     TEXT,
    version      BIGINT NOT NULL,
    CHECK (total = goods - discount + shipping + tax AND total >= 0),
    CHECK (refunded >= 0 AND refunded <= captured),
    CHECK (shipping_refunded >= 0 AND shipping_refunded <= shipping)
);
CREATE INDEX orders_order_buyer ON orders_order (buyer, id);
CREATE INDEX orders_order_merchant ON orders_order (merchant, state, id);

-- Numbers that people read out to each other; never given twice.
CREATE TABLE orders_number (
    number   TEXT NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL
);

CREATE TABLE orders_line (
    order_id  BLOB NOT NULL,
    line      BIGINT NOT NULL,
    sku       BLOB NOT NULL,
    product   BLOB NOT NULL,
    title     TEXT   NOT NULL,
    options   TEXT   NOT NULL,
    picture   BLOB,
    qty       BIGINT NOT NULL,
    unit      BIGINT NOT NULL,
    base_unit BIGINT NOT NULL,
    discount  BIGINT NOT NULL,
    total     BIGINT NOT NULL,
    refunded  BIGINT NOT NULL,
    restocked BIGINT NOT NULL,
    PRIMARY KEY (order_id, line),
    CHECK (qty > 0 AND total = qty * unit - discount AND total >= 0),
    CHECK (refunded >= 0 AND refunded <= total AND restocked >= 0 AND restocked <= qty)
);

CREATE TABLE orders_refund (
    id         BLOB NOT NULL PRIMARY KEY,
    order_id   BLOB NOT NULL,
    amount     BIGINT NOT NULL,
    lines      TEXT   NOT NULL,
    shipping   BIGINT NOT NULL,
    reason     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (amount > 0)
);
CREATE INDEX orders_refund_order ON orders_refund (order_id, id);

-- What happened to an order, for people.
CREATE TABLE orders_note (
    order_id BLOB NOT NULL,
    seq      BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    what     TEXT   NOT NULL,
    actor    BLOB,
    PRIMARY KEY (order_id, seq)
);

CREATE VIEW audit_orders AS
SELECT id_text('ord', o.id) AS id, id_text('per', o.buyer) AS buyer, id_text('mer', o.merchant) AS shop,
       o.state AS state, o.currency AS currency, o.goods AS goods, o.discount AS discount, o.shipping AS shipping,
       o.tax AS tax, o.total AS total, o.captured AS captured, o.refunded AS refunded
FROM orders_order o;

CREATE VIEW audit_lines AS
SELECT id_text('ord', l.order_id) AS order_id, l.line AS line, id_text('sku', l.sku) AS sku, l.qty AS qty,
       l.unit AS unit, l.discount AS discount, l.total AS total, l.refunded AS refunded
FROM orders_line l;
