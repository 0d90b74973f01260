//! The checks: which records a requirement is judged by, and what each of them must show. Text in files
//! (`checks.toml` in each room), loaded strictly; no code knows a single one of them.

mod load;
mod terms;

pub use load::Against;
pub(crate) use load::shown_by;

use std::collections::HashMap;
use std::sync::Arc;

use model::condition::{Anchor, Condition, Dependency, Formula, Type};

use crate::catalogue::Proves;

/// All checks, in the order of their files, checked against model, catalogue and settings.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    checks: Vec<Arc<Check>>,
    by_id: HashMap<String, usize>,
}

/// One line of judgement over a population of subjects.
#[derive(Clone, Debug)]
pub struct Check {
    /// `8.6.1-a`, `8.6.1-f.p`.
    pub id: String,
    /// The requirement that it is a line of.
    pub requirement: String,
    pub clause: String,
    pub title: Option<String>,
    /// Why anybody wants it, in words.
    pub why: Option<String>,
    /// What to do about an exception, in words.
    pub put_right: Option<String>,
    /// The population as written: `incident.record`.
    pub over: String,
    pub population: Population,
    /// Which subjects count.
    pub when: Condition,
    /// What each of them must show.
    pub pass: Condition,
    /// What the source must have of a subject: fields, lists, or paths to them.
    pub needs: Vec<String>,
    pub proves: Proves,
    pub basis: Basis,
    /// Settings without which the answer is not determinable.
    pub settings: Vec<String>,
    /// "Nothing of the kind happened" is a legitimate state of a period.
    pub nil_return: bool,
    /// One of those that are counted again by an independent program.
    pub recount: bool,
    pub share: Option<Share>,
    /// Sketches of a subject that passes, one that fails and one that cannot be told.
    pub examples: [Option<String>; 3],
    /// What is easily got wrong.
    pub trap: Option<String>,
    /// SHA-256 over all that decides the result.
    pub hash: [u8; 32],
    /// `file:line:column`.
    pub place: String,
    pub(crate) parts: Parts,
}

/// What is derived from the texts once, when they are loaded.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// `when` for all periods at once; none where it uses the period in another way than by its anchors.
    pub always: Option<Condition>,
    pub anchors: Vec<Anchor>,
    /// The terms of `pass` that the database decides, and those that only memory can.
    pub pass_sql: Option<Condition>,
    pub pass_host: Option<Condition>,
    /// What the source must have of a subject.
    pub needs: Vec<Probe>,
    /// The subject's own fields that `when` reads.
    pub read: Vec<Probe>,
    /// All that the answer about a subject depends on, and the way back from each of it.
    pub dependencies: Vec<Dependency>,
    /// The terms of `pass` as written, each by itself.
    pub terms: Vec<Term>,
    /// What `pass` reads of a subject, to be shown beside its verdict.
    pub observed: Vec<Observed>,
}

/// One term of a conjunction.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub text: String,
    pub condition: Condition,
    /// Places in `Parts::observed` of what it reads.
    pub reads: Vec<usize>,
}

/// A value to show: a field, or the length of a list.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    /// As a person would write it: `solution`, `incident.first_resolved_at`.
    pub name: String,
    pub label: String,
    pub is_list: bool,
    pub formula: Formula,
    pub probe: Probe,
}

/// Asks of a field or list whether it is absent: unknown exactly where it is.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// The record type that has it, and its name there.
    pub record_type: String,
    pub name: String,
    /// As written in the check.
    pub written: String,
    pub needs_setting: Option<String>,
    /// Made of the whole history: the record's entries, or a time measured over them when it is written. Where the
    /// source's history has gaps, a test of it that fails proves nothing.
    pub history: bool,
    pub condition: Condition,
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Population {
    /// Records of a type.
    Record(String),
    /// Changes of state of records of a type.
    Step(String),
    /// Changes of one field of records of a type.
    Change(String, String),
    /// Dates on which a duty fell due.
    Occasion(String),
    /// A closed list of which there is one: the set of criteria that a setting holds.
    Values(String),
}

/// The record type whose records are the dates on which duties fell due.
const OCCASION: &str = "occasion";

impl Population {
    /// The type whose records are the subjects, or to which the subjects belong.
    pub fn record_type(&self) -> Option<&str> {
        match self {
            Self::Record(t) | Self::Step(t) | Self::Change(t, _) => Some(t),
            Self::Occasion(_) => Some(OCCASION),
            Self::Values(_) => None,
        }
    }
}

/// Where an obligation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    Required,
    /// Good practice: a recommendation, never a nonconformity.
    Practice,
}

/// How many subjects must pass, where it need not be all.
#[derive(Clone, Debug, PartialEq)]
pub enum Share {
    Fixed(f64),
    /// The value of this setting.
    Setting(String),
}

impl Checks {
    pub fn all(&self) -> &[Arc<Check>] {
        &self.checks
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Check>> {
        self.by_id.get(id).and_then(|index| self.checks.get(*index))
    }

    pub fn of_requirement<'c>(&'c self, requirement: &'c str) -> impl Iterator<Item = &'c Arc<Check>> {
        self.checks.iter().filter(move |check| check.requirement == requirement)
    }

    /// Keys of all settings that some check needs or reads.
    pub(crate) fn setting_keys(&self) -> impl Iterator<Item = String> {
        self.checks.iter().flat_map(|check| {
            let read = check.when.settings().into_iter().chain(check.pass.settings());
            let share = match &check.share {
                Some(Share::Setting(key)) => Some(key.clone()),
                _ => None,
            };
            check.settings.iter().cloned().chain(read.map(|key| key.to_string())).chain(share)
        })
    }
}

impl Check {
    /// Whether a failing or missing result of it counts for the requirement: practice and indicators only draw
    /// attention.
    pub fn counts(&self) -> bool {
        self.basis == Basis::Required && matches!(self.proves, Proves::Sufficient | Proves::Necessary)
    }

    /// The type whose records are the subjects, or to which the subjects belong.
    pub fn record_type(&self) -> Option<&str> {
        self.population.record_type()
    }

    /// Whether results can be kept and brought up to date subject by subject: each counts by one instant, and the
    /// database decides everything about it.
    pub(crate) fn is_followed(&self) -> bool {
        let by_instant = self.anchor().is_some_and(|anchor| *anchor.ty() == Type::Instant);
        let flips = [self.when.flips(), self.pass.flips()].concat();
        by_instant
            && self.record_type().is_some()
            && self.parts.always.is_some()
            && self.parts.pass_host.is_none()
            && !self.pass.uses_period()
            && flips.iter().all(|flip| *flip.ty() == Type::Instant)
    }

    /// The one instant or day by which a subject is counted; none where there are several, or a span.
    pub(crate) fn anchor(&self) -> Option<&Formula> {
        match self.parts.anchors.as_slice() {
            [Anchor::At(formula)] => Some(formula),
            _ => None,
        }
    }
}
