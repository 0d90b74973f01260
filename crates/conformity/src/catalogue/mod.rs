//! The catalogue: ISO/IEC 20000-1:2018 with its amendment of 2024 as clauses and requirements in our own words
//! (`standard/requirements.toml`, whose head explains every field). Immutable once loaded; it knows no record and no
//! result. Must never be edited by a customer: what an organisation adds are its own checks.

mod load;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// The whole catalogue, checked.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub meta: Meta,
    /// SHA-256 of the file's text: names the catalogue beside every result.
    pub hash: [u8; 32],
    record_types: Vec<RecordType>,
    clauses: Vec<Clause>,
    requirements: Vec<Requirement>,
    clause_by_number: HashMap<String, usize>,
    requirement_by_id: HashMap<String, usize>,
}

/// What the catalogue says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    pub standard: String,
    pub edition: String,
    pub amendments: Vec<String>,
    pub version: String,
    /// The day on which it was put together, `YYYY-MM-DD`.
    pub compiled: String,
    /// Every requirement of clauses 4 to 10 applies when conformity is claimed.
    pub no_exclusions: bool,
    /// Clauses whose content was confirmed against public material.
    pub refs_confirmed: Vec<String>,
    /// Clauses to which the organisation must show conformity itself; other parties may only support.
    pub own_conformity_clauses: Vec<String>,
    pub note: String,
}

/// A kind of record that can carry evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordType {
    pub name: String,
    pub meaning: String,
}

/// A clause of the standard: its number and title are facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    pub number: String,
    pub title: String,
    /// The number of the clause above; None for clauses 4 to 10 themselves.
    pub parent: Option<String>,
    /// The standard gives no title here.
    pub title_is_ours: bool,
    /// False for a clause that holds explanations only.
    pub requirements: bool,
}

/// One auditable requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Stable; the letter after the clause is ours: `8.6.1-c`.
    pub id: String,
    pub clause: String,
    /// Where in the standard the obligation sits.
    pub reference: String,
    pub title: String,
    pub text: String,
    pub documented: Documented,
    pub documented_name: Option<String>,
    /// None where nothing is documented.
    pub documented_basis: Option<DocumentedBasis>,
    /// What an auditor would look at.
    pub evidence: Vec<String>,
    /// Record types whose data support it.
    pub evidence_from: Vec<String>,
    /// The automatic test in words; None where only a person can judge.
    pub check: Option<CheckText>,
    pub population_kind: PopulationKind,
    pub proves: Proves,
    /// The question that is left for a person; empty only where a check is sufficient.
    pub judgement: String,
    /// Keys of settings without which the check is not determinable.
    pub settings: Vec<String>,
    /// Good practice, tested apart: a recommendation and never a nonconformity.
    pub practice: Option<String>,
    pub typical_nonconformity: String,
    /// "Nothing of the kind happened" is a legitimate state of a period, which its owner signs.
    pub nil_return: bool,
    /// A detail could not be confirmed.
    pub unsure: bool,
    pub unsure_note: Option<String>,
}

/// An automatic test in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckText {
    pub population: String,
    pub pass: String,
}

/// The kind of documented information that carries the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Documented {
    None,
    Record,
    Plan,
    Report,
    Policy,
    Procedure,
    Agreement,
    Catalogue,
    Scope,
}

/// Why there is documented information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentedBasis {
    /// The standard itself asks for it: a failed necessary check is a nonconformity.
    Explicit,
    /// The requirement cannot be met without it.
    Implied,
    /// Auditors ask for it, the standard does not.
    Customary,
}

/// What a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PopulationKind {
    Record,
    Step,
    Change,
    Occasion,
    Pairs,
    Rows,
    Values,
    /// A property of the software itself, proved by a product test.
    Product,
    /// Only a person can judge.
    Person,
}

/// How far a passed check carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proves {
    /// A pass may turn the requirement conforming.
    Sufficient,
    /// A fail shows a gap, a pass leaves the judgement due.
    Necessary,
    /// Draws attention, decides nothing.
    Indicator,
    /// There is no automatic check.
    Nothing,
}

impl Catalogue {
    pub fn record_types(&self) -> &[RecordType] {
        &self.record_types
    }

    /// All clauses in the order of the standard.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// All requirements in the order of the standard.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    pub fn clause(&self, number: &str) -> Option<&Clause> {
        self.clause_by_number.get(number).and_then(|index| self.clauses.get(*index))
    }

    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirement_by_id.get(id).and_then(|index| self.requirements.get(*index))
    }

    /// The clauses directly under one; with None, clauses 4 to 10.
    pub fn children(&self, of: Option<&str>) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(move |clause| clause.parent.as_deref() == of)
    }

    /// A clause and those above it, the outermost first; empty for an unknown number.
    pub fn path(&self, number: &str) -> Vec<&Clause> {
        let mut path: Vec<_> =
            std::iter::successors(self.clause(number), |clause| self.clause(clause.parent.as_deref()?)).collect();
        path.reverse();
        path
    }

    /// The requirements of a clause and of all clauses under it, in order; empty for an unknown number.
    pub fn under(&self, number: &str) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(move |requirement| lies_under(&requirement.clause, number))
    }

    /// What a person may write after `--clause`: a clause with all that lies under it, or one requirement.
    pub fn find(&self, clause_or_id: &str) -> Vec<&Requirement> {
        match self.requirement(clause_or_id) {
            Some(requirement) => vec![requirement],
            None => self.under(clause_or_id).collect(),
        }
    }

    /// The clauses as a tree, depth first, each with its depth from 0.
    pub fn tree(&self) -> Vec<(usize, &Clause)> {
        let depth = |clause: &Clause| self.path(&clause.number).len().saturating_sub(1);
        self.clauses.iter().map(|clause| (depth(clause), clause)).collect()
    }

    /// The requirements that a setting decides.
    pub fn decided_by<'c>(&'c self, setting: &'c str) -> impl Iterator<Item = &'c Requirement> {
        self.requirements.iter().filter(move |requirement| requirement.settings.iter().any(|key| key == setting))
    }
}

/// Is this clause the other one or under it? Clause 8.60 does not lie under 8.6.
pub fn lies_under(clause: &str, above: &str) -> bool {
    clause.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Requirement {
    /// The part of the id after the clause: `c`.
    pub fn letter(&self) -> &str {
        self.id.rsplit_once('-').map_or("", |(_, letter)| letter)
    }
}
