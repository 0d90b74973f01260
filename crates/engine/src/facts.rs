//! The facts that conditions are evaluated over in memory, read from the store; a draft stands in for its record.

use std::collections::HashMap;

use model::condition::{EntryFact, Facts, FactsError, RecordRef, Row};
use model::{Model, Slot, Value};
use store::schema::quoted;
use store::{FOREVER, Param, Session};

use crate::draft::Draft;
use crate::plan::LineChange;
use crate::record::{Record, Time, load, load_lines, padded_number};

/// Records that a collection may have when it is walked in memory. Checks over more go by SQL.
const COLLECTION_MAX: u32 = 2_000_000;

pub struct StoreFacts<'a> {
    model: &'a Model,
    session: &'a mut dyn Session,
    time: Time,
    draft: Option<&'a Draft>,
    setting_versions: Vec<(i64, Option<i64>)>,
    records: HashMap<(String, i64, Option<i64>), Option<Record>>,
}

impl<'a> StoreFacts<'a> {
    pub fn new(model: &'a Model, session: &'a mut dyn Session, time: Time) -> Self {
        Self { model, session, time, draft: None, setting_versions: Vec::new(), records: HashMap::new() }
    }

    /// The draft stands in for its record.
    #[must_use]
    pub fn with_draft(mut self, draft: &'a Draft) -> Self {
        self.draft = Some(draft);
        self
    }

    /// The spans of the population's own setting, for `criteria_versions`.
    #[must_use]
    pub fn with_setting_versions(mut self, versions: Vec<(i64, Option<i64>)>) -> Self {
        self.setting_versions = versions;
        self
    }

    /// Forgets what was read, for the next batch of subjects.
    pub fn forget(&mut self) {
        self.records.clear();
    }

    fn time_of(&self, at: Option<i64>) -> Time {
        match (at, self.time) {
            (Some(valid), Time::At { known, .. }) => Time::At { valid, known },
            (Some(valid), Time::Live) => Time::At { valid, known: FOREVER - 1 },
            (None, time) => time,
        }
    }

    fn drafted(&self, of: &RecordRef<'_>) -> Option<&'a Draft> {
        self.draft.filter(|draft| {
            of.at.is_none() && draft.after.id == of.id && draft.after.record_type.name == of.record_type
        })
    }

    fn record(&mut self, of: &RecordRef<'_>) -> Result<Option<&Record>, FactsError> {
        let key = (of.record_type.to_owned(), of.id, of.at);
        if !self.records.contains_key(&key) {
            let found = match self.model.shared(of.record_type) {
                Some(record_type) => {
                    let time = self.time_of(of.at);
                    load(self.session, record_type, of.id, time)?
                }
                None => None,
            };
            self.records.insert(key.clone(), found);
        }
        Ok(self.records.get(&key).and_then(Option::as_ref))
    }

    fn ids(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<i64>, FactsError> {
        let mut ids = Vec::new();
        self.session.query(sql, params, &mut |row| {
            ids.push(row.need_int(0)?);
            Ok(())
        })?;
        Ok(ids)
    }
}

impl Facts for StoreFacts<'_> {
    fn field(&mut self, of: RecordRef<'_>, slot: Slot, _key: &str) -> Result<Value, FactsError> {
        if let Some(draft) = self.drafted(&of) {
            return Ok(draft.after.get(slot).clone());
        }
        Ok(self.record(&of)?.map_or(Value::Null, |record| record.get(slot).clone()))
    }

    fn rows(&mut self, of: RecordRef<'_>, slot: Slot, _key: &str) -> Result<Vec<Row>, FactsError> {
        let Some(record_type) = self.model.get(of.record_type) else { return Ok(Vec::new()) };
        let mut lines = match of.id {
            id if id > 0 => {
                let time = self.time_of(of.at);
                load_lines(self.session, record_type, slot, id, time)?
            }
            _ => Vec::new(),
        };
        if let Some(draft) = self.drafted(&of) {
            for change in &draft.lines {
                match change {
                    LineChange::Remove { slot: s, pos } if *s == slot => lines.retain(|line| line.pos != *pos),
                    LineChange::Add { slot: s, pos, values, at, by } if *s == slot => lines.push(crate::record::Line {
                        pos: *pos,
                        at: *at,
                        by: *by,
                        counted_at: draft.recorded_at,
                        values: values.clone(),
                    }),
                    _ => {}
                }
            }
        }
        let row = |line: crate::record::Line| {
            let mut values = line.values;
            values.extend([
                Value::Instant(line.at),
                line.by.map_or(Value::Null, Value::Link),
                Value::Instant(line.counted_at),
            ]);
            values
        };
        Ok(lines.into_iter().map(row).collect())
    }

    fn linked(&mut self, of: RecordRef<'_>, kind: &str, forward: bool, _to: &[String]) -> Result<Vec<i64>, FactsError> {
        let (here, there) = if forward { ("a", "b") } else { ("b", "a") };
        let (holds, times) = self.time_of(of.at).holding();
        let sql = format!("SELECT {there} FROM link WHERE {here} = ? AND kind = ? AND {holds}");
        let mut params = vec![Param::Int(of.id), Param::Text(kind)];
        params.extend(times.into_iter().map(Param::Int));
        self.ids(&sql, &params)
    }

    fn pointing(
        &mut self,
        of: RecordRef<'_>,
        record_type: &str,
        _slot: Slot,
        key: &str,
    ) -> Result<Vec<i64>, FactsError> {
        let key = quoted(key);
        match self.time_of(of.at) {
            Time::Live => {
                let sql = format!("SELECT id FROM {} WHERE {key} = ?", quoted(record_type));
                self.ids(&sql, &[Param::Int(of.id)])
            }
            Time::At { .. } => {
                let (holds, times) = self.time_of(of.at).holding();
                let sql = format!("SELECT id FROM {} WHERE {key} = ? AND {holds}", quoted(&format!("{record_type}_v")));
                let mut params = vec![Param::Int(of.id)];
                params.extend(times.into_iter().map(Param::Int));
                self.ids(&sql, &params)
            }
        }
    }

    fn entries(&mut self, of: RecordRef<'_>, except_into: &[String]) -> Result<Vec<EntryFact>, FactsError> {
        let (valid, known) = match self.time_of(of.at) {
            Time::Live => (FOREVER, FOREVER - 1),
            Time::At { valid, known } => (valid, known),
        };
        let sql = "SELECT happened_at, coalesce(on_behalf, actor), coalesce(claimed_at, recorded_at), kind, into_state FROM entry \
                   WHERE record = ? AND version > 1 AND kind <> 'create' AND happened_at <= ? AND recorded_at <= ? AND known_to > ? ORDER BY version";
        let mut entries = Vec::new();
        self.session.query(sql, &[of.id, valid, known, known].map(Param::Int), &mut |row| {
            let into = row.text(4)?;
            if into.is_none_or(|state| !except_into.iter().any(|except| except == state)) {
                let (at, counted_at) = (row.need_int(0)?, row.need_int(2)?);
                entries.push(EntryFact { at, by: row.int(1)?, counted_at, kind: row.need_text(3)?.to_owned() });
            }
            Ok(())
        })?;
        Ok(entries)
    }

    fn collection(&mut self, record_type: &str) -> Result<Vec<i64>, FactsError> {
        match self.time {
            Time::Live => self.ids(&format!("SELECT id FROM {} LIMIT {COLLECTION_MAX}", quoted(record_type)), &[]),
            Time::At { .. } => {
                let (holds, times) = self.time.holding();
                let sql = format!(
                    "SELECT id FROM {} WHERE {holds} LIMIT {COLLECTION_MAX}",
                    quoted(&format!("{record_type}_v"))
                );
                let params: Vec<Param<'_>> = times.into_iter().map(Param::Int).collect();
                self.ids(&sql, &params)
            }
        }
    }

    fn by_number(&mut self, number: &str) -> Result<Option<i64>, FactsError> {
        let Some(number) = padded_number(number) else { return Ok(None) };
        Ok(self.ids("SELECT id FROM record WHERE number = ?", &[Param::Text(&number)])?.first().copied())
    }

    fn setting_versions(&mut self) -> Result<Vec<(i64, Option<i64>)>, FactsError> {
        Ok(self.setting_versions.clone())
    }
}
