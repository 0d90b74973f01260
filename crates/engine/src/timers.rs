//! Moves that the clock makes: a transition with `at = "…"` happens once that instant has passed, with `happened` =
//! the instant, though nobody writes anything. After a downtime all that was missed is caught up once, in order.

use std::sync::Arc;

use store::schema::quoted;
use store::{Fault, Param};

use crate::command::{Act, Command, Input};
use crate::engine::Engine;
use crate::plan::Channel;
use crate::principal::Principal;
use crate::refusal::{Error, Refusal};

/// Moves made in one round, so that a long downtime does not hold up everything else.
const ROUND_MAX: u32 = 500;

/// Makes every timed move that is due by now; how many were made.
pub fn run_due(engine: &Engine) -> Result<u32, Error> {
    let now = engine.clock().now();
    let mut made = 0;
    for record_type in engine.model().types() {
        let Some(lifecycle) = &record_type.lifecycle else { continue };
        for transition in &lifecycle.transitions {
            let Some(field) = transition.at.and_then(|slot| record_type.fields.get(slot)) else { continue };
            for (number, at) in due(engine, &record_type.name, &transition.from, &field.key, now)? {
                if fire(engine, number, &transition.name, at)? {
                    made += 1;
                }
            }
        }
    }
    Ok(made)
}

fn due(
    engine: &Engine,
    record_type: &str,
    from: &[String],
    field: &str,
    now: i64,
) -> Result<Vec<(String, i64)>, Fault> {
    let (table, field) = (quoted(record_type), quoted(field));
    let marks = vec!["?"; from.len()].join(", ");
    let sql = format!(
        "SELECT number, {field} FROM {table} WHERE state IN ({marks}) AND {field} <= ? ORDER BY {field}, id LIMIT {ROUND_MAX}"
    );
    let mut params: Vec<Param<'_>> = from.iter().map(|state| Param::Text(state)).collect();
    params.push(Param::Int(now));
    let mut found = Vec::new();
    engine.reader()?.query(&sql, &params, &mut |row| {
        found.push((row.need_text(0)?.to_owned(), row.need_int(1)?));
        Ok(())
    })?;
    Ok(found)
}

fn fire(engine: &Engine, number: String, transition: &str, at: i64) -> Result<bool, Error> {
    let act = Act::Move { number: number.clone(), transition: transition.to_owned(), input: Input::new() };
    let mut command = Command::new(Arc::new(Principal::system()), Channel::Timer, act);
    command.happened_at = Some(at);
    match engine.run(&command) {
        Ok(_) => Ok(true),
        // Somebody stopped the clock in the meantime: nothing is due any more.
        Err(Error::Refused(Refusal::WrongState { .. } | Refusal::Contended)) => Ok(false),
        Err(Error::Refused(refusal)) => {
            tracing::warn!(record = number, transition, ?refusal, "a timed move was refused");
            Ok(false)
        }
        Err(fault) => Err(fault),
    }
}
