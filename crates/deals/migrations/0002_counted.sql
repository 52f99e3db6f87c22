-- Which limits of the activity the units of a member were counted in; until now, whatever there was.
ALTER TABLE deals_member ADD COLUMN in_quota BIGINT NOT NULL DEFAULT 1;
ALTER TABLE deals_member ADD COLUMN in_per_person BIGINT NOT NULL DEFAULT 1;
