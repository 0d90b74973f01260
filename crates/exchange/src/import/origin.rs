//! The import batch: where its records come from, and what that source does not have at all.

use engine::{LineChange, Plan, RecordPlan, Refused};
use model::Value;
use store::{Fault, Param, SessionExt};

use super::ImportError;
use super::names::{Common, Values};
use super::run::Run;
use crate::log::Log;

const BATCH: &str = "import_batch";

/// Fields and relations as `incident.solution`, whole record types by their name.
pub(super) fn absent(log: &Log) -> Vec<String> {
    let record = &log.mapping().record;
    let fields = log.absent().iter().map(|field| format!("{record}.{field}"));
    fields.chain(log.mapping().absent_types.iter().cloned()).collect()
}

impl Run<'_> {
    /// The batch that new records belong to; begun when the first of them is planned.
    pub(super) fn origin(&mut self) -> Result<i64, ImportError> {
        if let Some(id) = self.origin {
            return Ok(id);
        }
        let id = if self.options.dry_run { 0 } else { self.begin_origin()? };
        self.origin = Some(id);
        Ok(id)
    }

    fn begin_origin(&mut self) -> Result<i64, ImportError> {
        let absent = serde_json::Value::from(absent(self.log)).to_string();
        if self.options.resume {
            let sql = "SELECT max(id) FROM origin WHERE source = ? AND absent = ?";
            let params = [Param::Text(&self.common.source), Param::Text(&absent)];
            if let Some(id) = self.engine.reader()?.optional_int(sql, &params)? {
                return Ok(id);
            }
        }
        let recorded = self.record_batch()?;
        let (source, begun_at) = (self.common.source.clone(), self.common.recorded_at);
        Ok(self.engine.write(move |session| {
            let id = match recorded {
                Some(id) => id,
                None => session.one_int("SELECT coalesce(max(id), 0) + 1 FROM origin", &[])?,
            };
            let sql = "INSERT INTO origin (id, source, begun_at, absent) VALUES (?, ?, ?, ?)";
            session
                .execute(sql, &[Param::Int(id), Param::Text(&source), Param::Int(begun_at), Param::Text(&absent)])?;
            Ok(id)
        })?)
    }

    /// What the batch was stands in the ledger too: which files, read how, lacking what.
    fn record_batch(&mut self) -> Result<Option<i64>, ImportError> {
        let Some(record_type) = self.engine.model().shared(BATCH).cloned() else { return Ok(None) };
        let log = self.log;
        let mut values = Values::new(&record_type);
        values.set("source", Value::text(&self.common.source));
        values.set("format", Value::text(&log.mapping().name));
        values.set("zone", Value::text(log.zone()));
        let hashes: Vec<&str> = log.files().iter().map(|file| file.sha256.as_str()).collect();
        values.set("sha256", Value::text(hashes.join(" ")));
        // The act of importing is of today, whatever it brings.
        let common = Common { begins: self.common.recorded_at, ..self.common.clone() };
        let mut entry = common.first_entry(values.into_changes(), None, 0, &record_type);
        if let Some(slot) = record_type.slot("absent") {
            let (at, by) = (entry.happened_at, entry.actor);
            let line = |(pos, name): (i64, String)| LineChange::Add { slot, pos, values: vec![name.into()], at, by };
            entry.lines = (1..).zip(absent(log)).map(line).collect();
        }
        let record = RecordPlan { record_type, id: -1, expected: 0, entries: vec![entry], external: None };
        match self.engine.commit(Plan { records: vec![record], ..Plan::default() })? {
            Ok(committed) => Ok(Some(committed.real(-1))),
            Err(Refused::ReadOnly(why)) => Err(ImportError::ReadOnly(why)),
            Err(other) => Err(Fault::database(format!("the import batch could not be recorded: {other:?}")).into()),
        }
    }
}
