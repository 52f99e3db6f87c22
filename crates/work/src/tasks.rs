//! Background tasks that end with the program.

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Runs futures in the background, tells them when to stop, and waits for them.
#[derive(Debug)]
pub struct Tasks {
    stop: watch::Sender<bool>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { stop: watch::channel(false).0, running: Mutex::default() }
    }
}

impl Tasks {
    /// Starts `future`; it should end soon after [`Tasks::stopping`] says so.
    #[expect(clippy::disallowed_methods, reason = "the tracked spawner itself")]
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.running.lock().push(tokio::spawn(future));
    }

    /// Turns `true` when the program is to end.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Asks all tasks to stop and waits for them.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let running = std::mem::take(&mut *self.running.lock());
        for task in running {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task panicked");
            }
        }
    }
}
