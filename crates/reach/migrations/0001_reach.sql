-- One code that lets people in. sharer NULL: the merchant's own. by_staff: the sharer works for the merchant.
CREATE TABLE reach_entry (
    id          BLOB NOT NULL PRIMARY KEY,
    code        TEXT   NOT NULL,
    sharer      BLOB,
    merchant    BLOB NOT NULL,
    kind        TEXT   NOT NULL,
    target_kind TEXT   NOT NULL,
    target      TEXT   NOT NULL,
    product     BLOB,
    by_staff    BIGINT NOT NULL,
    session     BLOB NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX reach_entry_sharer ON reach_entry (sharer, id) WHERE sharer IS NOT NULL;
CREATE INDEX reach_entry_merchant ON reach_entry (merchant, id);

CREATE TABLE reach_code (
    code  TEXT NOT NULL PRIMARY KEY,
    entry BLOB NOT NULL
);

-- Asking again for an entry finds the first one. owner is the sharer, or the merchant for its own.
CREATE TABLE reach_claim (
    owner  BLOB NOT NULL,
    kind   TEXT NOT NULL,
    target TEXT NOT NULL,
    entry  BLOB NOT NULL,
    PRIMARY KEY (owner, kind, target)
);

-- Append-only, but for a guest who becomes a member.
CREATE TABLE reach_touch (
    person   BLOB NOT NULL,
    merchant BLOB NOT NULL,
    id       BLOB NOT NULL,
    entry    BLOB NOT NULL,
    sharer   BLOB,
    session  BLOB NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (person, merchant, id)
);

-- What came of an entry, in rows that writers do not fight over.
CREATE TABLE reach_counter (
    entry    BLOB NOT NULL,
    bucket   BIGINT NOT NULL,
    visits   BIGINT NOT NULL,
    visitors BIGINT NOT NULL,
    sign_ups BIGINT NOT NULL,
    orders   BIGINT NOT NULL,
    paid     BIGINT NOT NULL,
    PRIMARY KEY (entry, bucket)
);

-- The same per merchant, day and kind of entry.
CREATE TABLE reach_funnel (
    merchant BLOB NOT NULL,
    day      BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    bucket   BIGINT NOT NULL,
    visits   BIGINT NOT NULL,
    visitors BIGINT NOT NULL,
    sign_ups BIGINT NOT NULL,
    orders   BIGINT NOT NULL,
    paid     BIGINT NOT NULL,
    PRIMARY KEY (merchant, day, kind, bucket)
);

CREATE TABLE reach_rule (
    merchant           BLOB NOT NULL PRIMARY KEY,
    level1_bp          BIGINT NOT NULL,
    level2_bp          BIGINT NOT NULL,
    window_hours       BIGINT NOT NULL,
    model              TEXT   NOT NULL,
    return_window_days BIGINT NOT NULL,
    version            BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    CHECK (level1_bp >= 0 AND level2_bp >= 0 AND level1_bp + level2_bp <= 5000)
);

-- Why an order earns whom what: the rule as it was, and every touch looked at, as JSON.
CREATE TABLE reach_attribution /* wide */ (
    order_id           BLOB NOT NULL PRIMARY KEY,
    merchant           BLOB NOT NULL,
    buyer              BLOB NOT NULL,
    entry              BLOB,
    sharer             BLOB,
    model              TEXT   NOT NULL,
    window_hours       BIGINT NOT NULL,
    rule_version       BIGINT NOT NULL,
    return_window_days BIGINT NOT NULL,
    net                BIGINT NOT NULL,
    touches            TEXT   NOT NULL,
    placed_at          BIGINT NOT NULL,
    paid_at            BIGINT,
    settled_at         BIGINT
);

-- A snapshot: amount is never changed. clawed is what was taken back of it, paid what was paid out, paid_from the
-- account it came from (escrow or payable). Two levels are all the law allows.
CREATE TABLE reach_commission (
    order_id     BLOB NOT NULL,
    line         BIGINT NOT NULL,
    level        BIGINT NOT NULL,
    id           BLOB NOT NULL,
    merchant     BLOB NOT NULL,
    entry        BLOB NOT NULL,
    product      BLOB NOT NULL,
    beneficiary  BLOB NOT NULL,
    currency     TEXT   NOT NULL,
    base         BIGINT NOT NULL,
    rate_bp      BIGINT NOT NULL,
    rule_version BIGINT NOT NULL,
    amount       BIGINT NOT NULL,
    clawed       BIGINT NOT NULL,
    paid         BIGINT NOT NULL,
    paid_from    TEXT,
    state        TEXT   NOT NULL,
    held_for     TEXT,
    release_at   BIGINT,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (order_id, line, level),
    CHECK (level IN (1, 2)),
    CHECK (amount > 0 AND clawed >= 0 AND clawed <= amount AND paid >= 0 AND paid <= amount)
);
CREATE INDEX reach_commission_beneficiary ON reach_commission (beneficiary, id);
CREATE INDEX reach_commission_merchant ON reach_commission (merchant, id);
CREATE INDEX reach_commission_entry ON reach_commission (entry, id);
CREATE INDEX reach_commission_id ON reach_commission (id);

-- Refunds that were dealt with.
CREATE TABLE reach_claw (
    refund   BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL,
    at       BIGINT NOT NULL
);

-- What a person owes because a commission was taken back that the wallet could not cover.
CREATE TABLE reach_debt (
    person   BLOB NOT NULL,
    currency TEXT NOT NULL,
    owed     BIGINT NOT NULL,
    PRIMARY KEY (person, currency),
    CHECK (owed >= 0)
);

-- Who brought whom: a forest. A row without a parent is a root. is_fixed: the person has paid for an order, and
-- stays as it is. is_parent: somebody was brought; set once.
CREATE TABLE reach_parent (
    child     BLOB NOT NULL PRIMARY KEY,
    parent    BLOB,
    bound_at  BIGINT,
    is_fixed  BIGINT NOT NULL,
    is_parent BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    CHECK (child <> parent)
);

CREATE VIEW audit_referrals AS
SELECT id_text('per', p.child) AS child, id_text('per', p.parent) AS parent, p.bound_at AS bound_at
FROM reach_parent p WHERE p.parent IS NOT NULL;

CREATE VIEW audit_commissions AS
SELECT id_text('com', c.id) AS id, id_text('ord', c.order_id) AS order_id, c.line AS line, c.level AS level,
       id_text('per', c.beneficiary) AS beneficiary, c.amount AS amount, c.clawed AS clawed, c.state AS state,
       c.release_at AS release_at
FROM reach_commission c;

-- For the audit that compares them with the ledger's accounts.
CREATE VIEW reach_debts AS
SELECT id_text('per', d.person) AS person, d.currency AS currency, d.owed AS owed FROM reach_debt d;
