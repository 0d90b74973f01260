//! One record's ledger entries, oldest first, with what each changed. What may not be seen is left out whole: an
//! internal note, a hidden field, and for the public part everything but public comments and changes of state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::Value;
use store::{FOREVER, Fault, Param, Session};

use crate::opening::{self, from_json};
use crate::plan::EntryKind;
use crate::principal::Principal;
use crate::record::{Record, Time};

/// One change of one field: what it was before this entry, and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Field key, `escalations[2]` for a line, `link:kind:a:b` for a link.
    pub key: String,
    pub from: Value,
    pub to: Value,
    /// A line's or link's content, as the ledger holds it.
    pub detail: Option<serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: i64,
    pub leaf: Option<i64>,
    pub version: i64,
    pub kind: String,
    pub happened_at: i64,
    pub recorded_at: i64,
    pub claimed_at: Option<i64>,
    pub actor: Option<i64>,
    pub on_behalf: Option<i64>,
    pub channel: String,
    pub deviates: Option<String>,
    pub changes: Vec<Change>,
    pub comment: Option<Comment>,
    pub reason: Option<String>,
}

impl Entry {
    /// Whether the record begins with it: its first entry, or the one that a source told in the place of that.
    pub fn begins(&self) -> bool {
        self.version == 1 || self.kind == EntryKind::Create.as_str()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub public: bool,
    /// `None` once erased.
    pub text: Option<String>,
}

/// What stands for a value that was erased.
pub const ERASED: &str = "(erased)";

/// Entries that one record may show at once; the longest real history seen has 58.
const ENTRIES_MAX: i64 = 10_000;

/// All entries of a record that the reader may see, up to `time`; those that others replaced by then are left out.
pub fn of(session: &mut dyn Session, principal: &Principal, record: &Record, time: Time) -> Result<Vec<Entry>, Fault> {
    let entries = read(session, std::slice::from_ref(record), time, ENTRIES_MAX)?.remove(&record.id);
    Ok(shown(principal, record, entries.unwrap_or_default()))
}

/// Every entry of each of these records, up to `time`, whatever anybody may see.
pub fn whole(session: &mut dyn Session, records: &[Record], time: Time) -> Result<HashMap<i64, Vec<Entry>>, Fault> {
    read(session, records, time, i64::MAX)
}

fn read(
    session: &mut dyn Session,
    records: &[Record],
    time: Time,
    limit: i64,
) -> Result<HashMap<i64, Vec<Entry>>, Fault> {
    let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
    let by_id: HashMap<i64, &Record> = records.iter().map(|record| (record.id, record)).collect();
    let secrets = secrets(session, &ids)?;
    let (valid, known) = match time {
        Time::Live => (FOREVER, FOREVER - 1),
        Time::At { valid, known } => (valid, known),
    };
    let sql = format!(
        "SELECT e.id, l.idx, e.version, e.kind, e.happened_at, e.recorded_at, e.claimed_at, e.actor, e.on_behalf, e.channel, e.deviates, e.opening, e.record \
         FROM entry e LEFT JOIN leaf l ON l.entry = e.id WHERE e.record IN ({}) AND e.happened_at <= ? AND e.recorded_at <= ? AND e.known_to > ? \
          ORDER BY e.record, e.version LIMIT ?",
        vec!["?"; ids.len()].join(", ")
    );
    let params: Vec<Param<'_>> = ids.iter().chain(&[valid, known, known, limit]).map(|n| Param::Int(*n)).collect();
    let mut found: HashMap<i64, Vec<Entry>> = HashMap::with_capacity(ids.len());
    session.query(&sql, &params, &mut |row| {
        let (_, fields) = opening::parse(row.need_text(11)?)?;
        let mut entry = Entry {
            id: row.need_int(0)?,
            leaf: row.int(1)?,
            version: row.need_int(2)?,
            kind: row.need_text(3)?.to_owned(),
            happened_at: row.need_int(4)?,
            recorded_at: row.need_int(5)?,
            claimed_at: row.int(6)?,
            actor: row.int(7)?,
            on_behalf: row.int(8)?,
            channel: row.need_text(9)?.to_owned(),
            deviates: row.text(10)?.map(str::to_owned),
            changes: Vec::new(),
            comment: None,
            reason: None,
        };
        let id = row.need_int(12)?;
        if let Some(record) = by_id.get(&id) {
            open_fields(record, &mut entry, fields, &secrets);
        }
        found.entry(id).or_default().push(entry);
        Ok(())
    })?;
    for (id, entries) in &mut found {
        if let Some(record) = by_id.get(id) {
            fill_before(record, entries);
        }
    }
    Ok(found)
}

type Secrets = BTreeMap<(i64, String), String>;

fn secrets(session: &mut dyn Session, records: &[i64]) -> Result<Secrets, Fault> {
    let marks = vec!["?"; records.len()].join(", ");
    let sql = format!(
        "SELECT s.entry, s.field, s.value FROM secret s JOIN entry e ON e.id = s.entry WHERE e.record IN ({marks})"
    );
    let params: Vec<Param<'_>> = records.iter().map(|id| Param::Int(*id)).collect();
    let mut found = Secrets::new();
    session.query(&sql, &params, &mut |row| {
        found.insert((row.need_int(0)?, row.need_text(1)?.to_owned()), row.need_text(2)?.to_owned());
        Ok(())
    })?;
    Ok(found)
}

fn open_fields(
    record: &Record,
    entry: &mut Entry,
    fields: serde_json::Map<String, serde_json::Value>,
    secrets: &Secrets,
) {
    let public = fields.get(opening::COMMENT_PUBLIC).and_then(serde_json::Value::as_bool);
    for (key, json) in fields {
        let (key, json) = match key.strip_prefix('?') {
            None => (key, Some(json)),
            Some(secret) => {
                let opened =
                    secrets.get(&(entry.id, secret.to_owned())).and_then(|text| serde_json::from_str(text).ok());
                (secret.to_owned(), opened)
            }
        };
        let text = || json.as_ref().and_then(|j| j.as_str()).map(str::to_owned);
        match key.as_str() {
            opening::COMMENT_PUBLIC | opening::DEVIATES | opening::REPLACES => {}
            opening::COMMENT => entry.comment = Some(Comment { public: public.unwrap_or(false), text: text() }),
            opening::REASON => entry.reason = text(),
            _ => match record.record_type.field(&key) {
                Some(field) => {
                    let to = json.as_ref().map_or_else(|| Value::text(ERASED), |json| from_json(json, &field.kind));
                    entry.changes.push(Change { key, from: Value::Null, to, detail: None });
                }
                None => entry.changes.push(Change { key, from: Value::Null, to: Value::Null, detail: json }),
            },
        }
    }
}

/// What each field was before an entry: by the order in which things happened.
fn fill_before(record: &Record, entries: &mut [Entry]) {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|i| entries.get(*i).map(|e| (e.happened_at, e.id)));
    let mut now: BTreeMap<String, Value> = BTreeMap::new();
    for index in order {
        let Some(entry) = entries.get_mut(index) else { continue };
        for change in entry.changes.iter_mut().filter(|change| record.record_type.slot(&change.key).is_some()) {
            change.from = now.insert(change.key.clone(), change.to.clone()).unwrap_or(Value::Null);
        }
    }
}

fn shown(principal: &Principal, record: &Record, entries: Vec<Entry>) -> Vec<Entry> {
    let record_type = &record.record_type;
    let hidden: BTreeSet<&str> = principal
        .hidden(record_type)
        .into_iter()
        .filter_map(|slot| record_type.fields.get(slot))
        .map(|field| field.key.as_str())
        .collect();
    let public_only = principal.public_only(record_type);
    let plumbing = ["origin", "gaps", "created_by"];
    let mut shown = Vec::with_capacity(entries.len());
    for mut entry in entries {
        entry.changes.retain(|change| {
            let key = change.key.split(['[', ':']).next().unwrap_or_default();
            !hidden.contains(key) && !plumbing.contains(&key)
        });
        if public_only {
            let public = entry.comment.as_ref().is_some_and(|comment| comment.public);
            entry.changes.retain(|change| change.key == "state");
            entry.reason = None;
            if !public {
                entry.comment = None;
            }
            if !public && entry.changes.is_empty() {
                continue;
            }
        }
        shown.push(entry);
    }
    shown
}
