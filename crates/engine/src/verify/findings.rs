//! What is wrong, said so that somebody can go and look.

use store::{Fault, Param, Session};

use super::cell::Cell;

/// The first thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub what: String,
    pub where_: Where,
    /// What the ledger says, or the rule.
    pub expected: String,
    /// What the database holds.
    pub found: String,
}

/// Where it stands; what does not apply is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Where {
    pub table: Option<String>,
    /// The record's number.
    pub record: Option<String>,
    /// Column, field key, `escalations[2]` for a line.
    pub field: Option<String>,
    /// Leaf index of the entry that says otherwise.
    pub leaf: Option<i64>,
}

impl Difference {
    pub fn to_json(&self) -> serde_json::Value {
        let Where { table, record, field, leaf } = &self.where_;
        serde_json::json!({
            "what": self.what,
            "where": {"table": table, "record": record, "field": field, "leaf": leaf},
            "expected": self.expected,
            "found": self.found,
        })
    }
}

/// Why a verification ends before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Found(Box<Difference>),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A difference in the making: `Finding::new("…").table("leaf").leaf(3).stop(expected, found)`.
#[derive(Default)]
pub(super) struct Finding {
    what: String,
    where_: Where,
}

impl Finding {
    pub fn new(what: impl Into<String>, table: impl Into<String>) -> Self {
        Self { what: what.into(), where_: Where { table: Some(table.into()), ..Where::default() } }
    }

    pub fn record(mut self, number: impl Into<Option<String>>) -> Self {
        self.where_.record = number.into();
        self
    }

    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.where_.field = Some(field.into());
        self
    }

    pub fn leaf(mut self, leaf: impl Into<Option<i64>>) -> Self {
        self.where_.leaf = leaf.into();
        self
    }

    pub fn stop(self, expected: impl Into<String>, found: impl Into<String>) -> Stop {
        let Self { what, where_ } = self;
        Stop::Found(Box::new(Difference { what, where_, expected: expected.into(), found: found.into() }))
    }

    /// Stops where two cells differ.
    pub fn same(self, expected: &Cell, found: &Cell) -> Result<(), Stop> {
        if expected == found { Ok(()) } else { Err(self.stop(expected.to_string(), found.to_string())) }
    }
}

/// The number of a record by its id, where the database still knows it.
pub(super) fn number(session: &mut dyn Session, id: i64) -> Result<Option<String>, Fault> {
    text(session, "SELECT number FROM record WHERE id = ?", id)
}

/// The number of the record that an entry is about.
pub(super) fn number_of_entry(session: &mut dyn Session, entry: i64) -> Result<Option<String>, Fault> {
    text(session, "SELECT r.number FROM entry e JOIN record r ON r.id = e.record WHERE e.id = ?", entry)
}

fn text(session: &mut dyn Session, sql: &str, id: i64) -> Result<Option<String>, Fault> {
    let mut found = None;
    session.query(sql, &[Param::Int(id)], &mut |row| {
        found = Cell::read(row, 0, true).text().map(str::to_owned);
        Ok(())
    })?;
    Ok(found)
}

/// Numbers are given without gaps: the first one that a counter gave and no record bears.
pub(super) fn lost_number(session: &mut dyn Session) -> Result<Option<String>, Fault> {
    let mut counters = Vec::new();
    session.query("SELECT prefix, last FROM counter ORDER BY prefix", &[], &mut |row| {
        if let (Cell::Text(prefix), Cell::Int(last)) = (Cell::read(row, 0, true), Cell::read(row, 1, false)) {
            counters.push((prefix, last));
        }
        Ok(())
    })?;
    for (prefix, last) in counters {
        let (mut next, mut lost) = (1, None);
        let like = format!("{prefix}-%");
        let sql = "SELECT number FROM record WHERE number LIKE ? ORDER BY length(number), number";
        session.query(sql, &[Param::Text(&like)], &mut |row| {
            let expected = format!("{prefix}-{next:06}");
            if lost.is_none() && Cell::read(row, 0, true).text() != Some(&expected) {
                lost = Some(expected);
            }
            next += 1;
            Ok(())
        })?;
        if lost.is_some() || next <= last {
            return Ok(lost.or_else(|| Some(format!("{prefix}-{next:06}"))));
        }
    }
    Ok(None)
}
