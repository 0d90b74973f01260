//! What earlier runs took of a case.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{Record, Time, load, load_all_lines, slot};
use model::RecordType;
use store::{Fault, Param, Session, SessionExt};

/// A case that is there already.
pub(super) struct Known {
    pub record: Record,
    /// Rows by identity: what was taken of them.
    pub rows: HashMap<String, [u8; 32]>,
}

impl Known {
    /// The record of a case, with its rows; none where the source's number is new.
    pub fn find(
        session: &mut dyn Session,
        record_type: &Arc<RecordType>,
        source: &str,
        number: &str,
    ) -> Result<Option<Self>, Fault> {
        let sql = "SELECT record FROM external_id WHERE source = ? AND key = ?";
        let Some(id) = session.optional_int(sql, &[Param::Text(source), Param::Text(number)])? else {
            return Ok(None);
        };
        let mut record = load(session, record_type, id, Time::Live)?.ok_or_else(|| {
            Fault::ledger(format!("{source} {number} is known as a record that is no {}", record_type.name))
        })?;
        load_all_lines(session, &mut record, Time::Live)?;
        Ok(Some(Self { record, rows: rows(session, source, number)? }))
    }

    /// Before this instant nothing can be appended.
    pub fn stands_since(&self) -> i64 {
        self.record.get(slot::UPDATED_AT).as_int().unwrap_or(i64::MIN)
    }
}

/// Rows of one case stand together: their identities begin with its number and a slash.
fn rows(session: &mut dyn Session, source: &str, number: &str) -> Result<HashMap<String, [u8; 32]>, Fault> {
    let sql = "SELECT identity, hash FROM imported_row WHERE source = ? AND identity > ? AND identity < ?";
    // `0` is the character after `/`.
    let (from, to) = (format!("{number}/"), format!("{number}0"));
    let mut rows = HashMap::new();
    session.query(sql, &[Param::Text(source), Param::Text(&from), Param::Text(&to)], &mut |row| {
        let hash = row.need_blob(1)?.try_into().map_err(|_| Fault::database("a row's hash has not 32 bytes"))?;
        rows.insert(row.need_text(0)?.to_owned(), hash);
        Ok(())
    })?;
    Ok(rows)
}
