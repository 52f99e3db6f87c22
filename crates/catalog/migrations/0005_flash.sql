-- The flash sale that a product is in, for lists: its lowest price, and from when to when it counts.
ALTER TABLE catalog_product ADD COLUMN flash BLOB;
ALTER TABLE catalog_product ADD COLUMN flash_price BIGINT;
ALTER TABLE catalog_product ADD COLUMN flash_starts BIGINT;
ALTER TABLE catalog_product ADD COLUMN flash_ends BIGINT;
