//! Futures that run at once.

use std::task::Poll;

/// Polls all of them side by side on this one task; the store has its own threads. The outputs are in order.
pub async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        let mut is_done = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => is_done = false,
                }
            }
        }
        if is_done {
            Poll::Ready(std::mem::take(&mut futures).into_iter().filter_map(|(_, out)| out).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}
