//! SQL on two databases behind one small interface: sessions, the schema computed from the model, the writer thread
//! with group commit, and the pool of readers. Knows tables and transactions; knows neither records' meaning nor HTTP.

mod pool;
mod postgres_session;
pub mod schema;
mod session;
mod sqlite_session;
mod writer;

pub use pool::{Pool, Reader};
pub use postgres_session::PostgresSession;
pub use session::{Dialect, Fault, Param, Row, Session, SessionExt};
pub use sqlite_session::SqliteSession;
pub use writer::{Answer, Lane, Outcome, Writer};

use std::path::{Path, PathBuf};

/// The open end of an interval on either time axis.
pub const FOREVER: i64 = i64::MAX;

/// Where an organisation's records lie.
#[derive(Clone, Debug)]
pub enum Location {
    /// `vouch.db` in this file, durable with `synchronous=FULL`.
    Sqlite(PathBuf),
    /// As above, but a throw-away: nothing is flushed to disk (`vouch assess`, tests).
    SqliteScratch(PathBuf),
    /// A PostgreSQL URL; every session sets `search_path` to the schema, when one is named.
    Postgres { url: String, schema: Option<String> },
}

impl Location {
    /// Opens one more session on the same database.
    pub fn open(&self) -> Result<Box<dyn Session>, Fault> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(SqliteSession::open(path, true)?),
            Self::SqliteScratch(path) => Box::new(SqliteSession::open(path, false)?),
            Self::Postgres { url, schema } => Box::new(PostgresSession::open(url, schema.as_deref())?),
        })
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) | Self::SqliteScratch(_) => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) | Self::SqliteScratch(path) => Some(path),
            Self::Postgres { .. } => None,
        }
    }
}
