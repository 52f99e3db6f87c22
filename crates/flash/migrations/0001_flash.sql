CREATE TABLE flash_sale (
    id         BLOB NOT NULL PRIMARY KEY,
    merchant   BLOB NOT NULL,
    product    BLOB NOT NULL,
    title      TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    per_person BIGINT,
    created_at BIGINT NOT NULL,
    CHECK (ends_at > starts_at AND (per_person IS NULL OR per_person > 0))
);
CREATE INDEX flash_sale_merchant ON flash_sale (merchant, id);
CREATE INDEX flash_sale_live ON flash_sale (state, ends_at, id);

-- The one sale of a product that has not ended.
CREATE TABLE flash_live (
    product BLOB NOT NULL PRIMARY KEY,
    sale    BLOB NOT NULL
);

-- What a variant costs in a sale, and how many there are: one row that every buyer passes.
CREATE TABLE flash_price (
    sale  BLOB NOT NULL,
    sku   BLOB NOT NULL,
    price BIGINT NOT NULL,
    quota BIGINT NOT NULL,
    used  BIGINT NOT NULL,
    PRIMARY KEY (sale, sku),
    CHECK (price > 0 AND used >= 0 AND used <= quota)
);

-- How many units a person has in a sale.
CREATE TABLE flash_person (
    sale   BLOB NOT NULL,
    person BLOB NOT NULL,
    units  BIGINT NOT NULL,
    PRIMARY KEY (sale, person),
    CHECK (units >= 0)
);

-- What an order took: 'taken', or 'released' when it came to nothing.
CREATE TABLE flash_use (
    order_id BLOB NOT NULL,
    sku      BLOB NOT NULL,
    sale     BLOB NOT NULL,
    person   BLOB NOT NULL,
    units    BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (order_id, sku)
);
CREATE INDEX flash_use_person ON flash_use (person, order_id, sku);
CREATE INDEX flash_use_sale ON flash_use (sale, sku, state);

CREATE VIEW audit_flash_prices AS
SELECT id_text('fls', p.sale) AS sale, id_text('sku', p.sku) AS sku, p.price AS price, p.quota AS quota, p.used AS used
FROM flash_price p;

CREATE VIEW audit_flash_people AS
SELECT id_text('fls', p.sale) AS sale, id_text('per', p.person) AS person, p.units AS units
FROM flash_person p;

CREATE VIEW audit_flash_uses AS
SELECT id_text('ord', u.order_id) AS order_id, id_text('sku', u.sku) AS sku, id_text('fls', u.sale) AS sale,
       id_text('per', u.person) AS person, u.units AS units, u.state AS state
FROM flash_use u;
