-- What the platform takes of a merchant's sales. Rows are only added: what was published stays to be read. The row of
-- no merchant (sixteen zero bytes) is everybody's.
CREATE TABLE settlement_fee (
    merchant BLOB NOT NULL,
    version  BIGINT NOT NULL,
    rate_bp  BIGINT NOT NULL,
    from_at  BIGINT NOT NULL,
    set_by   BLOB NOT NULL,
    set_at   BIGINT NOT NULL,
    note     TEXT   NOT NULL,
    PRIMARY KEY (merchant, version),
    CHECK (rate_bp >= 0 AND rate_bp <= 3000)
);

-- The fee of each line as it was promised when the order was placed; none where there is no fee.
CREATE TABLE settlement_split (
    order_id BLOB NOT NULL,
    line     BIGINT NOT NULL,
    net      BIGINT NOT NULL,
    rate_bp  BIGINT NOT NULL,
    fee      BIGINT NOT NULL,
    -- What was taken when the order was settled, and what of it went back since.
    charged  BIGINT NOT NULL,
    reversed BIGINT NOT NULL,
    PRIMARY KEY (order_id, line),
    CHECK (fee >= 0 AND fee <= net AND charged >= 0 AND charged <= fee AND reversed >= 0 AND reversed <= charged)
);

-- One row per merchant: whatever takes from what a merchant has earned, a payout, a pledge or a late refund, writes it
-- first, so that one comes after the other.
CREATE TABLE settlement_turn (
    merchant BLOB NOT NULL PRIMARY KEY,
    turns    BIGINT NOT NULL,
    -- The pledge asked for, in minor units.
    deposit_due BIGINT NOT NULL,
    CHECK (deposit_due >= 0)
);

-- Everything that changed what a merchant has earned: the sum of `net` is the balance of its account.
CREATE TABLE settlement_line (
    id         BLOB NOT NULL PRIMARY KEY,
    merchant   BLOB NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    order_id   BLOB,
    reference  TEXT   NOT NULL,
    gross      BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    fee        BIGINT NOT NULL,
    net        BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    CHECK (net = gross - commission - fee)
);
CREATE INDEX settlement_line_merchant ON settlement_line (merchant, id);

CREATE TABLE settlement_payout (
    id           BLOB NOT NULL PRIMARY KEY,
    merchant     BLOB NOT NULL,
    account      BLOB NOT NULL,
    transfer     BLOB NOT NULL,
    amount       BIGINT NOT NULL,
    currency     TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    destination  TEXT   NOT NULL,
    requested_by BLOB NOT NULL,
    decided_by   BLOB,
    reference    TEXT,
    requested_at BIGINT NOT NULL,
    decided_at   BIGINT,
    ended_at     BIGINT,
    version      BIGINT NOT NULL,
    -- Two people, always.
    CHECK (amount > 0 AND (decided_by IS NULL OR decided_by <> requested_by))
);
CREATE INDEX settlement_payout_merchant ON settlement_payout (merchant, id);
CREATE INDEX settlement_payout_state ON settlement_payout (state, id);

-- What people earned in a quarter of the year, in China's time: 20264 is the fourth of 2026.
CREATE TABLE settlement_income (
    person     BLOB NOT NULL,
    quarter    BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    paid       BIGINT NOT NULL,
    taken_back BIGINT NOT NULL,
    payments   BIGINT NOT NULL,
    PRIMARY KEY (person, quarter, kind, currency)
);
CREATE INDEX settlement_income_quarter ON settlement_income (quarter, person);

CREATE VIEW audit_payouts AS
SELECT id_text('pyo', p.id) AS id, id_text('acc', p.account) AS account_id, p.amount AS amount, p.currency AS currency,
       p.state AS state, id_text('tra', p.transfer) AS transfer_id
FROM settlement_payout p;

CREATE VIEW audit_statement AS
SELECT id_text('mer', s.merchant) AS merchant_id, s.currency AS currency, s.net AS net
FROM settlement_line s;

CREATE VIEW audit_splits AS
SELECT id_text('ord', s.order_id) AS order_id, s.line AS line, s.net AS net, s.rate_bp AS rate_bp, s.fee AS fee,
       s.charged AS charged, s.reversed AS reversed
FROM settlement_split s;

CREATE VIEW audit_income AS
SELECT id_text('per', i.person) AS person, i.currency AS currency, i.paid AS paid, i.taken_back AS taken_back
FROM settlement_income i;
