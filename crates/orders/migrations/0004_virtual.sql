-- Whether nothing was sent for the line: it was handed over by being paid for good.
ALTER TABLE orders_line ADD COLUMN is_virtual BIGINT NOT NULL DEFAULT 0;
