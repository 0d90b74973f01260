//! What an assessor states about the organisation whose export is judged: a TOML file of values and the days from which
//! they were in force.
//!
//! ```toml
//! "incident.closure_wait" = { value = "P5D", from = 2016-01-01 }
//! incident.priority_rule = { value = { matrix = [[1,2,3],[2,3,4],[3,4,4]] } }    # in force all along
//! "organization.zone" = [{ value = "UTC" }, { value = "Europe/Rome", from = 2016-06-01 }]
//! ```

use calendar::Date;
use serde_json::Value as Json;
use toml_edit::{Item, TableLike};

use super::load::json_of;
use super::{ConditionCheck, Registry};
use crate::file::{LoadError, Source};

/// Keys of tables stand no deeper than this: `area.name`.
const DEPTH_MAX: usize = 2;
const EXPECTED: &str = "expected { value = …, from = 2016-01-01 }, or a list of these";

/// One value that somebody states.
#[derive(Clone, Debug, PartialEq)]
pub struct StatedSetting {
    pub key: String,
    /// As it was written; [`Registry::check`] has accepted it.
    pub value: Json,
    /// The first local day on which it was in force; None: all along.
    pub from: Option<Date>,
}

/// The statement about a key that was in force on a day: the latest that is not later.
pub fn in_force<'s>(stated: &'s [StatedSetting], key: &str, day: Date) -> Option<&'s StatedSetting> {
    let in_force = |one: &&StatedSetting| one.key == key && one.from.is_none_or(|from| from <= day);
    stated.iter().filter(in_force).max_by_key(|one| one.from)
}

/// Reads an assessor's file; all its errors at once, each with file, line and column.
pub fn read_stated(
    file: &str,
    text: &str,
    registry: &Registry,
    conditions: ConditionCheck<'_>,
) -> Result<Vec<StatedSetting>, Vec<LoadError>> {
    let source = Source { file, text };
    let document = source.parse().map_err(|error| vec![error])?;
    let mut reader = Reader { source, registry, conditions, stated: Vec::new(), errors: Vec::new() };
    reader.table(document.as_table(), &[]);
    if reader.errors.is_empty() { Ok(reader.stated) } else { Err(reader.errors) }
}

struct Reader<'r> {
    source: Source<'r>,
    registry: &'r Registry,
    conditions: ConditionCheck<'r>,
    stated: Vec<StatedSetting>,
    errors: Vec<LoadError>,
}

impl Reader<'_> {
    fn table(&mut self, table: &dyn TableLike, above: &[&str]) {
        for (key, item) in table.iter() {
            let path = [above, &[key]].concat();
            match item.as_table_like() {
                Some(inner)
                    if path.len() < DEPTH_MAX
                        && !inner.contains_key("value")
                        && !self.registry.contains(&path.join(".")) =>
                {
                    self.table(inner, &path);
                }
                _ => self.statements(&path.join("."), item, table.get_key_value(key).and_then(|(key, _)| key.span())),
            }
        }
    }

    fn statements(&mut self, key: &str, item: &Item, key_span: Option<std::ops::Range<usize>>) {
        if let Err(error) = self.registry.find(key) {
            self.errors.push(self.source.error(key_span.or_else(|| item.span()), error.to_string()));
            return;
        }
        if let Some(tables) = item.as_array_of_tables() {
            tables.iter().for_each(|table| self.statement(key, table, table.span()));
        } else if let Some(list) = item.as_array() {
            for value in list {
                match value.as_inline_table() {
                    Some(table) => self.statement(key, table, value.span()),
                    None => self.refuse(value.span(), key, EXPECTED),
                }
            }
        } else if let Some(table) = item.as_table_like() {
            self.statement(key, table, item.span().or(key_span));
        } else {
            self.refuse(item.span(), key, EXPECTED);
        }
    }

    fn statement(&mut self, key: &str, table: &dyn TableLike, span: Option<std::ops::Range<usize>>) {
        if let Some((other, _)) = table.iter().find(|(name, _)| !matches!(*name, "value" | "from")) {
            return self.refuse(span, key, &format!("unknown key {other:?}, {EXPECTED}"));
        }
        let Some(item) = table.get("value") else { return self.refuse(span, key, EXPECTED) };
        let from = match table.get("from") {
            None => None,
            Some(from) => match day_of(from) {
                Some(day) => Some(day),
                None => return self.refuse(from.span(), key, "from is no date, expected a day such as 2016-01-01"),
            },
        };
        let value = json_of(item);
        if let Err(error) = self.registry.check(key, &value, self.conditions) {
            self.errors.push(self.source.error(item.span().or(span), error.to_string()));
        } else if self.stated.iter().any(|one| one.key == key && one.from == from) {
            self.refuse(span, key, "two values from the same day, expected one");
        } else {
            self.stated.push(StatedSetting { key: key.to_owned(), value, from });
        }
    }

    fn refuse(&mut self, span: Option<std::ops::Range<usize>>, key: &str, message: &str) {
        self.errors.push(self.source.error(span, format!("{key}: {message}")));
    }
}

/// A TOML date, or its text in quotes.
fn day_of(item: &Item) -> Option<Date> {
    let text = match item.as_datetime() {
        Some(time) => time.to_string(),
        None => item.as_str()?.to_owned(),
    };
    calendar::parse_date(&text).ok()
}
