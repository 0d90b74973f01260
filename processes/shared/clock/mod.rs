//! Clocks, as behaviours of other rooms run them: what was promised, and the moves that follow from starting, changing,
//! stopping and taking up again. Nothing here pauses: only an agreement could say in which states a clock rests.

mod measures_working_time;
mod sets_promise;

use engine::{Error, FollowUp, Record, Surroundings};
use model::Value;

pub(crate) use sets_promise::{Promise, promise};

/// A clock as it stands.
pub(crate) struct Clock {
    id: i64,
    state: State,
    started_at: i64,
    target: i64,
    pub due_at: i64,
    escalation_due_at: Option<i64>,
    grace_ends_at: Option<i64>,
    stopped_at: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    EscalationDue,
    Met,
    Missed,
}

/// What happens to a clock, and when the record that it runs for is due from then on.
pub(crate) struct Turn {
    pub act: Option<FollowUp>,
    pub due_at: Option<i64>,
}

/// A record has few clocks: one a kind.
const CLOCKS_MAX: u32 = 4;

/// The clock of this kind that runs for a record, by the clock's link field `of`.
pub(crate) fn find(cx: &mut dyn Surroundings, of: &str, record: i64, kind: &str) -> Result<Option<Clock>, Error> {
    let clocks = cx.pointing_at("clock", of, record, CLOCKS_MAX)?;
    Ok(clocks.iter().filter(|clock| clock.by_key("kind").as_text() == Some(kind)).find_map(Clock::read))
}

/// Starts a clock. Where the time is over already, because it is asked for late, the clock begins where it stands.
pub(crate) fn start(of: &str, record: i64, kind: &str, started_at: i64, promise: &Promise, now: i64) -> Turn {
    let mut values = vec![
        (of.to_owned(), Value::Link(record)),
        ("kind".to_owned(), Value::from(kind)),
        ("started_at".to_owned(), Value::Instant(started_at)),
    ];
    values.extend(promised(promise));
    match promise.state_at(now) {
        State::Running | State::Met => {}
        State::EscalationDue => {
            values.push(("state".to_owned(), Value::from("escalation_due")));
            values.extend(escalated(promise, now));
        }
        State::Missed => values.push(("state".to_owned(), Value::from("missed"))),
    }
    let act = FollowUp::Create { record_type: "clock".to_owned(), values };
    Turn { act: Some(act), due_at: Some(promise.due_at) }
}

impl Clock {
    fn read(record: &Record) -> Option<Self> {
        let state = match record.state()? {
            "running" => State::Running,
            "escalation_due" => State::EscalationDue,
            "met" => State::Met,
            _ => State::Missed,
        };
        let at = |key: &str| record.by_key(key).as_int();
        Some(Self {
            id: record.id,
            state,
            started_at: at("started_at")?,
            target: at("target")?,
            due_at: at("due_at")?,
            escalation_due_at: at("escalation_due_at"),
            grace_ends_at: at("grace_ends_at"),
            stopped_at: at("stopped_at"),
        })
    }

    pub(crate) fn started_at(&self) -> i64 {
        self.started_at
    }

    /// Stops it: met, or missed where the minute job has not come to say so yet. What was missed stays missed.
    pub(crate) fn stop(&self, now: i64) -> Turn {
        let stopped = vec![("stopped_at".to_owned(), Value::Instant(now))];
        let act = match self.state {
            State::Running | State::EscalationDue if now > self.due_at => self.go("miss", stopped),
            State::Running | State::EscalationDue => self.go("meet", stopped),
            State::Missed => FollowUp::Change { record: self.id, values: stopped },
            State::Met => return Turn { act: None, due_at: None },
        };
        Turn { act: Some(act), due_at: None }
    }

    /// Takes it up again after a reopening. The time in between was not ours: what was still to come comes so much later.
    pub(crate) fn resume(&self, cx: &mut dyn Surroundings, now: i64) -> Result<Turn, Error> {
        let mut values = vec![("stopped_at".to_owned(), Value::Null)];
        if self.state != State::Met {
            let act = FollowUp::Change { record: self.id, values };
            return Ok(Turn { act: Some(act), due_at: Some(self.due_at) });
        }
        let stopped_at = self.stopped_at.unwrap_or(now);
        let due_at = later(cx, stopped_at, self.due_at, now)?;
        values.push(("due_at".to_owned(), Value::Instant(due_at)));
        // A threshold that was crossed is history; it is not crossed a second time.
        let ahead = self.escalation_due_at.filter(|at| *at > stopped_at).zip(self.grace_ends_at);
        let (escalation, grace) = match ahead {
            Some((at, ends)) => {
                (Value::Instant(later(cx, stopped_at, at, now)?), Value::Instant(later(cx, stopped_at, ends, now)?))
            }
            None => (Value::Null, Value::Null),
        };
        values.push(("escalation_due_at".to_owned(), escalation));
        values.push(("grace_ends_at".to_owned(), grace));
        Ok(Turn { act: Some(self.go("resume", values)), due_at: Some(due_at) })
    }

    /// Measures it against another promise, from its original start and with the time that was not ours kept out. What
    /// was missed stays missed, and a threshold that was crossed stays where it was.
    pub(crate) fn promise_anew(&self, cx: &mut dyn Surroundings, promise: Promise, now: i64) -> Result<Turn, Error> {
        if !matches!(self.state, State::Running | State::EscalationDue) {
            return Ok(Turn { act: None, due_at: Some(self.due_at) });
        }
        let planned = measures_working_time::after(cx, self.started_at, self.target)?;
        let excluded = measures_working_time::between(cx, planned, self.due_at)?;
        let mut promise = promise.moved(cx, excluded)?;
        if self.state == State::EscalationDue {
            promise.escalation = self.escalation_due_at.zip(self.grace_ends_at);
        }
        let mut values = promised(&promise);
        let due_at = Some(promise.due_at);
        let act = match promise.state_at(now) {
            State::Missed => self.go("miss", values),
            State::EscalationDue if self.state == State::Running => {
                values.extend(escalated(&promise, now));
                self.go("escalate", values)
            }
            _ => FollowUp::Change { record: self.id, values },
        };
        Ok(Turn { act: Some(act), due_at })
    }

    fn go(&self, transition: &str, values: Vec<(String, Value)>) -> FollowUp {
        FollowUp::Move { record: self.id, transition: transition.to_owned(), values }
    }
}

impl Promise {
    fn state_at(&self, now: i64) -> State {
        match self.escalation {
            _ if self.due_at < now => State::Missed,
            Some((at, _)) if at <= now => State::EscalationDue,
            _ => State::Running,
        }
    }
}

fn promised(promise: &Promise) -> Vec<(String, Value)> {
    let (escalation, grace) = promise.escalation.unzip();
    let instant = |at: Option<i64>| at.map_or(Value::Null, Value::Instant);
    vec![
        ("target".to_owned(), Value::Duration(promise.target)),
        ("due_at".to_owned(), Value::Instant(promise.due_at)),
        ("escalation_due_at".to_owned(), instant(escalation)),
        ("grace_ends_at".to_owned(), instant(grace)),
    ]
}

/// Nobody can escalate before there was a threshold: one that is found crossed is crossed now, and its grace begins.
fn escalated(promise: &Promise, now: i64) -> Vec<(String, Value)> {
    let Some((at, ends)) = promise.escalation else { return Vec::new() };
    let ends = ends.saturating_add(now.saturating_sub(at));
    vec![("escalation_due_at".to_owned(), Value::Instant(now)), ("grace_ends_at".to_owned(), Value::Instant(ends))]
}

/// The working time from `stopped` to `at`, from `now` on.
fn later(cx: &mut dyn Surroundings, stopped: i64, at: i64, now: i64) -> Result<i64, Error> {
    let left = measures_working_time::between(cx, stopped, at)?;
    measures_working_time::after(cx, now, left)
}
