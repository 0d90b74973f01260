//! What is always there when the year ends, whatever the seed: something due within the hour, something overdue, a queue
//! with all its states. The open major incident is among the others of its kind.

use calendar::{HOUR, MINUTE};

use super::assurance::Occasion;
use super::case::Deed;
use super::decisions::target_minutes;
use super::plan::{Deeds, Oddity, Until};
use super::year::Year;

/// Minutes from the end until the urgent one is due.
const DUE_IN: i64 = 40;
/// Less than this of open time in the next hour, and the desk keeps watch.
const OPEN_MIN: i64 = 25;

pub fn expect(year: &mut Year) -> anyhow::Result<()> {
    due_within_the_hour(year)?;
    overdue(year);
    backlog(year);
    Ok(())
}

/// Its clock must run out within the hour, so that hour must have working time: at night and on Sundays the desk has
/// decided beforehand to keep watch.
fn due_within_the_hour(year: &mut Year) -> anyhow::Result<()> {
    let target = target_minutes(2);
    let due = [DUE_IN, OPEN_MIN].into_iter().map(|minutes| year.to + minutes * MINUTE);
    let due = due.into_iter().find(|due| year.hours.is_open(due - MINUTE));
    let raised = match due {
        Some(due) => year.hours.beginning_of(due, target),
        None => {
            let raised = year.to + (DUE_IN - target) * MINUTE;
            keep_watch(year, raised)?;
            raised
        }
    };
    let story = year.stories.iter().copied().find(|story| story.titles.contains(&"File share read-only for {team}"));
    let Some((mut case, _)) = year.draw(raised, Oddity::None, Until::InProgress, story) else { return Ok(()) };
    case.customer = "fennimore";
    case.caller = Some("marco");
    (case.source, case.complete, case.opener, case.desk) = ("phone", true, "aisha", "aisha");
    (case.impact, case.urgency, case.solver, case.team) = (2, 1, "aisha", "platforms");
    (case.filling.team, case.filling.site, case.filling.item) = ("accounts", "Fennimore head office", "fs-01");
    case.title = "File share read-only for accounts".to_owned();
    case.said = "We can open, but saving says that the disk is write-protected. All of accounts.".to_owned();
    let deeds = in_progress("Volume on fs-01 reached its limit and went read-only, as it is set to.", raised);
    year.expect(case, deeds);
    Ok(())
}

fn in_progress(note: &str, raised: i64) -> Deeds {
    vec![
        (raised, Deed::Raise),
        (raised + 3 * MINUTE, Deed::Assign),
        (raised + 7 * MINUTE, Deed::Start),
        (raised + 31 * MINUTE, Deed::Note(note.to_owned())),
    ]
}

/// Decided on the working day before, for the time from the full hour before `raised` on.
fn keep_watch(year: &mut Year, raised: i64) -> anyhow::Result<()> {
    let from = raised - raised.rem_euclid(HOUR);
    let decided = year.hours.at(year.hours.working_day_before(year.hours.day(from)), 15, 0);
    let watch = year.hours.on_watch(raised, year.to + HOUR)?;
    year.watch_from = Some(from);
    year.occasion(decided, Occasion::Watch { from, holidays: watch.holidays() });
    Ok(())
}

fn overdue(year: &mut Year) {
    let due = year.hours.last_open(year.to - 95 * MINUTE);
    let raised = year.hours.beginning_of(due, target_minutes(3));
    let story =
        year.stories.iter().copied().find(|story| story.titles.contains(&"Clinic booking slow since Monday morning"));
    let Some((mut case, _)) = year.draw(raised, Oddity::None, Until::InProgress, story) else { return };
    (case.customer, case.caller) = ("castell", Some("elena"));
    (case.source, case.complete, case.opener, case.desk) = ("phone", true, "jonas", "jonas");
    (case.impact, case.urgency, case.solver, case.team) = (2, 2, "leila", "applications");
    case.title = "Booking takes a minute to show free slots".to_owned();
    let deeds = in_progress("One query reads the whole table since its statistics are old.", raised);
    year.expect(case, deeds);
}

/// A queue as it is after a busy week: state by state, the youngest not yet looked at.
fn backlog(year: &mut Year) {
    let states: [(Until, usize, i64); 7] = [
        (Until::New, 10, 8),
        (Until::Assigned, 8, 14),
        (Until::InProgress, 11, 28),
        (Until::Waiting("customer"), 6, 30),
        (Until::Waiting("supplier"), 4, 45),
        (Until::Waiting("change"), 2, 45),
        (Until::Waiting("problem"), 1, 45),
    ];
    let end = year.hours.last_open(year.to);
    for (until, count, hours) in states {
        for _ in 0..count {
            let minutes = year.dice.between(20, hours * 60);
            let at = year.hours.beginning_of(end, minutes);
            // Some of the newest came by mail and have not been looked at.
            if let Some((mut case, mut deeds)) = year.draw(at, Oddity::None, until, None) {
                if until == Until::New && year.dice.per_mille(400) && case.caller.is_some() {
                    (case.source, case.complete, case.opener) = ("mail", false, case.desk);
                    deeds.truncate(1);
                }
                year.expect(case, deeds);
            }
        }
    }
}
