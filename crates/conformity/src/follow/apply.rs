//! Writing what the follower found, in the writer's transaction, if the cursor still stands where the work began.

use std::collections::{BTreeMap, HashMap};

use engine::Engine;
use model::Value;
use model::condition::Sql;
use store::{FOREVER, Fault, Param, Session, SessionExt};

use super::Cursor;
use crate::Error;

/// Rows of a retired generation deleted in one transaction.
const SWEEP: i64 = 50_000;

/// A kept verdict. The result 3 is a subject that does not count yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub subject: i64,
    pub record: i64,
    pub day: i64,
    pub result: i64,
    pub flip_at: Option<i64>,
}

/// A verdict that is another one than before; none where there is no row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    subject: i64,
    before: Option<Row>,
    after: Option<Row>,
}

impl Change {
    /// What differs between two sets of rows.
    pub fn between(before: Vec<Row>, after: Vec<Row>) -> Vec<Self> {
        let mut all = BTreeMap::<i64, (Option<Row>, Option<Row>)>::new();
        for row in before {
            all.entry(row.subject).or_default().0 = Some(row);
        }
        for row in after {
            all.entry(row.subject).or_default().1 = Some(row);
        }
        let differing = all.into_iter().filter(|(_, (before, after))| before != after);
        differing.map(|(subject, (before, after))| Self { subject, before, after }).collect()
    }
}

/// Work on one check.
pub(super) enum Step {
    /// A new generation.
    Begin { name: String, rule: String, leaves: i64, at: i64 },
    /// A portion of its whole scan, up to this subject.
    Portion { select: Sql, cursor: Cursor, to: i64 },
    /// What changed since the cursor.
    Changes { cursor: Cursor, leaves: i64, at: i64, changes: Vec<Change> },
}

/// Does all of it in one transaction. A step whose cursor has moved meanwhile is dropped: another process did it.
pub(super) fn apply(engine: &Engine, steps: Vec<Step>) -> Result<(), Error> {
    engine.write(move |session| steps.iter().try_for_each(|step| one(session, step)))?;
    Ok(())
}

fn one(session: &mut dyn Session, step: &Step) -> Result<(), Fault> {
    match step {
        Step::Begin { name, rule, leaves, at } => begin(session, name, rule, *leaves, *at),
        Step::Portion { select, cursor, to } => portion(session, select, cursor, *to),
        Step::Changes { cursor, leaves, at, changes } => {
            let sql = "UPDATE followed SET leaves = ?, at = ? WHERE check_id = ? AND leaves = ? AND at = ? AND through = ? AND name <> ''";
            let params = [*leaves, *at, cursor.check_id, cursor.leaves, cursor.at, cursor.through].map(Param::Int);
            if session.execute(sql, &params)? == 0 {
                return Ok(());
            }
            changed(session, cursor.check_id, changes)
        }
    }
}

fn begin(session: &mut dyn Session, name: &str, rule: &str, leaves: i64, at: i64) -> Result<(), Fault> {
    let same = "SELECT 1 FROM followed WHERE name = ? AND rule = ? AND leaves >= ?";
    if session.optional_int(same, &[Param::Text(name), Param::Text(rule), Param::Int(leaves)])?.is_some() {
        return Ok(());
    }
    session.execute("UPDATE followed SET name = '' WHERE name = ?", &[Param::Text(name)])?;
    let id = session.one_int("SELECT coalesce(max(check_id), 0) + 1 FROM followed", &[])?;
    let sql = "INSERT INTO followed (check_id, name, rule, leaves, at, through) VALUES (?, ?, ?, ?, ?, ?)";
    let params = [
        Param::Int(id),
        Param::Text(name),
        Param::Text(rule),
        Param::Int(leaves),
        Param::Int(at),
        Param::Int(i64::MIN),
    ];
    session.execute(sql, &params)?;
    Ok(())
}

fn portion(session: &mut dyn Session, select: &Sql, cursor: &Cursor, to: i64) -> Result<(), Fault> {
    let sql = "UPDATE followed SET through = ? WHERE check_id = ? AND through = ? AND name <> ''";
    if session.execute(sql, &[to, cursor.check_id, cursor.through].map(Param::Int))? == 0 {
        return Ok(());
    }
    let template = "INSERT INTO verdict (check_id, subject, record, day, result, flip_at) SELECT {}, w.* FROM ({}) w";
    let insert = Sql::compose(template, &[&Sql::value(Value::Int(cursor.check_id)), select]);
    let text = session.dialect().typed(&insert.text);
    let params: Vec<Param<'_>> = insert.params.iter().map(Param::from).collect();
    session.execute(&text, &params)?;
    let sql = "INSERT INTO tested (check_id, day, passed, failed, undetermined) \
               SELECT check_id, day, sum(CASE result WHEN 0 THEN 1 ELSE 0 END), sum(CASE result WHEN 1 THEN 1 ELSE 0 END), \
               sum(CASE result WHEN 2 THEN 1 ELSE 0 END) FROM verdict \
               WHERE check_id = ? AND subject > ? AND subject <= ? AND result < 3 GROUP BY check_id, day \
               ON CONFLICT (check_id, day) DO UPDATE SET passed = tested.passed + excluded.passed, \
               failed = tested.failed + excluded.failed, undetermined = tested.undetermined + excluded.undetermined";
    session.execute(sql, &[cursor.check_id, cursor.through, to].map(Param::Int))?;
    Ok(())
}

fn changed(session: &mut dyn Session, check_id: i64, changes: &[Change]) -> Result<(), Fault> {
    let mut days = HashMap::<i64, [i64; 3]>::new();
    let mut count = |row: &Option<Row>, by: i64| {
        let Some(row) = row else { return };
        let slot = usize::try_from(row.result).ok().and_then(|slot| days.entry(row.day).or_default().get_mut(slot));
        if let Some(slot) = slot {
            *slot += by;
        }
    };
    for change in changes {
        count(&change.before, -1);
        count(&change.after, 1);
        let Some(row) = change.after else {
            let sql = "DELETE FROM verdict WHERE check_id = ? AND subject = ?";
            session.execute(sql, &[check_id, change.subject].map(Param::Int))?;
            continue;
        };
        let sql = "INSERT INTO verdict (check_id, subject, record, day, result, flip_at) VALUES (?, ?, ?, ?, ?, ?) \
                   ON CONFLICT (check_id, subject) DO UPDATE SET day = excluded.day, result = excluded.result, flip_at = excluded.flip_at";
        let mut params = [check_id, row.subject, row.record, row.day, row.result].map(Param::Int).to_vec();
        params.push(row.flip_at.into());
        session.execute(sql, &params)?;
    }
    for (day, [passed, failed, undetermined]) in days {
        if [passed, failed, undetermined] == [0, 0, 0] {
            continue;
        }
        let sql = "INSERT INTO tested (check_id, day, passed, failed, undetermined) VALUES (?, ?, ?, ?, ?) \
                   ON CONFLICT (check_id, day) DO UPDATE SET passed = tested.passed + excluded.passed, \
                   failed = tested.failed + excluded.failed, undetermined = tested.undetermined + excluded.undetermined";
        session.execute(sql, &[check_id, day, passed, failed, undetermined].map(Param::Int))?;
    }
    Ok(())
}

/// Deletes some of what retired generations left; false when nothing is left.
pub(super) fn sweep(engine: &Engine) -> Result<bool, Error> {
    let mut reader = engine.reader()?;
    let Some(id) = reader.optional_int("SELECT min(check_id) FROM followed WHERE name = ''", &[])? else {
        return Ok(false);
    };
    drop(reader);
    engine.write(move |session| {
        // The key of the last row to go; none where the rest is less than a portion.
        let sql = "SELECT subject FROM verdict WHERE check_id = ? ORDER BY subject LIMIT 1 OFFSET ?";
        let last = session.optional_int(sql, &[id, SWEEP].map(Param::Int))?.unwrap_or(FOREVER);
        session.execute("DELETE FROM verdict WHERE check_id = ? AND subject <= ?", &[id, last].map(Param::Int))?;
        if last == FOREVER {
            session.execute("DELETE FROM tested WHERE check_id = ?", &[Param::Int(id)])?;
            session.execute("DELETE FROM followed WHERE check_id = ?", &[Param::Int(id)])?;
        }
        Ok(())
    })?;
    Ok(true)
}
