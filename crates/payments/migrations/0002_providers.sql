-- What is known of a payment at its provider, and what the payer's page needs.
CREATE TABLE payments_charge (
    payment     BLOB NOT NULL PRIMARY KEY,
    provider    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    page        TEXT,
    reference   TEXT   NOT NULL,
    received    BIGINT NOT NULL,
    received_at BIGINT,
    billed      TEXT
);
CREATE INDEX payments_charge_received ON payments_charge (provider, received_at, payment);

-- Payments of before went through the sandbox, the only provider then.
INSERT INTO payments_charge
    (payment, provider, kind, account, address, state, page, reference, received, received_at, billed)
SELECT p.id, p.method, 'element', '', '', 'started', NULL, '',
       COALESCE((SELECT MAX(s.paid) FROM payments_sandbox s JOIN payments_notice n ON n.payment = s.payment
                 WHERE s.payment = p.id AND n.outcome = 'received'), 0), p.captured_at, NULL
FROM payments_payment p WHERE p.method <> 'wallet' ON CONFLICT (payment) DO NOTHING;

-- What is known of a refund at its provider.
ALTER TABLE payments_refund ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE payments_refund ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE payments_refund ADD COLUMN billed TEXT;
UPDATE payments_refund SET provider =
    COALESCE((SELECT p.method FROM payments_payment p WHERE p.id = payments_refund.payment), '');
CREATE INDEX payments_refund_done ON payments_refund (provider, done_at, id);

-- When the sandbox's customers paid, and got their money back.
ALTER TABLE payments_sandbox ADD COLUMN paid_at BIGINT;
ALTER TABLE payments_sandbox_refund ADD COLUMN at BIGINT;
CREATE INDEX payments_sandbox_paid_at ON payments_sandbox (paid_at, payment);
CREATE INDEX payments_sandbox_refund_at ON payments_sandbox_refund (at, id);

-- Bills that were compared with the books.
CREATE TABLE payments_bill (
    provider   TEXT   NOT NULL,
    day        TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    charged    BIGINT NOT NULL,
    refunded   BIGINT NOT NULL,
    lines      BIGINT NOT NULL,
    done_at    BIGINT,
    PRIMARY KEY (provider, day, currency)
);

-- Where a bill and the books differ.
CREATE TABLE payments_difference (
    provider   TEXT   NOT NULL,
    day        TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    is_refund  BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    ours       BIGINT NOT NULL,
    theirs     BIGINT NOT NULL,
    parked     BIGINT NOT NULL,
    found_at   BIGINT NOT NULL,
    handled_at BIGINT,
    handled_by BLOB,
    note       TEXT,
    PRIMARY KEY (provider, day, number)
);
CREATE INDEX payments_bill_day ON payments_bill (day, provider, currency);
CREATE INDEX payments_difference_day ON payments_difference (day, provider, number);
