//! Results that are kept: the verdict of every subject of a check, and the counts of each day. The follower reads leaves
//! after its cursor, finds the subjects whose answer may have changed, and judges these again; besides them those whose
//! answer changes by time alone. Everything that it writes can be made again from the records.
//!
//! Several processes may follow: whoever moves the cursor first has done the work, the other's is dropped. A changed
//! rule, setting, zone or source begins a new generation of the check, scanned in portions so that writers wait for
//! none of them long; until it is whole, questions are answered by the whole scan.

mod apply;
mod dirty;

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use model::Value;
use model::condition::Sql;
use sha2::{Digest, Sha256};
use store::{FOREVER, Param, Session, SessionExt};

use crate::Error;
use crate::checks::Check;
use crate::house::{Asking, Conformity};
use crate::question::{Frame, Question, days, hex};
use crate::scan::{Counts, Days, Judge, Judged, Months, Verdict, run};
use apply::{Change, Row, Step};
use dirty::{Dirty, Subjects};

/// Subjects judged in one portion of a whole scan.
const PORTION: i64 = 20_000;
/// Subjects judged again one by one at most; beyond it the check is scanned whole.
const SUBJECTS_MAX: usize = 20_000;
/// Rounds of one call, so that a busy ledger does not hold it for ever.
const ROUNDS_MAX: u32 = 10_000;

/// How far the results of one check are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub check_id: i64,
    pub rule: String,
    pub leaves: i64,
    pub at: i64,
    /// The last subject of the whole scan; `FOREVER` once it is complete.
    pub through: i64,
}

impl Conformity {
    /// Brings the kept results up to the present; how many rounds of work that took.
    pub fn catch_up(&self) -> Result<u32, Error> {
        for round in 0..ROUNDS_MAX {
            if !self.round()? {
                return Ok(round);
            }
        }
        Ok(ROUNDS_MAX)
    }

    /// One round for every followed check; false when there was nothing to do.
    fn round(&self) -> Result<bool, Error> {
        let mut asking = self.ask(&Question::NOW)?;
        let zone = asking.frame.zone.clone();
        let days = LazyCell::new(|| Days::of(&zone));
        let mut dirty = Dirty::default();
        let mut steps = Vec::new();
        for check in self.library.checks.all().iter().filter(|check| check.is_followed()) {
            let rule = rule(check, &asking.frame, &self.engine);
            let cursor = cursor(&mut *asking.session, &check.id)?;
            let step = match cursor {
                Some(cursor) if cursor.rule == rule && cursor.through != FOREVER => {
                    portion(&mut asking, check, &days, cursor)?
                }
                Some(cursor) if cursor.rule == rule => match again(&mut asking, check, &days, &cursor, &mut dirty)? {
                    Again::Nothing => continue,
                    Again::Changes(step) => step,
                    Again::Whole => begin(check, rule, &asking),
                },
                _ => begin(check, rule, &asking),
            };
            steps.push(step);
        }
        drop(asking);
        if steps.is_empty() {
            return apply::sweep(&self.engine);
        }
        apply::apply(&self.engine, steps)?;
        Ok(true)
    }
}

/// What the results rest on besides the records.
fn rule(check: &Check, frame: &Frame, engine: &engine::Engine) -> String {
    let mut hash = Sha256::new();
    hash.update(check.hash);
    hash.update(engine.model().hash);
    hash.update(&frame.stamp);
    hex(&hash.finalize())
}

fn cursor(session: &mut dyn Session, name: &str) -> Result<Option<Cursor>, Error> {
    let mut found = None;
    let sql = "SELECT check_id, rule, leaves, at, through FROM followed WHERE name = ?";
    session.query(sql, &[Param::Text(name)], &mut |row| {
        found = Some(Cursor {
            check_id: row.need_int(0)?,
            rule: row.need_text(1)?.to_owned(),
            leaves: row.need_int(2)?,
            at: row.need_int(3)?,
            through: row.need_int(4)?,
        });
        Ok(())
    })?;
    Ok(found)
}

fn begin(check: &Check, rule: String, asking: &Asking<'_>) -> Step {
    Step::Begin { name: check.id.clone(), rule, leaves: asking.leaves, at: asking.frame.at }
}

/// The next portion of a whole scan: by the ids of its subjects.
fn portion(asking: &mut Asking<'_>, check: &Check, days: &Days, cursor: Cursor) -> Result<Step, Error> {
    let table = dirty::subject_table(check);
    let sql = format!("SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?");
    let params = [Param::Int(cursor.through), Param::Int(PORTION - 1)];
    let to = asking.session.optional_int(&sql, &params)?.unwrap_or(FOREVER);
    let which = Sql {
        text: format!("SELECT id FROM {table} WHERE id > ? AND id <= ?"),
        params: vec![Value::Int(cursor.through), Value::Int(to)],
    };
    let judge = Judge::new(check, &asking.frame, asking.session.dialect());
    Ok(Step::Portion { select: judge.follow(days, &which)?, cursor, to })
}

enum Again {
    /// Nothing changed, or nothing that concerns this check and needs to be written down.
    Nothing,
    Changes(Step),
    Whole,
}

/// Judges again what may have changed since the cursor.
fn again(
    asking: &mut Asking<'_>,
    check: &Check,
    days: &Days,
    cursor: &Cursor,
    dirty: &mut Dirty,
) -> Result<Again, Error> {
    let (leaves, now) = (asking.leaves, asking.frame.at);
    let session = &mut *asking.session;
    let mut subjects: BTreeSet<i64> =
        match dirty.subjects(session, asking.house.engine.model(), check, cursor.leaves..leaves)? {
            Subjects::All => return Ok(Again::Whole),
            Subjects::These(these) => these,
        };
    let due = "SELECT subject FROM verdict WHERE check_id = ? AND flip_at <= ?";
    subjects.extend(session.ints(due, &[Param::Int(cursor.check_id), Param::Int(now)])?);
    if subjects.is_empty() && cursor.leaves == leaves {
        return Ok(Again::Nothing);
    }
    if subjects.len() > SUBJECTS_MAX {
        return Ok(Again::Whole);
    }
    let subjects: Vec<i64> = subjects.into_iter().collect();
    let judge = Judge::new(check, &asking.frame, session.dialect());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for batch in subjects.chunks(dirty::BATCH) {
        let which = dirty::listed(batch);
        let old = Sql::compose(
            "SELECT subject, record, day, result, flip_at FROM verdict WHERE check_id = {} AND subject IN ({})",
            &[&crate::scan::int(cursor.check_id), &which],
        );
        rows(session, &old, &mut before)?;
        rows(session, &judge.follow(days, &which)?, &mut after)?;
    }
    let changes = Change::between(before, after);
    Ok(Again::Changes(Step::Changes { cursor: cursor.clone(), leaves, at: now, changes }))
}

fn rows(session: &mut dyn Session, statement: &Sql, into: &mut Vec<Row>) -> Result<(), Error> {
    run(session, statement, &mut |row| {
        into.push(Row {
            subject: row.need_int(0)?,
            record: row.need_int(1)?,
            day: row.need_int(2)?,
            result: row.need_int(3)?,
            flip_at: row.int(4)?,
        });
        Ok(())
    })?;
    Ok(())
}

/// The id under which the results of a check are kept, where they are those of this very moment.
pub(crate) fn fresh(asking: &mut Asking<'_>, check: &Check) -> Result<Option<i64>, Error> {
    if asking.frame.time != engine::Time::Live || !check.is_followed() {
        return Ok(None);
    }
    let rule = rule(check, &asking.frame, &asking.house.engine);
    let session = &mut *asking.session;
    let found = cursor(session, &check.id)?;
    let Some(cursor) = found.filter(|c| c.rule == rule && c.through == FOREVER && c.leaves == asking.leaves) else {
        return Ok(None);
    };
    let due = "SELECT 1 FROM verdict WHERE check_id = ? AND flip_at <= ? LIMIT 1";
    let due = session.optional_int(due, &[Param::Int(cursor.check_id), Param::Int(asking.frame.at)])?;
    Ok(due.is_none().then_some(cursor.check_id))
}

/// The kept counts of the frame's period, by month.
pub(crate) fn months(asking: &mut Asking<'_>, check_id: i64) -> Result<Months, Error> {
    let frame = &asking.frame;
    let period = frame.clipped();
    let starts: Vec<(String, i64)> = frame.months();
    let first_days: Vec<i64> = starts.iter().map(|(_, at)| days(frame.zone.local_day(*at))).collect();
    let mut counts = vec![Counts::default(); starts.len()];
    let sql = "SELECT day, passed, failed, undetermined FROM tested WHERE check_id = ? AND day >= ? AND day < ?";
    let params = [check_id, period.start_day, period.end_day].map(Param::Int);
    asking.session.query(sql, &params, &mut |row| {
        let day = row.need_int(0)?;
        let month = first_days.iter().rposition(|first| *first <= day).unwrap_or(0);
        if let Some(counts) = counts.get_mut(month) {
            for (column, verdict) in [(1, Verdict::Pass), (2, Verdict::Fail), (3, Verdict::Undetermined)] {
                counts.add(verdict, u64::try_from(row.need_int(column)?).unwrap_or(0));
            }
        }
        Ok(())
    })?;
    Ok(starts.into_iter().map(|(month, _)| month).zip(counts).collect())
}

/// Kept exceptions of the frame's period, after (record, subject).
pub(crate) fn exceptions(
    asking: &mut Asking<'_>,
    check: &Arc<Check>,
    check_id: i64,
    (record, subject): (i64, i64),
    limit: usize,
) -> Result<Vec<Judged>, Error> {
    let period = asking.frame.clipped();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = "SELECT subject FROM verdict WHERE check_id = ? AND result IN (1, 2) AND day >= ? AND day < ? \
               AND record >= ? AND (record > ? OR subject > ?) ORDER BY record, subject LIMIT ?";
    let params = [check_id, period.start_day, period.end_day, record, record, subject, limit].map(Param::Int);
    let subjects = asking.session.ints(sql, &params)?;
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let judge = Judge::new(check, &asking.frame, asking.session.dialect());
    let statement = judge.exceptions_of(&dirty::listed(&subjects))?;
    crate::scan::subjects(&mut *asking.session, &statement)
}
