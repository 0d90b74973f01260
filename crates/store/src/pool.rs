//! Readers: sessions handed out one at a time and taken back. Reads run in place on the caller's thread.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Fault, Location, Session};

/// Sessions kept open when nobody reads; more are opened when more read at once. Opening one costs more than a page
/// (pragmas, the schema parsed anew), so as many stay as readers are reckoned with; each holds at most 2 MiB.
const IDLE_MAX: usize = 64;

#[derive(Clone)]
pub struct Pool {
    location: Location,
    idle: Arc<Mutex<Vec<Box<dyn Session>>>>,
}

impl Pool {
    pub fn new(location: Location) -> Self {
        Self { location, idle: Arc::default() }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    /// A session for reading; it returns to the pool when dropped.
    pub fn reader(&self) -> Result<Reader, Fault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let session = match idle {
            Some(session) => session,
            None => self.location.open()?,
        };
        Ok(Reader { session: Some(session), pool: self.clone(), snapshot: false })
    }
}

pub struct Reader {
    /// `None` only while being dropped.
    session: Option<Box<dyn Session>>,
    pool: Pool,
    snapshot: bool,
}

impl Reader {
    /// From here until the reader is dropped every query sees one state of the database. Hold it under a second:
    /// a snapshot keeps the write-ahead log from shrinking.
    pub fn snapshot(&mut self) -> Result<(), Fault> {
        let begin = match self.pool.location.dialect() {
            crate::Dialect::Sqlite => "BEGIN",
            crate::Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.batch(begin)?;
        self.snapshot = true;
        Ok(())
    }
}

impl Deref for Reader {
    type Target = dyn Session;

    fn deref(&self) -> &Self::Target {
        match &self.session {
            Some(session) => &**session,
            None => unreachable!("the session is taken only by drop"),
        }
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match &mut self.session {
            Some(session) => &mut **session,
            None => unreachable!("the session is taken only by drop"),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        // A session whose snapshot cannot be ended is thrown away, not handed to the next reader.
        if self.snapshot && session.batch("ROLLBACK").is_err() {
            return;
        }
        if session.set_budget(None).is_err() {
            return;
        }
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(session);
        }
    }
}
