-- Guests by age, for their removal.
CREATE INDEX people_person_guest ON people_person (created_at, id) WHERE state = 'guest';
