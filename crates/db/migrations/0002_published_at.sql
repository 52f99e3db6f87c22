-- When the last subscriber had dealt with an event: it is kept for a while from then on.
ALTER TABLE db_outbox ADD COLUMN published_at BIGINT;
UPDATE db_outbox SET published_at = at WHERE published = 1;
CREATE INDEX db_outbox_published ON db_outbox (published_at) WHERE published = 1;
