//! The invariants of buying together, looked for in the store.

use db::{DbError, Rx};
use rest::{Audit, AuditFailures};

pub(crate) fn audits() -> Vec<Audit> {
    vec![
        Audit { id: "INV-30", title: "no team has more paid members than seats", run: seats },
        Audit {
            id: "INV-31",
            title: "a team has succeeded only with enough people who paid in time",
            run: success,
        },
        Audit { id: "INV-33", title: "a person is in a team once", run: once },
        Audit { id: "INV-34", title: "no virtual member; the counts shown are the real ones", run: real },
    ]
}

fn told(rx: &mut Rx, sql: &str) -> Result<AuditFailures, DbError> {
    rest::audit_rows(rx, sql, &[])
}

fn seats(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT g.id FROM audit_groups g JOIN audit_group_members m ON m.group_id = g.id
         WHERE m.state IN ('paid', 'refunded', 'held') GROUP BY g.id, g.size HAVING COUNT(*) > g.size
         ORDER BY g.id LIMIT 20",
    )
}

fn success(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let mut failures = told(
        rx,
        "SELECT g.id FROM audit_groups g LEFT JOIN audit_group_members m
             ON m.group_id = g.id AND m.paid_at < g.deadline AND m.state IN ('paid', 'refunded')
         WHERE g.state = 'succeeded' GROUP BY g.id, g.needed HAVING COUNT(m.user_id) < g.needed
         ORDER BY g.id LIMIT 20",
    )?;
    failures.extend(told(
        rx,
        "SELECT g.id FROM audit_groups g JOIN audit_group_members m ON m.group_id = g.id
         WHERE g.state IN ('open', 'failed') AND m.state = 'paid' GROUP BY g.id, g.size
         HAVING COUNT(*) >= g.size ORDER BY g.id LIMIT 20",
    )?);
    Ok(failures)
}

fn once(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    told(
        rx,
        "SELECT group_id FROM audit_group_members GROUP BY group_id, user_id HAVING COUNT(*) > 1
         ORDER BY group_id LIMIT 20",
    )
}

fn real(rx: &mut Rx) -> Result<AuditFailures, DbError> {
    let rows: Vec<base::TeamId> = rx.list(
        "SELECT t.id FROM deals_team t
         WHERE t.state <> 'merged'
           AND (t.paid <> (SELECT COUNT(*) FROM deals_member m
                           WHERE m.team = t.id AND m.state IN ('paid', 'refunded'))
             OR t.taken <> (SELECT COUNT(*) FROM deals_member m
                            WHERE m.team = t.id AND m.state IN ('paid', 'refunded', 'held')))
         ORDER BY t.id LIMIT 20",
        &[],
        |row| row.get(0),
    )?;
    Ok(rows.into_iter().map(|team| team.to_string()).collect())
}
