//! Lists: quantifiers, counts and coverage.

use std::rc::Rc;

use super::{Answer, Bound, Evaluator, Place};
use crate::Value;
use crate::condition::facts::RecordRef;
use crate::condition::intervals::{FOREVER, Validity, covered_until, covers};
use crate::condition::ir::*;
use crate::condition::truth::Truth;

/// The members of a list, and how far they can be trusted.
struct Members {
    items: Vec<Bound>,
    /// There may be more than these: the record's history has gaps, or the source has no such list.
    more: bool,
}

impl Evaluator<'_> {
    pub(super) fn quantified(
        &mut self,
        how: Quantifier,
        list: &List,
        var: VarId,
        body: Option<&Node>,
    ) -> Answer<Truth> {
        let Some(members) = self.members(list)? else { return Ok(Truth::Unknown) };
        let (mut yes, mut no, mut unknown) = (0_usize, 0_usize, 0_usize);
        for item in members.items {
            match self.each(var, item, body)? {
                Truth::True => yes += 1,
                Truth::False => no += 1,
                Truth::Unknown => unknown += 1,
            }
        }
        let open = members.more || unknown > 0;
        Ok(match how {
            Quantifier::Exists if yes > 0 => Truth::True,
            Quantifier::All if no > 0 => Truth::False,
            Quantifier::One if yes > 1 => Truth::False,
            _ if open => Truth::Unknown,
            Quantifier::Exists => Truth::False,
            Quantifier::All => Truth::True,
            _ => (yes == 1).into(),
        })
    }

    /// The length of a list, or how many of it satisfy the body.
    pub(super) fn counted(&mut self, list: &List, var: VarId, body: Option<&Node>) -> Answer<Option<i64>> {
        let Some(members) = self.members(list)? else { return Ok(None) };
        if members.more {
            return Ok(None);
        }
        let mut count = 0;
        for item in members.items {
            match self.each(var, item, body)? {
                Truth::True => count += 1,
                Truth::False => {}
                Truth::Unknown => return Ok(None),
            }
        }
        Ok(Some(count))
    }

    fn each(&mut self, var: VarId, item: Bound, body: Option<&Node>) -> Answer<Truth> {
        let Some(body) = body else { return Ok(Truth::True) };
        self.vars.push((var, item));
        let truth = self.truth(body);
        self.vars.pop();
        truth
    }

    /// The smallest value of the body that lies after now (or today), else null.
    pub(super) fn earliest(&mut self, list: &List, var: VarId, body: &Node) -> Answer<Value> {
        let Some(members) = self.members(list)? else { return Ok(Value::Null) };
        let after = if body.ty == super::super::types::Type::Date { self.cx.today } else { self.cx.now };
        let mut earliest: Option<Value> = None;
        for item in members.items {
            self.vars.push((var, item));
            let value = self.value(body);
            self.vars.pop();
            if let Some(at) = value?.filter(|v| v.as_int().is_some_and(|at| at > after))
                && earliest.as_ref().is_none_or(|known| at.as_int() < known.as_int())
            {
                earliest = Some(at);
            }
        }
        Ok(earliest.unwrap_or_default())
    }

    /// Whether the span is covered, and how far it is (see [`covered_until`]): where the answer changes as `now` moves on.
    pub(in crate::condition) fn covered(&mut self, covered: &Covered) -> Answer<(Truth, Option<[i64; 2]>)> {
        let (from, to) = (self.value(&covered.from)?, self.value(&covered.to)?);
        let (Some(Some(mut from)), Some(to)) = (from.map(|v| v.as_int()), to) else {
            return Ok((Truth::Unknown, None));
        };
        let mut to = to.as_int().unwrap_or(FOREVER);
        if covered.clip {
            let Some(period) = self.cx.period else { return Ok((Truth::Unknown, None)) };
            (from, to) = (from.max(period.start), to.min(period.end));
        }
        let Some(members) = self.members(&covered.list)? else { return Ok((Truth::Unknown, None)) };
        let mut lines = vec![];
        for item in members.items {
            self.vars.push((covered.var, item));
            let line = self.validity(covered);
            self.vars.pop();
            lines.push(line?);
        }
        if members.more {
            lines.push(Validity { span: Some((i64::MIN, FOREVER)), counts: Truth::Unknown });
        }
        Ok((covers(&lines, from, to), Some(covered_until(&lines, from))))
    }

    fn validity(&mut self, covered: &Covered) -> Answer<Validity> {
        let counts = match &covered.active {
            Some(active) => self.truth(active)?,
            None => Truth::True,
        };
        let (from, to) = (self.value(&covered.row_from)?, self.value(&covered.row_to)?);
        Ok(match (from, to) {
            (Some(from), Some(to)) => {
                Validity { span: from.as_int().map(|from| (from, to.as_int().unwrap_or(FOREVER))), counts }
            }
            (from, to) => {
                let span = (
                    from.map_or(i64::MIN, |v| v.as_int().unwrap_or(FOREVER)),
                    to.map_or(FOREVER, |v| v.as_int().unwrap_or(FOREVER)),
                );
                Validity { span: Some(span), counts: counts.and(Truth::Unknown) }
            }
        })
    }

    /// None where the list itself is unknown: behind an absent link, or hidden from the reader.
    fn members(&mut self, list: &List) -> Answer<Option<Members>> {
        let owner = match list.owner() {
            None => None,
            Some(owner) => {
                if list.name().is_some_and(|name| self.cx.is_hidden(&owner.record_type, name)) {
                    return Ok(None);
                }
                match self.place(owner)? {
                    Place::Unknown => return Ok(None),
                    Place::Nothing => return Ok(Some(Members { items: vec![], more: false })),
                    Place::Record(record) => Some(record),
                }
            }
        };
        let items = self.items(list, owner)?;
        let mut more = false;
        if let Some(record) = owner {
            let lacks = items.is_empty() && matches!(list.name(), Some(name) if self.origin_lacks(record, name)?);
            more = lacks || (matches!(list.source, ListSource::Entries { .. }) && self.has_gaps(record)?);
        }
        Ok(Some(Members { items, more }))
    }

    fn items(&mut self, list: &List, owner: Option<RecordRef<'_>>) -> Answer<Vec<Bound>> {
        let records = |ids: Vec<i64>| ids.into_iter().map(Bound::Record).collect();
        let none: Rc<[usize]> = Rc::from([]);
        Ok(match (&list.source, owner) {
            (ListSource::Collection { record_type }, _) => records(self.facts.collection(record_type)?),
            (ListSource::Versions, _) => {
                let versions = self.facts.setting_versions()?;
                let end = |to: Option<i64>| to.map_or(Value::Null, Value::Instant);
                let row = |(from, to)| Bound::Row(vec![Value::Instant(from), end(to)], none.clone());
                versions.into_iter().map(row).collect()
            }
            (_, None) => vec![],
            (ListSource::Rows { field, .. }, Some(of)) => {
                let rows = self.facts.rows(of, field.slot, &field.key)?;
                let lacking: Rc<[usize]> = if rows.is_empty() { none } else { self.lacking_columns(list, of)? };
                rows.into_iter().map(|row| Bound::Row(row, lacking.clone())).collect()
            }
            (ListSource::Links { kind, to, forward, .. }, Some(of)) => {
                records(self.facts.linked(of, kind, *forward, to)?)
            }
            (ListSource::Inverse { field, .. }, Some(of)) => {
                records(self.facts.pointing(of, &field.record_type, field.slot, &field.key)?)
            }
            (ListSource::Entries { except_into, .. }, Some(of)) => {
                let entries = self.facts.entries(of, except_into)?;
                let by = |by: Option<i64>| by.map_or(Value::Null, Value::Link);
                let row = |e: crate::condition::EntryFact| {
                    vec![Value::Instant(e.at), by(e.by), Value::Instant(e.counted_at), Value::text(e.kind)]
                };
                entries.into_iter().map(|e| Bound::Row(row(e), none.clone())).collect()
            }
        })
    }

    /// Positions of the columns that the record's source does not have.
    fn lacking_columns(&mut self, list: &List, of: RecordRef<'_>) -> Answer<Rc<[usize]>> {
        let mut lacking = vec![];
        if let (Element::Row(columns), ListSource::Rows { field, .. }) = (&list.element, &list.source)
            && !self.cx.lacking.is_empty()
        {
            for (index, column) in columns.iter().enumerate() {
                if self.origin_lacks(of, &format!("{}.{}", field.key, column.name))? {
                    lacking.push(index);
                }
            }
        }
        Ok(lacking.into())
    }
}
