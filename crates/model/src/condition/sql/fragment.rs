//! Pieces of SQL with their parameters, and the numbering of placeholders.

use crate::Value;

/// The database that a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// A piece of SQL. `?` stands for a 64-bit integer, `?t` for a text; [`number`] turns them into what the database
/// wants, once the whole statement is put together. The text never holds a value, so no other `?` can be in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sql {
    pub text: String,
    /// In the order of the placeholders. Never null.
    pub params: Vec<Value>,
}

impl Sql {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), params: vec![] }
    }

    /// One value as a parameter. Null becomes the word.
    pub fn value(value: Value) -> Self {
        match value {
            Value::Null => Self::new("NULL"),
            Value::Text(_) => Self { text: "?t".to_owned(), params: vec![value] },
            _ => Self { text: "?".to_owned(), params: vec![value] },
        }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub fn append(&mut self, other: &Sql) -> &mut Self {
        self.text.push_str(&other.text);
        self.params.extend(other.params.iter().cloned());
        self
    }

    /// `template` with each `{}` replaced by the next part.
    pub fn compose(template: &str, parts: &[&Sql]) -> Self {
        let mut whole = Self::default();
        let mut parts = parts.iter();
        let mut pieces = template.split("{}");
        whole.push(pieces.next().unwrap_or_default());
        for piece in pieces {
            if let Some(part) = parts.next() {
                whole.append(part);
            }
            whole.push(piece);
        }
        whole
    }

    pub fn join(parts: &[Sql], between: &str) -> Self {
        let mut whole = Self::default();
        for (at, part) in parts.iter().enumerate() {
            whole.push(if at == 0 { "" } else { between }).append(part);
        }
        whole
    }
}

/// A whole statement for one database, its parameters numbered from `first` (1 for a statement by itself).
///
/// PostgreSQL gets `$n::bigint` and `$n::text`, since it would guess other types for a bare parameter; SQLite gets `?n`.
pub fn number(text: &str, dialect: Dialect, first: usize) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut pieces = text.split('?');
    out.push_str(pieces.next().unwrap_or_default());
    for (next, piece) in (first..).zip(pieces) {
        let rest =
            piece.strip_prefix('t').filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        match (dialect, rest.is_some()) {
            (Dialect::Sqlite, _) => out.push_str(&format!("?{next}")),
            (Dialect::Postgres, true) => out.push_str(&format!("${next}::text")),
            (Dialect::Postgres, false) => out.push_str(&format!("${next}::bigint")),
        }
        out.push_str(rest.unwrap_or(piece));
    }
    out
}
