//! What happens elsewhere and is told with a review.

use db::{StoredEvent, Tx};
use orders::events::OrderRefunded;
use work::{Failure, Subscriber};

use crate::store;

pub(crate) fn subscribers() -> Vec<Subscriber> {
    let kinds = &["orders.refunded"];
    vec![Subscriber { name: "knowledge.on_order_refunded", kinds, handle: refunded }]
}

/// Marks the reviews of lines that have gone back in full; they stay.
fn refunded(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: OrderRefunded = Failure::check(serde_json::from_str(&event.payload))?;
    let reviews = store::reviews_of_order(tx, event.order)?;
    if reviews.is_empty() {
        return Ok(());
    }
    let Some(order) = orders::api::order(tx, event.order)? else { return Ok(()) };
    for was in reviews {
        let line = order.lines.iter().find(|line| Some(line.line) == was.line);
        if !was.is_refunded && line.is_some_and(crate::review::is_refunded) {
            let mut row = was.clone();
            row.is_refunded = true;
            store::update_post(tx, &was, &row)?;
        }
    }
    Ok(())
}
