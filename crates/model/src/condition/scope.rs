//! Which names a condition may use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Purpose;
use super::types::Type;
use crate::Model;

/// What a condition is about, and which of the further names it may use.
///
/// `now` and the collections of all types (by their plurals) are always there. A record's own field or relation hides
/// a collection of the same name; `now`, `me`, `period`, `step`, `then`, `record`, `change`, `value` and
/// `criteria_versions` hide fields.
#[derive(Clone, Debug)]
pub struct Scope<'m> {
    pub(crate) model: &'m Model,
    pub(crate) subject: SubjectKind,
    pub(crate) purpose: Purpose,
    pub(crate) principal: bool,
    pub(crate) period: bool,
    pub(crate) settings: Option<BTreeMap<String, Type>>,
}

/// The kind of thing that a condition is asked of.
#[derive(Clone, Debug, PartialEq)]
pub enum SubjectKind {
    /// A record of this type: its fields and relations by their bare names.
    Record(Arc<str>),
    /// A change of state of a record of this type: `step`, `then`, `record`.
    Step(Arc<str>),
    /// A change of this field: `change`, `record`.
    Change(Arc<str>, Arc<str>),
    /// One item of a closed list: `value`, and `criteria_versions`.
    Values,
}

impl<'m> Scope<'m> {
    /// A record of this type. Unknown types are refused when a condition is parsed.
    pub fn record(model: &'m Model, record_type: &str) -> Self {
        Self::new(model, SubjectKind::Record(Arc::from(record_type)))
    }

    pub fn step(model: &'m Model, record_type: &str) -> Self {
        Self::new(model, SubjectKind::Step(Arc::from(record_type)))
    }

    pub fn change(model: &'m Model, record_type: &str, field: &str) -> Self {
        Self::new(model, SubjectKind::Change(Arc::from(record_type), Arc::from(field)))
    }

    pub fn values(model: &'m Model) -> Self {
        Self::new(model, SubjectKind::Values)
    }

    fn new(model: &'m Model, subject: SubjectKind) -> Self {
        Self { model, subject, purpose: Purpose::Filter, principal: false, period: false, settings: None }
    }

    /// Adds `me`, the person who asks. A comparison with `me` is never true for a principal without a person.
    #[must_use]
    pub fn with_principal(mut self) -> Self {
        self.principal = true;
        self
    }

    /// Adds `period`, `period.start` and `period.end`.
    #[must_use]
    pub fn with_period(mut self) -> Self {
        self.period = true;
        self
    }

    /// For checks: `now` only in comparisons linear in it; `id` is visible, as the argument of `verified(id)`.
    #[must_use]
    pub fn for_check(mut self) -> Self {
        self.purpose = Purpose::Check;
        self
    }

    /// The settings there are, with their types: others are then refused. Without this, a setting takes the type of
    /// what it is compared with.
    #[must_use]
    pub fn with_settings(mut self, settings: BTreeMap<String, Type>) -> Self {
        self.settings = Some(settings);
        self
    }
}
