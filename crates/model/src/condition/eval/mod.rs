//! The evaluator in memory: three-valued, over facts that it asks for one by one.
//!
//! It is the reference that the SQL is tested against, and what guards on drafts and host functions use.

mod lists;
mod scalars;

use super::context::{Context, Purpose};
use super::facts::{Facts, FactsError, RecordRef, Row, Subject};
use super::ir::*;
use super::truth::Truth;
use super::types::FieldRef;
use crate::{SYSTEM_FIELDS, Slot, Value};

pub(crate) use scalars::typed;

pub(super) type Answer<T> = Result<T, FactsError>;

/// A value, or none where it is unknown.
pub(super) type Known = Option<Value>;

pub(super) struct Evaluator<'a> {
    pub facts: &'a mut dyn Facts,
    pub cx: &'a Context,
    pub subject: &'a Subject,
    vars: Vec<(VarId, Bound)>,
    /// Reads what null makes unknown as false (and null): what is then still unknown is so for want of facts.
    lenient: bool,
}

/// What a macro's variable stands at.
#[derive(Clone, Debug)]
enum Bound {
    Record(i64),
    /// The line, and which of its columns the source lacks.
    Row(Row, std::rc::Rc<[usize]>),
}

/// Where a path leads.
enum Place<'a> {
    Unknown,
    Nothing,
    Record(RecordRef<'a>),
}

impl<'a> Evaluator<'a> {
    pub fn new(facts: &'a mut dyn Facts, cx: &'a Context, subject: &'a Subject) -> Self {
        Self { facts, cx, subject, vars: vec![], lenient: false }
    }

    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// Unknown, unless that came of a null and the evaluator is lenient.
    fn if_null(&self, of: &[&Known]) -> Truth {
        if self.lenient && of.iter().all(|known| known.is_some()) { Truth::False } else { Truth::Unknown }
    }

    pub fn truth(&mut self, node: &Node) -> Answer<Truth> {
        Ok(match &node.op {
            Op::Not(a) => self.truth(a)?.not(),
            Op::And(parts) => {
                let mut all = Truth::True;
                for part in parts {
                    all = all.and(self.truth(part)?);
                    if all == Truth::False {
                        break;
                    }
                }
                all
            }
            Op::Or(parts) => {
                let mut any = Truth::False;
                for part in parts {
                    any = any.or(self.truth(part)?);
                    if any == Truth::True {
                        break;
                    }
                }
                any
            }
            Op::Compare(how, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                compare(*how, &a, &b).unwrap_or_else(|| self.if_null(&[&a, &b]))
            }
            Op::Same(a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                match (&a, &b) {
                    (Some(a), Some(b)) if !a.is_null() && !b.is_null() => equal(a, b).into(),
                    _ => self.if_null(&[&a, &b]),
                }
            }
            Op::IsNull(a) => self.value(a)?.map(|v| v.is_null()).into(),
            Op::Among(a, list) => self.among(a, list)?,
            Op::InPeriod(a) => self.in_period(a)?,
            Op::InOrLatest(a) => self.in_or_latest(a)?,
            Op::If(c, a, b) => match self.truth(c)? {
                Truth::True => self.truth(a)?,
                Truth::False => self.truth(b)?,
                Truth::Unknown => Truth::Unknown,
            },
            Op::TextTest(how, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                text_test(*how, &a, &b).unwrap_or_else(|| self.if_null(&[&a, &b]))
            }
            Op::Quantified { quantifier, list, var, body } if *quantifier != Quantifier::Count => {
                self.quantified(*quantifier, list, *var, body.as_deref())?
            }
            Op::Covered(covered) => self.covered(covered)?.0,
            Op::Verified(of) => match self.value(of)? {
                Some(Value::Link(id)) => self.facts.verified(id)?,
                _ => Truth::Unknown,
            },
            Op::Permitted(who, object) => match (self.value(who)?, self.value(object)?) {
                (Some(who), Some(object)) if !who.is_null() && !object.is_null() => {
                    self.facts.permitted(&who, &object)?
                }
                _ => Truth::Unknown,
            },
            _ => {
                let value = self.value(node)?;
                match value.as_ref().and_then(Value::as_int) {
                    Some(n) => (n == 1).into(),
                    None => self.if_null(&[&value]),
                }
            }
        })
    }

    fn among(&mut self, a: &Node, list: &[Node]) -> Answer<Truth> {
        let Some(value) = self.value(a)? else { return Ok(Truth::Unknown) };
        if value.is_null() {
            return Ok(Truth::False);
        }
        for constant in list {
            if self.value(constant)?.is_some_and(|constant| equal(&value, &constant)) {
                return Ok(Truth::True);
            }
        }
        Ok(Truth::False)
    }

    fn in_period(&mut self, a: &Node) -> Answer<Truth> {
        let value = self.value(a)?;
        let bounds = scalars::period_bounds(self.cx, &a.ty);
        Ok(match (value, bounds) {
            (None, _) | (_, None) => Truth::Unknown,
            (Some(value), Some((start, end))) => value.as_int().is_some_and(|at| start <= at && at < end).into(),
        })
    }

    fn in_or_latest(&mut self, a: &Node) -> Answer<Truth> {
        let within = self.in_period(a)?;
        let (Some(period), Some(value)) = (self.cx.period, self.value(a)?) else { return Ok(Truth::Unknown) };
        let start = scalars::period_bounds(self.cx, &a.ty).map_or(i64::MIN, |(start, _)| start);
        match value.as_int() {
            Some(at) if at < start => self.facts.is_latest(at, period),
            _ => Ok(within),
        }
    }

    fn place<'n>(&mut self, entity: &'n Entity) -> Answer<Place<'n>> {
        let id = match &entity.source {
            EntitySource::Subject => match self.subject {
                Subject::Record(id) => Some(*id),
                Subject::Step(step) => Some(step.record),
                Subject::Change(change) => Some(change.record),
                Subject::Nothing => None,
            },
            EntitySource::Var(var) => self.vars.iter().rev().find_map(|(bound, value)| match value {
                Bound::Record(id) if bound == var => Some(*id),
                _ => None,
            }),
            EntitySource::Linked(link) => match self.value(link)? {
                None => return Ok(Place::Unknown),
                Some(value) => value.as_int(),
            },
        };
        let at = match self.subject {
            Subject::Step(step) if entity.then => Some(step.at),
            _ => None,
        };
        Ok(id.map_or(Place::Nothing, |id| Place::Record(RecordRef { record_type: &entity.record_type, id, at })))
    }

    fn field(&mut self, of: &Entity, field: &FieldRef) -> Answer<Known> {
        if self.cx.is_hidden(&field.record_type, &field.key) {
            return Ok(None);
        }
        let record = match self.place(of)? {
            Place::Unknown => return Ok(None),
            Place::Nothing => return Ok(Some(Value::Null)),
            Place::Record(record) => record,
        };
        let value = self.facts.field(record, field.slot, &field.key)?;
        if value.is_null() && self.cx.may_be_absent(field) && self.is_absent(record, field)? {
            return Ok(None);
        }
        Ok(Some(value))
    }

    fn is_absent(&mut self, record: RecordRef<'_>, field: &FieldRef) -> Answer<bool> {
        if self.origin_lacks(record, &field.key)? {
            return Ok(true);
        }
        let Some(setting) = &field.needs_setting else { return Ok(false) };
        Ok(self.system(record, "raised_at")?.is_some_and(|at| self.cx.in_force(setting, at).is_none()))
    }

    /// Whether the record came from a source without this field or list.
    fn origin_lacks(&mut self, record: RecordRef<'_>, name: &str) -> Answer<bool> {
        let cx = self.cx;
        let lacking = cx.lacking(record.record_type, name);
        if lacking.is_empty() {
            return Ok(false);
        }
        Ok(self.system(record, "origin")?.is_some_and(|origin| lacking.contains(&origin)))
    }

    fn has_gaps(&mut self, record: RecordRef<'_>) -> Answer<bool> {
        Ok(self.cx.purpose == Purpose::Check && self.system(record, "gaps")? == Some(1))
    }

    fn system(&mut self, record: RecordRef<'_>, key: &str) -> Answer<Option<i64>> {
        Ok(self.facts.field(record, system_slot(key), key)?.as_int())
    }
}

pub(super) fn system_slot(key: &str) -> Slot {
    SYSTEM_FIELDS.iter().position(|known| *known == key).unwrap_or_default()
}

/// Of two values that are not null.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a == b,
        _ => a.as_int().is_some() && a.as_int() == b.as_int(),
    }
}

/// None for an order with null, or with something unknown.
fn compare(how: Comparison, a: &Known, b: &Known) -> Option<Truth> {
    let (a, b) = (a.as_ref()?, b.as_ref()?);
    let either_null = a.is_null() || b.is_null();
    Some(match how {
        Comparison::Eq if either_null => (a.is_null() && b.is_null()).into(),
        Comparison::Ne if either_null => (a.is_null() != b.is_null()).into(),
        Comparison::Eq => equal(a, b).into(),
        Comparison::Ne => (!equal(a, b)).into(),
        _ if either_null => return None,
        _ => {
            let order = match (a, b) {
                (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
                _ => a.as_int().cmp(&b.as_int()),
            };
            match how {
                Comparison::Lt => order.is_lt(),
                Comparison::Le => order.is_le(),
                Comparison::Gt => order.is_gt(),
                _ => order.is_ge(),
            }
            .into()
        }
    })
}

fn text_test(how: TextTest, a: &Known, b: &Known) -> Option<Truth> {
    let (a, b) = (a.as_ref()?.as_text()?, b.as_ref()?.as_text()?);
    let truth = match how {
        TextTest::Contains => a.contains(b),
        TextTest::Starts => a.starts_with(b),
        TextTest::Ends => a.ends_with(b),
    };
    Some(truth.into())
}
