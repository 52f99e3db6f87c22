-- Whether a shop gives invoices, and at which rates of tax. rates is JSON that only the program reads.
CREATE TABLE invoices_terms (
    merchant BLOB NOT NULL PRIMARY KEY,
    is_on    BIGINT NOT NULL,
    rate_bp  BIGINT NOT NULL,
    rates    TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    CHECK (rate_bp >= 0)
);

-- One request of a buyer, and the invoice it becomes. amount and tax are 0 until it is issued.
CREATE TABLE invoices_invoice (
    id        BLOB NOT NULL PRIMARY KEY,
    order_id  BLOB NOT NULL,
    merchant  BLOB NOT NULL,
    buyer     BLOB NOT NULL,
    state     TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    title     TEXT   NOT NULL,
    tax_code  TEXT,
    currency  TEXT   NOT NULL,
    amount    BIGINT NOT NULL,
    tax       BIGINT NOT NULL,
    red       BIGINT NOT NULL,
    number    TEXT,
    link      TEXT,
    reason    TEXT,
    asked_at  BIGINT NOT NULL,
    issued_at BIGINT,
    version   BIGINT NOT NULL,
    CHECK (amount >= 0 AND tax >= 0 AND red >= 0 AND red <= amount)
);
CREATE INDEX invoices_invoice_merchant ON invoices_invoice (merchant, state, id);
CREATE INDEX invoices_invoice_order ON invoices_invoice (order_id, id);
CREATE INDEX invoices_invoice_buyer ON invoices_invoice (buyer, id);

-- The one invoice of an order that is asked for or issued.
CREATE TABLE invoices_claim (
    order_id BLOB NOT NULL PRIMARY KEY,
    invoice  BLOB NOT NULL
);

-- Numbers of the tax office, each used once by a shop.
CREATE TABLE invoices_number (
    merchant BLOB NOT NULL,
    number   TEXT NOT NULL,
    PRIMARY KEY (merchant, number)
);

-- What an issued invoice is made of. Line 0 is the delivery.
CREATE TABLE invoices_line (
    invoice BLOB NOT NULL,
    line    BIGINT NOT NULL,
    title   TEXT   NOT NULL,
    qty     BIGINT NOT NULL,
    amount  BIGINT NOT NULL,
    rate_bp BIGINT NOT NULL,
    tax     BIGINT NOT NULL,
    red     BIGINT NOT NULL,
    red_tax BIGINT NOT NULL,
    PRIMARY KEY (invoice, line),
    CHECK (amount > 0 AND tax >= 0 AND red >= 0 AND red <= amount AND red_tax >= 0 AND red_tax <= tax)
);

-- What takes an issued invoice back, wholly or in part: one for each refund. A refund that came before the invoice was
-- issued is there as 'included', with nothing to take back.
CREATE TABLE invoices_letter (
    refund     BLOB NOT NULL PRIMARY KEY,
    invoice    BLOB NOT NULL,
    merchant   BLOB NOT NULL,
    state      TEXT   NOT NULL,
    amount     BIGINT NOT NULL,
    tax        BIGINT NOT NULL,
    number     TEXT,
    asked_at   BIGINT NOT NULL,
    issued_at  BIGINT,
    CHECK (amount >= 0 AND tax >= 0)
);
CREATE INDEX invoices_letter_merchant ON invoices_letter (merchant, state, refund);
CREATE INDEX invoices_letter_invoice ON invoices_letter (invoice, refund);

CREATE VIEW audit_invoices AS
SELECT id_text('inv', i.id) AS invoice_id, id_text('ord', i.order_id) AS order_id, id_text('mer', i.merchant) AS shop,
       i.state AS state, i.amount AS amount, i.tax AS tax, i.red AS red
FROM invoices_invoice i;

CREATE VIEW audit_invoice_lines AS
SELECT id_text('inv', l.invoice) AS invoice_id, l.line AS line, l.amount AS amount, l.tax AS tax, l.red AS red,
       l.red_tax AS red_tax
FROM invoices_line l;

CREATE VIEW audit_red_letters AS
SELECT id_text('rfd', t.refund) AS refund_id, id_text('inv', t.invoice) AS invoice_id, t.state AS state,
       t.amount AS amount, t.tax AS tax
FROM invoices_letter t;
