//! The invariants of the settlement, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit { id: "INV-3", title: "a merchant's statement sums to what it has earned", run: statement },
        Audit { id: "INV-11", title: "payouts not sent lie aside, once each", run: payouts },
        Audit { id: "INV-13", title: "fees taken and given back are what the orders' splits say", run: fees },
    ]
}

fn told(rx: &mut Rx, sql: &str) -> Result<AuditFailures, DbError> {
    rest::audit_rows(rx, sql, &[])
}

fn statement(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT a.owner_id FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id
         LEFT JOIN (SELECT merchant_id, currency, SUM(net) AS net FROM audit_statement
                    GROUP BY merchant_id, currency) s ON s.merchant_id = a.owner_id AND s.currency = a.currency
         WHERE a.kind = 'payable' AND b.posted_cr - b.posted_dr <> COALESCE(s.net, 0)
         ORDER BY a.owner_id LIMIT 20",
    )
}

fn payouts(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT a.owner_id FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id
         JOIN audit_accounts e ON e.owner_id = a.owner_id AND e.kind = 'payable' AND e.currency = a.currency
         LEFT JOIN (SELECT account_id, SUM(amount) AS amount FROM audit_payouts
                    WHERE state IN ('requested', 'approved') GROUP BY account_id) p ON p.account_id = e.account_id
         WHERE a.kind = 'payout' AND b.posted_cr - b.posted_dr <> COALESCE(p.amount, 0)
         ORDER BY a.owner_id LIMIT 20",
    )?;
    failures.extend(told(
        rx,
        "SELECT p.id FROM audit_payouts p LEFT JOIN audit_transfers t ON t.transfer_id = p.transfer_id
         WHERE p.state = 'paid' AND (t.kind IS NULL OR t.kind <> 'payout' OR t.amount <> p.amount)
         ORDER BY p.id LIMIT 20",
    )?);
    Ok(failures)
}

fn fees(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT s.order_id FROM (SELECT order_id, SUM(charged) AS charged, SUM(reversed) AS reversed
                                 FROM audit_splits GROUP BY order_id) s
         LEFT JOIN (SELECT order_id, SUM(CASE WHEN kind = 'fee' THEN amount ELSE 0 END) AS fee,
                           SUM(CASE WHEN kind = 'fee_reversal' THEN amount ELSE 0 END) AS back
                    FROM audit_transfers WHERE kind IN ('fee', 'fee_reversal') AND state = 'posted'
                    GROUP BY order_id) t ON t.order_id = s.order_id
         WHERE s.charged <> COALESCE(t.fee, 0) OR s.reversed <> COALESCE(t.back, 0)
         ORDER BY s.order_id LIMIT 20",
    )
}
