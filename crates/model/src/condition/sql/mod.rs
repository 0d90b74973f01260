//! The compiler to SQL: one three-valued boolean expression over the subject's alias.
//!
//! A value is compiled to a pair: the value, and when it is unknown (see [`Scalar`]); a condition to an SQL boolean
//! whose NULL is unknown. In *positive* position (a filter that keeps only true) false and unknown may be mixed up,
//! which allows forms that use indexes. Nothing but identifiers, keywords and small numbers of ours gets into the text.

mod fragment;
mod lists;
mod paths;
mod scalars;
mod truths;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

pub use fragment::{Dialect, Sql, number};

use super::context::Context;
use super::ir::*;
use super::types::Type;

/// Which state of the records is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Time {
    Live,
    /// True at `valid`, as known at `known`; microseconds.
    At {
        valid: i64,
        known: i64,
    },
}

/// What an expression is compiled for.
///
/// The caller puts it into a statement whose subject has the alias `r`: `<type>` when live, `<type>_v` with
/// [`Time::predicate`] otherwise. Steps have the alias `s` (table `step`), changes `e` (table `entry`), besides `r`.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub dialect: Dialect,
    pub time: Time,
    pub context: &'a Context,
}

/// Why a condition has no SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotPushable(pub String);

pub(super) type Compiled<T> = Result<T, NotPushable>;

/// Longest SQL text of one condition, in bytes: some forms repeat their parts.
const TEXT_MAX: usize = 128 * 1024;

/// Columns of a list's lines with the condition under which their owner's origin lacks them.
type LackingColumns = Vec<(Arc<str>, Sql)>;

/// A value with the condition under which it is unknown. Where it is unknown the value is NULL.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub value: Sql,
    pub unknown: Unknown,
    /// Whether the value can be NULL.
    pub nullable: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Unknown {
    Never,
    /// Exactly where the value is NULL.
    WhereNull,
    /// Where this SQL boolean, which is never NULL itself, is true.
    Where(Sql),
    Always,
}

pub(super) struct Compiler<'a> {
    pub dialect: Dialect,
    pub time: Time,
    pub cx: &'a Context,
    /// See the evaluator's field of the same name.
    lenient: bool,
    next_alias: Cell<u32>,
    /// For the lists whose bodies are being compiled: columns that their owner's origin may lack, and where it does.
    lacking: RefCell<Vec<(VarId, LackingColumns)>>,
}

impl<'a> Compiler<'a> {
    pub fn new(target: &Target<'a>) -> Self {
        Self {
            dialect: target.dialect,
            time: target.time,
            cx: target.context,
            lenient: false,
            next_alias: Cell::new(0),
            lacking: RefCell::default(),
        }
    }

    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    pub fn compose(&self, template: &str, parts: &[&Sql]) -> Compiled<Sql> {
        let sql = Sql::compose(template, parts);
        if sql.text.len() > TEXT_MAX {
            return Err(NotPushable(format!("the condition's SQL is longer than {TEXT_MAX} bytes")));
        }
        Ok(sql)
    }

    pub fn alias(&self) -> String {
        self.next_alias.set(self.next_alias.get() + 1);
        format!("t{}", self.next_alias.get())
    }

    /// The result of a function that is NULL for null: unknown there, for the lenient compiler only where an operand is.
    fn computed(&self, value: Sql, of: &[&Scalar]) -> Compiled<Scalar> {
        if !self.lenient {
            return Ok(Scalar::computed(value));
        }
        let reasons: Vec<Sql> = of.iter().filter_map(|scalar| scalar.unknown_sql()).collect();
        let unknown = match reasons.as_slice() {
            [] => Unknown::Never,
            some => Unknown::Where(self.compose("({})", &[&Sql::join(some, " OR ")])?),
        };
        Ok(Scalar { value, unknown, nullable: true })
    }

    /// NULL of a type: PostgreSQL would take a bare one for text.
    pub fn null(&self, ty: &Type) -> Sql {
        Sql::new(match (self.dialect, ty) {
            (Dialect::Sqlite, _) => "NULL",
            (Dialect::Postgres, Type::Bool) => "NULL::boolean",
            (Dialect::Postgres, ty) if ty.is_text() => "NULL::text",
            (Dialect::Postgres, _) => "NULL::bigint",
        })
    }
}

impl Time {
    /// The condition on a version row of this alias; nothing for the live table.
    pub fn predicate(self, alias: &str) -> Option<Sql> {
        match self {
            Self::Live => None,
            Self::At { valid, known } => Some(Sql {
                text: at_predicate(alias, "?", "?"),
                params: vec![valid.into(), valid.into(), known.into(), known.into()],
            }),
        }
    }
}

fn at_predicate(alias: &str, valid: &str, known: &str) -> String {
    format!(
        "\"{alias}\".\"valid_from\" <= {valid} AND \"{alias}\".\"valid_to\" > {valid} \
         AND \"{alias}\".\"known_from\" <= {known} AND \"{alias}\".\"known_to\" > {known}"
    )
}

impl Scalar {
    pub fn plain(value: Sql, nullable: bool) -> Self {
        Self { value, unknown: Unknown::Never, nullable }
    }

    /// Something that is unknown wherever it is NULL: the result of arithmetic.
    pub fn computed(value: Sql) -> Self {
        Self { value, unknown: Unknown::WhereNull, nullable: true }
    }

    /// When the value is unknown, as an SQL boolean; none: never.
    pub fn unknown_sql(&self) -> Option<Sql> {
        match &self.unknown {
            Unknown::Never => None,
            Unknown::WhereNull => Some(Sql::compose("({} IS NULL)", &[&self.value])),
            Unknown::Where(sql) => Some(sql.clone()),
            Unknown::Always => Some(Sql::new("TRUE")),
        }
    }

    /// Null without being unknown can be.
    pub fn can_be_null(&self) -> bool {
        self.nullable && !matches!(self.unknown, Unknown::WhereNull | Unknown::Always)
    }
}
