//! The index's rows: one a record, written in the transaction that writes the record. SQLite keeps words in an FTS5
//! table without content, PostgreSQL in a `tsvector` that is spelled out here; both get the same words at the same
//! places. PostgreSQL keeps the first 255 places of each word: later ones are found as words, not in phrases.

use std::collections::BTreeMap;

use model::RecordType;
use store::{Dialect, Fault, Param, Session, SessionExt as _};

use super::columns::{Columns, Part};
use super::texts::{self, Piece};
use super::tokens::tokens;
use crate::plan::{LineChange, RecordPlan};
use crate::record::{Record, Time, load};

/// Words indexed of one record, in the order title, public, internal. PostgreSQL keeps places up to 16,383 only, and
/// both databases must find the same.
const WORDS_MAX: usize = 16_000;
/// Bytes of these words. PostgreSQL holds a row's words in at most 1 MiB.
const BYTES_MAX: usize = 512 * 1024;
/// Stands between two texts in FTS5, so that no phrase reaches from one into the next. No word holds it.
const BREAK: &str = "\u{2029}";

/// What the index says of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(super) record: i64,
    pub(super) scope: Option<i64>,
    /// The marks of type and scope, which no word can be mistaken for.
    pub(super) access: Vec<String>,
    /// The words of title, public and internal; an empty one is a break.
    words: [Vec<String>; 3],
}

/// `=incident`: the mark of a type, or of one that it extends.
pub(super) fn type_mark(name: &str) -> String {
    format!("={name}")
}

/// `=5`: the mark of the record that decides who may see this one. No type's name begins with a digit.
pub(super) fn scope_mark(scope: i64) -> String {
    format!("={scope}")
}

impl Row {
    fn of(record: &Record, family: &[String], pieces: &[Piece]) -> Self {
        let mut words: [Vec<String>; 3] = Default::default();
        let (mut count, mut bytes) = (0, 0);
        for (column, part) in words.iter_mut().zip(Part::ALL) {
            'pieces: for piece in pieces.iter().filter(|piece| piece.part == part) {
                if !column.is_empty() {
                    column.push(String::new());
                    count += 1;
                }
                for token in tokens(&piece.text) {
                    count += 1;
                    bytes += token.word.len();
                    if count > WORDS_MAX || bytes > BYTES_MAX {
                        break 'pieces;
                    }
                    column.push(token.word);
                }
            }
        }
        let scope = record.scope();
        let access = family.iter().map(|name| type_mark(name)).chain(scope.map(scope_mark)).collect();
        Self { record: record.id, scope, access, words }
    }

    /// A column as FTS5 gets it.
    pub(super) fn fts5(&self, part: Part) -> String {
        let [title, public, internal] = &self.words;
        let words = match part {
            Part::Title => title,
            Part::Public => public,
            Part::Internal => internal,
        };
        let spelled: Vec<&str> = words.iter().map(|word| if word.is_empty() { BREAK } else { word }).collect();
        spelled.join(" ")
    }

    /// How many words each of FTS5's columns holds.
    pub(super) fn sizes(&self) -> Vec<usize> {
        std::iter::once(self.access.len()).chain(self.words.iter().map(Vec::len)).collect()
    }

    /// The literal of a `tsvector`: `'vpn':1A,7B '=incident'`. Words are letters, digits and marks: nothing to escape.
    pub(super) fn tsvector(&self) -> String {
        let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut at = 0_usize;
        for (words, part) in self.words.iter().zip(Part::ALL) {
            for word in words {
                at += 1;
                if !word.is_empty() {
                    places.entry(word).or_default().push(format!("{at}{}", part.weight()));
                }
            }
            // A place that no word has, so that no phrase reaches into the next column.
            at += 1;
        }
        let words = places.into_iter().map(|(word, places)| format!("'{word}':{}", places.join(",")));
        let access = self.access.iter().map(|mark| format!("'{mark}'"));
        words.chain(access).collect::<Vec<_>>().join(" ")
    }
}

/// Rows of a batch that is being written. They go into the index just before the commit: a savepoint makes FTS5 write
/// what it has gathered, and each piece of work of a batch has one.
pub(crate) struct Pending {
    columns: Columns,
    rows: Vec<Row>,
}

impl Pending {
    pub fn new(columns: Columns) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Forgets the rows after the first so many: their work was rolled back.
    pub fn truncate(&mut self, len: usize) {
        self.rows.truncate(len);
    }

    /// Notes what a plan did to the texts of a record, after its rows were written.
    pub fn note(
        &mut self,
        session: &mut dyn Session,
        model: &model::Model,
        plan: &RecordPlan,
        before: &Record,
        live: &Record,
    ) -> Result<(), Fault> {
        let beside = texts_beside(&self.columns, plan);
        let new = plan.expected == 0;
        let mut fields = self.columns.fields(&live.record_type);
        let changed = new || beside || before.scope() != live.scope();
        if !changed && !fields.any(|(slot, ..)| before.get(slot) != live.get(slot)) {
            return Ok(());
        }
        let pieces =
            if new && !beside { texts::own(&self.columns, live) } else { texts::all(session, &self.columns, live)? };
        self.rows.push(Row::of(live, &family(model, &live.record_type), &pieces));
        Ok(())
    }

    /// Writes what was noted.
    pub fn write(&mut self, session: &mut dyn Session) -> Result<(), Fault> {
        // By id: FTS5 writes out what it has gathered whenever ids go back. A record's last row is the one that holds.
        let last: BTreeMap<i64, Row> = self.rows.drain(..).map(|row| (row.record, row)).collect();
        last.values().try_for_each(|row| write(session, row))
    }
}

/// Whether a plan writes texts that do not stand in the record's own row.
fn texts_beside(columns: &Columns, plan: &RecordPlan) -> bool {
    let indexed = |slot: &usize| columns.fields(&plan.record_type).any(|(indexed, ..)| indexed == *slot);
    plan.entries.iter().any(|entry| {
        let mut slots = entry.lines.iter().map(|line| match line {
            LineChange::Add { slot, .. } | LineChange::Remove { slot, .. } => slot,
        });
        entry.comment.is_some() || slots.any(indexed)
    })
}

/// A type's own name and those of all that it extends.
fn family(model: &model::Model, record_type: &RecordType) -> Vec<String> {
    let ancestors = model.ancestors(record_type).map(|ancestor| ancestor.name.clone());
    std::iter::once(record_type.name.clone()).chain(ancestors).collect()
}

fn write(session: &mut dyn Session, row: &Row) -> Result<(), Fault> {
    match session.dialect() {
        Dialect::Sqlite => {
            let sql = "INSERT OR REPLACE INTO search (rowid, access, title, public, internal) VALUES (?, ?, ?, ?, ?)";
            let [title, public, internal] = Part::ALL.map(|part| row.fts5(part));
            let access = row.access.join(" ");
            let texts = [&access, &title, &public, &internal].map(|text| Param::Text(text));
            let params: Vec<Param<'_>> = std::iter::once(Param::Int(row.record)).chain(texts).collect();
            session.execute(sql, &params)?;
        }
        Dialect::Postgres => {
            let sql = "INSERT INTO search (record, scope, words) VALUES (?, ?, CAST(CAST(? AS text) AS tsvector)) \
                       ON CONFLICT (record) DO UPDATE SET scope = excluded.scope, words = excluded.words";
            session.execute(sql, &[Param::Int(row.record), row.scope.into(), Param::Text(&row.tsvector())])?;
        }
    }
    Ok(())
}

/// The row of a record as its texts stand now; `None` where there is no such record.
pub(crate) fn fresh(
    session: &mut dyn Session,
    model: &model::Model,
    columns: &Columns,
    record: i64,
) -> Result<Option<Row>, Fault> {
    let sql = "SELECT type FROM record WHERE id = ?";
    let name = session.optional_text(sql, &[Param::Int(record)])?;
    let Some(record_type) = name.and_then(|name| model.shared(&name)) else { return Ok(None) };
    let Some(live) = load(session, record_type, record, Time::Live)? else { return Ok(None) };
    let pieces = texts::all(session, columns, &live)?;
    Ok(Some(Row::of(&live, &family(model, record_type), &pieces)))
}

/// Makes the index say of a record what its texts say now. For whoever changes texts by other ways than a command:
/// attachments, an erasure, the building of the index. In the transaction of that change.
pub fn replace(session: &mut dyn Session, model: &model::Model, columns: &Columns, record: i64) -> Result<(), Fault> {
    match fresh(session, model, columns, record)? {
        Some(row) => write(session, &row),
        None => Ok(()),
    }
}

/// Empties the index.
pub(super) fn clear(session: &mut dyn Session) -> Result<(), Fault> {
    session.batch(match session.dialect() {
        Dialect::Sqlite => "INSERT INTO search (search) VALUES ('delete-all')",
        Dialect::Postgres => "DELETE FROM search",
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn row(pieces: &[(Part, &str)]) -> Row {
        let files = [(
            "note/note.toml",
            "[record]\nname = \"note\"\nplural = \"notes\"\nprefix = \"NOTE\"\n[fields]\ntitle = { kind = \"text\" }\n",
        )];
        let model = model::load::load(&files).unwrap();
        let record = Record::blank(Arc::clone(model.shared("note").unwrap()), 7);
        let piece = |(part, text): &(Part, &str)| Piece { part: *part, label: String::new(), text: (*text).into() };
        Row::of(&record, &["note".to_owned()], &pieces.iter().map(piece).collect::<Vec<_>>())
    }

    #[test]
    fn both_databases_get_the_same_words_at_the_same_places() {
        let row = row(&[
            (Part::Internal, "vpn secret"),
            (Part::Public, "VPN down"),
            (Part::Title, "NOTE-7"),
            (Part::Public, "again"),
        ]);
        assert_eq!(row.fts5(Part::Title), "note 7");
        assert_eq!(row.fts5(Part::Public), format!("vpn down {BREAK} again"));
        assert_eq!(row.sizes(), [1, 2, 4, 2]);
        let expected = "'7':2A 'again':7B 'down':5B 'note':1A 'secret':10C 'vpn':4B,9C '=note'";
        assert_eq!(row.tsvector(), expected);
    }

    #[test]
    fn a_record_gives_as_many_words_as_both_databases_hold() {
        let many = "a ".repeat(20_000);
        let cut = row(&[(Part::Title, "first"), (Part::Public, &many), (Part::Internal, "never")]);
        assert_eq!(cut.sizes(), [1, 1, 15_999, 0]);
        // Long words of four bytes a letter.
        let long: Vec<String> = (0..8_000)
            .map(|n: u32| format!("{}{}", "𐐨".repeat(60), "x".repeat(n.try_into().unwrap_or(0) % 5)))
            .collect();
        let cut = row(&[(Part::Public, &long.join(" "))]);
        assert!(cut.tsvector().len() < 1024 * 1024);
    }
}
