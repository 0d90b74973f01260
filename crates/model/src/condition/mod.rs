//! Conditions: the one language of guards, filters, permissions, views and checks.
//!
//! The syntax is CEL's; types, three-valued evaluation and SQL are ours. A condition is parsed and checked once, when
//! the model is loaded or a filter arrives, and is then asked in memory ([`Condition::eval`]) or as part of a
//! statement ([`Condition::sql`]). Both give the same answer; `tests/conditions.rs` compares them on both databases.
//!
//! Null is an answer of the record: `x == null` is true or false, order, arithmetic and text functions with it are
//! unknown, and a path or list through an empty link is empty. *Absent* is a gap of the source: null in filters,
//! unknown in every comparison of a check ([`Purpose`]). A filter or permission keeps only true, a guard refuses
//! unknown, a check calls it not determinable.

mod anchors;
mod check;
mod context;
mod dependencies;
mod eval;
mod facts;
mod flips;
mod intervals;
mod ir;
mod map_facts;
mod parse;
mod problem;
mod scope;
mod split;
mod sql;
mod truth;
mod types;

pub use anchors::Anchor;
pub use check::RELATION_DEPTH_MAX;
pub use context::{Context, Period, Purpose, SettingSpan, SettingValue};
pub use dependencies::{Dependency, Hop};
pub use facts::{ChangeFacts, EntryFact, Facts, FactsError, RecordRef, Row, StepFacts, Subject};
pub use intervals::{Validity, covered_until, covers};
pub use map_facts::MapFacts;
pub use parse::{NODES_MAX, SOURCE_MAX};
pub use problem::Problem;
pub use scope::{Scope, SubjectKind};
pub use sql::{Dialect, NotPushable, Sql, Target, Time, number};
pub use truth::Truth;
pub use types::{FieldRef, Type};

use std::sync::Arc;

use crate::Value;
use ir::{Node, Op};

/// A checked condition. It borrows nothing: it lives as long as the model generation it was checked against is used.
#[derive(Clone, Debug)]
pub struct Condition {
    text: Arc<str>,
    subject: SubjectKind,
    root: Node,
}

/// A checked expression of any type: an anchor, an instant at which a condition flips.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    subject: SubjectKind,
    node: Node,
}

/// What a condition asks of Rust instead of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostCall {
    Covered,
    Verified,
    Permitted,
    InOrLatest,
    Fold,
}

impl Condition {
    /// Parses and checks; the result type must be boolean. All problems that could be told apart, in text order.
    pub fn parse(text: &str, scope: &Scope<'_>) -> Result<Self, Vec<Problem>> {
        let parsed = parse::parse(text)?;
        let root = check::check(&parsed, scope, true)?;
        Ok(Self { text: Arc::from(text), subject: scope.subject.clone(), root })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn subject(&self) -> &SubjectKind {
        &self.subject
    }

    /// Evaluates in memory. Errors are failures of the facts, never of the condition.
    pub fn eval(&self, subject: &Subject, facts: &mut dyn Facts, cx: &Context) -> Result<Truth, FactsError> {
        eval::Evaluator::new(facts, cx, subject).truth(&self.root)
    }

    /// A three-valued SQL boolean over the alias of the subject: NULL is unknown.
    pub fn sql(&self, target: &Target<'_>) -> Result<Sql, NotPushable> {
        sql::Compiler::new(target).truth(&self.root, false)
    }

    /// An SQL boolean that is true exactly where the condition is, else false or NULL: for `WHERE`. It may use
    /// indexes where [`Self::sql`] could not; it must not be negated.
    pub fn filter_sql(&self, target: &Target<'_>) -> Result<Sql, NotPushable> {
        sql::Compiler::new(target).truth(&self.root, true)
    }

    /// Whether the answer is unknown for want of facts (an absent field, a gap in the history, an unset setting, a
    /// hidden field) and not because the record has an empty one. Such a subject stays in the population of a check
    /// as not determinable, though `when` is not true.
    pub fn undetermined(&self, subject: &Subject, facts: &mut dyn Facts, cx: &Context) -> Result<bool, FactsError> {
        let truth = eval::Evaluator::new(facts, cx, subject).lenient().truth(&self.root)?;
        Ok(truth == Truth::Unknown)
    }

    /// [`Self::undetermined`] as an SQL boolean, never NULL.
    pub fn undetermined_sql(&self, target: &Target<'_>) -> Result<Sql, NotPushable> {
        let truth = sql::Compiler::new(target).lenient().truth(&self.root, false)?;
        Ok(Sql::compose("(({}) IS NULL)", &[&truth]))
    }

    /// What must be computed in memory; if there is any, the condition has no SQL.
    pub fn host_calls(&self) -> Vec<HostCall> {
        let mut calls = vec![];
        self.root.any(&mut |node| {
            calls.extend(match node.op {
                Op::Covered(_) => Some(HostCall::Covered),
                Op::Verified(_) => Some(HostCall::Verified),
                Op::Permitted(..) => Some(HostCall::Permitted),
                Op::InOrLatest(_) => Some(HostCall::InOrLatest),
                Op::Fold(_) => Some(HostCall::Fold),
                _ => None,
            });
            false
        });
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// Whether the condition has SQL, or why not. Lists, permissions and the `when` of checks demand it at load.
    pub fn pushable(&self) -> Result<(), NotPushable> {
        let context = Context::default();
        let target = Target { dialect: Dialect::Sqlite, time: Time::Live, context: &context };
        self.sql(&target).map(drop)
    }

    /// Keys of the settings it reads.
    pub fn settings(&self) -> Vec<Arc<str>> {
        let mut keys: Vec<Arc<str>> = vec![];
        self.root.any(&mut |node| {
            if let Op::Setting { key, .. } = &node.op {
                keys.push(key.clone());
            }
            false
        });
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The same condition, its settings taken as they were at this instant of the subject instead of at the subject's
    /// own beginning.
    #[must_use]
    pub fn anchored(&self, at: &Formula) -> Self {
        let root = self.root.rewrite(&|node| match &node.op {
            Op::Setting { key, by, .. } => {
                let op = Op::Setting { key: key.clone(), at: Box::new(at.node.clone()), by: by.clone() };
                Some(Node::new(op, node.ty.clone()))
            }
            _ => None,
        });
        Self { root, ..self.clone() }
    }

    /// Both at once, as when a permission is added to a filter. Both must be about the same subject.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        // Variables of the two cannot meet: each is bound and used within its own half.
        Self {
            text: Arc::from(format!("({}) && ({})", self.text, other.text)),
            root: self.root.and(other.root),
            ..self
        }
    }
}

impl Formula {
    pub fn parse(text: &str, scope: &Scope<'_>) -> Result<Self, Vec<Problem>> {
        let parsed = parse::parse(text)?;
        let node = check::check(&parsed, scope, false)?;
        Ok(Self { subject: scope.subject.clone(), node })
    }

    pub fn ty(&self) -> &Type {
        &self.node.ty
    }

    pub fn subject(&self) -> &SubjectKind {
        &self.subject
    }

    /// The field, when the formula is just one of the subject's own.
    pub fn field(&self) -> Option<&FieldRef> {
        match &self.node.op {
            Op::Field { of, field } if of.source == ir::EntitySource::Subject && !of.then => Some(field),
            _ => None,
        }
    }

    /// None is unknown, null is a value.
    pub fn eval(&self, subject: &Subject, facts: &mut dyn Facts, cx: &Context) -> Result<Option<Value>, FactsError> {
        eval::Evaluator::new(facts, cx, subject).value(&self.node)
    }

    /// The value as an SQL expression over the alias of the subject; NULL where null or unknown.
    pub fn sql(&self, target: &Target<'_>) -> Result<Sql, NotPushable> {
        sql::Compiler::new(target).scalar(&self.node).map(|scalar| scalar.value)
    }
}
