//! One connection to one database, in the form that everything above uses.

use model::Value;

/// The world is broken: the database, the disk or our own statement. Never something that a person's input caused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    #[error("the database could not do this: {what}")]
    Database { what: String },
    #[error("the database is locked by another process")]
    Busy,
    #[error("the query read more than its budget allows")]
    Budget,
    #[error("the ledger and the records do not fit: {what}")]
    Ledger { what: String },
    #[error("{what}: {cause}")]
    Disk { what: String, cause: String },
}

impl Fault {
    pub fn database(what: impl std::fmt::Display) -> Self {
        Self::Database { what: what.to_string() }
    }

    pub fn ledger(what: impl Into<String>) -> Self {
        Self::Ledger { what: what.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Conditions mark their parameters `?` for numbers and `?t` for text, since PostgreSQL guesses the type of a bare
    /// parameter from its neighbours. Gives the text with plain `?`, each cast where that matters.
    pub fn typed(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 32);
        let mut pieces = text.split('?');
        out.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let is_end = |rest: &&str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let text = piece.strip_prefix('t').filter(is_end);
            out.push_str(match (self, text.is_some()) {
                (Self::Sqlite, _) => "?",
                (Self::Postgres, true) => "CAST(? AS text)",
                (Self::Postgres, false) => "CAST(? AS bigint)",
            });
            out.push_str(text.unwrap_or(piece));
        }
        out
    }
}

/// A bound parameter. Statements are written with `?`; the PostgreSQL session numbers them.
#[derive(Clone, Copy, Debug)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// The current row of a query.
pub trait Row {
    fn int(&self, column: usize) -> Result<Option<i64>, Fault>;
    fn text(&self, column: usize) -> Result<Option<&str>, Fault>;
    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Fault>;
}

impl dyn Row + '_ {
    /// An integer column that the schema says is never null.
    pub fn need_int(&self, column: usize) -> Result<i64, Fault> {
        self.int(column)?.ok_or_else(|| Fault::database(format!("column {column} is null where a number must be")))
    }

    /// A text column that the schema says is never null.
    pub fn need_text(&self, column: usize) -> Result<&str, Fault> {
        self.text(column)?.ok_or_else(|| Fault::database(format!("column {column} is null where a text must be")))
    }

    /// A blob column that the schema says is never null.
    pub fn need_blob(&self, column: usize) -> Result<&[u8], Fault> {
        self.blob(column)?.ok_or_else(|| Fault::database(format!("column {column} is null where bytes must be")))
    }
}

/// What is done with each row of a query.
pub type Each<'a> = &'a mut dyn FnMut(&dyn Row) -> Result<(), Fault>;

pub trait Session: Send {
    fn dialect(&self) -> Dialect;

    /// Runs one statement; the number of rows that it changed.
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, Fault>;

    /// Runs one query and hands over its rows while they stream.
    fn query(&mut self, sql: &str, params: &[Param<'_>], each: Each<'_>) -> Result<(), Fault>;

    /// Runs several statements without parameters.
    fn batch(&mut self, sql: &str) -> Result<(), Fault>;

    /// Gives queries at most this many milliseconds each; `None` lifts the limit. Past it they end with
    /// [`Fault::Budget`].
    fn set_budget(&mut self, milliseconds: Option<u32>) -> Result<(), Fault>;
}

/// Small conveniences over [`Session`], for every implementation alike.
pub trait SessionExt {
    fn optional_int(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<i64>, Fault>;
    fn one_int(&mut self, sql: &str, params: &[Param<'_>]) -> Result<i64, Fault>;
    fn optional_text(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<String>, Fault>;
    fn ints(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<i64>, Fault>;
}

impl<S: Session + ?Sized> SessionExt for S {
    fn optional_int(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<i64>, Fault> {
        let mut found = None;
        self.query(sql, params, &mut |row| {
            found = row.int(0)?;
            Ok(())
        })?;
        Ok(found)
    }

    fn one_int(&mut self, sql: &str, params: &[Param<'_>]) -> Result<i64, Fault> {
        self.optional_int(sql, params)?.ok_or_else(|| Fault::database(format!("no number where one must be: {sql}")))
    }

    fn optional_text(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<String>, Fault> {
        let mut found = None;
        self.query(sql, params, &mut |row| {
            found = row.text(0)?.map(str::to_owned);
            Ok(())
        })?;
        Ok(found)
    }

    fn ints(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<i64>, Fault> {
        let mut found = Vec::new();
        self.query(sql, params, &mut |row| {
            found.extend(row.int(0)?);
            Ok(())
        })?;
        Ok(found)
    }
}

impl<'a> From<&'a Value> for Param<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            other => other.as_int().map_or(Self::Null, Self::Int),
        }
    }
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Option<i64>> for Param<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Option<&'a str>> for Param<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(bytes)
    }
}
