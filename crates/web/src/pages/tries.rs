//! How often somebody may try a password: counted in memory, so that a restart forgives and nothing is written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Failed tries for one e-mail address within a minute.
pub const PER_EMAIL_MAX: u32 = 10;
/// Failed tries from one network address within a minute; a whole office may share one.
pub const PER_ADDRESS_MAX: u32 = 30;
/// The time over which tries are counted, in microseconds.
const WINDOW: i64 = 60 * 1_000_000;
/// Names kept at once. When more try at the same time, the oldest are forgotten.
const NAMES_MAX: usize = 20_000;

/// Failures by name: when the first of the window was, and how many.
#[derive(Default)]
pub struct Tries(Mutex<HashMap<String, (i64, u32)>>);

impl Tries {
    /// Takes a try, to be given back when it succeeds; `false` where there is none left.
    pub fn take(&self, name: &str, most: u32, now: i64) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= NAMES_MAX {
            tries.retain(|_, (since, _)| now - *since < WINDOW);
            if tries.len() >= NAMES_MAX {
                tries.clear();
            }
        }
        let (since, count) = tries.entry(name.to_owned()).or_insert((now, 0));
        if now - *since >= WINDOW {
            (*since, *count) = (now, 0);
        }
        if *count >= most {
            return false;
        }
        *count += 1;
        true
    }

    pub fn give_back(&self, name: &str) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = tries.get_mut(name) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tries, WINDOW};

    #[test]
    fn after_too_many_failures_one_waits_a_minute() {
        let tries = Tries::default();
        assert!((0..3).all(|_| tries.take("e:mira", 3, 0)));
        assert!(!tries.take("e:mira", 3, WINDOW - 1));
        assert!(tries.take("e:tom", 3, 0));
        assert!(tries.take("e:mira", 3, WINDOW));
    }

    #[test]
    fn a_try_that_succeeds_does_not_count() {
        let tries = Tries::default();
        for _ in 0..10 {
            assert!(tries.take("e:mira", 1, 0));
            tries.give_back("e:mira");
        }
    }
}
