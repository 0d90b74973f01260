//! The year, lived event by event: the clock moves to each instant at which somebody does something, or at which a
//! clock of an incident runs into a threshold, and stands there while it is recorded.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use calendar::{Date, MINUTE, SECOND};
use engine::{Engine, ManualClock, timers};
use jiff::ToSpan as _;
use store::Param;

use crate::users::said;

use super::assurance::{self, Occasion};
use super::case::{Case, Deed, Major};
use super::dice::Dice;
use super::hours::Hours;
use super::people::{PROCESS_OWNER, lead};
use super::plan::{Deeds, Oddity, Plan, Until};
use super::stories::{self, Story};
use super::world::World;
use super::{ending, founding, majors};

/// Of so many crossings of a threshold nobody is told once (8.6.1-c).
const FORGOTTEN_ONE_IN: usize = 20;

pub struct Year {
    pub world: World,
    pub dice: Dice,
    pub hours: Hours,
    pub stories: Vec<&'static Story>,
    pub cases: Vec<Case>,
    pub from: i64,
    pub to: i64,
    /// When the desk is staffed round the clock from, where that has been decided.
    pub watch_from: Option<i64>,
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    events: Vec<Option<Event>>,
    crossings: usize,
}

enum Event {
    Deed(usize, Deed),
    Occasion(Occasion),
    /// A local month has ended: its name, and how many incidents there were before it.
    Month(Date),
}

/// Lives the year that ends at `to`.
pub fn live(engine: Arc<Engine>, clock: Arc<ManualClock>, seed: u64, from: i64, to: i64) -> anyhow::Result<()> {
    let hours = Hours::between(from, to)?;
    let mut world = World::new(engine, clock);
    founding::found(&mut world, &hours)?;
    let stories = stories::all();
    let (dice, queue) = (Dice::new(seed), BinaryHeap::new());
    let (cases, events) = (Vec::new(), Vec::new());
    let mut year = Year { world, dice, hours, stories, cases, from, to, watch_from: None, queue, events, crossings: 0 };
    year.expect_incidents();
    majors::expect(&mut year);
    ending::expect(&mut year)?;
    assurance::expect(&mut year);
    year.run()
}

impl Year {
    /// Adds a case with what will be done about it; its index.
    pub fn expect(&mut self, case: Case, deeds: Deeds) -> usize {
        let index = self.cases.len();
        self.cases.push(case);
        for (at, deed) in deeds {
            self.at(index, at, deed);
        }
        index
    }

    pub fn at(&mut self, case: usize, at: i64, deed: Deed) {
        if let (Deed::Resolve, Some(case)) = (&deed, self.cases.get_mut(case))
            && case.resolves_at == i64::MAX
        {
            case.resolves_at = at;
        }
        self.put(at, Event::Deed(case, deed));
    }

    pub fn occasion(&mut self, at: i64, occasion: Occasion) {
        self.put(at, Event::Occasion(occasion));
    }

    /// What lies after the end does not happen any more: it is what is open then. Nor does what lies before the
    /// beginning.
    fn put(&mut self, at: i64, event: Event) {
        if (self.from..=self.to).contains(&at) {
            self.queue.push(Reverse((at, self.events.len())));
            self.events.push(Some(event));
        }
    }

    pub fn draw(
        &mut self,
        at: i64,
        oddity: Oddity,
        until: Until,
        only: Option<&'static Story>,
    ) -> Option<(Case, Deeds)> {
        let (one, calm_from) = (only.map(|story| [story]), self.to - calendar::DAY);
        let stories = one.as_ref().map_or(&self.stories[..], |one| &one[..]);
        Plan { dice: &mut self.dice, hours: &self.hours, stories, oddity, until, calm_from }.draw(at)
    }

    /// Ordinary incidents of every day, most of them on Monday mornings.
    fn expect_incidents(&mut self) {
        let (first, last) = (self.hours.day(self.from), self.hours.day(self.to));
        let mut raised = Vec::new();
        let mut day = first;
        while day <= last {
            self.day(day, &mut raised);
            day = day.saturating_add(1.day());
        }
        // The first afternoon is taken up by entering what there is.
        let begin = self.world.now() + 10 * MINUTE;
        raised.retain(|at| (begin..=self.to).contains(at));
        raised.sort_unstable();
        let total = raised.len();
        for (index, at) in raised.into_iter().enumerate() {
            if let Some((case, deeds)) = self.draw(at, Oddity::of(index, total), Until::Closed, None) {
                self.expect(case, deeds);
            }
        }
        for month in 0..=13 {
            let begins = first.first_of_month().saturating_add((month + 1).months());
            self.put(self.hours.at(begins, 0, 0), Event::Month(begins.saturating_sub(1.day())));
        }
    }

    fn day(&mut self, day: Date, raised: &mut Vec<i64>) {
        if !self.hours.works_on(day) {
            if self.dice.per_mille(330) {
                raised.push(self.hours.at(day, 0, 0) + self.dice.between(0, 23 * 60) * MINUTE);
            }
            return;
        }
        let busy = if day.weekday() == calendar::Weekday::Monday { 2 } else { 0 };
        for _ in 0..self.dice.between(1, 5) + self.dice.between(0, busy) {
            let hour = self.dice.weighted(&[24, 22, 15, 11, 6, 12, 12, 9, 6, 3]);
            let minute = i64::try_from(hour).unwrap_or(0) * 60 + self.dice.between(0, 59);
            raised.push(self.hours.opening(day) + minute * MINUTE + self.dice.between(0, 59) * SECOND);
        }
    }

    fn run(&mut self) -> anyhow::Result<()> {
        while let Some(Reverse((at, event))) = self.queue.pop() {
            self.world.go_to(at);
            match self.events.get_mut(event).and_then(Option::take) {
                Some(Event::Deed(case, deed)) => self.perform(case, deed)?,
                Some(Event::Occasion(occasion)) => assurance::happen(&mut self.world, &self.hours, occasion)?,
                Some(Event::Month(day)) => self.month(day)?,
                None => {}
            }
        }
        self.world.go_to(self.to);
        timers::run_due(self.world.engine()).map_err(said)?;
        self.month(self.hours.day(self.to))
    }

    /// Says how far the story is, and has the ledger signed.
    fn month(&mut self, day: Date) -> anyhow::Result<()> {
        self.world.engine().sign()?;
        let incidents = self.cases.iter().filter(|case| !case.number.is_empty()).count();
        let leaves = self.world.engine().leaves()?;
        eprintln!("{}: {incidents} incidents, {leaves} entries in the ledger", day.strftime("%Y-%m"));
        Ok(())
    }

    /// Whether a threshold of a case's clock has been crossed, and what comes of it. Comes back when the next one may be.
    pub(super) fn watch(&mut self, index: usize) -> anyhow::Result<()> {
        timers::run_due(self.world.engine()).map_err(said)?;
        let Some(record) = self.cases.get(index).map(|case| case.record) else { return Ok(()) };
        let mut clock = None;
        let sql = "SELECT state, escalation_due_at, due_at FROM clock WHERE incident = ?";
        self.world.engine().reader()?.query(sql, &[Param::Int(record)], &mut |row| {
            clock = Some((row.need_text(0)?.to_owned(), row.int(1)?, row.int(2)?));
            Ok(())
        })?;
        let Some((state, escalation, due)) = clock else { return Ok(()) };
        let now = self.world.now();
        for at in [escalation, due].into_iter().flatten().filter(|at| *at > now) {
            self.at(index, at, Deed::Watch);
        }
        if state == "escalation_due" {
            self.crossing(index, now);
        }
        Ok(())
    }

    /// Somebody is told, or decides that nobody need be; now and then it is forgotten.
    fn crossing(&mut self, index: usize, now: i64) {
        let Some(case) = self.cases.get_mut(index).filter(|case| !case.crossed && !case.done) else { return };
        case.crossed = true;
        self.crossings += 1;
        let resolves_at = case.resolves_at;
        let (major, minutes) = (case.is_p1(), self.dice.between(4, 26));
        let on_watch = self.watch_from.is_some_and(|from| from <= now);
        let soon = if on_watch { now + minutes * MINUTE } else { self.hours.later(now, minutes) };
        if !major && self.crossings % FORGOTTEN_ONE_IN == 4 {
            return;
        }
        // Before it is resolved, if that is soon.
        let at = if soon < resolves_at { soon } else { now + (resolves_at - now).max(0) / 2 };
        self.at(index, at, Deed::Escalate);
    }

    /// To whom a case is escalated: kind, person, reason.
    pub(super) fn escalation(&mut self, index: usize) -> Option<(&'static str, &'static str, Option<&'static str>)> {
        let case = self.cases.get(index)?;
        let leader = lead(case.story.team);
        Some(match self.dice.weighted(&[5, 3, 2]) {
            0 if leader != case.solver => ("functional", leader, Some("Needs somebody who knows the system better.")),
            2 if !case.is_p1() => {
                ("not_needed", PROCESS_OWNER, Some("Solution is known and will be in place before the target."))
            }
            _ => ("hierarchical", PROCESS_OWNER, None),
        })
    }

    pub fn major(&mut self, case: usize, at: i64, what: Major) {
        self.at(case, at, Deed::Major(what));
    }
}
