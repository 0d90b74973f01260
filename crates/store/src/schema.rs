//! The tables, computed from the model in one place for both databases. Steps are additive: missing tables, columns
//! and indexes are made, nothing is ever dropped.

use std::collections::BTreeSet;

use model::{Field, Kind, Model, RecordType, RelationSource};

use crate::session::{Dialect, Fault, Param, Session, SessionExt};

/// Raised when a kernel table changes; an older binary refuses a newer database.
pub const KERNEL_VERSION: i64 = 2;

/// `"name"`, with quotes inside doubled. Every identifier of a statement goes through here.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The fields that stand as columns in a type's own table, with their slots.
pub fn columns(record_type: &RecordType) -> impl Iterator<Item = (usize, &Field)> {
    record_type.fields.iter().enumerate().filter(|(_, field)| field.kind.is_column())
}

/// The fields whose every state stands in the version table.
pub fn short_columns(record_type: &RecordType) -> impl Iterator<Item = (usize, &Field)> {
    columns(record_type).filter(|(_, field)| !field.kind.is_long_text())
}

/// `incident__escalations`.
pub fn rows_table(record_type: &str, field: &str) -> String {
    format!("{record_type}__{field}")
}

/// Makes what is missing. Safe to call at every start.
pub fn apply(session: &mut dyn Session, model: &Model) -> Result<(), Fault> {
    let dialect = session.dialect();
    session.batch(begin(dialect))?;
    let made = make(session, model, dialect);
    session.batch(if made.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    made
}

/// A transaction that is going to write waits for its turn at once: begun as a reader, it could not become a writer
/// where another process has written in between.
fn begin(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "BEGIN IMMEDIATE",
        Dialect::Postgres => "BEGIN",
    }
}

/// What [`apply`] would make, by name: `table ride`, `column incident.colour`, `index incident_by_colour`. Nothing is
/// changed: the steps are taken and taken back.
pub fn plan(session: &mut dyn Session, model: &Model) -> Result<Vec<String>, Fault> {
    let dialect = session.dialect();
    session.batch(begin(dialect))?;
    let made = (|| {
        let before = things(session)?;
        make(session, model, dialect)?;
        Ok(things(session)?.difference(&before).cloned().collect::<Vec<_>>())
    })();
    session.batch("ROLLBACK")?;
    let made: Vec<String> = made?;
    // A table that is new is said once, not with each of its columns.
    let new: Vec<&str> = made.iter().filter_map(|thing| thing.strip_prefix("table ")).collect();
    let of_new = |thing: &str| {
        let column = thing.strip_prefix("column ").and_then(|name| name.split_once('.'));
        let index = thing.strip_prefix("index ").and_then(|name| name.split_once("_by_"));
        column.or(index).is_some_and(|(table, _)| new.contains(&table))
    };
    Ok(made.iter().filter(|thing| !of_new(thing)).cloned().collect())
}

/// Every table, column and index by name.
fn things(session: &mut dyn Session) -> Result<BTreeSet<String>, Fault> {
    let queries = match session.dialect() {
        Dialect::Sqlite => [
            "SELECT 'table ' || name FROM sqlite_master WHERE type = 'table'",
            "SELECT 'column ' || m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
            "SELECT 'index ' || name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        ],
        Dialect::Postgres => [
            "SELECT 'table ' || tablename FROM pg_tables WHERE schemaname = current_schema()",
            "SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()",
            "SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = current_schema()",
        ],
    };
    let mut found = BTreeSet::new();
    for sql in queries {
        session.query(sql, &[], &mut |row| {
            found.insert(row.need_text(0)?.to_owned());
            Ok(())
        })?;
    }
    Ok(found)
}

/// Lets SQLite look at a sample of each index, so that its planner knows which filter is selective. Takes milliseconds;
/// PostgreSQL does this by itself.
pub fn look_over(session: &mut dyn Session) -> Result<(), Fault> {
    match session.dialect() {
        Dialect::Sqlite => session.batch("PRAGMA analysis_limit = 400; ANALYZE"),
        Dialect::Postgres => Ok(()),
    }
}

fn make(session: &mut dyn Session, model: &Model, dialect: Dialect) -> Result<(), Fault> {
    session.batch(&adapted(KERNEL, dialect))?;
    session.batch(match dialect {
        Dialect::Sqlite => SEARCH_SQLITE,
        Dialect::Postgres => SEARCH_POSTGRES,
    })?;
    for table in REPLACEABLE {
        make_table(session, table, "", &[KNOWN_TO.to_owned()], dialect)?;
    }
    match session.optional_int("SELECT version FROM kernel", &[])? {
        None => {
            session.execute("INSERT INTO kernel (version) VALUES (?)", &[Param::Int(KERNEL_VERSION)])?;
        }
        Some(version) if version > KERNEL_VERSION => {
            return Err(Fault::database(format!(
                "this database was written by a newer version of the program (kernel {version}, this one knows {KERNEL_VERSION})"
            )));
        }
        Some(_) => {
            session.execute("UPDATE kernel SET version = ? WHERE version < ?", &[Param::Int(KERNEL_VERSION); 2])?;
        }
    }
    let inverse = inverse_links(model);
    for record_type in model.types() {
        make_type(session, record_type, &inverse, dialect)?;
    }
    Ok(())
}

/// (type, field) of each to-one link that some relation walks backwards: these need an index.
fn inverse_links(model: &Model) -> BTreeSet<(&str, &str)> {
    let relations = model.types().iter().flat_map(|t| &t.relations);
    relations
        .filter_map(|relation| match &relation.source {
            RelationSource::Inverse { record_type, field } => Some((record_type.as_str(), field.as_str())),
            _ => None,
        })
        .collect()
}

fn make_type(
    session: &mut dyn Session,
    record_type: &RecordType,
    inverse: &BTreeSet<(&str, &str)>,
    dialect: Dialect,
) -> Result<(), Fault> {
    let name = &record_type.name;
    let live: Vec<String> = columns(record_type).map(|(_, f)| column(f, dialect, true)).collect();
    make_table(session, name, "id BIGINT PRIMARY KEY REFERENCES record (id)", &live, dialect)?;
    let past: Vec<String> = short_columns(record_type).map(|(_, f)| column(f, dialect, false)).collect();
    let versions = format!("{name}_v");
    let times = "id BIGINT NOT NULL, valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL, known_from BIGINT NOT NULL, known_to BIGINT NOT NULL";
    make_table(session, &versions, times, &past, dialect)?;
    for field in &record_type.fields {
        if let Kind::Rows { columns, .. } = &field.kind {
            let lines: Vec<String> = columns.iter().map(|f| column(f, dialect, false)).collect();
            let fixed = "id BIGINT NOT NULL, pos BIGINT NOT NULL, at BIGINT, by BIGINT, counted_at BIGINT, entry BIGINT NOT NULL, \
                         valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL, known_from BIGINT NOT NULL, known_to BIGINT NOT NULL";
            let table = rows_table(name, &field.key);
            make_table(session, &table, fixed, &lines, dialect)?;
            make_index(session, &table, &["id"])?;
            for line in columns.iter().filter(|line| line.kind.is_link()) {
                make_index(session, &table, &[&line.key])?;
            }
        }
    }
    make_index(session, &versions, &["id", "valid_from"])?;
    for index in indexes(record_type, inverse) {
        let keys: Vec<&str> = index.iter().map(String::as_str).collect();
        make_index(session, name, &keys)?;
        if keys == ["raised_at", "id"] {
            make_index(session, &versions, &keys)?;
        }
    }
    Ok(())
}

/// Each index serves a page: one for each sort that a list offers, each facet that it counts, each link that a
/// relation walks backwards, and the field that decides who may see a record.
fn indexes(record_type: &RecordType, inverse: &BTreeSet<(&str, &str)>) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let key = |slot: usize| record_type.fields.get(slot).map(|f| f.key.clone());
    for field in
        record_type.fields.iter().filter(|f| f.sortable || ["raised_at", "updated_at"].contains(&f.key.as_str()))
    {
        found.insert(vec![field.key.clone(), "id".to_owned()]);
    }
    for view in &record_type.views {
        let mut sort: Vec<String> = view.sort.iter().filter_map(|(slot, _)| key(*slot)).collect();
        if sort.len() > 1 {
            sort.push("id".to_owned());
            found.insert(sort);
        }
        for slot in &view.facets {
            found.extend(key(*slot).map(|facet| vec![facet]));
        }
    }
    for field in &record_type.fields {
        if inverse.contains(&(record_type.name.as_str(), field.key.as_str())) {
            found.insert(vec![field.key.clone()]);
        }
    }
    if let Some(lifecycle) = &record_type.lifecycle {
        for slot in lifecycle.transitions.iter().filter_map(|t| t.at) {
            found.extend(key(slot).map(|at| vec!["state".to_owned(), at]));
        }
    }
    if let Some(scope) = record_type.scope.and_then(key) {
        found.insert(vec![scope, "raised_at".to_owned(), "id".to_owned()]);
    }
    if record_type.slot("external_number").is_some() {
        found.insert(vec!["external_number".to_owned()]);
    }
    found
}

fn column(field: &Field, dialect: Dialect, live: bool) -> String {
    let name = quoted(&field.key);
    let text = if dialect == Dialect::Postgres { "TEXT COLLATE \"C\"" } else { "TEXT" };
    match &field.kind {
        Kind::Boolean => format!("{name} BIGINT CHECK ({name} IN (0, 1))"),
        kind if kind.is_text() => format!("{name} {text}"),
        kind if kind.is_link() && live && field.key != "origin" => format!("{name} BIGINT REFERENCES record (id)"),
        _ => format!("{name} BIGINT"),
    }
}

fn make_table(
    session: &mut dyn Session,
    name: &str,
    fixed: &str,
    more: &[String],
    dialect: Dialect,
) -> Result<(), Fault> {
    let known = known_columns(session, name, dialect)?;
    if known.is_empty() {
        let body = more.iter().fold(fixed.to_owned(), |body, column| format!("{body}, {column}"));
        return session.batch(&format!("CREATE TABLE {} ({body})", quoted(name)));
    }
    for column in more {
        let bare = column.split('"').nth(1).unwrap_or_default();
        if !known.contains(bare) {
            session.batch(&format!("ALTER TABLE {} ADD COLUMN {column}", quoted(name)))?;
        }
    }
    Ok(())
}

/// Whether a table stands and has this column: what is asked before any model says so.
pub fn has_column(session: &mut dyn Session, table: &str, column: &str) -> Result<bool, Fault> {
    let dialect = session.dialect();
    Ok(known_columns(session, table, dialect)?.contains(column))
}

fn known_columns(session: &mut dyn Session, table: &str, dialect: Dialect) -> Result<BTreeSet<String>, Fault> {
    let sql = match dialect {
        Dialect::Sqlite => "SELECT name FROM pragma_table_info(?)",
        Dialect::Postgres => {
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?"
        }
    };
    let mut found = BTreeSet::new();
    session.query(sql, &[Param::Text(table)], &mut |row| {
        found.insert(row.need_text(0)?.to_owned());
        Ok(())
    })?;
    Ok(found)
}

fn make_index(session: &mut dyn Session, table: &str, keys: &[&str]) -> Result<(), Fault> {
    let name = quoted(&format!("{table}_by_{}", keys.join("_")));
    let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
    session.batch(&format!("CREATE INDEX IF NOT EXISTS {name} ON {} ({})", quoted(table), keys.join(", ")))
}

/// The kernel is written for PostgreSQL's stricter types; SQLite reads the same names.
fn adapted(sql: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => sql.replace(" TEXT", " TEXT COLLATE \"C\"").replace(" BLOB", " BYTEA"),
        // An INTEGER PRIMARY KEY is the row id itself: one tree instead of two.
        Dialect::Sqlite => sql
            .replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
            // The one large table without a key of its own: one tree instead of two as well.
            .replace("PRIMARY KEY (check_id, subject));", "PRIMARY KEY (check_id, subject)) WITHOUT ROWID;"),
    }
}

/// Kernel tables whose rows stop counting, with all that they say, when an entry replaces them.
const REPLACEABLE: [&str; 2] = ["entry", "step"];

/// Until when we believed so; for ever where nothing replaced it.
const KNOWN_TO: &str = "\"known_to\" BIGINT NOT NULL DEFAULT 9223372036854775807";

/// Tables that no model file changes. Identity, sessions and jobs are typed by hand: few, and critical to security.
const KERNEL: &str = r#"
CREATE TABLE IF NOT EXISTS kernel (version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS head (one BIGINT PRIMARY KEY, leaves BIGINT NOT NULL, next_id BIGINT NOT NULL, next_entry BIGINT NOT NULL, next_row BIGINT NOT NULL, writer TEXT NOT NULL, batch BIGINT NOT NULL, log_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counter (prefix TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS record (id BIGINT PRIMARY KEY, type TEXT NOT NULL, number TEXT NOT NULL UNIQUE, title TEXT, scope BIGINT, version BIGINT NOT NULL, updated_at BIGINT NOT NULL, deleted_at BIGINT);
CREATE INDEX IF NOT EXISTS record_by_title ON record (type, title);
CREATE TABLE IF NOT EXISTS entry (id BIGINT PRIMARY KEY, record BIGINT NOT NULL REFERENCES record (id), version BIGINT NOT NULL, kind TEXT NOT NULL, recorded_at BIGINT NOT NULL, happened_at BIGINT NOT NULL, claimed_at BIGINT, actor BIGINT, on_behalf BIGINT, "grant" BIGINT, channel TEXT NOT NULL, request TEXT, model BIGINT NOT NULL, into_state TEXT, deviates TEXT, opening TEXT NOT NULL, known_to BIGINT NOT NULL DEFAULT 9223372036854775807, UNIQUE (record, version));
CREATE TABLE IF NOT EXISTS secret (entry BIGINT NOT NULL REFERENCES entry (id), field TEXT NOT NULL, value TEXT NOT NULL, salt BLOB NOT NULL, PRIMARY KEY (entry, field));
CREATE TABLE IF NOT EXISTS leaf (idx BIGINT PRIMARY KEY, entry BIGINT NOT NULL UNIQUE REFERENCES entry (id), hash BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tile (level BIGINT NOT NULL, idx BIGINT NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx));
CREATE TABLE IF NOT EXISTS checkpoint (size BIGINT PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS long_text (id BIGINT NOT NULL, field TEXT NOT NULL, body TEXT, valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL, known_from BIGINT NOT NULL, known_to BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS long_text_by_id ON long_text (id, field);
CREATE TABLE IF NOT EXISTS link (id BIGINT NOT NULL, kind TEXT NOT NULL, a BIGINT NOT NULL REFERENCES record (id), b BIGINT NOT NULL REFERENCES record (id), scope BIGINT, entry BIGINT NOT NULL, valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL, known_from BIGINT NOT NULL, known_to BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS link_by_a ON link (a, kind);
CREATE INDEX IF NOT EXISTS link_by_b ON link (b, kind);
CREATE TABLE IF NOT EXISTS step (id BIGINT PRIMARY KEY, record BIGINT NOT NULL REFERENCES record (id), from_state TEXT, to_state TEXT NOT NULL, happened_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL, claimed_at BIGINT, entry BIGINT NOT NULL, deviates BIGINT NOT NULL, first BIGINT NOT NULL, known_to BIGINT NOT NULL DEFAULT 9223372036854775807);
CREATE INDEX IF NOT EXISTS step_by_record ON step (record);
CREATE TABLE IF NOT EXISTS comment (id BIGINT PRIMARY KEY, record BIGINT NOT NULL REFERENCES record (id), entry BIGINT NOT NULL UNIQUE, public BIGINT NOT NULL, body TEXT, at BIGINT NOT NULL, recorded_at BIGINT NOT NULL, by BIGINT);
CREATE INDEX IF NOT EXISTS comment_by_record ON comment (record);
CREATE TABLE IF NOT EXISTS external_id (source TEXT NOT NULL, key TEXT NOT NULL, record BIGINT NOT NULL REFERENCES record (id), PRIMARY KEY (source, key));
CREATE INDEX IF NOT EXISTS external_id_by_key ON external_id (key);
CREATE TABLE IF NOT EXISTS imported_row (source TEXT NOT NULL, identity TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (source, identity));
CREATE TABLE IF NOT EXISTS origin (id BIGINT PRIMARY KEY, source TEXT NOT NULL, begun_at BIGINT NOT NULL, absent TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency (owner BIGINT NOT NULL, key TEXT NOT NULL, body_hash BLOB NOT NULL, answer TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (owner, key));
CREATE TABLE IF NOT EXISTS text_version (id BIGINT PRIMARY KEY, kind TEXT NOT NULL, hash TEXT NOT NULL, body TEXT NOT NULL, known_from BIGINT NOT NULL, UNIQUE (kind, hash));
CREATE TABLE IF NOT EXISTS account (person BIGINT PRIMARY KEY REFERENCES record (id), email TEXT NOT NULL UNIQUE, password TEXT, disabled BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS session (hash BLOB PRIMARY KEY, person BIGINT NOT NULL, csrf TEXT NOT NULL, created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS once_link (hash BLOB PRIMARY KEY, person BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT);
CREATE TABLE IF NOT EXISTS token (hash BLOB PRIMARY KEY, person BIGINT NOT NULL, scopes TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdict (check_id BIGINT NOT NULL, subject BIGINT NOT NULL, record BIGINT NOT NULL, day BIGINT NOT NULL, result BIGINT NOT NULL, flip_at BIGINT, PRIMARY KEY (check_id, subject));
CREATE INDEX IF NOT EXISTS verdict_exceptions ON verdict (check_id, record, subject) WHERE result IN (1, 2);
CREATE INDEX IF NOT EXISTS verdict_flips ON verdict (check_id, flip_at) WHERE flip_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS tested (check_id BIGINT NOT NULL, day BIGINT NOT NULL, passed BIGINT NOT NULL, failed BIGINT NOT NULL, undetermined BIGINT NOT NULL, PRIMARY KEY (check_id, day));
CREATE TABLE IF NOT EXISTS followed (check_id BIGINT PRIMARY KEY, name TEXT NOT NULL, rule TEXT NOT NULL, leaves BIGINT NOT NULL, at BIGINT NOT NULL, through BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS followed_by_name ON followed (name);
CREATE TABLE IF NOT EXISTS snapshot (requirement TEXT NOT NULL, day BIGINT NOT NULL, at BIGINT NOT NULL, leaves BIGINT NOT NULL, rules TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (requirement, day));
"#;

/// The search index, a row a record under the record's id. Words come ready made and parted by spaces; the tokenizer
/// only parts them: it leaves everything beyond ASCII alone, and `=` and `_` belong to the marks of type and scope.
const SEARCH_SQLITE: &str = r#"
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(access, title, public, internal, content='', contentless_delete=1, prefix='3', tokenize="ascii tokenchars '=_'");
"#;

/// The same: weights A, B and C stand for title, public and internal, words without a place for the marks.
const SEARCH_POSTGRES: &str = r#"
CREATE TABLE IF NOT EXISTS search (record BIGINT PRIMARY KEY, scope BIGINT, words TSVECTOR NOT NULL);
CREATE INDEX IF NOT EXISTS search_by_scope ON search (scope, record);
CREATE INDEX IF NOT EXISTS search_by_words ON search USING GIN (words) WITH (gin_pending_list_limit = 256);
"#;
