-- How many after-sale cases of an order are open: it is not settled before they are closed.
ALTER TABLE orders_order ADD COLUMN open_cases BIGINT NOT NULL DEFAULT 0;

-- The order whose goods this one replaces; such an order costs nothing.
ALTER TABLE orders_order ADD COLUMN replaces BLOB;

-- Whether the line may be returned within seven days without a reason, as the buyer was told.
ALTER TABLE orders_line ADD COLUMN no_reason_return BIGINT NOT NULL DEFAULT 1;

CREATE VIEW audit_order_cases AS
SELECT id_text('ord', o.id) AS order_id, o.open_cases AS open_cases
FROM orders_order o;
