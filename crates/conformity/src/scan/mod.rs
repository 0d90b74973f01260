//! The whole scan: a check asked of all records at once, on either database, live or as at a date.

mod host;
mod sql;
mod zone_sql;

pub(crate) use host::{eval, subject};
pub(crate) use sql::Judge;
pub(crate) use zone_sql::Days;

use engine::{Engine, Time};
use model::Value;
use model::condition::{Sql, Truth};
use store::{Fault, Param, Row, Session};

use crate::Error;
use crate::checks::{Check, Population};
use crate::question::Frame;

/// What became of a subject. The numbers stand in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    Pass = 0,
    Fail = 1,
    Undetermined = 2,
}

impl Verdict {
    pub(crate) fn of(code: i64) -> Result<Self, Fault> {
        match code {
            0 => Ok(Self::Pass),
            1 => Ok(Self::Fail),
            2 => Ok(Self::Undetermined),
            other => Err(Fault::database(format!("{other} is no verdict"))),
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }
}

/// Subjects by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub undetermined: u64,
}

impl Counts {
    pub fn population(self) -> u64 {
        self.passed + self.failed + self.undetermined
    }

    pub(crate) fn add(&mut self, verdict: Verdict, count: u64) {
        match verdict {
            Verdict::Pass => self.passed += count,
            Verdict::Fail => self.failed += count,
            Verdict::Undetermined => self.undetermined += count,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            undetermined: self.undetermined + other.undetermined,
        }
    }
}

/// The counts of a check in each local month of the period, in order; months without subjects included.
pub(crate) type Months = Vec<(String, Counts)>;

/// One subject of a check, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The record or step.
    pub subject: i64,
    /// The record that it belongs to; 0 for a value of a list.
    pub record: i64,
    /// The instant by which it is counted.
    pub anchor: i64,
    pub verdict: Verdict,
}

/// Counts all subjects of a check in the frame's period, by month.
pub(crate) fn count(engine: &Engine, session: &mut dyn Session, check: &Check, frame: &Frame) -> Result<Months, Error> {
    let months = frame.months();
    let mut counts = vec![Counts::default(); months.len()];
    if let Population::Values(_) = check.population {
        let verdict = host::values(engine, session, check, frame)?;
        if let Some(last) = counts.last_mut() {
            last.add(verdict, 1);
        }
    } else if frame.clipped().start < frame.clipped().end {
        let judge = Judge::new(check, frame, session.dialect());
        let mut add = |bucket: i64, verdict: Verdict, count: i64| {
            let slot = usize::try_from(bucket).ok().and_then(|bucket| counts.get_mut(bucket));
            if let Some(counts) = slot {
                counts.add(verdict, u64::try_from(count).unwrap_or(0));
            }
        };
        let statement = judge.counts(&months)?;
        run(session, &statement, &mut |row| {
            add(row.need_int(0)?, Verdict::of(row.need_int(1)?)?, row.need_int(2)?);
            Ok(())
        })?;
        if check.parts.pass_host.is_some() {
            for one in host::members(engine, session, check, frame, &judge)? {
                let bucket = months.iter().rposition(|(_, start)| *start <= one.anchor).unwrap_or(0);
                add(i64::try_from(bucket).unwrap_or(0), one.verdict, 1);
            }
        }
    }
    Ok(months.into_iter().map(|(month, _)| month).zip(counts).collect())
}

/// Subjects that do not pass, in the order of their records' numbers, after the given (record, subject).
pub(crate) fn exceptions(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    after: (i64, i64),
    limit: usize,
) -> Result<Vec<Judged>, Error> {
    if let Population::Values(_) = check.population {
        let verdict = host::values(engine, session, check, frame)?;
        let anchor = frame.clipped().start;
        let one = Judged { subject: 0, record: 0, anchor, verdict };
        return Ok((verdict != Verdict::Pass && after < (0, 0)).then_some(one).into_iter().collect());
    }
    let judge = Judge::new(check, frame, session.dialect());
    let mut found = subjects(session, &judge.exceptions(after, limit)?)?;
    if check.parts.pass_host.is_some() {
        let all = host::members(engine, session, check, frame, &judge)?;
        found.extend(all.into_iter().filter(|one| one.verdict != Verdict::Pass && (one.record, one.subject) > after));
        found.sort_by_key(|one| (one.record, one.subject));
        found.truncate(limit);
    }
    Ok(found)
}

/// Rows of (subject, record, anchor, verdict).
pub(crate) fn subjects(session: &mut dyn Session, statement: &Sql) -> Result<Vec<Judged>, Error> {
    let mut found = Vec::new();
    run(session, statement, &mut |row| {
        found.push(Judged {
            subject: row.need_int(0)?,
            record: row.need_int(1)?,
            anchor: row.need_int(2)?,
            verdict: Verdict::of(row.need_int(3)?)?,
        });
        Ok(())
    })?;
    Ok(found)
}

/// Runs a composed statement.
pub(crate) fn run(
    session: &mut dyn Session,
    statement: &Sql,
    each: &mut dyn FnMut(&dyn Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let text = session.dialect().typed(&statement.text);
    let params: Vec<Param<'_>> = statement.params.iter().map(Param::from).collect();
    session.query(&text, &params, each)
}

pub(crate) fn int(number: i64) -> Sql {
    Sql::value(Value::Int(number))
}

/// The verdict of a truth, where nothing is absent.
pub(crate) fn verdict(truth: Truth) -> Verdict {
    match truth {
        Truth::True => Verdict::Pass,
        Truth::False => Verdict::Fail,
        Truth::Unknown => Verdict::Undetermined,
    }
}

/// The conditions' word for the same.
pub(crate) fn condition_time(time: Time) -> model::condition::Time {
    match time {
        Time::Live => model::condition::Time::Live,
        Time::At { valid, known } => model::condition::Time::At { valid, known },
    }
}

pub(crate) fn condition_dialect(dialect: store::Dialect) -> model::condition::Dialect {
    match dialect {
        store::Dialect::Sqlite => model::condition::Dialect::Sqlite,
        store::Dialect::Postgres => model::condition::Dialect::Postgres,
    }
}
