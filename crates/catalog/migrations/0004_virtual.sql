-- Whether nothing is sent: a course, a card, a ticket.
ALTER TABLE catalog_product ADD COLUMN is_virtual BIGINT NOT NULL DEFAULT 0;
