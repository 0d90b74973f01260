//! PostgreSQL 15 or later. Statements come with `?` and are numbered here; every integer is `bigint`, every text
//! column `COLLATE "C"`, so that both databases order alike.

use std::collections::HashMap;
use std::error::Error;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type};
use postgres::{Client, NoTls, Statement};

use crate::session::{Dialect, Each, Fault, Param, Row, Session};

/// Statements kept prepared per connection.
const STATEMENTS_MAX: usize = 256;

pub struct PostgresSession {
    client: Client,
    statements: HashMap<String, Statement>,
}

impl PostgresSession {
    pub fn open(url: &str, schema: Option<&str>) -> Result<Self, Fault> {
        let mut client = Client::connect(url, NoTls).map_err(|e| fault(&e, "connecting"))?;
        if let Some(schema) = schema {
            let quoted = schema.replace('"', "\"\"");
            client
                .batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{quoted}\"; SET search_path TO \"{quoted}\""))
                .map_err(|e| fault(&e, "choosing the schema"))?;
        }
        client.batch_execute("SET client_min_messages TO warning").map_err(|e| fault(&e, "setting up"))?;
        Ok(Self { client, statements: HashMap::new() })
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, Fault> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&numbered(sql)).map_err(|e| fault(&e, sql))?;
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Replaces each `?` outside quotes by `$1`, `$2`, …
fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let (mut count, mut quote) = (0_u32, None);
    for c in sql.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == '?' => {
                count += 1;
                out.push('$');
                out.push_str(&count.to_string());
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

impl Session for PostgresSession {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, Fault> {
        let statement = self.prepare(sql)?;
        let bound: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        self.client.execute(&statement, &bound).map_err(|e| fault(&e, sql))
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>], each: Each<'_>) -> Result<(), Fault> {
        let statement = self.prepare(sql)?;
        let mut rows = self
            .client
            .query_raw(&statement, params.iter().map(|p| p as &(dyn ToSql + Sync)))
            .map_err(|e| fault(&e, sql))?;
        while let Some(row) = rows.next().map_err(|e| fault(&e, sql))? {
            each(&PostgresRow(row))?;
        }
        Ok(())
    }

    fn batch(&mut self, sql: &str) -> Result<(), Fault> {
        self.client.batch_execute(sql).map_err(|e| fault(&e, sql))
    }

    fn set_budget(&mut self, milliseconds: Option<u32>) -> Result<(), Fault> {
        self.batch(&format!("SET statement_timeout TO {}", milliseconds.unwrap_or(0)))
    }
}

struct PostgresRow(postgres::Row);

impl Row for PostgresRow {
    fn int(&self, column: usize) -> Result<Option<i64>, Fault> {
        match self.0.columns().get(column).map(postgres::Column::type_) {
            Some(&Type::BOOL) => Ok(self.0.try_get::<_, Option<bool>>(column).map_err(Fault::database)?.map(i64::from)),
            Some(&Type::INT4) => Ok(self.0.try_get::<_, Option<i32>>(column).map_err(Fault::database)?.map(i64::from)),
            _ => self.0.try_get(column).map_err(Fault::database),
        }
    }

    fn text(&self, column: usize) -> Result<Option<&str>, Fault> {
        self.0.try_get(column).map_err(Fault::database)
    }

    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Fault> {
        self.0.try_get(column).map_err(Fault::database)
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) if *ty == Type::BOOL => (*number != 0).to_sql(ty, out),
            Self::Int(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

fn fault(error: &postgres::Error, what: &str) -> Fault {
    if error.code() == Some(&postgres::error::SqlState::QUERY_CANCELED) {
        return Fault::Budget;
    }
    let detail = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
    Fault::database(format!("{detail} in {}", what.chars().take(400).collect::<String>()))
}
