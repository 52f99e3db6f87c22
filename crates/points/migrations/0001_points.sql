-- What a shop gives and takes points for. rules is JSON that only the program reads.
CREATE TABLE points_program (
    merchant   BLOB NOT NULL PRIMARY KEY,
    rules      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- One person's points with one shop. Whoever changes any of them raises the version, so that two never do at once.
-- owed is what was taken back and had been spent already: what is earned next fills it first.
CREATE TABLE points_purse (
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    version  BIGINT NOT NULL,
    owed     BIGINT NOT NULL,
    streak   BIGINT NOT NULL,
    last_day BIGINT NOT NULL,
    PRIMARY KEY (merchant, person),
    CHECK (owed >= 0 AND streak >= 0)
);
CREATE INDEX points_purse_person ON points_purse (person, merchant);

-- Points that came together and expire together.
CREATE TABLE points_lot /* wide */ (
    id            BLOB NOT NULL PRIMARY KEY,
    merchant      BLOB NOT NULL,
    person        BLOB NOT NULL,
    source        TEXT   NOT NULL,
    order_id      BLOB,
    amount        BIGINT NOT NULL,
    remaining     BIGINT NOT NULL,
    spent         BIGINT NOT NULL,
    taken         BIGINT NOT NULL,
    expired       BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    expires_month BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    CHECK (amount > 0 AND remaining >= 0 AND spent >= 0 AND taken >= 0 AND expired >= 0
        AND amount = remaining + spent + taken + expired)
);
CREATE INDEX points_lot_person ON points_lot (merchant, person, expires_at, id) WHERE remaining > 0;
CREATE INDEX points_lot_expiry ON points_lot (expires_at, id) WHERE remaining > 0;
CREATE INDEX points_lot_month ON points_lot (merchant, expires_month) WHERE remaining > 0;
CREATE INDEX points_lot_of_person ON points_lot (person, id);
CREATE INDEX points_lot_order ON points_lot (order_id) WHERE order_id IS NOT NULL;

-- What an order was paid with.
CREATE TABLE points_spend (
    order_id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    points   BIGINT NOT NULL,
    worth    BIGINT NOT NULL,
    back     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    CHECK (points > 0 AND worth > 0 AND back >= 0 AND back <= points)
);
CREATE INDEX points_spend_person ON points_spend (person, order_id);

-- From which lots. restored is what went back into the lot itself; the rest of back is in a lot of its own.
CREATE TABLE points_piece (
    order_id BLOB NOT NULL,
    lot      BLOB NOT NULL,
    amount   BIGINT NOT NULL,
    back     BIGINT NOT NULL,
    restored BIGINT NOT NULL,
    PRIMARY KEY (order_id, lot),
    CHECK (amount > 0 AND restored >= 0 AND restored <= back AND back <= amount)
);

-- What a settled order has earned: points follow from paid - back, and per_unit, the program's when it was settled.
-- forgiven is what was not taken back because it had expired.
CREATE TABLE points_earned (
    order_id BLOB NOT NULL PRIMARY KEY,
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    unit     BIGINT NOT NULL,
    per_unit BIGINT NOT NULL,
    paid     BIGINT NOT NULL,
    back     BIGINT NOT NULL,
    points   BIGINT NOT NULL,
    forgiven BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    CHECK (unit > 0 AND back >= 0 AND back <= paid AND points >= 0 AND forgiven >= 0)
);
CREATE INDEX points_earned_person ON points_earned (person, order_id);

-- Why points changed: one row per cause, which begins with its kind. amount changes what there is, owed what is missing; amount - owed is what the
-- shop has promised more.
CREATE TABLE points_log (
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    kind     TEXT   NOT NULL,
    cause    TEXT   NOT NULL,
    order_id BLOB,
    amount   BIGINT NOT NULL,
    owed     BIGINT NOT NULL,
    month    BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (person, cause)
);
CREATE INDEX points_log_person ON points_log (merchant, person, at);
CREATE INDEX points_log_month ON points_log (merchant, month);

CREATE VIEW audit_points_purses AS
SELECT id_text('mer', p.merchant) AS shop, id_text('per', p.person) AS person, p.owed AS owed FROM points_purse p;

CREATE VIEW audit_points_lots AS
SELECT id_text('plt', l.id) AS id, id_text('mer', l.merchant) AS shop, id_text('per', l.person) AS person,
       l.source AS source, l.amount AS amount, l.remaining AS remaining, l.spent AS spent, l.taken AS taken,
       l.expired AS expired, l.expires_at AS expires_at
FROM points_lot l;

CREATE VIEW audit_points_spends AS
SELECT id_text('ord', s.order_id) AS order_id, id_text('mer', s.merchant) AS shop, id_text('per', s.person) AS person,
       s.points AS points, s.worth AS worth, s.back AS back
FROM points_spend s;

CREATE VIEW audit_points_pieces AS
SELECT id_text('ord', p.order_id) AS order_id, id_text('plt', p.lot) AS lot, p.amount AS amount, p.back AS back,
       p.restored AS restored
FROM points_piece p;

CREATE VIEW audit_points_earned AS
SELECT id_text('ord', e.order_id) AS order_id, id_text('mer', e.merchant) AS shop, id_text('per', e.person) AS person,
       e.unit AS unit, e.per_unit AS per_unit, e.paid AS paid, e.back AS back, e.points AS points,
       e.forgiven AS forgiven
FROM points_earned e;

CREATE VIEW audit_points_log AS
SELECT id_text('mer', l.merchant) AS shop, id_text('per', l.person) AS person, l.kind AS kind, l.cause AS cause,
       id_text('ord', l.order_id) AS order_id, l.amount AS amount, l.owed AS owed, l.month AS month
FROM points_log l;
