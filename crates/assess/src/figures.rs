//! What the log honestly shows, counted over the replayed records: figures without a verdict.

use std::collections::BTreeMap;

use conformity::FigureRow;
use engine::Engine;
use exchange::{FunctionReport, Report};
use model::RecordType;
use serde::{Serialize, Serializer};
use store::schema::quoted;
use store::{Fault, Param, Session, SessionExt};

use crate::Deviation;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    pub records: u64,
    pub entries: u64,
    pub people: u64,
    /// Changes of state, the beginnings not counted.
    pub changes_of_state: u64,
    /// The states in which records begin.
    pub beginnings: BTreeMap<String, u64>,
    pub by_priority: BTreeMap<String, u64>,
    /// What the rooms count, without that of which the source says nothing; as JSON the count by its key.
    #[serde(flatten, serialize_with = "by_key")]
    pub of_rooms: Vec<FigureRow>,
    /// Records that begin when the work was done.
    pub recorded_when_resolved: u64,
    pub incomplete_histories: u64,
    pub deviating_steps: u64,
    /// Whether a field follows from others in every row, with the table.
    pub functions: Vec<FunctionReport>,
}

fn by_key<S: Serializer>(rows: &[FigureRow], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(rows.iter().map(|row| (&row.key, row.count)))
}

pub(crate) fn count(
    engine: &Engine,
    record: &RecordType,
    imported: &Report,
    of_rooms: Vec<FigureRow>,
) -> Result<Figures, Fault> {
    let mut session = engine.reader()?;
    let session = &mut *session;
    let table = quoted(&record.name);
    let of_type = format!("record IN (SELECT id FROM {table})");
    let beginnings =
        by(session, &format!("SELECT to_state, count(*) FROM step WHERE from_state IS NULL AND {of_type} GROUP BY 1"))?;
    let has_priority = record.slot("priority").is_some() && !imported.absent.iter().any(|absent| absent == "priority");
    let by_priority = match has_priority {
        true => by(
            session,
            &format!("SELECT CAST(priority AS TEXT), count(*) FROM {table} WHERE priority IS NOT NULL GROUP BY 1"),
        )?,
        false => BTreeMap::new(),
    };
    let done = record.lifecycle.iter().flat_map(|l| &l.states).filter(|s| s.category != model::Category::Open);
    Ok(Figures {
        records: one(session, &format!("SELECT count(*) FROM {table}"))?,
        entries: one(session, &format!("SELECT count(*) FROM entry WHERE {of_type}"))?,
        people: imported.people,
        changes_of_state: one(
            session,
            &format!("SELECT count(*) FROM step WHERE from_state IS NOT NULL AND {of_type}"),
        )?,
        recorded_when_resolved: done.filter_map(|state| beginnings.get(&state.key)).sum(),
        beginnings,
        by_priority,
        of_rooms: of_rooms.into_iter().filter(|row| row.of > row.undetermined).collect(),
        incomplete_histories: one(session, &format!("SELECT count(*) FROM {table} WHERE gaps = 1"))?,
        deviating_steps: imported.deviations,
        functions: imported.functions.clone(),
    })
}

/// Steps that the life-cycle does not know, the most frequent first.
pub(crate) fn deviating(engine: &Engine) -> Result<Vec<Deviation>, Fault> {
    let sql = "SELECT from_state, to_state, count(*) FROM step WHERE deviates = 1 AND from_state IS NOT NULL \
               GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";
    let mut found = Vec::new();
    engine.reader()?.query(sql, &[], &mut |row| {
        let (from, to) = (row.need_text(0)?.to_owned(), row.need_text(1)?.to_owned());
        found.push(Deviation { from, to, count: unsigned(row.need_int(2)?) });
        Ok(())
    })?;
    Ok(found)
}

/// What people call a record: its title.
pub(crate) fn title(session: &mut dyn Session, number: &str) -> Result<Option<String>, Fault> {
    session.optional_text("SELECT title FROM record WHERE number = ?", &[Param::Text(number)])
}

fn one(session: &mut dyn Session, sql: &str) -> Result<u64, Fault> {
    Ok(unsigned(session.one_int(sql, &[])?))
}

fn by(session: &mut dyn Session, sql: &str) -> Result<BTreeMap<String, u64>, Fault> {
    let mut found = BTreeMap::new();
    session.query(sql, &[], &mut |row| {
        found.insert(row.need_text(0)?.to_owned(), unsigned(row.need_int(1)?));
        Ok(())
    })?;
    Ok(found)
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
