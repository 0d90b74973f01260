//! The examples of the checks, judged in memory: each has the verdict that it claims. On the databases they are run by
//! the crate that owns verdicts; here it is shown that the records say what they are meant to say.

use std::collections::{BTreeMap, HashMap};

use calendar::Span;
use model::condition::{
    Condition, Context, EntryFact, MapFacts, Period, Purpose, Scope, SettingSpan, SettingValue, StepFacts, Subject,
    Truth,
};
use model::{Kind, Model, RelationSource, Value};
use toml_edit::{Datetime, Document, InlineTable, Item, Table};

use crate::desk::{at, model};

const BATCH: i64 = 7;

/// The period and the instant of asking, which all examples share.
fn context() -> Context {
    let (start, end) = (at("2026-03-01 00:00"), at("2026-04-01 00:00"));
    let period = Period { start, end, start_day: start / calendar::DAY, end_day: end / calendar::DAY };
    Context {
        purpose: Purpose::Check,
        now: end,
        today: end / calendar::DAY,
        period: Some(period),
        ..Context::default()
    }
}

fn instant(time: &Datetime) -> Value {
    Value::Instant(at(time.to_string().trim_end_matches('Z')))
}

struct World<'m> {
    model: &'m Model,
    ids: BTreeMap<String, i64>,
    facts: MapFacts,
    steps: Vec<(String, StepFacts)>,
}

impl World<'_> {
    fn add(&mut self, id: i64, record: &InlineTable) {
        let record_type = self.model.get(record["type"].as_str().unwrap()).unwrap();
        let begins =
            record.get("raised_at").map_or(Value::Instant(at("2026-03-01 08:00")), |v| self.value(&Kind::Instant, v));
        let flag = |key: &str| record.get(key).is_some_and(|value| value.as_bool() == Some(true));
        let mut fields: Vec<(&str, Value)> =
            record_type.fields.iter().filter_map(|field| Some((field.key.as_str(), field.default.clone()?))).collect();
        fields.extend([("raised_at", begins.clone()), ("gaps", flag("gaps").into())]);
        fields.push(("origin", Value::Int(if flag("imported") { BATCH } else { 0 })));
        for (key, value) in record.iter().filter(|(key, _)| !["type", "id", "imported", "gaps"].contains(key)) {
            if let Some(field) = record_type.field(key) {
                match &field.kind {
                    Kind::Rows { columns, scalar } => {
                        let line = |line: &toml_edit::Value| {
                            let own = |key: &str| line.as_inline_table().and_then(|line| line.get(key));
                            let cell = |column: &model::Field| match own(&column.key) {
                                Some(cell) => self.value(&column.kind, cell),
                                None if *scalar => self.value(&column.kind, line),
                                None => Value::Null,
                            };
                            let mut row: Vec<Value> = columns.iter().map(cell).collect();
                            let when = own("at").map_or(begins.clone(), |at| self.value(&Kind::Instant, at));
                            row.extend([when.clone(), own("by").map_or(Value::Null, |by| self.link(by)), when]);
                            row
                        };
                        let rows = value.as_array().unwrap().iter().map(line).collect();
                        self.facts.rows.insert((id, key.to_owned()), rows);
                    }
                    kind => fields.push((&field.key, self.value(kind, value))),
                }
            } else if let Some(relation) = record_type.relation(key) {
                let RelationSource::Links { kind, .. } = &relation.source else { panic!("{key}") };
                let to = value.as_array().unwrap().iter().map(|to| self.link(to).as_int().unwrap());
                let links: Vec<_> = to.map(|to| (kind.clone(), id, to)).collect();
                self.facts.links.extend(links);
            }
        }
        self.facts.add(self.model, &record_type.name, id, &fields);
        let entries = record.get("entries").and_then(|entries| entries.as_array());
        for entry in entries.into_iter().flatten().map(|entry| entry.as_inline_table().unwrap()) {
            self.enter(id, &record_type.name, entry);
        }
    }

    fn enter(&mut self, id: i64, record_type: &str, entry: &InlineTable) {
        let happened = self.value(&Kind::Instant, &entry["at"]).as_int().unwrap();
        let by = entry.get("by").and_then(|by| self.link(by).as_int());
        let into = entry.get("into").and_then(|into| into.as_str()).map(str::to_owned);
        let fact = EntryFact { at: happened, by, counted_at: happened, kind: "comment".to_owned() };
        self.facts.entries.entry(id).or_default().push((into.clone(), fact));
        if let Some(to) = into {
            let kind = "step".to_owned();
            let step = StepFacts {
                record: id,
                from: None,
                to,
                at: happened,
                counted_at: happened,
                first: true,
                kind,
                deviates: false,
            };
            self.steps.push((record_type.to_owned(), step));
        }
    }

    fn link(&self, name: &toml_edit::Value) -> Value {
        Value::Link(*self.ids.get(name.as_str().unwrap()).unwrap_or_else(|| panic!("nothing is called {name}")))
    }

    fn value(&self, kind: &Kind, value: &toml_edit::Value) -> Value {
        match kind {
            Kind::Instant => instant(value.as_datetime().unwrap()),
            Kind::Duration => Value::Duration(value.as_str().unwrap().parse::<Span>().unwrap().exact().unwrap()),
            Kind::Boolean => Value::Bool(value.as_bool().unwrap()),
            Kind::Integer { .. } => Value::Int(value.as_integer().unwrap()),
            kind if kind.is_link() => self.link(value),
            _ => Value::text(value.as_str().unwrap()),
        }
    }
}

fn inline(table: &Table) -> InlineTable {
    table.clone().into_inline_table()
}

fn records(of: &Item) -> Vec<InlineTable> {
    match of.as_array_of_tables() {
        Some(tables) => tables.iter().map(inline).collect(),
        None => of.as_array().unwrap().iter().map(|record| record.as_inline_table().unwrap().clone()).collect(),
    }
}

fn settings(example: &Table) -> HashMap<String, Vec<SettingSpan>> {
    let stated = example.get("settings").and_then(Item::as_table_like);
    let span = |item: &Item| {
        let stated = item.as_table_like().unwrap();
        let duration = stated.get("value").and_then(Item::as_str).and_then(|text| text.parse::<Span>().ok()?.exact());
        let value = SettingValue::Scalar(duration.map_or(Value::Bool(true), Value::Duration));
        let day = stated.get("from").and_then(Item::as_datetime).unwrap().to_string();
        vec![SettingSpan { from: at(&format!("{day} 00:00")), until: i64::MAX, value }]
    };
    stated.into_iter().flat_map(|s| s.iter()).map(|(key, item)| (key.to_owned(), span(item))).collect()
}

#[test]
fn each_example_has_the_verdict_that_it_claims() {
    let model = model();
    let checks: Vec<Document<&str>> =
        crate::check_files().iter().map(|(_, text)| Document::parse(*text).unwrap()).collect();
    let checks: Vec<&Table> = checks.iter().flat_map(|file| file["check"].as_array_of_tables().unwrap()).collect();
    for (_, text) in crate::example_files() {
        let file = Document::parse(text).unwrap();
        for example in file["example"].as_array_of_tables().unwrap() {
            let check = checks.iter().find(|check| check["id"].as_str() == example["check"].as_str()).unwrap();
            let all: Vec<InlineTable> = records(&file["cast"]).into_iter().chain(records(&example["record"])).collect();
            let says = format!("{}: {}", example["check"], example["says"]);
            assert_eq!(verdict(&model, check, example, &all), [example["verdict"].as_str().unwrap()], "{says}");
        }
    }
}

/// The verdict on each subject.
fn verdict(model: &Model, check: &Table, example: &Table, records: &[InlineTable]) -> Vec<&'static str> {
    let named = (1_i64..).zip(records).filter_map(|(id, record)| Some((record.get("id")?.as_str()?.to_owned(), id)));
    let mut world = World { model, ids: named.collect(), facts: MapFacts::default(), steps: Vec::new() };
    for (id, record) in (1_i64..).zip(records) {
        world.add(id, record);
    }
    let mut cx = context();
    cx.settings = settings(example);
    let lacks = example.get("lacks").and_then(Item::as_array);
    let lacked = lacks.into_iter().flatten().map(|name| name.as_str().unwrap().split_once('.').unwrap());
    cx.lacking = lacked.map(|(of, name)| ((of.to_owned(), name.to_owned()), vec![BATCH])).collect();
    world.facts.setting_versions = cx.settings.values().flatten().map(|span| (span.from, None)).collect();
    let undecided =
        check["setting"].as_array().unwrap().iter().any(|key| !cx.settings.contains_key(key.as_str().unwrap()));
    let text = |key: &str| check[key].as_str().unwrap();
    let (scope, subjects) = population(&world, text("over"));
    let scope = scope.with_period().for_check();
    let (when, pass) =
        (Condition::parse(text("when"), &scope).unwrap(), Condition::parse(text("pass"), &scope).unwrap());
    let mut verdicts = Vec::new();
    for subject in subjects {
        let gaps = matches!(&subject, Subject::Record(id) if has_gaps(model, &world.facts, *id));
        let chosen = when.eval(&subject, &mut world.facts, &cx).unwrap();
        if chosen == Truth::False {
            continue;
        }
        let passed = pass.eval(&subject, &mut world.facts, &cx).unwrap();
        verdicts.push(match (chosen, passed) {
            (Truth::True, Truth::True) => "pass",
            (Truth::True, Truth::False) if !gaps && !undecided => "fail",
            _ => "not-determinable",
        });
    }
    verdicts
}

fn has_gaps(model: &Model, facts: &MapFacts, id: i64) -> bool {
    let found = facts.records.get(&id).and_then(|(name, values)| values.get(model.get(name)?.slot("gaps")?));
    found == Some(&Value::Bool(true))
}

fn population<'m>(world: &World<'m>, over: &str) -> (Scope<'m>, Vec<Subject>) {
    match over.split_once('.') {
        Some((name, "record")) => {
            let subjects = world.facts.records.iter().filter(|(_, (of, _))| of == name);
            (Scope::record(world.model, name), subjects.map(|(id, _)| Subject::Record(*id)).collect())
        }
        Some((name, "step")) => {
            let subjects = world.steps.iter().filter(|(of, _)| of == name);
            (Scope::step(world.model, name), subjects.map(|(_, step)| Subject::Step(step.clone())).collect())
        }
        _ => (Scope::values(world.model), vec![Subject::Nothing]),
    }
}
