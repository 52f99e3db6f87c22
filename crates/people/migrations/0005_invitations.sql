-- active, or invited: asked to work for the shop, and not yet agreed to.
ALTER TABLE people_staff ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
