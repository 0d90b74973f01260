//! Numbers and names of linked records, all of a page in one query.

use std::collections::{BTreeSet, HashMap};

use model::{Model, Value};
use store::{Fault, Param, Session};

use crate::principal::Principal;
use crate::record::{Line, Record};

/// What stands for a linked record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: i64,
    pub record_type: String,
    pub number: String,
    pub name: String,
}

pub type Names = HashMap<i64, Named>;

/// Ids asked for in one statement; both databases bound the number of parameters.
const CHUNK: usize = 500;

/// The names of these records, without those that the reader may not see.
pub fn of_ids(
    session: &mut dyn Session,
    model: &Model,
    principal: &Principal,
    ids: &BTreeSet<i64>,
) -> Result<Names, Fault> {
    let mut names = Names::new();
    let all: Vec<i64> = ids.iter().copied().collect();
    for chunk in all.chunks(CHUNK) {
        let marks = vec!["?"; chunk.len()].join(", ");
        let params: Vec<Param<'_>> = chunk.iter().map(|id| Param::Int(*id)).collect();
        let sql = format!("SELECT id, type, number, title, scope FROM record WHERE id IN ({marks})");
        session.query(&sql, &params, &mut |row| {
            let (id, record_type) = (row.need_int(0)?, row.need_text(1)?);
            let Some(found) = model.get(record_type).filter(|t| principal.may_read(t)) else { return Ok(()) };
            let scope = row.int(4)?;
            if principal.scopes_for(found).is_some_and(|scopes| !scope.is_some_and(|s| scopes.contains(&s))) {
                return Ok(());
            }
            let number = row.need_text(2)?.to_owned();
            let name = row.text(3)?.unwrap_or(&number).to_owned();
            names.insert(id, Named { id, record_type: record_type.to_owned(), number, name });
            Ok(())
        })?;
    }
    Ok(names)
}

/// The ids that a record's links and lines point at.
pub fn linked_ids(record: &Record, into: &mut BTreeSet<i64>) {
    into.extend(record.values.iter().filter_map(link_id));
    for lines in record.rows.values() {
        for Line { by, values, .. } in lines {
            into.extend(by.iter().copied());
            into.extend(values.iter().filter_map(link_id));
        }
    }
}

fn link_id(value: &Value) -> Option<i64> {
    match value {
        Value::Link(id) => Some(*id),
        _ => None,
    }
}
