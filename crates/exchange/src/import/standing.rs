//! What a batch's cases are here already, asked before they are planned: a key that belongs to another kind of record,
//! and for rows of a table how often each has changed.

use std::collections::HashMap;

use store::{Fault, Param, Session};

use super::run::Run;
use crate::case::SourceCase;
use crate::report::ReportBuilder;
use crate::table::Refused;

/// Keys asked for in one statement; both databases bound the number of parameters.
const CHUNK: usize = 500;

impl Run<'_> {
    /// Leaves out, and reports, cases whose number the source gave to a record of another type; rows of a table get their
    /// instant and their place among what was imported of the same record.
    pub(super) fn sift(
        &self,
        session: &mut dyn Session,
        report: &mut ReportBuilder<'_>,
        cases: Vec<SourceCase>,
    ) -> Result<Vec<SourceCase>, Fault> {
        let types = self.types(session, &cases)?;
        let (mut kept, own) = (Vec::with_capacity(cases.len()), &self.target.record_type.name);
        for mut case in cases {
            match types.get(&*case.external_number) {
                Some(other) if other != own => {
                    self.refuse(
                        report,
                        &case,
                        format!("the source's key belongs to a record of the type {other} here"),
                    );
                    continue;
                }
                known if self.log.mapping().is_table() => self.in_turn(session, &mut case, known.is_some())?,
                _ => {}
            }
            kept.push(case);
        }
        Ok(kept)
    }

    /// The types of the records that the source's keys stand for.
    fn types(&self, session: &mut dyn Session, cases: &[SourceCase]) -> Result<HashMap<String, String>, Fault> {
        let mut types = HashMap::new();
        for chunk in cases.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(", ");
            let sql = format!(
                "SELECT e.key, r.type FROM external_id e JOIN record r ON r.id = e.record WHERE e.source = ? AND e.key IN ({marks})"
            );
            let mut params = vec![Param::Text(&self.common.source)];
            params.extend(chunk.iter().map(|case| Param::Text(&case.external_number)));
            session.query(&sql, &params, &mut |row| {
                types.insert(row.need_text(0)?.to_owned(), row.need_text(1)?.to_owned());
                Ok(())
            })?;
        }
        Ok(types)
    }

    /// A row of a table that says what the last one imported said is that row; one that says something else is the next.
    fn in_turn(&self, session: &mut dyn Session, case: &mut SourceCase, known: bool) -> Result<(), Fault> {
        let begins = case.raised_at;
        let Some(row) = case.rows.first_mut() else { return Ok(()) };
        if !known {
            (row.happened, row.effective) = (begins, begins);
            return Ok(());
        }
        let (from, to) = (format!("{}/", case.external_number), format!("{}0", case.external_number));
        let sql = "SELECT identity, hash FROM imported_row WHERE source = ? AND identity > ? AND identity < ?";
        let params = [Param::Text(&self.common.source), Param::Text(&from), Param::Text(&to)];
        let mut last: Option<(i64, bool)> = None;
        session.query(sql, &params, &mut |found| {
            let counter = found.need_text(0)?.strip_prefix(&from).and_then(|rest| rest.split('/').next()?.parse().ok());
            let same = found.need_blob(1)? == row.content_hash;
            last = last.max(counter.map(|counter| (counter, same)));
            Ok(())
        })?;
        row.identity.counter = match last {
            Some((counter, true)) => counter,
            Some((counter, false)) => counter.saturating_add(1),
            None => 0,
        };
        Ok(())
    }

    fn refuse(&self, report: &mut ReportBuilder<'_>, case: &SourceCase, message: String) {
        let file = |file: u32| self.log.files().get(file as usize).map_or_else(String::new, |file| file.name.clone());
        let (file, row) = (file(case.first_row.0), case.first_row.1);
        let (field, code) = (self.log.mapping().number.clone(), "conflict".to_owned());
        let report = report.report_mut();
        report.refused.push(Refused { file, row, field, code, message });
        report.refused_cases += 1;
        report.refused_rows += case.rows.len() as u64;
    }
}
