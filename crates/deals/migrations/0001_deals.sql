CREATE TABLE deals_activity (
    id              BLOB NOT NULL PRIMARY KEY,
    merchant        BLOB NOT NULL,
    product         BLOB NOT NULL,
    title           TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    size            BIGINT NOT NULL,
    window_s        BIGINT NOT NULL,
    starts_at       BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL,
    quota           BIGINT,
    quota_used      BIGINT NOT NULL,
    per_person      BIGINT,
    new_buyers_only BIGINT NOT NULL,
    currency        TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    CHECK (size BETWEEN 2 AND 100),
    CHECK (quota_used >= 0 AND (quota IS NULL OR quota_used <= quota))
);
CREATE INDEX deals_activity_merchant ON deals_activity (merchant, id);

-- The one live activity of a product.
CREATE TABLE deals_live (
    product  BLOB NOT NULL PRIMARY KEY,
    activity BLOB NOT NULL
);

CREATE TABLE deals_price (
    activity     BLOB NOT NULL,
    sku          BLOB NOT NULL,
    team_price   BIGINT NOT NULL,
    leader_price BIGINT,
    tiers        TEXT   NOT NULL,
    PRIMARY KEY (activity, sku)
);

-- The rules are copied when a team opens: a later change of the activity does not touch it.
CREATE TABLE deals_team /* wide */ (
    id          BLOB NOT NULL PRIMARY KEY,
    activity    BLOB NOT NULL,
    merchant    BLOB NOT NULL,
    product     BLOB NOT NULL,
    sku         BLOB NOT NULL,
    leader      BLOB NOT NULL,
    size        BIGINT NOT NULL,
    needed      BIGINT NOT NULL,
    taken       BIGINT NOT NULL,
    paid        BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    opened_at   BIGINT NOT NULL,
    deadline    BIGINT NOT NULL,
    closed_at   BIGINT,
    merged_into BLOB,
    CHECK (paid >= 0 AND paid <= taken AND taken <= size)
);
CREATE INDEX deals_team_open ON deals_team (activity, deadline, id) WHERE state = 'open';
CREATE INDEX deals_team_activity ON deals_team (activity, id);

CREATE TABLE deals_member (
    team      BLOB NOT NULL,
    person    BLOB NOT NULL,
    order_id  BLOB NOT NULL,
    sku       BLOB NOT NULL,
    qty       BIGINT NOT NULL,
    unit      BIGINT NOT NULL,
    is_leader BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    joined_at BIGINT NOT NULL,
    paid_at   BIGINT,
    PRIMARY KEY (team, person)
);

-- Where an order sits; follows it when teams merge.
CREATE TABLE deals_seat (
    order_id BLOB NOT NULL PRIMARY KEY,
    team     BLOB NOT NULL,
    person   BLOB NOT NULL
);

-- Units one person has taken of an activity: the row that guards the limit.
CREATE TABLE deals_take (
    activity BLOB NOT NULL,
    person   BLOB NOT NULL,
    qty      BIGINT NOT NULL,
    PRIMARY KEY (activity, person),
    CHECK (qty >= 0)
);

-- Who has bought from whom: what new-buyer teams ask for.
CREATE TABLE deals_buyer (
    merchant BLOB NOT NULL,
    person   BLOB NOT NULL,
    PRIMARY KEY (merchant, person)
);

CREATE TABLE deals_merge_offer (
    team      BLOB NOT NULL,
    with_team BLOB NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (team, with_team)
);

CREATE VIEW audit_groups AS
SELECT id_text('tea', t.id) AS id, id_text('sku', t.sku) AS sku, t.size AS size, t.needed AS needed,
       t.state AS state, t.deadline AS deadline
FROM deals_team t;

CREATE VIEW audit_group_members AS
SELECT id_text('tea', m.team) AS group_id, id_text('per', m.person) AS user_id,
       id_text('ord', m.order_id) AS order_id, m.state AS state, CAST(0 AS BIGINT) AS is_virtual, m.paid_at AS paid_at
FROM deals_member m;
