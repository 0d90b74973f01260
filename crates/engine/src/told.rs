//! What a record's entries said, read back from their openings: for whoever has to tell its history again.

use std::collections::{BTreeMap, HashMap};

use model::{Kind, RecordType, Slot, Value};
use serde_json::{Map, Value as Json};
use store::{FOREVER, Fault, Param, Session};

use crate::opening::{self, from_json};
use crate::plan::{Channel, EntryKind};
use crate::record::{Record, slot};

/// One entry of a record.
#[derive(Debug)]
pub(crate) struct Told {
    pub entry: i64,
    pub version: i64,
    pub happened_at: i64,
    pub recorded_at: i64,
    pub claimed_at: Option<i64>,
    /// Whether it is a row of a source, not an act here.
    pub imported: bool,
    /// Whether the record begins with it.
    pub begins: bool,
    /// Whether no later entry replaced it.
    pub stands: bool,
    pub state: Option<String>,
    pub deviates: Option<String>,
    pub changes: Vec<(Slot, Value)>,
    pub lines: Vec<ToldLine>,
}

/// What an entry did to the line at one place of a list.
#[derive(Debug)]
pub(crate) struct ToldLine {
    pub slot: Slot,
    pub pos: i64,
    /// Its columns with `at` and `by`, as the ledger holds them; none where it was taken away.
    pub content: Option<Map<String, Json>>,
}

impl ToldLine {
    /// Its columns, in the order in which the type declares them.
    pub fn values(&self, record_type: &RecordType) -> Option<Vec<Value>> {
        let content = self.content.as_ref()?;
        let Kind::Rows { columns, .. } = &record_type.fields.get(self.slot)?.kind else { return None };
        let value = |(key, kind)| content.get(key).map_or(Value::Null, |json| from_json(json, kind));
        Some(columns.iter().map(|column| value((&column.key, &column.kind))).collect())
    }
}

/// All entries of a record, in the order in which they hold.
pub(crate) fn read(session: &mut dyn Session, record_type: &RecordType, id: i64) -> Result<Vec<Told>, Fault> {
    let mut apart: HashMap<(i64, String), Json> = HashMap::new();
    let sql = "SELECT s.entry, s.field, s.value FROM secret s JOIN entry e ON e.id = s.entry WHERE e.record = ?";
    session.query(sql, &[Param::Int(id)], &mut |row| {
        let value = serde_json::from_str(row.need_text(2)?).map_err(|_| Fault::ledger("a secret does not parse"))?;
        apart.insert((row.need_int(0)?, row.need_text(1)?.to_owned()), value);
        Ok(())
    })?;
    let mut all = Vec::new();
    let sql = "SELECT id, version, happened_at, recorded_at, claimed_at, channel, kind, known_to, into_state, deviates, opening \
               FROM entry WHERE record = ? ORDER BY happened_at, id";
    session.query(sql, &[Param::Int(id)], &mut |row| {
        let mut told = Told {
            entry: row.need_int(0)?,
            version: row.need_int(1)?,
            happened_at: row.need_int(2)?,
            recorded_at: row.need_int(3)?,
            claimed_at: row.int(4)?,
            imported: row.need_text(5)? == Channel::Import.as_str(),
            begins: row.need_int(1)? == 1 || row.need_text(6)? == EntryKind::Create.as_str(),
            stands: row.need_int(7)? == FOREVER,
            state: row.text(8)?.map(str::to_owned),
            deviates: row.text(9)?.map(str::to_owned),
            changes: Vec::new(),
            lines: Vec::new(),
        };
        for (key, json) in opening::parse(row.need_text(10)?)?.1 {
            let opened = key.strip_prefix('?').map(|key| {
                let value = apart.remove(&(told.entry, key.to_owned())).unwrap_or(Json::Null);
                (key.to_owned(), value)
            });
            let (key, json) = opened.unwrap_or((key, json));
            told.take(record_type, &key, json);
        }
        all.push(told);
        Ok(())
    })?;
    Ok(all)
}

impl Told {
    fn take(&mut self, record_type: &RecordType, key: &str, json: Json) {
        if let Some((field, pos)) = key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            if let (Some(slot), Ok(pos)) = (record_type.slot(field), pos.parse()) {
                let content = if let Json::Object(content) = json { Some(content) } else { None };
                self.lines.push(ToldLine { slot, pos, content });
            }
        } else if let Some((slot, field)) =
            record_type.slot(key).and_then(|slot| Some((slot, record_type.fields.get(slot)?)))
            && field.kind.is_column()
        {
            self.changes.push((slot, from_json(&json, &field.kind)));
        }
    }

    /// Does to a record what the entry did.
    pub fn apply_to(&self, record: &mut Record) {
        for (slot, value) in &self.changes {
            record.set(*slot, value.clone());
        }
        record.set(slot::VERSION, Value::Int(self.version));
        record.set(slot::UPDATED_AT, Value::Instant(self.happened_at));
    }
}

/// The lines of each rows field as they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(BTreeMap<Slot, Standing>);

#[derive(Clone, Debug, Default)]
struct Standing {
    /// By place.
    lines: Vec<(i64, Vec<Value>)>,
    /// The highest place that a line ever had: a place is used once, since a line's history is found under it.
    highest: i64,
    /// Places whose lines are to be told again.
    again: Vec<(i64, Vec<Value>)>,
}

impl Lines {
    /// Keeps places free that were ever used.
    pub fn keep_places(&mut self, told: &Told) {
        for line in &told.lines {
            let standing = self.0.entry(line.slot).or_default();
            standing.highest = standing.highest.max(line.pos);
        }
    }

    /// The lines of this entry get their places again when somebody states them.
    pub fn expect_again(&mut self, record_type: &RecordType, told: &Told) {
        for line in &told.lines {
            let standing = self.0.entry(line.slot).or_default();
            standing.again.extend(line.values(record_type).map(|values| (line.pos, values)));
        }
    }

    pub fn apply(&mut self, record_type: &RecordType, told: &Told) {
        for line in &told.lines {
            let standing = self.0.entry(line.slot).or_default();
            standing.lines.retain(|(pos, _)| *pos != line.pos);
            standing.lines.extend(line.values(record_type).map(|values| (line.pos, values)));
            standing.highest = standing.highest.max(line.pos);
        }
    }

    /// Whether exactly these lines stand, in whatever order.
    pub fn are(&self, slot: Slot, stated: &[Vec<Value>]) -> bool {
        let present = self.0.get(&slot).map_or(&[][..], |standing| &standing.lines);
        let stand = |values: &Vec<Value>| present.iter().any(|(_, present)| present == values);
        stated.iter().all(stand) && present.iter().all(|(_, values)| stated.contains(values))
    }

    /// Takes away what is not stated; the places of the lines that went.
    pub fn keep_only(&mut self, slot: Slot, stated: &[Vec<Value>]) -> Vec<i64> {
        let standing = self.0.entry(slot).or_default();
        let (stay, go) =
            std::mem::take(&mut standing.lines).into_iter().partition(|(_, values)| stated.contains(values));
        standing.lines = stay;
        let go: Vec<(i64, Vec<Value>)> = go;
        go.into_iter().map(|(pos, _)| pos).collect()
    }

    /// Adds a line; its place, or none where it stands already.
    pub fn add(&mut self, slot: Slot, values: &[Value]) -> Option<i64> {
        let standing = self.0.entry(slot).or_default();
        if standing.lines.iter().any(|(_, present)| present == values) {
            return None;
        }
        let again = standing.again.iter().position(|(_, before)| before == values);
        let pos = match again.map(|place| standing.again.remove(place)) {
            Some((pos, _)) => pos,
            None => standing.highest + 1,
        };
        standing.highest = standing.highest.max(pos);
        standing.lines.push((pos, values.to_vec()));
        Some(pos)
    }
}
