//! Whether the index says of a record what its texts say.

use store::{Dialect, Fault, Param, Session, SessionExt as _};

use super::columns::Part;
use super::index::Row;

/// Words of each column whose places are compared on SQLite; of the rest the number is. A contentless index can be
/// asked, but not read back.
const WORDS_COMPARED: usize = 50;

/// The table that has a row for each record of the index, and its key.
pub(crate) fn rows(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Sqlite => ("search_docsize", "id"),
        Dialect::Postgres => ("search", "record"),
    }
}

/// Whether the index holds this row, and nothing else of the record.
pub(crate) fn holds(session: &mut dyn Session, row: &Row) -> Result<bool, Fault> {
    match session.dialect() {
        Dialect::Sqlite => Ok(sizes(session, row.record)?.as_ref() == Some(&row.sizes()) && begins_so(session, row)?),
        Dialect::Postgres => {
            let sql = "SELECT 1 FROM search WHERE record = ? AND scope IS NOT DISTINCT FROM ? \
                       AND words = CAST(CAST(? AS text) AS tsvector)";
            let params = [Param::Int(row.record), row.scope.into(), Param::Text(&row.tsvector())];
            Ok(session.optional_int(sql, &params)?.is_some())
        }
    }
}

/// How many words FTS5 counts in each column of a record.
fn sizes(session: &mut dyn Session, record: i64) -> Result<Option<Vec<usize>>, Fault> {
    let mut found = None;
    session.query("SELECT sz FROM search_docsize WHERE id = ?", &[Param::Int(record)], &mut |row| {
        found = Some(varints(row.need_blob(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// SQLite's integers of variable length: seven bits a byte, the highest first, the eighth bit while more follow. Those
/// of nine bytes do not occur in counts of words.
fn varints(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open = 0_usize;
    for byte in bytes {
        open = (open << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            found.push(open);
            open = 0;
        }
    }
    found
}

/// Whether each column begins with the words of this row, in a row.
fn begins_so(session: &mut dyn Session, row: &Row) -> Result<bool, Fault> {
    let access = ("access", row.access.join(" "));
    for (column, text) in std::iter::once(access).chain(Part::ALL.map(|part| (part.column(), row.fts5(part)))) {
        let first = text.split(' ').take(WORDS_COMPARED).collect::<Vec<_>>().join(" ");
        if first.is_empty() {
            continue;
        }
        let matching = format!("{column} : ^ \"{first}\"");
        let sql = "SELECT rowid FROM search WHERE search MATCH ? AND rowid = ?";
        if session.optional_int(sql, &[Param::Text(&matching), Param::Int(row.record)])?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_of_words_are_read_as_sqlite_writes_them() {
        assert_eq!(super::varints(&[2, 0x81, 0x00, 0x7f, 0xfd, 0x00]), [2, 128, 127, 16_000]);
    }
}
