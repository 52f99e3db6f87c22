//! What may still be asked for of an order, and for how much. Pure.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]

use std::collections::BTreeMap;

use base::Timestamp;
use orders::api::{LineFacts, OrderFacts, OrderState};

use crate::model::{Kind, State, cases_until, no_reason_until, share};
use crate::store::{CaseRow, ItemRow};

/// What other cases of an order have taken of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    /// Units given up for money, or about to be.
    units: i64,
    /// Units in an exchange under way.
    in_exchange: i64,
    /// Money asked for in cases under way; what was paid is in the line itself.
    open: i64,
}

/// What is left of an order to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    lines: BTreeMap<i64, (i64, i64)>,
    /// What is left of the delivery.
    pub(crate) shipping: i64,
}

impl Left {
    /// What is left of `order` beside these cases of it.
    pub(crate) fn of(order: &OrderFacts, cases: &[(CaseRow, Vec<ItemRow>)]) -> Self {
        let mut taken: BTreeMap<i64, Taken> = BTreeMap::new();
        let mut open_shipping = 0_i64;
        for (case, items) in cases {
            let counts = case.state.is_open() || case.state == State::Done;
            for item in items.iter().filter(|_| counts) {
                let of_line = taken.entry(item.line).or_default();
                match case.kind {
                    Kind::Exchange if case.state.is_open() || case.replacement.is_none() => {
                        // One that ended in money took the units for good.
                        let is_open = case.state.is_open();
                        let units = if is_open { &mut of_line.in_exchange } else { &mut of_line.units };
                        *units = units.saturating_add(item.units);
                    }
                    Kind::Exchange => {}
                    Kind::Refund | Kind::Return | Kind::PriceProtection => {
                        of_line.units = of_line.units.saturating_add(item.units);
                    }
                }
                if case.state.is_open() {
                    of_line.open = of_line.open.saturating_add(item.amount);
                }
            }
            if case.state.is_open() {
                open_shipping = open_shipping.saturating_add(case.shipping);
            }
        }
        let left = |line: &LineFacts| {
            let Taken { units, in_exchange, open } = taken.get(&line.line).copied().unwrap_or_default();
            let units = line.qty.saturating_sub(units).saturating_sub(in_exchange).max(0);
            let money = line.total.saturating_sub(line.refunded).saturating_sub(open).max(0);
            (line.line, (units, money))
        };
        let shipping = order.shipping.saturating_sub(order.shipping_refunded);
        Self {
            lines: order.lines.iter().map(left).collect(),
            shipping: shipping.saturating_sub(open_shipping).max(0),
        }
    }

    /// Units of a line that can still be asked about.
    pub(crate) fn units(&self, line: i64) -> i64 {
        self.lines.get(&line).map_or(0, |(units, _)| *units)
    }

    /// Money of a line that can still be asked for.
    pub(crate) fn money(&self, line: i64) -> i64 {
        self.lines.get(&line).map_or(0, |(_, money)| *money)
    }

    /// What `units` of a line are worth now: their share of what is left of it.
    pub(crate) fn worth(&self, line: i64, units: i64) -> i64 {
        share(self.money(line), self.units(line), 0, units)
    }

    /// Whether these items are all that is left of the order.
    pub(crate) fn is_all(&self, items: &[ItemRow]) -> bool {
        let asked = |line: i64| items.iter().find(|item| item.line == line).map_or(0, |item| item.units);
        self.lines.iter().all(|(line, (units, _))| asked(*line) == *units)
    }
}

/// Until when goods of an order may come back without a reason; `None` before they have arrived.
pub(crate) fn no_reason_end(order: &OrderFacts) -> Option<Timestamp> {
    order.received_at.map(no_reason_until)
}

/// Which kinds of cases can be opened now, without looking at single lines.
pub(crate) fn open_kinds(order: &OrderFacts, now: Timestamp) -> Vec<Kind> {
    let is_late = order.received_at.is_some_and(|at| cases_until(at) <= now);
    match order.state {
        // What replaces another order is put right there.
        _ if order.replaces.is_some() || is_late => Vec::new(),
        OrderState::Confirmed => vec![Kind::Refund],
        // What was not sent cannot be sent back.
        OrderState::Shipped | OrderState::Received | OrderState::Completed
            if order.lines.iter().all(|line| line.is_virtual) =>
        {
            vec![Kind::Refund]
        }
        OrderState::Shipped => vec![Kind::Refund, Kind::Return],
        OrderState::Received | OrderState::Completed => vec![Kind::Refund, Kind::Return, Kind::Exchange],
        OrderState::Unpaid | OrderState::Paid | OrderState::Cancelled | OrderState::Refunded => Vec::new(),
    }
}
