-- The code in clear until it has been handed to whoever sends it; then nothing.
ALTER TABLE people_code ADD COLUMN to_send TEXT;
