//! The world in real tables: the same statements on SQLite and PostgreSQL.

use model::condition::*;
use model::*;

use crate::world::{FOREVER, Rect, World};

pub enum Database {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Client>),
}

/// SQLite always; PostgreSQL where `VOUCH_TEST_POSTGRES` names one.
pub fn databases(world: &World) -> Vec<Database> {
    let mut all = vec![Database::Sqlite(rusqlite::Connection::open_in_memory().unwrap())];
    match std::env::var("VOUCH_TEST_POSTGRES") {
        Ok(url) => all.push(Database::Postgres(Box::new(postgres::Client::connect(&url, postgres::NoTls).unwrap()))),
        Err(_) if std::env::var("VOUCH_REQUIRE_POSTGRES").is_ok_and(|v| v == "1") => {
            panic!("VOUCH_REQUIRE_POSTGRES is set and VOUCH_TEST_POSTGRES names no database")
        }
        Err(_) => eprintln!("PostgreSQL half NOT run: VOUCH_TEST_POSTGRES is not set"),
    }
    for database in &mut all {
        let script = script(world, database.dialect());
        database.run(&script);
    }
    all
}

impl Database {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    fn run(&mut self, script: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(script).unwrap(),
            Self::Postgres(client) => client.batch_execute(script).unwrap(),
        }
    }

    /// Id and three-valued answer of each row.
    pub fn ask(&mut self, statement: &Sql) -> Result<Vec<(i64, Option<bool>)>, String> {
        let text = number(&statement.text, self.dialect(), 1);
        let mut answers = match self {
            Self::Sqlite(connection) => {
                let mut prepared = connection.prepare(&text).map_err(|e| e.to_string())?;
                let params = statement.params.iter().map(|value| match value {
                    Value::Text(text) => rusqlite::types::Value::Text(text.to_string()),
                    other => rusqlite::types::Value::Integer(other.as_int().unwrap()),
                });
                let rows = prepared.query_map(rusqlite::params_from_iter(params), |row| Ok((row.get(0)?, row.get(1)?)));
                rows.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(|e| e.to_string())?
            }
            Self::Postgres(client) => {
                let params: Vec<Box<dyn postgres::types::ToSql + Sync>> = statement.params.iter().map(boxed).collect();
                let params: Vec<&(dyn postgres::types::ToSql + Sync)> = params.iter().map(AsRef::as_ref).collect();
                let rows = client.query(&text, &params).map_err(|e| format!("{e:?}"))?;
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        };
        answers.sort_unstable();
        Ok(answers)
    }
}

fn boxed(value: &Value) -> Box<dyn postgres::types::ToSql + Sync> {
    match value {
        Value::Text(text) => Box::new(text.to_string()),
        other => Box::new(other.as_int().unwrap()),
    }
}

struct Script {
    text: String,
    dialect: Dialect,
}

impl Script {
    fn table(&mut self, name: &str, columns: &[(String, bool)]) {
        let (integer, text) = match self.dialect {
            Dialect::Sqlite => ("INTEGER", "TEXT"),
            Dialect::Postgres => ("BIGINT", "TEXT COLLATE \"C\""),
        };
        let column = |(name, is_text): &(String, bool)| format!("\"{name}\" {}", if *is_text { text } else { integer });
        let columns: Vec<String> = columns.iter().map(column).collect();
        self.text.push_str(&format!("CREATE TEMP TABLE \"{name}\" ({});\n", columns.join(", ")));
    }

    fn insert(&mut self, table: &str, values: &[Value]) {
        let literal = |value: &Value| match value {
            Value::Null => "NULL".to_owned(),
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            other => other.as_int().unwrap().to_string(),
        };
        let values: Vec<String> = values.iter().map(literal).collect();
        self.text.push_str(&format!("INSERT INTO \"{table}\" VALUES ({});\n", values.join(", ")));
    }
}

fn columns(of: &str) -> Vec<(String, bool)> {
    let split = |c: &str| match c.strip_suffix('t').filter(|c| c.ends_with(':')) {
        Some(name) => (name.trim_end_matches(':').to_owned(), true),
        None => (c.to_owned(), false),
    };
    of.split_whitespace().map(split).collect()
}

const TIMES: &str = "valid_from valid_to known_from known_to";

fn times(rect: Rect) -> [Value; 4] {
    [rect.valid.0, rect.valid.1, rect.known.0, rect.known.1].map(Value::Int)
}

fn script(world: &World, dialect: Dialect) -> String {
    let mut script = Script { text: "BEGIN;\n".to_owned(), dialect };
    script.table("record", &columns("id number:t"));
    script.table("long_text", &columns(&format!("id field:t body:t {TIMES}")));
    script.table("link", &columns(&format!("id kind:t a b {TIMES}")));
    script.table(
        "step",
        &columns("id record from_state:t to_state:t happened_at recorded_at claimed_at entry deviates first"),
    );
    script.table(
        "entry",
        &columns("id record version kind:t recorded_at happened_at claimed_at actor on_behalf into_state:t known_to"),
    );
    for record_type in world.model.types() {
        record_tables(&mut script, world, record_type);
    }
    for line in &world.lines {
        let mut values = vec![Value::Int(line.id), Value::Int(0)];
        values.extend(line.values.iter().cloned().chain([Value::Int(0)]).chain(times(line.rect)));
        script.insert(&format!("{}__{}", line.record_type, line.field), &values);
    }
    for link in &world.links {
        let mut values = vec![Value::Int(0), Value::text(&link.kind), Value::Int(link.a), Value::Int(link.b)];
        values.extend(times(link.rect));
        script.insert("link", &values);
    }
    history(&mut script, world);
    script.text.push_str("COMMIT;\n");
    script.text
}

fn record_tables(script: &mut Script, world: &World, of: &RecordType) {
    let is_column = |f: &&Field| f.kind.is_column();
    let column = |f: &Field| (f.key.clone(), f.kind.is_text());
    let mut live = columns("id");
    live.extend(of.fields.iter().filter(is_column).map(column));
    script.table(&of.name, &live);
    let mut versions = columns(&format!("id {TIMES}"));
    versions.extend(of.fields.iter().filter(is_column).filter(|f| !f.kind.is_long_text()).map(column));
    script.table(&format!("{}_v", of.name), &versions);
    for field in &of.fields {
        if let Kind::Rows { columns: own, .. } = &field.kind {
            let mut all = columns("id pos");
            all.extend(own.iter().map(column));
            all.extend(columns(&format!("at by counted_at entry {TIMES}")));
            script.table(&format!("{}__{}", of.name, field.key), &all);
        }
    }
    for version in &world.versions[&of.name] {
        let with_fields = || of.fields.iter().zip(&version.values).filter(|(f, _)| f.kind.is_column());
        if version.rect.valid.1 == FOREVER && version.rect.known.1 == FOREVER {
            let all = with_fields().map(|(_, value)| value.clone());
            script.insert(&of.name, &std::iter::once(Value::Int(version.id)).chain(all).collect::<Vec<_>>());
            script.insert("record", &[Value::Int(version.id), version.values[0].clone()]);
        }
        let short = with_fields().filter(|(f, _)| !f.kind.is_long_text()).map(|(_, value)| value.clone());
        let row = std::iter::once(Value::Int(version.id)).chain(times(version.rect)).chain(short);
        script.insert(&format!("{}_v", of.name), &row.collect::<Vec<_>>());
        for (field, value) in with_fields().filter(|(f, value)| f.kind.is_long_text() && !value.is_null()) {
            let row =
                [Value::Int(version.id), Value::text(&field.key), value.clone()].into_iter().chain(times(version.rect));
            script.insert("long_text", &row.collect::<Vec<_>>());
        }
    }
}

fn history(script: &mut Script, world: &World) {
    let number = |n: Option<i64>| n.map_or(Value::Null, Value::Int);
    let text = |t: &Option<String>| t.as_ref().map_or(Value::Null, Value::text);
    for e in &world.entries {
        let row = [
            Value::Int(e.id),
            Value::Int(e.record),
            Value::Int(e.version),
            Value::text(&e.kind),
            Value::Int(e.recorded),
            Value::Int(e.happened),
            number(e.claimed),
            number(e.actor),
            number(e.on_behalf),
            text(&e.into_state),
            Value::Int(e.known_to),
        ];
        script.insert("entry", &row);
    }
    for s in &world.steps {
        let row = [
            Value::Int(s.id),
            Value::Int(s.facts.record),
            text(&s.from),
            Value::text(&s.facts.to),
            Value::Int(s.facts.at),
            Value::Int(s.recorded),
            number(s.claimed),
            Value::Int(s.entry),
            Value::Bool(s.facts.deviates),
            Value::Bool(s.facts.first),
        ];
        script.insert("step", &row);
    }
}
