//! SQLite: WAL, `synchronous=FULL`, statements cached, a progress handler as the query budget.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use crate::session::{Dialect, Each, Fault, Param, Row, Session};

/// Statements kept prepared per connection. A page uses about ten; imports and the follower about forty.
const STATEMENTS_MAX: usize = 256;
/// How long a writer waits for another process's write lock.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// Virtual-machine steps between two looks at the clock: about a tenth of a millisecond.
const STEPS_PER_LOOK: i32 = 10_000;

pub struct SqliteSession {
    connection: Connection,
    /// Microseconds since `born` at which the running query must stop; 0 = no limit.
    deadline: Arc<AtomicU64>,
    budget: Option<Duration>,
    born: Instant,
}

impl SqliteSession {
    /// Opens or creates the database file. `durable` decides whether a commit waits for the disk.
    pub fn open(path: &Path, durable: bool) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(fault)?;
        connection.busy_timeout(BUSY_WAIT).map_err(fault)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        let synchronous = if durable { "FULL" } else { "OFF" };
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA foreign_keys=ON; \
                 PRAGMA secure_delete=ON; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY;"
            ))
            .map_err(fault)?;
        let deadline = Arc::new(AtomicU64::new(0));
        let born = monotonic();
        let seen = deadline.clone();
        connection
            .progress_handler(
                STEPS_PER_LOOK,
                Some(move || {
                    let limit = seen.load(Ordering::Relaxed);
                    limit != 0 && elapsed_micros(born) > limit
                }),
            )
            .map_err(fault)?;
        Ok(Self { connection, deadline, budget: None, born })
    }

    fn arm(&self) {
        if let Some(budget) = self.budget {
            let limit = elapsed_micros(self.born) + u64::try_from(budget.as_micros()).unwrap_or(u64::MAX);
            self.deadline.store(limit, Ordering::Relaxed);
        }
    }

    fn disarm(&self) {
        self.deadline.store(0, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "a query's budget is real time; no result depends on it")]
fn monotonic() -> Instant {
    Instant::now()
}

fn elapsed_micros(born: Instant) -> u64 {
    u64::try_from(born.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Session for SqliteSession {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, Fault> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| in_statement(&e, sql))?;
        let changed = statement.execute(rusqlite::params_from_iter(params)).map_err(|e| in_statement(&e, sql))?;
        Ok(changed as u64)
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>], each: Each<'_>) -> Result<(), Fault> {
        self.arm();
        let result = (|| {
            let mut statement = self.connection.prepare_cached(sql).map_err(|e| in_statement(&e, sql))?;
            let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(|e| in_statement(&e, sql))?;
            while let Some(row) = rows.next().map_err(|e| in_statement(&e, sql))? {
                each(&SqliteRow(row))?;
            }
            Ok(())
        })();
        self.disarm();
        result
    }

    fn batch(&mut self, sql: &str) -> Result<(), Fault> {
        self.connection.execute_batch(sql).map_err(|e| in_statement(&e, sql))
    }

    fn set_budget(&mut self, milliseconds: Option<u32>) -> Result<(), Fault> {
        self.budget = milliseconds.map(|ms| Duration::from_millis(u64::from(ms)));
        Ok(())
    }
}

struct SqliteRow<'a>(&'a rusqlite::Row<'a>);

impl Row for SqliteRow<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>, Fault> {
        match self.0.get_ref(column).map_err(fault)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            other => {
                Err(Fault::database(format!("column {column} holds {} where a number must be", other.data_type())))
            }
        }
    }

    fn text(&self, column: usize) -> Result<Option<&str>, Fault> {
        match self.0.get_ref(column).map_err(fault)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Some).map_err(Fault::database),
            other => Err(Fault::database(format!("column {column} holds {} where a text must be", other.data_type()))),
        }
    }

    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Fault> {
        match self.0.get_ref(column).map_err(fault)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Ok(Some(bytes)),
            other => Err(Fault::database(format!("column {column} holds {} where bytes must be", other.data_type()))),
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn fault(error: rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
        Some(ErrorCode::OperationInterrupted) => Fault::Budget,
        _ => Fault::database(error),
    }
}

fn in_statement(error: &rusqlite::Error, sql: &str) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
        Some(ErrorCode::OperationInterrupted) => Fault::Budget,
        _ => Fault::database(format!("{error} in {}", sql.chars().take(400).collect::<String>())),
    }
}
