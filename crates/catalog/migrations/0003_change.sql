-- What was changed, so that others can follow: the newest change of each product. Numbers of a shard become visible in
-- their order, since each is taken from the shard's one row, which stays locked until the commit.
CREATE TABLE catalog_feed (
    shard BIGINT NOT NULL PRIMARY KEY,
    last  BIGINT NOT NULL
);
INSERT INTO catalog_feed (shard, last) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0),
    (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0) ON CONFLICT (shard) DO NOTHING;
CREATE TABLE catalog_change (
    shard   BIGINT NOT NULL,
    number  BIGINT NOT NULL,
    product BLOB NOT NULL,
    PRIMARY KEY (shard, number)
);
CREATE INDEX catalog_change_product ON catalog_change (product, shard, number);
-- Products that were there before.
INSERT INTO catalog_change (shard, number, product) /* unchecked: ids are unique, both engines number alike */
    SELECT 0, ROW_NUMBER() OVER (ORDER BY id), id FROM catalog_product WHERE version > 0
    ON CONFLICT (shard, number) DO NOTHING;
UPDATE catalog_feed SET last = (SELECT COUNT(*) FROM catalog_product) WHERE shard = 0;
