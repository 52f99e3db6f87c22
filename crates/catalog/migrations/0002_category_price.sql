CREATE INDEX catalog_product_category_price ON catalog_product (category, state, price_from, id);
