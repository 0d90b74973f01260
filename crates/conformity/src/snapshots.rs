//! What each requirement came to at the end of a day, kept with all that it rests on: the leaves of the ledger and the
//! hash of the rules. A question about that instant, with the knowledge and rules of then, must give the same again.

use store::{Param, Session};

use crate::Error;
use crate::house::Conformity;
use crate::question::{Question, days};
use crate::status::Status;

/// A requirement on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Days since 1970-01-01, in the organisation's zone.
    pub day: i64,
    /// When it was taken, in microseconds.
    pub at: i64,
    /// Leaves in the ledger then.
    pub leaves: i64,
    /// Hash of catalogue, model, checks, settings and sources.
    pub rules: String,
    /// The requirement's view as JSON.
    pub body: String,
}

impl Snapshot {
    /// What the requirement came to that day.
    pub fn status(&self) -> Option<Status> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        let status = body.get("status")?.as_str()?;
        Status::ALL.into_iter().find(|known| known.as_str() == status)
    }
}

impl Conformity {
    /// Keeps today's results, once a day; how many were new. Requirements that nobody has assessed and that have no
    /// checks are left out: there is nothing to keep.
    pub fn keep_snapshots(&self) -> Result<usize, Error> {
        let asking = self.ask(&Question::NOW)?;
        let (at, leaves, rules) = (asking.frame.at, asking.leaves, self.rules(&asking.frame));
        let day = days(asking.frame.zone.local_day(at));
        drop(asking);
        let mut rows = Vec::new();
        for view in self.views(None, &Question::NOW)? {
            if view.status != Status::NotAssessed || !view.checks.is_empty() {
                let body = serde_json::to_string(&view).map_err(store::Fault::database)?;
                rows.push((view.requirement, body));
            }
        }
        let kept = self.engine.write(move |session| {
            let mut kept = 0;
            for (requirement, body) in &rows {
                let sql = "INSERT INTO snapshot (requirement, day, at, leaves, rules, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (requirement, day) DO NOTHING";
                let numbers = [Param::Int(day), Param::Int(at), Param::Int(leaves)];
                let texts = [Param::Text(&rules), Param::Text(body)];
                let params = [&[Param::Text(requirement)], &numbers[..], &texts[..]].concat();
                kept += session.execute(sql, &params)?;
            }
            Ok(kept)
        })?;
        Ok(usize::try_from(kept).unwrap_or(usize::MAX))
    }

    /// A requirement's snapshots, the oldest first.
    pub fn snapshots(&self, requirement: &str) -> Result<Vec<Snapshot>, Error> {
        let mut found = Vec::new();
        let sql = "SELECT day, at, leaves, rules, body FROM snapshot WHERE requirement = ? ORDER BY day";
        let mut reader = self.engine.reader()?;
        let session: &mut dyn Session = &mut *reader;
        session.query(sql, &[Param::Text(requirement)], &mut |row| {
            found.push(Snapshot {
                day: row.need_int(0)?,
                at: row.need_int(1)?,
                leaves: row.need_int(2)?,
                rules: row.need_text(3)?.to_owned(),
                body: row.need_text(4)?.to_owned(),
            });
            Ok(())
        })?;
        Ok(found)
    }
}
