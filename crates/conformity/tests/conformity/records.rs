//! Records written as stated, derived fields included, past every behaviour: what checks are shown in tests.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{Channel, Engine, EntryKind, EntryPlan, LineChange, LinkChange, Plan, RecordPlan, StepPlan};
use model::{Kind, RecordType, RelationSource, Slot, Value};
use store::Param;
use toml_edit::{Item, TableLike};

use crate::house::instant;

/// Records of one example, on their way into one plan.
pub struct Writing<'e> {
    engine: &'e Engine,
    begins: i64,
    says: String,
    ids: HashMap<String, i64>,
    origin: i64,
    plan: Plan,
}

impl<'e> Writing<'e> {
    pub fn new(engine: &'e Engine, begins: i64, says: &str, lacks: Vec<String>) -> Self {
        let origin = if lacks.is_empty() { 0 } else { 77 };
        if origin != 0 {
            let absent = serde_json::to_string(&lacks).unwrap();
            let work = move |session: &mut dyn store::Session| {
                let sql = "INSERT INTO origin (id, source, begun_at, absent) VALUES (?, ?, ?, ?)";
                let params = [Param::Int(origin), Param::Text("elsewhere"), Param::Int(0), Param::Text(&absent)];
                session.execute(sql, &params).map(drop)
            };
            engine.write(work).unwrap();
        }
        Self {
            engine,
            begins,
            says: says.to_owned(),
            ids: HashMap::new(),
            origin: origin.max(1),
            plan: Plan::default(),
        }
    }

    /// Of a source that is known already.
    pub fn from_origin(engine: &'e Engine, begins: i64, says: &str, origin: i64) -> Self {
        Self { engine, begins, says: says.to_owned(), ids: HashMap::new(), origin, plan: Plan::default() }
    }

    pub fn record(&mut self, table: &dyn TableLike) {
        let name = text(table, "type").unwrap_or_else(|| panic!("{}: a record without type", self.says));
        let record_type = self.engine.model().shared(&name).unwrap_or_else(|| panic!("no type {name}")).clone();
        let id = -1 - i64::try_from(self.plan.records.len()).unwrap();
        if let Some(key) = text(table, "id") {
            self.ids.insert(key, id);
        }
        let begins = table.get("raised_at").map_or(self.begins, at);
        let imported = table.get("imported").and_then(Item::as_bool).unwrap_or(false);
        let mut first = entry(EntryKind::Create, begins, begins, None);
        self.begin(&mut first, &record_type, table, begins, imported);
        let mut later = Vec::new();
        for (key, item) in table.iter() {
            if !["type", "id", "state", "raised_at", "imported", "gaps", "entries"].contains(&key) {
                self.stated(&record_type, (id, begins), (key, item), &mut first, &mut later);
            }
        }
        let mut state = first.state.clone();
        for act in items(table.get("entries")) {
            let happened = act.get("at").map(at).unwrap();
            let recorded = act.get("recorded_at").map_or(happened, at);
            let mut one = entry(EntryKind::Change, happened, recorded, text(act, "by").map(|by| self.named(&by)));
            if let Some(into) = text(act, "into") {
                one.kind = EntryKind::Step;
                one.changes.push((record_type.state_slot().unwrap(), Value::text(&into)));
                one.step = Some(StepPlan { from: state.replace(into.clone()), to: into.clone() });
                one.state = Some(into);
            }
            later.push(one);
        }
        later.sort_by_key(|one| one.happened_at);
        let entries = std::iter::once(first).chain(later).collect();
        self.plan.records.push(RecordPlan { record_type, id, expected: 0, entries, external: None });
    }

    pub fn setting(&mut self, key: &str, value: &serde_json::Value, from: i64) {
        let record_type = self.engine.model().shared("setting").unwrap().clone();
        let id = -1 - i64::try_from(self.plan.records.len()).unwrap();
        let mut first = entry(EntryKind::Create, from, from, None);
        for (name, value) in [
            ("key", Value::text(key)),
            ("value", Value::text(value.to_string())),
            ("from", Value::Instant(from)),
            ("raised_at", Value::Instant(from)),
        ] {
            first.changes.push((record_type.slot(name).unwrap(), value));
        }
        self.plan.records.push(RecordPlan { record_type, id, expected: 0, entries: vec![first], external: None });
    }

    pub fn commit(self) {
        self.engine.commit(self.plan).unwrap_or_else(|e| panic!("{}: {e}", self.says)).unwrap();
    }

    fn named(&self, name: &str) -> i64 {
        *self.ids.get(name).unwrap_or_else(|| panic!("{}: nothing is called {name}", self.says))
    }

    /// What every record begins with, and the model's defaults.
    fn begin(
        &self,
        first: &mut EntryPlan,
        record_type: &Arc<RecordType>,
        table: &dyn TableLike,
        begins: i64,
        imported: bool,
    ) {
        let mut set = |key: &str, value: Value| {
            if let Some(slot) = record_type.slot(key) {
                first.changes.push((slot, value));
            }
        };
        set("raised_at", Value::Instant(begins));
        set("origin", Value::Int(if imported { self.origin } else { 0 }));
        set("gaps", Value::Bool(table.get("gaps").and_then(Item::as_bool).unwrap_or(false)));
        for field in &record_type.fields {
            let stated = table.contains_key(&field.key);
            // A source that lacks a field does not give it our default.
            if let (Some(value), false, false) = (&field.default, stated, imported) {
                set(&field.key, value.clone());
            }
            if field.required && !stated && field.kind.is_text() && field.default.is_none() {
                set(&field.key, Value::text(&self.says));
            }
        }
        if let Some(lifecycle) = &record_type.lifecycle {
            let state = text(table, "state").unwrap_or_else(|| lifecycle.initial.clone());
            set("state", Value::text(&state));
            first.step = Some(StepPlan { from: None, to: state.clone() });
            first.state = Some(state);
        }
    }

    fn stated(
        &self,
        record_type: &Arc<RecordType>,
        (id, begins): (i64, i64),
        (key, item): (&str, &Item),
        first: &mut EntryPlan,
        later: &mut Vec<EntryPlan>,
    ) {
        if let Some(relation) = record_type.relation(key) {
            let RelationSource::Links { kind, forward, .. } = &relation.source else {
                panic!("{key} is no list of links")
            };
            for other in item.as_array().unwrap() {
                let other = self.named(other.as_str().unwrap());
                let (a, b) = if *forward { (id, other) } else { (other, id) };
                first.links.push(LinkChange { kind: kind.clone(), a, b, add: true });
            }
            return;
        }
        let slot = record_type.slot(key).unwrap_or_else(|| panic!("{}: {} has no {key}", self.says, record_type.name));
        let field = &record_type.fields[slot];
        let Kind::Rows { columns, scalar } = &field.kind else {
            first.changes.push((slot, self.value(&field.kind, item)));
            return;
        };
        if *scalar {
            for (pos, value) in item.as_array().unwrap().iter().enumerate() {
                let values = vec![self.value(&columns[0].kind, &Item::Value(value.clone()))];
                first.lines.push(line(slot, pos, values, begins, None));
            }
            return;
        }
        for (pos, act) in items(Some(item)).into_iter().enumerate() {
            let happened = act.get("at").map_or(begins, at);
            let counted = act.get("counted_at").map_or(happened, at);
            let by = text(act, "by").map(|by| self.named(&by));
            let values = columns.iter().map(|c| act.get(&c.key).map_or(Value::Null, |item| self.value(&c.kind, item)));
            let added = line(slot, pos, values.collect(), happened, by);
            if counted == begins {
                first.lines.push(added);
            } else {
                let mut one = entry(EntryKind::Change, happened, counted, by);
                one.lines.push(added);
                later.push(one);
            }
        }
    }

    fn value(&self, kind: &Kind, item: &Item) -> Value {
        match kind {
            Kind::Instant => Value::Instant(at(item)),
            Kind::Date => Value::Date(engine::input::days(item.as_datetime().unwrap().to_string().parse().unwrap())),
            Kind::Boolean => Value::Bool(item.as_bool().unwrap()),
            Kind::Integer { .. } => Value::Int(item.as_integer().unwrap()),
            Kind::Duration => Value::Duration(engine::input::duration(item.as_str().unwrap()).unwrap()),
            Kind::Link { .. } | Kind::ListValue { .. } => Value::Link(self.named(item.as_str().unwrap())),
            _ => Value::text(item.as_str().unwrap()),
        }
    }
}

fn line(slot: Slot, pos: usize, values: Vec<Value>, at: i64, by: Option<i64>) -> LineChange {
    LineChange::Add { slot, pos: i64::try_from(pos).unwrap() + 1, values, at, by }
}

pub fn entry(kind: EntryKind, happened_at: i64, recorded_at: i64, actor: Option<i64>) -> EntryPlan {
    EntryPlan {
        kind,
        recorded_at,
        happened_at,
        claimed_at: None,
        actor,
        on_behalf: None,
        grant: None,
        channel: Channel::Api,
        request: None,
        changes: Vec::new(),
        lines: Vec::new(),
        links: Vec::new(),
        step: None,
        comment: None,
        deviates: None,
        reason: None,
        state: None,
        replaces: Vec::new(),
    }
}

pub fn text(table: &dyn TableLike, key: &str) -> Option<String> {
    table.get(key).and_then(Item::as_str).map(str::to_owned)
}

pub fn at(item: &Item) -> i64 {
    let text = item.as_datetime().unwrap().to_string();
    instant(&if text.len() == 10 { format!("{text}T00:00:00Z") } else { text })
}

/// The tables of a list, however it is written.
pub fn items(item: Option<&Item>) -> Vec<&dyn TableLike> {
    match item {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Some(Item::Value(value)) => {
            let list = value.as_array().into_iter().flatten();
            list.filter_map(|value| value.as_inline_table()).map(|table| table as &dyn TableLike).collect()
        }
        _ => Vec::new(),
    }
}
