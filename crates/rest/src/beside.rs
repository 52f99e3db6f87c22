//! Work that takes a core or much memory, beside the requests.

use db::DbError;
use tokio::sync::Semaphore;

/// Runs `work` on a thread of its own when there is a place for it. The work keeps its place until it is done, also
/// when the request it was for has gone: else whoever hangs up and asks again could have any number of them run.
///
/// # Errors
/// [`DbError::Bug`] when it panics.
pub async fn beside<T: Send + 'static>(
    places: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DbError> {
    let failed =
        |error: &dyn std::fmt::Display| DbError::Bug(format!("work beside a request failed: {error}"));
    let place = places.acquire().await.map_err(|error| failed(&error))?;
    let in_place = move || {
        let _place = place;
        work()
    };
    tokio::task::spawn_blocking(in_place).await.map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_nobody_waits_for_keeps_its_place_until_it_is_done() {
        static PLACES: Semaphore = Semaphore::const_new(1);
        let (go_on, told) = mpsc::channel::<()>();
        let (began, has_begun) = mpsc::channel::<()>();
        let mut asked = tokio::task::JoinSet::new();
        asked.spawn(beside(&PLACES, move || {
            began.send(()).unwrap();
            told.recv().unwrap();
        }));
        tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
        // Whoever asked hangs up.
        asked.shutdown().await;
        assert!(PLACES.try_acquire().is_err(), "a second is let in");
        go_on.send(()).unwrap();
        assert_eq!(beside(&PLACES, || 7).await, Ok(7));
    }
}
