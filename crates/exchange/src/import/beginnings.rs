//! What rows only name begins with the source's first instant. A later export may begin earlier: then so do these.

use engine::{Plan, Refused, Time, load, plan_earlier_beginning};
use store::{FOREVER, Fault, Param, Session};

use super::ImportError;
use super::names::{Common, is_name};
use super::run::{BATCH_ROWS, Run, stopped};

impl Run<'_> {
    /// Tells of everything that the source named later than this log begins that it was there from then on.
    pub(super) fn begin_names_earlier(&mut self, session: &mut dyn Session) -> Result<(), ImportError> {
        if std::mem::replace(&mut self.names_begun, true) {
            return Ok(());
        }
        for batch in self.named_later(session)?.chunks(BATCH_ROWS) {
            let mut plan = Plan::default();
            for (id, record_type) in batch {
                let Some(record_type) = self.engine.model().shared(record_type) else { continue };
                let Some(record) = load(session, record_type, *id, Time::Live)? else { continue };
                let Common { recorded_at, begins, .. } = self.common;
                plan.records.extend(plan_earlier_beginning(session, &self.importer, recorded_at, &record, begins)?);
            }
            match self.commit(plan)? {
                Ok(_) => {}
                Err(Refused::Moved) => return Err(ImportError::Contended),
                Err(other) => return Err(stopped(other)),
            }
        }
        Ok(())
    }

    /// Id and type of each.
    fn named_later(&self, session: &mut dyn Session) -> Result<Vec<(i64, String)>, Fault> {
        let sql = "SELECT x.key, r.id, r.type FROM external_id x JOIN record r ON r.id = x.record \
                   JOIN entry e ON e.record = r.id \
                   WHERE x.source = ? AND e.known_to = ? AND e.happened_at > ? AND (e.version = 1 OR e.kind = 'create')";
        let mut found = Vec::new();
        let params = [Param::Text(&self.common.source), Param::Int(FOREVER), Param::Int(self.common.begins)];
        session.query(sql, &params, &mut |row| {
            if is_name(row.need_text(0)?) {
                found.push((row.need_int(1)?, row.need_text(2)?.to_owned()));
            }
            Ok(())
        })?;
        Ok(found)
    }
}
