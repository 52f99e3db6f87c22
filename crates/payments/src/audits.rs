//! The invariants of payments, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![Audit {
        id: "BILLS",
        title: "what lies at a provider is what its bills say, and what no bill has shown yet",
        run: bank,
    }]
}

/// What a bill shows and the books do not know lies in the parked account, so it is in the balance too.
fn bank(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    rest::audit_rows(
        rx,
        "SELECT a.owner_id FROM audit_accounts a JOIN audit_balances b ON b.account_id = a.account_id
         LEFT JOIN (SELECT provider, currency, SUM(charged - refunded) AS amount FROM payments_bill
                    GROUP BY provider, currency) s ON 'provider:' || s.provider = a.owner_id AND s.currency = a.currency
         LEFT JOIN (SELECT c.provider AS provider, p.currency AS currency, SUM(c.received) AS amount
                    FROM payments_charge c JOIN payments_payment p ON p.id = c.payment WHERE c.billed IS NULL
                    GROUP BY c.provider, p.currency) u ON 'provider:' || u.provider = a.owner_id
             AND u.currency = a.currency
         LEFT JOIN (SELECT provider, currency,
                           SUM(CASE WHEN state = 'done' AND billed IS NULL THEN amount
                                    WHEN state <> 'done' AND billed IS NOT NULL THEN -amount ELSE 0 END) AS amount
                    FROM payments_refund GROUP BY provider, currency) r ON 'provider:' || r.provider = a.owner_id
             AND r.currency = a.currency
         WHERE a.kind = 'bank' AND a.owner_id <> 'platform' AND b.posted_dr - b.posted_cr
               <> COALESCE(s.amount, 0) + COALESCE(u.amount, 0) - COALESCE(r.amount, 0)
         ORDER BY a.owner_id LIMIT 20",
        &[],
    )
}
