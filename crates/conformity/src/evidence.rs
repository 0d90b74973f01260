//! What a record is evidence of: the checks of which it is a subject, with the kept verdicts.

use std::collections::HashMap;
use std::sync::Arc;

use calendar::Date;
use store::{FOREVER, Param};

use crate::Error;
use crate::checks::{Check, Population};
use crate::house::Conformity;
use crate::question::date;
use crate::scan::Verdict;

/// One check of which a record is a subject.
#[derive(Clone, Debug)]
pub struct EvidenceRow {
    pub check: Arc<Check>,
    /// The worst, where the record has several subjects: a step that fails outweighs those that pass.
    pub verdict: Verdict,
    /// The local day on which that subject counts.
    pub day: Date,
}

impl Conformity {
    /// The checks that a record passes or is an exception to, in the order of their files, as far as the follower has
    /// come. Reads kept verdicts by their keys and judges nothing.
    pub fn evidence(&self, record_type: &str, record: i64) -> Result<Vec<EvidenceRow>, Error> {
        let of_type = |check: &&Arc<Check>| check.is_followed() && check.record_type() == Some(record_type);
        let checks: Vec<&Arc<Check>> = self.library.checks.all().iter().filter(of_type).collect();
        if checks.is_empty() {
            return Ok(Vec::new());
        }
        let over = |holds: fn(&Population) -> bool| checks.iter().any(|check| holds(&check.population));
        let steps = over(|population| matches!(population, Population::Step(_)));
        let changes = over(|population| matches!(population, Population::Change(..)));
        let sql = statement(steps, changes);
        let subjects = 1 + usize::from(steps) + usize::from(changes);
        let mut params = vec![Param::Int(record); subjects];
        params.extend([record, FOREVER].map(Param::Int));
        let mut worst = HashMap::<String, (Verdict, i64)>::new();
        let mut reader = self.engine.reader()?;
        reader.query(&sql, &params, &mut |row| {
            // Another result is that of a subject that does not count yet.
            if let Ok(verdict) = Verdict::of(row.need_int(1)?) {
                let found = (verdict, row.need_int(2)?);
                let known = worst.entry(row.need_text(0)?.to_owned()).or_insert(found);
                if weight(verdict) > weight(known.0) {
                    *known = found;
                }
            }
            Ok(())
        })?;
        let row = |check: &Arc<Check>| {
            let (verdict, day) = *worst.get(&check.id)?;
            Some(EvidenceRow { check: check.clone(), verdict, day: date(day) })
        };
        Ok(checks.into_iter().filter_map(row).collect())
    }
}

/// Kept verdicts by their keys: those of the record itself, of its steps, of its changes.
fn statement(steps: bool, changes: bool) -> String {
    let mut subjects = "SELECT CAST(? AS BIGINT) AS id".to_owned();
    for (wanted, table) in [(steps, "step"), (changes, "entry")] {
        if wanted {
            subjects += &format!(" UNION ALL SELECT id FROM {table} WHERE record = ?");
        }
    }
    // SQLite keeps the order of a CROSS JOIN; left to itself it reads all verdicts there are.
    format!(
        "SELECT f.name, v.result, v.day FROM followed f CROSS JOIN ({subjects}) s CROSS JOIN verdict v \
         WHERE v.check_id = f.check_id AND v.subject = s.id AND v.record = ? AND f.through = ? AND f.name <> ''"
    )
}

fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Undetermined => 1,
        Verdict::Fail => 2,
    }
}

#[cfg(test)]
mod tests {
    use store::{Location, Param};

    use super::statement;

    #[test]
    fn verdicts_are_looked_up_by_their_keys() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Location::SqliteScratch(folder.path().join("vouch.db")).open().unwrap();
        let files: [(&str, &str); 0] = [];
        store::schema::apply(&mut *session, &model::load::load(&files).unwrap()).unwrap();
        for (steps, changes) in [(false, false), (true, false), (true, true)] {
            let sql = format!("EXPLAIN QUERY PLAN {}", statement(steps, changes));
            let mut plan = Vec::new();
            let params = vec![Param::Int(1); sql.matches('?').count()];
            let take = &mut |row: &dyn store::Row| {
                plan.push(row.need_text(3)?.to_owned());
                Ok(())
            };
            session.query(&sql, &params, take).unwrap();
            assert!(plan.contains(&"SEARCH v USING PRIMARY KEY (check_id=? AND subject=?)".to_owned()), "{plan:#?}");
        }
    }
}
