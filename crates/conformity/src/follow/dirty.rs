//! From new leaves to the subjects whose answer they may have changed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use model::condition::{Hop, Sql};
use model::{Model, Value};
use store::schema::{quoted, rows_table};
use store::{Param, Session};

use crate::Error;
use crate::checks::{Check, Population};
use crate::scan::run;

/// Ids in one list of a statement at most.
pub(super) const BATCH: usize = 512;
/// Leaves read at most; after more of them a whole scan is less work.
const LEAVES_MAX: i64 = 200_000;
/// Records reached on the way back at most.
const REACHED_MAX: usize = 20_000;

/// Subjects to be judged again.
pub(super) enum Subjects {
    These(BTreeSet<i64>),
    /// More than it pays to single out.
    All,
}

/// Changed records by range of leaves: checks with the same cursor share them.
#[derive(Default)]
pub(super) struct Dirty {
    read: HashMap<(i64, i64), Option<ByType>>,
}

/// Ids of records, by type.
type ByType = BTreeMap<String, BTreeSet<i64>>;

impl Dirty {
    /// The subjects of a check that the leaves of this range concern.
    pub fn subjects(
        &mut self,
        session: &mut dyn Session,
        model: &Model,
        check: &Check,
        leaves: Range<i64>,
    ) -> Result<Subjects, Error> {
        let known = match self.read.entry((leaves.start, leaves.end)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(changed(session, model, leaves)?),
        };
        let Some(changed) = known else { return Ok(Subjects::All) };
        let mut records = BTreeSet::new();
        for dependency in &check.parts.dependencies {
            let Some(from) = changed.get(&*dependency.record_type) else { continue };
            if dependency.everything {
                return Ok(Subjects::All);
            }
            let mut reached = from.clone();
            for hop in &dependency.back {
                reached = walk(session, hop, &reached)?;
                if reached.len() > REACHED_MAX {
                    return Ok(Subjects::All);
                }
            }
            records.extend(reached);
        }
        // A record that is new is a subject whatever the check reads of it.
        records.extend(check.record_type().and_then(|own| changed.get(own)).into_iter().flatten());
        of_records(session, check, records)
    }
}

/// The records that were written, by type, with those at the other end of their links: a link that was made or ended is
/// an entry of one of the two only.
fn changed(session: &mut dyn Session, model: &Model, leaves: Range<i64>) -> Result<Option<ByType>, Error> {
    if leaves.end - leaves.start > LEAVES_MAX {
        return Ok(None);
    }
    let mut written = BTreeSet::new();
    let sql = "SELECT DISTINCT e.record FROM leaf l JOIN entry e ON e.id = l.entry WHERE l.idx >= ? AND l.idx < ?";
    session.query(sql, &[leaves.start, leaves.end].map(Param::Int), &mut |row| {
        written.insert(row.need_int(0)?);
        Ok(())
    })?;
    let mut all = written.clone();
    for (here, there) in [("a", "b"), ("b", "a")] {
        all.extend(ids_of(session, &written, &format!("SELECT DISTINCT {there} FROM link WHERE {here}"), "")?);
    }
    let mut by_type = ByType::new();
    for batch in all.into_iter().collect::<Vec<_>>().chunks(BATCH) {
        let statement = Sql::compose("SELECT id, type FROM record WHERE id IN ({})", &[&listed(batch)]);
        run(session, &statement, &mut |row| {
            by_type.entry(row.need_text(1)?.to_owned()).or_default().insert(row.need_int(0)?);
            Ok(())
        })?;
    }
    // A record of a type that extends another is one of that as well.
    for record_type in model.types() {
        let Some(own) = by_type.get(&record_type.name).cloned() else { continue };
        for ancestor in model.ancestors(record_type) {
            by_type.entry(ancestor.name.clone()).or_default().extend(&own);
        }
    }
    Ok(Some(by_type))
}

/// One step of the way back. Past values count too: what pointed here before the change is concerned as well.
fn walk(session: &mut dyn Session, hop: &Hop, from: &BTreeSet<i64>) -> Result<BTreeSet<i64>, Error> {
    match hop {
        Hop::Link { record_type, field } => {
            let sql = format!("SELECT id FROM {} WHERE {}", quoted(record_type), quoted(field));
            ids_of(session, from, &sql, "")
        }
        Hop::Rows { record_type, field, column } => {
            let table = quoted(&rows_table(record_type, field));
            ids_of(session, from, &format!("SELECT DISTINCT id FROM {table} WHERE {}", quoted(column)), "")
        }
        Hop::Links { kind, forward } => {
            let (here, there) = if *forward { ("b", "a") } else { ("a", "b") };
            let mut found = BTreeSet::new();
            for batch in from.iter().copied().collect::<Vec<_>>().chunks(BATCH) {
                let kind = Sql::value(Value::text(kind));
                let template = format!("SELECT DISTINCT {there} FROM link WHERE kind = {{}} AND {here} IN ({{}})");
                collect(session, &Sql::compose(&template, &[&kind, &listed(batch)]), &mut found)?;
            }
            Ok(found)
        }
        Hop::Own { record_type, field } => {
            let (table, field) = (quoted(&format!("{record_type}_v")), quoted(field));
            let not_null = format!(" AND {field} IS NOT NULL");
            ids_of(session, from, &format!("SELECT DISTINCT {field} FROM {table} WHERE id"), &not_null)
        }
    }
}

/// The subjects that belong to these records.
fn of_records(session: &mut dyn Session, check: &Check, records: BTreeSet<i64>) -> Result<Subjects, Error> {
    let sql = match &check.population {
        Population::Step(_) => "SELECT id FROM step WHERE record",
        Population::Change(..) => "SELECT id FROM entry WHERE record",
        _ => return Ok(Subjects::These(records)),
    };
    Ok(Subjects::These(ids_of(session, &records, sql, "")?))
}

/// The table whose ids name the subjects of a check.
pub(super) fn subject_table(check: &Check) -> String {
    match &check.population {
        Population::Step(_) => "step".to_owned(),
        Population::Change(..) => "entry".to_owned(),
        _ => quoted(check.record_type().unwrap_or_default()),
    }
}

/// `<sql> IN (…)<rest>` for all ids, in batches.
fn ids_of(session: &mut dyn Session, ids: &BTreeSet<i64>, sql: &str, rest: &str) -> Result<BTreeSet<i64>, Error> {
    let mut found = BTreeSet::new();
    for batch in ids.iter().copied().collect::<Vec<_>>().chunks(BATCH) {
        collect(session, &Sql::compose(&format!("{sql} IN ({{}}){rest}"), &[&listed(batch)]), &mut found)?;
    }
    Ok(found)
}

fn collect(session: &mut dyn Session, statement: &Sql, into: &mut BTreeSet<i64>) -> Result<(), Error> {
    run(session, statement, &mut |row| {
        into.extend(row.int(0)?);
        Ok(())
    })?;
    Ok(())
}

/// A list of parameters, filled up to the next power of two, so that few different statements are prepared.
pub(super) fn listed(ids: &[i64]) -> Sql {
    let last = ids.last().copied().unwrap_or(-1);
    let wanted = ids.len().max(1).next_power_of_two();
    let params: Vec<Value> = ids.iter().copied().chain(std::iter::repeat(last)).take(wanted).map(Value::Int).collect();
    Sql { text: vec!["?"; wanted].join(", "), params }
}
