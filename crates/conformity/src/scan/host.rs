//! Checks with host functions: the database selects the subjects and decides what it can, memory computes the rest and
//! the two are put together, false first.

use engine::{Engine, StoreFacts};
use model::condition::{ChangeFacts, Condition, StepFacts, Subject, Truth};
use store::{Fault, Param, Session};

use super::{Judge, Judged, Verdict, condition_dialect, condition_time, run, subjects, verdict};
use crate::Error;
use crate::checks::{Check, Population};
use crate::question::Frame;

/// Subjects whose facts are held in memory at a time.
const BATCH: usize = 1_000;

/// All subjects that count by `when`, judged.
pub(super) fn members(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    judge: &Judge<'_>,
) -> Result<Vec<Judged>, Error> {
    let mut all = subjects(session, &judge.members()?)?;
    let Some(host) = &check.parts.pass_host else { return Ok(all) };
    for batch in all.chunks_mut(BATCH) {
        for one in batch {
            // What fails by the database's terms fails, whatever the others say.
            if one.verdict != Verdict::Fail {
                let truth = eval(engine, session, check, frame, host, one)?;
                one.verdict = one.verdict.and(verdict(truth));
            }
        }
    }
    Ok(all)
}

impl Verdict {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fail, _) | (_, Self::Fail) => Self::Fail,
            (Self::Pass, Self::Pass) => Self::Pass,
            _ => Self::Undetermined,
        }
    }
}

/// A condition of a check, asked in memory of one of its subjects.
pub(crate) fn eval(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    condition: &Condition,
    of: &Judged,
) -> Result<Truth, Error> {
    let subject = subject(session, check, of)?;
    let mut facts = StoreFacts::new(engine.model(), session, frame.time);
    if let Population::Values(_) = check.population {
        facts = facts.with_setting_versions(versions(check, frame));
    }
    Ok(condition.eval(&subject, &mut facts, &frame.cx).map_err(Fault::database)?)
}

/// What a condition is asked of: the record, or the facts of the step or change.
pub(crate) fn subject(session: &mut dyn Session, check: &Check, of: &Judged) -> Result<Subject, Error> {
    let mut found = Subject::Nothing;
    match &check.population {
        Population::Record(_) | Population::Occasion(_) => found = Subject::Record(of.record),
        Population::Values(_) => {}
        Population::Step(_) => {
            let sql = "SELECT s.record, s.from_state, s.to_state, s.happened_at, coalesce(s.claimed_at, s.recorded_at), s.first, s.deviates, e.kind \
                       FROM step s JOIN entry e ON e.id = s.entry WHERE s.id = ?";
            session.query(sql, &[Param::Int(of.subject)], &mut |row| {
                found = Subject::Step(StepFacts {
                    record: row.need_int(0)?,
                    from: row.text(1)?.map(str::to_owned),
                    to: row.need_text(2)?.to_owned(),
                    at: row.need_int(3)?,
                    counted_at: row.need_int(4)?,
                    first: row.need_int(5)? == 1,
                    deviates: row.need_int(6)? == 1,
                    kind: row.need_text(7)?.to_owned(),
                });
                Ok(())
            })?;
        }
        Population::Change(..) => {
            let sql = "SELECT record, happened_at, coalesce(on_behalf, actor), version FROM entry WHERE id = ?";
            session.query(sql, &[Param::Int(of.subject)], &mut |row| {
                found = Subject::Change(ChangeFacts {
                    record: row.need_int(0)?,
                    at: row.need_int(1)?,
                    by: row.int(2)?,
                    version: row.need_int(3)?,
                });
                Ok(())
            })?;
        }
    }
    Ok(found)
}

/// The versions of the set that a setting holds: when each was in force.
fn versions(check: &Check, frame: &Frame) -> Vec<(i64, Option<i64>)> {
    let spans = check.settings.first().and_then(|key| frame.cx.settings.get(key)).map_or(&[][..], Vec::as_slice);
    spans.iter().map(|span| (span.from, (span.until != i64::MAX).then_some(span.until))).collect()
}

/// The verdict on a set of which there is one.
pub(super) fn values(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
) -> Result<Verdict, Error> {
    // Never decided: there is nothing to judge, and that is for the owner to answer.
    if !check.settings.iter().all(|key| frame.ever_set(key)) {
        return Ok(Verdict::Undetermined);
    }
    let mut result = Verdict::Pass;
    if let Some(host) = &check.parts.pass_host {
        let one = Judged { subject: 0, record: 0, anchor: 0, verdict: Verdict::Pass };
        result = verdict(eval(engine, session, check, frame, host, &one)?);
    }
    if let Some(pass) = &check.parts.pass_sql
        && result != Verdict::Fail
    {
        let time = condition_time(frame.time);
        let dialect = condition_dialect(session.dialect());
        let target = model::condition::Target { dialect, time, context: &frame.cx };
        let truth = pass.sql(&target).map_err(|why| Error::not_pushable(&check.id, why))?;
        let template = "SELECT CASE {} WHEN TRUE THEN 0 WHEN FALSE THEN 1 ELSE 2 END";
        let mut of_database = Verdict::Undetermined;
        run(session, &model::condition::Sql::compose(template, &[&truth]), &mut |row| {
            of_database = Verdict::of(row.need_int(0)?)?;
            Ok(())
        })?;
        result = result.and(of_database);
    }
    Ok(result)
}
