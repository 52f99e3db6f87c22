-- What a merchant's prices follow besides the catalogue. full_reductions is JSON; freight_free_from NULL means never.
CREATE TABLE pricing_rules (
    merchant          BLOB NOT NULL PRIMARY KEY,
    full_reductions   TEXT   NOT NULL,
    freight_base      BIGINT NOT NULL,
    freight_free_from BIGINT,
    version           BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    CHECK (freight_base >= 0 AND freight_free_from >= 0)
);
