//! Reactions: money that comes or does not, teams that close. Each order is a job of its own, so that one transaction
//! touches few rows and one order in trouble does not hold up the others.

use db::{StoredEvent, Tx};
use deals::events::{TeamFailed, TeamSucceeded};
use payments::events::{PaymentFailed, PaymentReceived};
use people::api::GuestGone;
use serde::de::DeserializeOwned;
use work::{Failure, Subscriber};

use crate::cart_store;
use crate::jobs::{self, Ladder};

pub(crate) fn subscribers() -> Vec<Subscriber> {
    let on = |name, kinds, handle| Subscriber { name, kinds, handle };
    vec![
        on("orders.on_payment_received", &["payments.received"], payment_received),
        on("orders.on_payment_failed", &["payments.failed"], payment_failed),
        on("orders.on_team_succeeded", &["deals.team_succeeded"], team_succeeded),
        on("orders.on_team_failed", &["deals.team_failed"], team_failed),
        on("orders.on_guest_gone", &["people.guest_gone"], guest_gone),
    ]
}

fn read<T: DeserializeOwned>(event: &StoredEvent) -> Result<T, Failure> {
    Failure::check(serde_json::from_str(&event.payload))
}

fn payment_received(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: PaymentReceived = read(event)?;
    let now = tx.now();
    for order in event.orders {
        work::enqueue(tx, jobs::ARRIVED, &jobs::arrived_key(event.payment, order), "", now)?;
    }
    Ok(())
}

fn payment_failed(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: PaymentFailed = read(event)?;
    for order in event.orders {
        // A new payment may have begun in the meantime; then the hold is its.
        if payments::api::payment_of(tx, order)?.is_none() {
            stock::api::release(tx, order)?;
            deals::api::release_seat(tx, order)?;
        }
    }
    Ok(())
}

fn team_succeeded(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: TeamSucceeded = read(event)?;
    let now = tx.now();
    for order in event.orders {
        let payload = serde_json::to_string(&Ladder { refund_per_unit: order.refund_per_unit });
        work::enqueue(tx, jobs::TEAM_SUCCEEDED, &order.order.to_string(), &Failure::check(payload)?, now)?;
    }
    Ok(())
}

fn team_failed(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: TeamFailed = read(event)?;
    let now = tx.now();
    for order in event.orders {
        work::enqueue(tx, jobs::TEAM_FAILED, &order.to_string(), "", now)?;
    }
    Ok(())
}

fn guest_gone(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: GuestGone = read(event)?;
    Ok(cart_store::remove_all(tx, event.guest)?)
}
