//! Passwords: Argon2id (RFC 9106), at most two at a time, and the same work for unknown people as for known ones.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use store::Fault;

/// Fewest characters that a password may have.
pub const PASSWORD_MIN: usize = 12;
/// Most bytes: longer ones only cost time.
pub const PASSWORD_MAX: usize = 1_024;
/// Verifications at once: each takes 19 MiB and 20 ms of a core.
const AT_ONCE_MAX: u32 = 2;

/// The gate through which all password work passes.
#[derive(Default)]
pub struct Passwords {
    running: Mutex<u32>,
    free: Condvar,
    /// Verified instead of an unknown person's, so that the answer takes as long.
    decoy: std::sync::OnceLock<String>,
}

impl Passwords {
    /// The hash to keep, in PHC form with its parameters and salt.
    pub fn hash(&self, password: &str) -> Result<String, Fault> {
        self.gated(|| {
            let hashed = Argon2::default().hash_password(password.as_bytes());
            hashed.map(|hash| hash.to_string()).map_err(|e| Fault::database(format!("hashing a password: {e}")))
        })
    }

    /// Whether the password is the one of this hash; with no hash (nobody of that name) the work is done all the same.
    pub fn verify(&self, password: &str, kept: Option<&str>) -> Result<bool, Fault> {
        if password.len() > PASSWORD_MAX {
            return Ok(false);
        }
        let decoy = match self.decoy.get() {
            Some(decoy) => decoy.clone(),
            None => {
                let made = self.hash("nobody's password")?;
                self.decoy.get_or_init(|| made).clone()
            }
        };
        let known = kept.is_some();
        let kept = kept.unwrap_or(&decoy);
        self.gated(|| {
            let parsed = PasswordHash::new(kept).map_err(|e| Fault::database(format!("a kept password hash: {e}")))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
    }

    fn gated<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while *running >= AT_ONCE_MAX {
            running = self.free.wait(running).unwrap_or_else(PoisonError::into_inner);
        }
        *running += 1;
        drop(running);
        let done = work();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.free.notify_one();
        done
    }
}
