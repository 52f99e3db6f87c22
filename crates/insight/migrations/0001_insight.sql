CREATE TABLE insight_day (
    merchant BLOB NOT NULL,
    day      BIGINT NOT NULL,
    orders   BIGINT NOT NULL,
    paid     BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    PRIMARY KEY (merchant, day)
);

CREATE TABLE insight_product_day (
    merchant BLOB NOT NULL,
    day      BIGINT NOT NULL,
    product  BLOB NOT NULL,
    qty      BIGINT NOT NULL,
    paid     BIGINT NOT NULL,
    PRIMARY KEY (merchant, day, product)
);

-- Days on which a person has bought; how buyers and those who came back are counted over any span.
CREATE TABLE insight_buyer_day (
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    day      BIGINT NOT NULL,
    orders   BIGINT NOT NULL,
    PRIMARY KEY (merchant, person, day)
);
CREATE INDEX insight_buyer_day_span ON insight_buyer_day (merchant, day, person);
