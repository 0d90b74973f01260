//! What happens beside the incidents: decisions that change, improvements that are carried through, the internal audit,
//! the statement that there was nothing to state.

use calendar::DAY;
use serde_json::{Value as Json, json};

use super::decisions::{ESCALATION_RULES, HOLIDAYS, THRESHOLDS, WEEK, thresholds};
use super::founding::decide;
use super::hours::Hours;
use super::people::{AUDITOR, PROCESS_OWNER, SERVICE_MANAGER};
use super::world::{World, instant};
use super::year::Year;

pub enum Occasion {
    /// The desk keeps watch round the clock.
    Watch {
        from: i64,
        holidays: Json,
    },
    /// Priority 2 gets half an hour to be escalated in, and the rules say so.
    ShorterGrace,
    Assess(&'static Judgement),
    /// Nothing of the kind happened in these days.
    NilReturn {
        from: i64,
        to: i64,
    },
    Approve {
        improvement: String,
        owner: &'static str,
    },
    Finish {
        improvement: String,
        owner: &'static str,
    },
}

/// What the internal auditor found.
pub struct Judgement {
    requirement: &'static str,
    grade: &'static str,
    reason: &'static str,
}

static JUDGEMENTS: [Judgement; 5] = [
    Judgement {
        requirement: "8.6.1-a",
        grade: "conforming",
        reason: "Compared 60 calls of the telephone system and 20 chats with the records: all 80 have one. Drew 25 records; 24 are classified as I would have classified them.",
    },
    Judgement {
        requirement: "8.6.1-b",
        grade: "partly",
        reason: "Impact and urgency are judged alike by everybody whom I asked. What comes by mail and is solved in passing has neither; I found six such records in the quarter.",
    },
    Judgement {
        requirement: "8.6.1-c",
        grade: "partly",
        reason: "The thresholds are sound and the list of who is on call is current. At lunch nobody watches: the desk relies on the screen. I drew 20 escalations of those that pass; all 20 took place.",
    },
    Judgement {
        requirement: "8.6.1-h",
        grade: "conforming",
        reason: "Read the records of three major incidents beside the recordings of the calls. The steps were taken when the records say so, none was filled in afterwards.",
    },
    Judgement {
        requirement: "8.6.1-i",
        grade: "partly",
        reason: "In one of the major incidents the messages to the managing director never arrived while it lasted. She says that she was rung up, and her calendar shows the call; the record does not.",
    },
];

/// Months of the year, from its end back.
pub fn expect(year: &mut Year) {
    let (from, to) = (year.from, year.to);
    let hours = |day_ago: i64, hour| {
        let day = year.hours.working_day_before(year.hours.day(to - day_ago * DAY));
        year.hours.at(day, hour, 20)
    };
    let audited: Vec<i64> = (0..).map(|n| hours(46, 14) + n * 7 * calendar::MINUTE).take(JUDGEMENTS.len()).collect();
    let (grace, nil) = (hours(182, 11), hours(300 - 31, 9));
    year.occasion(grace, Occasion::ShorterGrace);
    for (judgement, at) in JUDGEMENTS.iter().zip(audited) {
        year.occasion(at, Occasion::Assess(judgement));
    }
    // Between the first and the second major incident of the year.
    if nil > from {
        year.occasion(nil, Occasion::NilReturn { from: to - 325 * DAY, to: to - 290 * DAY });
    }
}

/// An improvement is approved within the week and done some weeks later.
pub(super) fn follow_up(year: &mut Year, improvement: String, owner: &'static str, weeks: i64) {
    let now = year.world.now();
    let approved = year.hours.later(now, 23 * 60);
    let done = year.hours.later(now + weeks * 7 * DAY, 100);
    year.occasion(approved, Occasion::Approve { improvement: improvement.clone(), owner });
    year.occasion(done, Occasion::Finish { improvement, owner });
}

pub fn happen(world: &mut World, hours: &Hours, occasion: Occasion) -> anyhow::Result<()> {
    match occasion {
        Occasion::Watch { from, holidays } => {
            let why = "The desk is staffed round the clock while systems are moved; until further notice.";
            decide(world, WEEK, &super::hours::round_the_clock(), Some(from), why)?;
            if holidays != hours.holidays() {
                decide(world, HOLIDAYS, &holidays, Some(from), why)?;
            }
        }
        Occasion::ShorterGrace => {
            let why = "An hour was too long: four of ten were told when nothing could be done any more.";
            decide(world, THRESHOLDS, &thresholds("PT30M"), None, why)?;
            revise_rules(world)?;
        }
        Occasion::Assess(judgement) => assess(world, hours, judgement)?,
        Occasion::NilReturn { from, to } => {
            let input = json!({
                "requirement": "8.6.1-k", "from": hours.day(from).to_string(), "to": hours.day(to).to_string(),
                "reason": "No major incident was to be reviewed in these weeks; I went through all incidents of priority 1.",
            });
            world.create(PROCESS_OWNER, "nil_return", input)?;
        }
        Occasion::Approve { improvement, owner } => {
            let due = hours.day(world.now() + 45 * DAY).to_string();
            let input = json!({ "owner": world.person(owner)?, "due_on": due });
            world.make(PROCESS_OWNER, &improvement, "approve", input)?;
        }
        Occasion::Finish { improvement, owner } => {
            let input = json!({ "outcome": "In place, and shown to the desk in the weekly meeting." });
            world.make(owner, &improvement, "finish", input)?;
        }
    }
    Ok(())
}

fn revise_rules(world: &mut World) -> anyhow::Result<()> {
    let number = world.number("document", ESCALATION_RULES)?.to_owned();
    world.make(PROCESS_OWNER, &number, "revise", json!({ "reason": "Half an hour for priority 2." }))?;
    world.pause();
    world.change(PROCESS_OWNER, &number, json!({ "version_no": "2" }))?;
    world.pause();
    let from = instant(world.now());
    world.make(SERVICE_MANAGER, &number, "approve", json!({ "effective_from": from }))?;
    Ok(())
}

fn assess(world: &mut World, hours: &Hours, judgement: &Judgement) -> anyhow::Result<()> {
    let input = json!({
        "requirement": judgement.requirement, "grade": judgement.grade, "reason": judgement.reason,
        "expires_on": hours.day(world.now() + 182 * DAY).to_string(),
        "shown": world.shown(judgement.requirement)?,
    });
    world.create(AUDITOR, "assessment", input)?;
    Ok(())
}
