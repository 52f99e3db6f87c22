-- One row per person and merchant: writing it first makes the person's touches there come one after the other.
CREATE TABLE reach_turn (
    person   BLOB NOT NULL,
    merchant BLOB NOT NULL,
    turns    BIGINT NOT NULL,
    PRIMARY KEY (person, merchant)
);
