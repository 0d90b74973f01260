//! The files of settings, read and checked.

use std::collections::HashMap;

use calendar::{BusinessDuration, Span};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use toml_edit::{Item, Table};

use super::{Range, Registry, Scope, Setting, Unit};
use crate::file::{Fields, LoadError, Source, only_these, tables};

const UNITS: [(&str, Unit); 10] = [
    ("interval", Unit::Interval),
    ("duration", Unit::Duration),
    ("business duration", Unit::BusinessDuration),
    ("share", Unit::Share),
    ("rule", Unit::Rule),
    ("condition", Unit::Condition),
    ("list", Unit::List),
    ("zone", Unit::Zone),
    ("week", Unit::Week),
    ("holidays", Unit::Holidays),
];

impl Registry {
    /// Reads the standard's settings and the organisation's own; each file is a pair of name (for messages) and text.
    pub fn load(standard: (&str, &str), own: (&str, &str)) -> Result<Self, LoadError> {
        let mut hash = Sha256::new();
        let mut registry = Self { settings: Vec::new(), by_key: HashMap::new(), hash: [0; 32] };
        for ((file, text), of_the_standard) in [(standard, true), (own, false)] {
            hash.update(text);
            registry.add_file(Source { file, text }, of_the_standard)?;
        }
        registry.hash = hash.finalize().into();
        Ok(registry)
    }

    fn add_file(&mut self, source: Source<'_>, of_the_standard: bool) -> Result<(), LoadError> {
        let document = source.parse()?;
        let root = document.as_table();
        only_these(source, root, &["meta", "setting"])?;
        let before = self.settings.len();
        for table in tables(root, "setting") {
            let setting = read_setting(source, table, of_the_standard)?;
            if self.contains(&setting.key) {
                return Err(source.error(table.span(), format!("setting {}: the key stands twice", setting.key)));
            }
            self.by_key.insert(setting.key.clone(), self.settings.len());
            self.settings.push(setting);
        }
        check_meta(source, root, self.settings.len() - before)
    }
}

fn check_meta(source: Source<'_>, root: &Table, counted: usize) -> Result<(), LoadError> {
    let meta = Fields::at(source, root, "meta")?;
    meta.text("settings_version")?;
    meta.text("catalogue_version")?;
    let stated = meta.count("setting_count")?;
    if stated != counted {
        let message = format!("setting_count is {stated}, but {counted} settings stand here");
        return Err(meta.error_at("setting_count", message));
    }
    meta.finish()
}

fn read_setting(source: Source<'_>, table: &Table, of_the_standard: bool) -> Result<Setting, LoadError> {
    let mut fields = Fields::of(source, table, "setting");
    let key = fields.text("key")?;
    fields.rename(format!("setting {key}"));
    if !is_key(&key) {
        return Err(fields.error_at("key", "expected a key like incident.closure_wait"));
    }
    let (unit, allowed) = (fields.word("unit", &UNITS)?, fields.text("allowed")?);
    let setting = Setting {
        key,
        label: fields.text("label")?,
        unit,
        scope: read_scope(&fields)?,
        range: read_range(&fields, unit, &allowed)?,
        allowed,
        used_by: fields.texts("used_by")?,
        practice_for: fields.texts("practice_for")?,
        decided_by: fields.text("decided_by")?,
        suggestion: read_suggestion(&fields)?,
        small: fields.optional_text("small")?,
        large: fields.optional_text("large")?,
        default: fields.get("default").map(json_of),
        of_the_standard,
    };
    if let Some(default) = &setting.default {
        if of_the_standard {
            return Err(fields.error_at("default", "the standard fixes no value, so its settings have no default"));
        }
        setting.check(default, &|_, _| Ok(())).map_err(|error| fields.error_at("default", error.message))?;
    }
    fields.finish()?;
    Ok(setting)
}

fn is_key(key: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    key.split_once('.').is_some_and(|(area, name)| word(area) && word(name))
}

fn read_scope(fields: &Fields<'_>) -> Result<Scope, LoadError> {
    let scope = fields.text("scope")?;
    match scope.strip_prefix("per ") {
        Some(subject) if !subject.is_empty() => Ok(Scope::Per(subject.to_owned())),
        _ if scope == "organization" => Ok(Scope::Organization),
        _ => Err(fields.error_at("scope", format!("scope is {scope:?}, expected \"organization\" or \"per …\""))),
    }
}

fn read_suggestion(fields: &Fields<'_>) -> Result<Option<String>, LoadError> {
    let Some(item) = fields.get("suggestion") else { return Ok(None) };
    match item.get("value").and_then(Item::as_str) {
        Some(value) => Ok(Some(value.to_owned())),
        None => Err(fields.error_at("suggestion", "expected { value = \"…\", basis = \"practice\" }")),
    }
}

/// `P1D..P12M`; words may follow after a comma.
fn read_range(fields: &Fields<'_>, unit: Unit, allowed: &str) -> Result<Option<Range>, LoadError> {
    let bad =
        || fields.error_at("allowed", format!("allowed is {allowed:?}, expected a range such as P1D..P12M or 0..1"));
    let time = |read: fn(&str) -> Option<i64>, from: &str, to: &str| Some(Range::Time(read(from)?, read(to)?));
    let ends = allowed.split(',').next().and_then(|range| range.split_once(".."));
    let range = match (unit, ends) {
        (Unit::Interval | Unit::Duration, Some((from, to))) => {
            time(|text| text.parse::<Span>().ok().map(|span| span.nominal()), from, to)
        }
        (Unit::BusinessDuration, Some((from, to))) => {
            time(|text| text.parse::<BusinessDuration>().ok().map(|span| span.nominal()), from, to)
        }
        (Unit::Share, Some((from, to))) => {
            from.parse().ok().zip(to.parse().ok()).map(|(from, to)| Range::Share(from, to))
        }
        (Unit::Interval | Unit::Duration | Unit::BusinessDuration | Unit::Share, None) => None,
        _ => return Ok(None),
    };
    range.map(Some).ok_or_else(bad)
}

/// A TOML value as JSON; dates and times as their text.
pub(super) fn json_of(item: &Item) -> Json {
    match item {
        Item::Value(value) => value_json(value),
        Item::Table(table) => table.iter().map(|(key, item)| (key.to_owned(), json_of(item))).collect(),
        Item::ArrayOfTables(tables) => {
            let object = |table: &Table| table.iter().map(|(key, item)| (key.to_owned(), json_of(item))).collect();
            Json::Array(tables.iter().map(object).collect())
        }
        Item::None => Json::Null,
    }
}

fn value_json(value: &toml_edit::Value) -> Json {
    use toml_edit::Value;
    match value {
        Value::String(text) => Json::String(text.value().clone()),
        Value::Integer(number) => Json::from(*number.value()),
        Value::Float(number) => Json::from(*number.value()),
        Value::Boolean(truth) => Json::from(*truth.value()),
        Value::Datetime(time) => Json::String(time.value().to_string()),
        Value::Array(items) => Json::Array(items.iter().map(value_json).collect()),
        Value::InlineTable(table) => table.iter().map(|(key, value)| (key.to_owned(), value_json(value))).collect(),
    }
}
