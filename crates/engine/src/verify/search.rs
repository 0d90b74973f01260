//! The search index: made from the records, so it proves nothing; but who searches relies on it.

use model::Model;
use store::{Fault, Session, SessionExt as _};

use super::findings::{Finding, Stop, number};
use crate::search::{self, Columns};

/// Records whose rows are made anew and compared; with more records, one in so many.
const SAMPLE: i64 = 1_000;

/// Compares what the index holds with the records: which records, all of them; their words, a sample. The structure of
/// SQLite's index is a part of the database's own check.
pub(super) fn check(session: &mut dyn Session, model: &Model, warnings: &mut Vec<String>) -> Result<(), Stop> {
    let columns = Columns::of(model);
    let Some(below) = search::built_below(session, &columns)? else {
        warnings.push("the search index is of another model: it is built anew when the server next starts".to_owned());
        return Ok(());
    };
    if below > 1 {
        warnings.push(format!("the search index is being built: records with ids below {below} were not looked at"));
    }
    let (table, key) = search::rows(session.dialect());
    let sql = format!(
        "SELECT coalesce(min(id), 0) FROM (SELECT r.id FROM record r LEFT JOIN {table} s ON s.{key} = r.id \
         WHERE r.id >= {below} AND s.{key} IS NULL \
         UNION ALL SELECT s.{key} FROM {table} s LEFT JOIN record r ON r.id = s.{key} WHERE r.id IS NULL) x"
    );
    let stray = session.one_int(&sql, &[])?;
    if stray != 0 {
        return Err(differs(session, stray)?);
    }
    let last = session.one_int("SELECT coalesce(max(id), 0) FROM record", &[])?;
    let every = usize::try_from(((last + 1 - below) / SAMPLE).max(1)).map_err(Fault::database)?;
    for id in (below..=last).rev().step_by(every) {
        if let Some(row) = search::fresh(session, model, &columns, id)?
            && !search::holds(session, &row)?
        {
            return Err(differs(session, id)?);
        }
    }
    Ok(())
}

fn differs(session: &mut dyn Session, record: i64) -> Result<Stop, Fault> {
    let finding = Finding::new("the search index says of a record other than its texts", "search");
    Ok(finding.record(number(session, record)?).stop("the words of its texts", "others, or none"))
}
