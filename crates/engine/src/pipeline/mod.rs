//! The way of a command: admit → draft → derive → validate → grant → plan → commit → effects.
//!
//! Each stage takes what the one before made, so that nothing unvalidated or ungranted can reach the store.

mod admit;
mod derive;
mod drafting;
mod grant;
mod planning;
mod validate;

use std::sync::Arc;

use model::{Slot, Value};
use store::{Reader, Session};

use crate::command::Command;
use crate::draft::Draft;
use crate::engine::Engine;
use crate::plan::{Committed, Plan, Refused};
use crate::record::Record;
use crate::refusal::{Error, Refusal};

/// How often a command is run again when what it rests on has moved.
const TRIES_MAX: u32 = 3;

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The id of the record that the command was about.
    pub record: i64,
    pub number: String,
    pub version: i64,
    /// True when an idempotency key answered with an earlier result.
    pub repeated: bool,
}

/// A draft that satisfies every rule of its type.
pub(crate) struct Valid(pub Draft);

/// A valid draft that somebody may make, and by which role assignment.
pub(crate) struct Granted {
    pub draft: Draft,
    pub assignment: Option<i64>,
}

/// Runs a command to its durable end.
pub fn run(engine: &Engine, command: &Command) -> Result<Done, Error> {
    // What the clock should have done by now comes first, or a move that was due would be skipped by the act.
    if command.channel != crate::plan::Channel::Timer {
        crate::timers::run_due(engine)?;
    }
    for _ in 0..TRIES_MAX {
        let mut reader = engine.reader()?;
        let (plan, main) = prepare(engine, &mut reader, command)?;
        drop(reader);
        match engine.commit(plan)? {
            Ok(committed) => return Ok(done(&committed, main)),
            Err(Refused::Moved) if command.if_match.is_none() => {}
            Err(Refused::Moved) => return Err(stale(engine, command)?),
            Err(Refused::Repeated { answer: Some(number) }) => return repeated(engine, number),
            Err(Refused::Repeated { answer: None }) => return Err(Refusal::KeyReused.into()),
            Err(Refused::ReadOnly(why)) => return Err(Refusal::ReadOnly(why).into()),
        }
    }
    Err(Refusal::Contended.into())
}

/// Everything up to the plan, without writing: `(plan, what is needed to answer)`.
pub(crate) fn prepare(engine: &Engine, reader: &mut Reader, command: &Command) -> Result<(Plan, Main), Error> {
    let mut cx = Cx::new(engine, &mut **reader, command);
    let admitted = admit::admit(&mut cx)?;
    let drafted = drafting::draft(&mut cx, admitted)?;
    let mut plan = Plan::default();
    let main = finish(&mut cx, drafted, &mut plan, 0)?;
    plan.read_set.append(&mut cx.read_set);
    plan.idempotency = command.idempotency.clone().map(|(key, body_hash)| crate::plan::Idempotency {
        owner: command.principal.person.unwrap_or(0),
        key,
        body_hash,
    });
    Ok((plan, main))
}

/// The record that the caller is answered about.
pub(crate) struct Main {
    id: i64,
    number: String,
}

/// Commands that belong to one act may call up others this deep.
const FOLLOW_UP_DEPTH_MAX: u32 = 4;

/// derive → validate → grant → plan for one draft, then for the follow-ups that it called up.
pub(crate) fn finish(cx: &mut Cx<'_>, mut draft: Draft, plan: &mut Plan, depth: u32) -> Result<Main, Error> {
    derive::derive(cx, &mut draft)?;
    let valid = validate::validate(cx, draft)?;
    let mut granted = grant::grant(cx, valid, depth > 0)?;
    let follow_ups = std::mem::take(&mut granted.draft.also);
    let main = Main { id: granted.draft.after.id, number: granted.draft.after.number().to_owned() };
    let happened_at = granted.draft.happened_at;
    planning::plan(cx, granted, plan);
    if depth < FOLLOW_UP_DEPTH_MAX {
        for follow_up in follow_ups {
            if let Some(draft) = drafting::follow_up(cx, follow_up, happened_at)? {
                finish(cx, draft, plan, depth + 1)?;
            }
        }
    }
    Ok(main)
}

/// Only what the type's behaviours derive: replays report what deviates and refuse nothing.
pub(crate) fn derive_only(cx: &mut Cx<'_>, draft: &mut Draft) -> Result<(), Error> {
    derive::derive(cx, draft)?;
    // Effects are off in a replay: what a behaviour would call up on other records did not happen in the source.
    draft.also.clear();
    draft.problems.clear();
    Ok(())
}

/// What the stages share while they run.
pub(crate) struct Cx<'a> {
    pub engine: &'a Engine,
    pub session: &'a mut dyn Session,
    pub command: &'a Command,
    pub read_set: Vec<(i64, i64)>,
    pub next_temporary: i64,
}

impl<'a> Cx<'a> {
    pub fn new(engine: &'a Engine, session: &'a mut dyn Session, command: &'a Command) -> Self {
        Self { engine, session, command, read_set: Vec::new(), next_temporary: -1 }
    }

    /// A name for a record that is still to come.
    pub fn temporary(&mut self) -> i64 {
        self.next_temporary -= 1;
        self.next_temporary + 1
    }
}

/// An input that passed `admit`: slots and values.
pub(crate) struct Admitted {
    pub before: Option<Record>,
    pub record_type: Arc<model::RecordType>,
    pub values: Vec<(Slot, Value)>,
    /// Lines given for rows fields, each with its columns' values.
    pub lines: Vec<(Slot, Vec<Vec<Value>>)>,
}

fn done(committed: &Committed, main: Main) -> Done {
    let record = committed.real(main.id);
    let number = committed.created.iter().find(|(t, ..)| *t == main.id).map_or(main.number, |(_, _, n)| n.clone());
    let version = committed.written.iter().find(|(id, _)| *id == record).map_or(0, |(_, version)| *version);
    Done { record, number, version, repeated: false }
}

fn repeated(engine: &Engine, number: String) -> Result<Done, Error> {
    let mut reader = engine.reader()?;
    let (record, _) = crate::record::find(&mut *reader, &number)?.unwrap_or_default();
    let version = store::SessionExt::optional_int(
        &mut *reader,
        "SELECT version FROM record WHERE id = ?",
        &[store::Param::Int(record)],
    )?;
    Ok(Done { record, number, version: version.unwrap_or(0), repeated: true })
}

fn stale(engine: &Engine, command: &Command) -> Result<Error, Error> {
    let mut reader = engine.reader()?;
    let number = command.act.number().unwrap_or_default();
    let found = match crate::record::find(&mut *reader, number)? {
        Some((id, _)) => store::SessionExt::optional_int(
            &mut *reader,
            "SELECT version FROM record WHERE id = ?",
            &[store::Param::Int(id)],
        )?,
        None => None,
    };
    Ok(Refusal::Stale { expected: command.if_match.unwrap_or(0), found: found.unwrap_or(0) }.into())
}
