-- Why an operator took an old revision out of sight; the text itself stays, for disputes.
ALTER TABLE knowledge_revision ADD COLUMN hidden_for TEXT;
