-- options, attributes and pictures are JSON that only the program reads.
CREATE TABLE catalog_product /* wide */ (
    id               BLOB NOT NULL PRIMARY KEY,
    merchant         BLOB NOT NULL,
    state            TEXT   NOT NULL,
    version          BIGINT NOT NULL,
    title            TEXT   NOT NULL,
    description      TEXT   NOT NULL,
    category         BLOB NOT NULL,
    options          TEXT   NOT NULL,
    attributes       TEXT   NOT NULL,
    pictures         TEXT   NOT NULL,
    no_reason_return BIGINT NOT NULL,
    -- The lowest price of its variants: what lists show and sort by.
    price_from       BIGINT NOT NULL,
    handle           TEXT,
    activity         BLOB,
    team_price       BIGINT,
    team_size        BIGINT,
    -- When it was first put on sale; 0 before.
    published_at     BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    CHECK (price_from > 0)
);
CREATE INDEX catalog_product_new ON catalog_product (state, published_at, id);
CREATE INDEX catalog_product_price ON catalog_product (state, price_from, id);
CREATE INDEX catalog_product_category ON catalog_product (category, state, published_at, id);
CREATE INDEX catalog_product_merchant ON catalog_product (merchant, state, published_at, id);
CREATE INDEX catalog_product_own ON catalog_product (merchant, id);

-- A variant that is no longer offered stays, since orders name it.
CREATE TABLE catalog_sku (
    id            BLOB NOT NULL PRIMARY KEY,
    product       BLOB NOT NULL,
    place         BIGINT NOT NULL,
    code          TEXT   NOT NULL,
    option_values TEXT   NOT NULL,
    price         BIGINT NOT NULL,
    compare_price BIGINT,
    is_offered    BIGINT NOT NULL,
    CHECK (price > 0)
);
CREATE INDEX catalog_sku_product ON catalog_sku (product, place, id);

-- A merchant's codes: the key is what must be unique.
CREATE TABLE catalog_code (
    merchant BLOB NOT NULL,
    code     TEXT NOT NULL,
    sku      BLOB NOT NULL,
    PRIMARY KEY (merchant, code)
);

-- What a product is called in the merchant's files, and a digest of what was imported last.
CREATE TABLE catalog_handle (
    merchant BLOB NOT NULL,
    handle   TEXT NOT NULL,
    product  BLOB NOT NULL,
    digest   BLOB NOT NULL,
    PRIMARY KEY (merchant, handle)
);

CREATE TABLE catalog_picture (
    id         BLOB NOT NULL PRIMARY KEY,
    merchant   BLOB NOT NULL,
    sha256     TEXT   NOT NULL,
    width      BIGINT NOT NULL,
    height     BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Words of title, codes and attributes: lower-case latin words, single CJK characters and pairs of them.
CREATE TABLE catalog_word (
    word    TEXT NOT NULL,
    product BLOB NOT NULL,
    PRIMARY KEY (word, product)
);
CREATE INDEX catalog_word_product ON catalog_word (product, word);
