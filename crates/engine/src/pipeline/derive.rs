//! Lets the type's behaviours complete the draft. They write their declared fields only; what they read becomes part
//! of the plan's read-set.

use std::sync::Arc;

use calendar::Zone;
use model::{RecordType, Value};
use store::schema::quoted;
use store::{Param, SessionExt};

use super::Cx;
use crate::draft::{Draft, Surroundings};
use crate::record::{Record, Time, decode_record, from_clause, load, select_list};
use crate::refusal::{Error, Refusal};

pub(super) fn derive(cx: &mut Cx<'_>, draft: &mut Draft) -> Result<(), Error> {
    let behaviours = cx.engine.behaviours_of(&draft.after.record_type.name);
    for behaviour in behaviours {
        behaviour.derive(cx, draft)?;
    }
    Ok(())
}

impl Surroundings for Cx<'_> {
    fn setting(&mut self, key: &str, at: i64) -> Result<Option<serde_json::Value>, Error> {
        Ok(self.engine.settings(self.session)?.in_force(key, at).cloned())
    }

    fn add_working_time(&mut self, from: i64, duration: &str) -> Result<Option<i64>, Error> {
        let settings = self.engine.settings(self.session)?;
        settings.working_time_at(from)?.after(from, duration)
    }

    fn zone(&mut self, at: i64) -> Result<Zone, Error> {
        self.engine.settings(self.session)?.zone_at(at)
    }

    fn find(&mut self, record_type: &str, values: &[(&str, Value)], limit: u32) -> Result<Vec<Record>, Error> {
        let Some(found) = self.engine.model().shared(record_type).cloned() else { return Ok(Vec::new()) };
        // Nothing points yet at a record that is still to come.
        if values.iter().any(|(_, value)| matches!(value, Value::Link(id) if *id < 0)) {
            return Ok(Vec::new());
        }
        let records = having(self, &found, values, limit)?;
        for record in &records {
            self.read_set.push((record.id, record.version()));
        }
        Ok(records)
    }

    fn record(&mut self, id: i64) -> Result<Option<Record>, Error> {
        let found = by_id(self, id)?;
        if let Some(record) = &found {
            self.read_set.push((record.id, record.version()));
        }
        Ok(found)
    }

    fn meets(&mut self, condition: &str, draft: &Draft) -> Result<bool, Error> {
        crate::rules::draft_meets(self.engine, self.session, condition, draft)
    }

    fn fault_in(&mut self, record_type: &str, condition: &str) -> Option<String> {
        let model = self.engine.model();
        if model.get(record_type).is_none() {
            return Some(format!("there is no record type {record_type}"));
        }
        match self.engine.rules().parse(model, record_type, condition) {
            Ok(_) => None,
            Err(Error::Refused(Refusal::Invalid(problems))) => problems.into_iter().next().map(|p| p.message),
            Err(other) => Some(other.to_string()),
        }
    }
}

fn having(
    cx: &mut Cx<'_>,
    record_type: &Arc<RecordType>,
    values: &[(&str, Value)],
    limit: u32,
) -> Result<Vec<Record>, Error> {
    let (list, slots) = select_list(record_type, Time::Live);
    let (table, ..) = from_clause(record_type, Time::Live);
    let each: Vec<String> = values.iter().map(|(field, _)| format!("r.{} = ?", quoted(field))).collect();
    let sql = format!("SELECT {list} FROM {table} r WHERE {} ORDER BY r.id LIMIT {limit}", each.join(" AND "));
    let params: Vec<Param<'_>> = values.iter().map(|(_, value)| Param::from(value)).collect();
    let mut records = Vec::new();
    cx.session.query(&sql, &params, &mut |row| {
        records.push(decode_record(row, record_type, &slots)?);
        Ok(())
    })?;
    Ok(records)
}

/// A record of whatever type; `None` where there is none.
pub(super) fn by_id(cx: &mut Cx<'_>, id: i64) -> Result<Option<Record>, Error> {
    let name = cx.session.optional_text("SELECT type FROM record WHERE id = ?", &[Param::Int(id)])?;
    match name.and_then(|name| cx.engine.model().shared(&name).cloned()) {
        Some(record_type) => Ok(load(cx.session, &record_type, id, Time::Live)?),
        None => Ok(None),
    }
}

/// The version of a record that a decision rests on, added to the read-set.
pub(super) fn rest_on(cx: &mut Cx<'_>, id: i64) -> Result<(), Error> {
    if let Some(version) = cx.session.optional_int("SELECT version FROM record WHERE id = ?", &[Param::Int(id)])? {
        cx.read_set.push((id, version));
    }
    Ok(())
}
