//! Time and randomness come in as parameters; here are the few places that make them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};

use store::Fault;

/// Microseconds since 1970-01-01 UTC. Never goes back within a process.
pub trait Clock: Send + Sync {
    fn now(&self) -> i64;
}

/// The machine's clock, held back from going backwards. `ahead_by` lets a demonstration end at another instant.
#[derive(Default)]
pub struct SystemClock {
    last: AtomicI64,
    ahead_by: i64,
}

impl SystemClock {
    pub fn ahead_by(micros: i64) -> Self {
        Self { last: AtomicI64::new(0), ahead_by: micros }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        let now = jiff::Timestamp::now().as_microsecond() + self.ahead_by;
        self.last.fetch_max(now, Ordering::Relaxed).max(now)
    }
}

/// A clock that stands until it is moved: tests, and the demonstration's past year.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(micros: i64) -> Self {
        Self(AtomicI64::new(micros))
    }

    /// Moves to an instant; an earlier one is ignored.
    pub fn set(&self, micros: i64) {
        self.0.fetch_max(micros, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Random bytes for salts, tokens and the log's key.
pub trait Entropy: Send + Sync {
    fn bytes32(&self) -> Result<[u8; 32], Fault>;
}

/// The operating system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes32(&self) -> Result<[u8; 32], Fault> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|e| Fault::Disk { what: "reading random bytes".to_owned(), cause: e.to_string() })?;
        Ok(bytes)
    }
}

/// The same bytes for the same seed: demonstrations and tests, never a real ledger.
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn bytes32(&self) -> Result<[u8; 32], Fault> {
        use sha2::Digest as _;
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Ok(sha2::Sha256::digest(count.to_be_bytes()).into())
    }
}
