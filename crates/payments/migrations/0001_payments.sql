CREATE TABLE payments_payment (
    id          BLOB NOT NULL PRIMARY KEY,
    payer       BLOB NOT NULL,
    method      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    amount      BIGINT NOT NULL,
    currency    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    captured_at BIGINT,
    returned    BIGINT NOT NULL,
    CHECK (amount > 0)
);

-- What a payment pays, and how much of it.
CREATE TABLE payments_part (
    payment  BLOB NOT NULL,
    order_id BLOB NOT NULL,
    merchant BLOB NOT NULL,
    amount   BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    PRIMARY KEY (payment, order_id)
);

-- The one payment an order is being paid with.
CREATE TABLE payments_live (
    order_id BLOB NOT NULL PRIMARY KEY,
    payment  BLOB NOT NULL
);

-- Notices dealt with, so that one sent twice does nothing.
CREATE TABLE payments_notice (
    provider TEXT NOT NULL,
    notice   TEXT NOT NULL,
    payment  BLOB,
    outcome  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (provider, notice)
);

-- Money on its way back through a provider.
CREATE TABLE payments_refund (
    id         BLOB NOT NULL PRIMARY KEY,
    payment    BLOB NOT NULL,
    order_id   BLOB,
    amount     BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    done_at    BIGINT,
    CHECK (amount > 0)
);
CREATE INDEX payments_refund_payment ON payments_refund (payment, id);

-- What the sandbox provider remembers; a real provider keeps this on its side.
CREATE TABLE payments_sandbox (
    payment  BLOB NOT NULL PRIMARY KEY,
    amount   BIGINT NOT NULL,
    currency TEXT   NOT NULL,
    paid     BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    CHECK (refunded <= paid)
);
CREATE TABLE payments_sandbox_refund (
    id      BLOB NOT NULL PRIMARY KEY,
    payment BLOB NOT NULL,
    amount  BIGINT NOT NULL
);
