-- One row per cart that somebody added to: writing it first makes additions to one cart come one after the other.
CREATE TABLE orders_cart_turn (
    person BLOB NOT NULL PRIMARY KEY,
    turns  BIGINT NOT NULL
);
