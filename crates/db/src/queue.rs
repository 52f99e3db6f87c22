//! Lanes: bounded queues in front of an executor. What does not fit is refused at once, before any work is done.

use std::collections::{HashMap, VecDeque};

use parking_lot::{Condvar, Mutex};

use crate::work::Job;
use crate::{DbError, Lane};

/// Of four places in a batch, three go to whoever waits for an answer and one to background work, so that neither
/// starves the other.
const INTERACTIVE_PER_BACKGROUND: u32 = 3;

pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    interactive_max: usize,
    background_max: usize,
}

#[derive(Default)]
struct State {
    interactive: VecDeque<Job>,
    background: VecDeque<Job>,
    /// Closures that wait for another with the same key; a key is present while one of its closures is under way.
    keyed: HashMap<u64, VecDeque<Job>>,
    keyed_waiting: usize,
    turn: u32,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(interactive_max: usize, background_max: usize) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), interactive_max, background_max }
    }

    /// Queues a job; gives it back when there is no room.
    pub(crate) fn push(&self, lane: Lane, job: Job) -> Result<(), Box<(Job, DbError)>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Box::new((job, DbError::Closed)));
        }
        let waiting = state.keyed_waiting;
        let (queue, bound) = match lane {
            Lane::Interactive => (&mut state.interactive, self.interactive_max),
            Lane::Background => (&mut state.background, self.background_max),
        };
        if queue.len().saturating_add(waiting) >= bound {
            return Err(Box::new((job, DbError::Busy)));
        }
        if let Some(key) = job.key {
            if let Some(line) = state.keyed.get_mut(&key) {
                line.push_back(job);
                state.keyed_waiting = state.keyed_waiting.saturating_add(1);
                return Ok(());
            }
            state.keyed.insert(key, VecDeque::new());
        }
        match lane {
            Lane::Interactive => state.interactive.push_back(job),
            Lane::Background => state.background.push_back(job),
        }
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for work and takes up to `most` jobs; empty once the queue is closed and drained.
    pub(crate) fn take(&self, most: usize) -> Vec<Job> {
        let mut state = self.state.lock();
        while state.interactive.is_empty() && state.background.is_empty() {
            if state.closed {
                return Vec::new();
            }
            self.arrived.wait(&mut state);
        }
        let mut jobs = Vec::new();
        while jobs.len() < most {
            state.turn = state.turn.wrapping_add(1);
            let background_first = state.turn.is_multiple_of(INTERACTIVE_PER_BACKGROUND.saturating_add(1));
            let job = if background_first {
                state.background.pop_front().or_else(|| state.interactive.pop_front())
            } else {
                state.interactive.pop_front().or_else(|| state.background.pop_front())
            };
            match job {
                Some(job) => jobs.push(job),
                None => break,
            }
        }
        jobs
    }

    /// The next closure with this key, now that the one before has ended.
    pub(crate) fn next_of(&self, key: u64) -> Option<Job> {
        let mut state = self.state.lock();
        let next = state.keyed.get_mut(&key).and_then(VecDeque::pop_front);
        match next {
            Some(job) => {
                state.keyed_waiting = state.keyed_waiting.saturating_sub(1);
                Some(job)
            }
            None => {
                state.keyed.remove(&key);
                None
            }
        }
    }

    /// Takes nothing more; what is queued is still done.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Jobs that wait, for the metrics.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.state.lock();
        state.interactive.len().saturating_add(state.background.len()).saturating_add(state.keyed_waiting)
    }
}
