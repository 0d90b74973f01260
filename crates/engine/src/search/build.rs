//! Building the index of records that were there before it: newest first, a batch a transaction, resumable, while the
//! server works. The index is made from the records and never restored; whatever decides what stands in it (the rights
//! on fields, the rule for words) is hashed, and a change of that empties it and begins anew.

use model::Model;
use store::{Dialect, Fault, Param, Session, SessionExt as _};

use super::columns::Columns;
use super::index::{clear, replace};
use crate::engine::Engine;

/// Records of one transaction: others wait some ten milliseconds for it.
const BATCH: i64 = 200;
/// `meta`: the hash of what the index holds.
const HOLDS: &str = "search.holds";
/// `meta`: records with ids below this are not in the index yet.
const BELOW: &str = "search.below";

/// Sees to it that the index is of this model. Called before anything is written.
pub(crate) fn begin(session: &mut dyn Session, columns: &Columns) -> Result<(), Fault> {
    if read(session, HOLDS)?.is_some_and(|holds| holds == columns.hash) {
        return Ok(());
    }
    session.batch("BEGIN")?;
    let begun = (|| {
        clear(session)?;
        let last = session.optional_int("SELECT next_id FROM head WHERE one = 1", &[])?.unwrap_or(0);
        keep(session, BELOW, &(last + 1).to_string())?;
        keep(session, HOLDS, &columns.hash)
    })();
    session.batch(if begun.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    begun
}

/// The id below which records are not in the index yet; 1 where it holds all. `None` for an index of another model.
pub(crate) fn built_below(session: &mut dyn Session, columns: &Columns) -> Result<Option<i64>, Fault> {
    if read(session, HOLDS)?.is_none_or(|holds| holds != columns.hash) {
        return Ok(None);
    }
    Ok(Some(below(session)?))
}

fn below(session: &mut dyn Session) -> Result<i64, Fault> {
    read(session, BELOW)?.unwrap_or_default().parse().map_err(|_| Fault::database(format!("meta {BELOW} is no number")))
}

/// While the index is being built, how much of it there is, in per cent of all records.
pub fn share(session: &mut dyn Session) -> Result<Option<u8>, Fault> {
    let below = below(session)?;
    if below <= 1 {
        return Ok(None);
    }
    let last = session.one_int("SELECT next_id FROM head WHERE one = 1", &[])?.max(1);
    Ok(Some(u8::try_from((last + 1 - below) * 100 / last).unwrap_or(99).min(99)))
}

/// Indexes one more batch; whether there is more to do.
pub fn build(engine: &Engine) -> Result<bool, Fault> {
    if below(&mut *engine.reader()?)? <= 1 {
        return Ok(false);
    }
    let (model, columns) = (engine.model().clone(), engine.search_columns().clone());
    engine.write(move |session| step(session, &model, &columns))
}

fn step(session: &mut dyn Session, model: &Model, columns: &Columns) -> Result<bool, Fault> {
    let below = below(session)?;
    // Where several write at once, nobody changes a record between its being read and its row's being written.
    let lock = if session.dialect() == Dialect::Postgres { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT id FROM record WHERE id < ? ORDER BY id DESC LIMIT {BATCH}{lock}");
    let mut ids = session.ints(&sql, &[Param::Int(below)])?;
    ids.reverse();
    for id in &ids {
        replace(session, model, columns, *id)?;
    }
    let next = ids.first().copied().unwrap_or(1);
    keep(session, BELOW, &next.to_string())?;
    Ok(next > 1)
}

fn read(session: &mut dyn Session, key: &str) -> Result<Option<String>, Fault> {
    session.optional_text("SELECT value FROM meta WHERE key = ?", &[Param::Text(key)])
}

fn keep(session: &mut dyn Session, key: &str, value: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    session.execute(sql, &[Param::Text(key), Param::Text(value)])?;
    Ok(())
}
