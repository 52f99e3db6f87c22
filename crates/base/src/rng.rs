//! Randomness, and the moment a command lives in.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

use crate::Timestamp;

/// Where randomness comes from. Everything unguessable (ids, codes, tokens) is drawn from it.
pub trait Rng: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness is read")]
    #[expect(clippy::expect_used, reason = "without randomness no id or token may be made")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system gives random bytes");
    }
}

/// A generator that repeats: for tests and simulations only.
#[derive(Debug)]
pub struct SeededRng(Mutex<Stream>);

impl SeededRng {
    /// The sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(seed.to_le_bytes()) {
            *to = from;
        }
        Self(Mutex::new(Stream::new(bytes)))
    }
}

impl Rng for SeededRng {
    fn fill(&self, out: &mut [u8]) {
        let mut stream = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in out.chunks_mut(32) {
            for (to, from) in chunk.iter_mut().zip(stream.block()) {
                *to = from;
            }
        }
    }
}

/// SHA-256 in counter mode: knowing some output tells nothing about the rest.
#[derive(Clone, Debug)]
struct Stream {
    seed: [u8; 32],
    counter: u64,
}

impl Stream {
    fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.counter = self.counter.wrapping_add(1);
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.counter.to_le_bytes());
        hash.finalize().into()
    }
}

/// What a command takes from the outside world: the time and a source of ids, both fixed before it runs.
///
/// A command that is run again (a serialisation conflict, an ambiguous commit) starts from a clone of the same
/// moment, so it sees the same time and makes the same ids.
#[derive(Clone, Debug)]
pub struct Moment {
    at: Timestamp,
    stream: Stream,
    made: u16,
}

impl Moment {
    /// A moment at `at` with fresh randomness from `rng`.
    pub fn new(at: Timestamp, rng: &dyn Rng) -> Self {
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        Self { at, stream: Stream::new(seed), made: 0 }
    }

    /// The time of this moment; it does not pass while the command runs.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The next UUIDv7 (RFC 9562) of this moment: 48 bits of milliseconds, a 12-bit counter so that ids made by
    /// one command sort in the order they were made, and 62 random bits.
    pub fn uuid_v7(&mut self) -> [u8; 16] {
        let [r0, r1, r2, r3, r4, r5, r6, r7, ..] = self.stream.block();
        let [_, _, t0, t1, t2, t3, t4, t5] = self.at.millis().to_be_bytes();
        let [c0, c1] = (self.made & 0x0fff).to_be_bytes();
        self.made = self.made.wrapping_add(1);
        [t0, t1, t2, t3, t4, t5, 0x70 | c0, c1, 0x80 | (r0 & 0x3f), r1, r2, r3, r4, r5, r6, r7]
    }

    /// 32 random bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.stream.block()
    }

    /// A random number below `bound`, without bias; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let [a, b, c, d, e, f, g, h, ..] = self.stream.block();
            let drawn = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            if drawn < zone {
                return drawn % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_makes_the_same_ids_in_order() {
        let moment = Moment::new(Timestamp::from_micros(1_795_000_000_000_000), &SeededRng::new(7));
        let (mut first, mut second) = (moment.clone(), moment);
        let ids: Vec<_> = (0..100).map(|_| first.uuid_v7()).collect();
        assert_eq!(ids, (0..100).map(|_| second.uuid_v7()).collect::<Vec<_>>());
        assert!(ids.is_sorted());
        assert_eq!(ids[0][6] >> 4, 7);
        assert_eq!(ids[0][8] >> 6, 0b10);
    }

    #[test]
    fn below_stays_below() {
        let mut moment = Moment::new(Timestamp::from_micros(0), &SeededRng::new(1));
        assert!((0..1000).all(|_| moment.below(7) < 7));
        assert_eq!(moment.below(0), 0);
    }
}
