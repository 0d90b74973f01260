//! Checks every condition of the model against the type that it is asked of.
//!
//! Only once all types stand, since conditions walk from one to the next.

use super::source::{Sink, Source};
use crate::condition::{Condition, Problem, Scope};
use crate::{ConditionText, Model, RecordType};

/// What a condition is for, which decides what it may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Asked in memory of one record that is about to be written.
    Guard,
    /// Part of a statement: nothing is filtered in memory, so it must have SQL.
    Statement,
}

/// Reports faults at their place in the file: a condition knows its text, the file may write it with escapes or over
/// several lines.
pub(super) fn check(model: &Model, source: &Source, sink: &Sink) {
    for record in model.types() {
        for (condition, used) in conditions(record) {
            let Err(problems) = parse(model, record, condition, used) else { continue };
            for problem in problems {
                let file = source.file(&condition.place.file);
                let place = file.map(|file| file.place_in_string(&condition.place, problem.offset));
                sink.error(&place.unwrap_or_else(|| condition.place.clone()), problem.message);
            }
        }
    }
}

fn conditions(record: &RecordType) -> impl Iterator<Item = (&ConditionText, Use)> {
    let transitions = record.lifecycle.iter().flat_map(|lifecycle| &lifecycle.transitions);
    let guards = transitions.filter_map(|transition| transition.guard.as_ref());
    let rights = record.permissions.values().flat_map(|rights| [&rights.read, &rights.create, &rights.change]);
    let filters = record.views.iter().filter_map(|view| view.filter.as_ref());
    let statements = rights.flatten().chain(filters);
    guards.map(|guard| (guard, Use::Guard)).chain(statements.map(|statement| (statement, Use::Statement)))
}

fn parse(model: &Model, record: &RecordType, condition: &ConditionText, used: Use) -> Result<(), Vec<Problem>> {
    let scope = Scope::record(model, &record.name).with_principal();
    let parsed = Condition::parse(&condition.text, &scope)?;
    if used == Use::Statement {
        let whole = |why| Problem { offset: 0, line: 1, column: 1, message: format!("a list can't ask this: {why}") };
        parsed.pushable().map_err(|why| vec![whole(why)])?;
    }
    Ok(())
}
