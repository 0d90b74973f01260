//! Facts as plain tables in memory: for tests, for the examples of checks, and for guards on a draft.

use std::collections::{BTreeMap, HashMap};

use super::facts::{EntryFact, Facts, FactsError, RecordRef, Row};
use super::truth::Truth;
use crate::{Model, Slot, Value};

/// Records by hand. It knows one state of each record: as-at questions get the same answer.
#[derive(Clone, Debug, Default)]
pub struct MapFacts {
    /// Record type and values in slot order, by id.
    pub records: BTreeMap<i64, (String, Vec<Value>)>,
    /// By record and field key.
    pub rows: HashMap<(i64, String), Vec<Row>>,
    /// Kind, from, to.
    pub links: Vec<(String, i64, i64)>,
    /// By record: the state that each entry leads into, and the entry.
    pub entries: HashMap<i64, Vec<(Option<String>, EntryFact)>>,
    pub setting_versions: Vec<(i64, Option<i64>)>,
    pub verified: HashMap<i64, Truth>,
    /// By who and object.
    pub permitted: HashMap<(Value, Value), Truth>,
}

impl MapFacts {
    /// Adds a record with these fields, all others empty. Fields that the type does not have are left out.
    pub fn add(&mut self, model: &Model, record_type: &str, id: i64, fields: &[(&str, Value)]) {
        let Some(found) = model.get(record_type) else { return };
        let mut values = vec![Value::Null; found.fields.len()];
        let system = [("number", Value::text(format!("{}-{id:06}", found.prefix))), ("version", Value::Int(1))];
        let zero = ["origin", "gaps"].map(|key| (key, Value::Int(0)));
        for (key, value) in system.iter().chain(&zero).chain(fields) {
            if let Some(place) = found.slot(key).and_then(|slot| values.get_mut(slot)) {
                *place = value.clone();
            }
        }
        self.records.insert(id, (record_type.to_owned(), values));
    }

    fn is(&self, id: i64, record_type: &str) -> bool {
        self.records.get(&id).is_some_and(|(found, _)| found == record_type)
    }
}

impl Facts for MapFacts {
    fn field(&mut self, of: RecordRef<'_>, slot: Slot, _key: &str) -> Result<Value, FactsError> {
        let record = self.records.get(&of.id).filter(|(found, _)| found == of.record_type);
        Ok(record.and_then(|(_, values)| values.get(slot)).cloned().unwrap_or_default())
    }

    fn rows(&mut self, of: RecordRef<'_>, _slot: Slot, key: &str) -> Result<Vec<Row>, FactsError> {
        Ok(self.rows.get(&(of.id, key.to_owned())).cloned().unwrap_or_default())
    }

    fn linked(&mut self, of: RecordRef<'_>, kind: &str, forward: bool, to: &[String]) -> Result<Vec<i64>, FactsError> {
        let ends = self.links.iter().filter(|(found, ..)| found == kind);
        let ends = ends.map(|(_, a, b)| if forward { (*a, *b) } else { (*b, *a) });
        let there = ends.filter(|(here, _)| *here == of.id).map(|(_, there)| there);
        Ok(match to {
            [one] if one != super::types::ANY => there.filter(|id| self.is(*id, one)).collect(),
            _ => there.collect(),
        })
    }

    fn pointing(
        &mut self,
        of: RecordRef<'_>,
        record_type: &str,
        slot: Slot,
        _key: &str,
    ) -> Result<Vec<i64>, FactsError> {
        let points = |values: &[Value]| values.get(slot).and_then(Value::as_int) == Some(of.id);
        let found = self.records.iter().filter(|(_, (t, values))| t == record_type && points(values));
        Ok(found.map(|(id, _)| *id).collect())
    }

    fn entries(&mut self, of: RecordRef<'_>, except_into: &[String]) -> Result<Vec<EntryFact>, FactsError> {
        let entries = self.entries.get(&of.id).map_or(&[][..], Vec::as_slice);
        let kept = entries.iter().filter(|(into, _)| !into.as_ref().is_some_and(|state| except_into.contains(state)));
        Ok(kept.map(|(_, entry)| entry.clone()).collect())
    }

    fn collection(&mut self, record_type: &str) -> Result<Vec<i64>, FactsError> {
        Ok(self.records.iter().filter(|(_, (t, _))| t == record_type).map(|(id, _)| *id).collect())
    }

    fn by_number(&mut self, number: &str) -> Result<Option<i64>, FactsError> {
        let found =
            self.records.iter().find(|(_, (_, values))| values.first().and_then(Value::as_text) == Some(number));
        Ok(found.map(|(id, _)| *id))
    }

    fn setting_versions(&mut self) -> Result<Vec<(i64, Option<i64>)>, FactsError> {
        Ok(self.setting_versions.clone())
    }

    fn verified(&mut self, record: i64) -> Result<Truth, FactsError> {
        Ok(self.verified.get(&record).copied().unwrap_or(Truth::Unknown))
    }

    fn permitted(&mut self, who: &Value, object: &Value) -> Result<Truth, FactsError> {
        Ok(self.permitted.get(&(who.clone(), object.clone())).copied().unwrap_or(Truth::Unknown))
    }
}
