//! Draws up ordinary incidents: who reports what, how long it takes, and what goes wrong with it now and then. What an
//! auditor will find is set by counting, not by chance, so that every seed has its exceptions and none has too many.

use calendar::{HOUR, MINUTE, SECOND};

use super::case::{Case, Deed};
use super::decisions::{priority, target_minutes};
use super::dice::Dice;
use super::hours::Hours;
use super::people::{DESK, callers, first_name, members};
use super::services::{OURSELVES, service, sites};
use super::stories::{Filling, Story, Telling};

/// What is unusual about the n-th incident.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    None,
    /// Came by mail, and nobody ever said how much it mattered (8.6.1-b).
    NeverPrioritised,
    /// Nobody ever said of what kind it is (8.6.1-a).
    NeverClassified,
    /// Solved on the phone, and nothing written but that (8.6.1-f).
    SolvedInPassing,
    /// Resolved, and forgotten (8.6.1-e).
    NeverClosed,
}

impl Oddity {
    /// Of `total` incidents, those that nobody closed lie in the last third: somebody would have noticed older ones.
    pub fn of(index: usize, total: usize) -> Self {
        match index {
            _ if index % 71 == 3 => Self::NeverPrioritised,
            _ if index % 223 == 100 => Self::NeverClassified,
            _ if index % 43 == 11 => Self::SolvedInPassing,
            _ if index % 31 == 7 && index * 3 > total * 2 => Self::NeverClosed,
            _ => Self::None,
        }
    }
}

/// How far an incident gets by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Closed,
    /// Stands still in a state: what is open at the end.
    New,
    Assigned,
    InProgress,
    Waiting(&'static str),
}

/// What drawing up needs to know.
pub struct Plan<'a> {
    pub dice: &'a mut Dice,
    pub hours: &'a Hours,
    pub stories: &'a [&'static Story],
    pub oddity: Oddity,
    pub until: Until,
    /// No ordinary incident meets the criteria for a major one from here on: nobody would have time to decide.
    pub calm_from: i64,
}

pub type Deeds = Vec<(i64, Deed)>;

impl Plan<'_> {
    /// An incident that is recorded at an instant, with everything that is done about it.
    pub fn draw(&mut self, at: i64) -> Option<(Case, Deeds)> {
        let weights: Vec<usize> = self.stories.iter().map(|s| if s.weight.0 == 3 { 3 } else { 2 }).collect();
        let index = self.dice.weighted(&weights);
        let story = *self.stories.get(index)?;
        let customer = self.dice.pick(service(story.service)?.customers)?;
        let case = self.case(story, customer, at);
        let deeds = self.deeds(&case, at);
        Some((case, deeds))
    }

    pub fn case(&mut self, story: &'static Story, customer: &'static str, at: i64) -> Case {
        let site = self.dice.text(sites(customer));
        let item = self.dice.text(story.items);
        let filling = Filling::throw(self.dice, super::services::label("location", site), item);
        let telling = story.tell(self.dice);
        let (source, caller) = self.way_in(&telling, customer, at);
        let desk = self.dice.text(members(DESK));
        let team = if self.dice.per_mille(450) || source == "monitoring" { story.team } else { DESK };
        let solver = if team == DESK && self.dice.per_mille(600) { desk } else { self.dice.text(members(team)) };
        let (impact, urgency) = self.weight(story, at);
        let opener = match (source, caller) {
            ("portal", Some(caller)) => caller,
            ("monitoring", _) => self.dice.text(members(story.team)),
            _ => desk,
        };
        Case {
            story,
            title: filling.fill(telling.title),
            said: filling.fill(telling.said),
            filling,
            source,
            customer,
            caller,
            opener,
            desk,
            solver,
            team,
            oddity: self.oddity,
            note: telling.note,
            solution: telling.solution,
            impact,
            urgency,
            complete: !["portal", "mail"].contains(&source),
            number: String::new(),
            record: 0,
            resolves_at: i64::MAX,
            crossed: false,
            done: false,
        }
    }

    fn way_in(&mut self, telling: &Telling, customer: &'static str, at: i64) -> (&'static str, Option<&'static str>) {
        if telling.said.starts_with("Alert") || !self.hours.is_open(at) {
            return ("monitoring", None);
        }
        let caller = self.dice.pick(&callers(customer));
        match self.oddity {
            Oddity::NeverPrioritised => return ("mail", caller),
            Oddity::SolvedInPassing => return ("phone", caller),
            _ => {}
        }
        let source = match self.dice.weighted(&[44, 26, 24, 6]) {
            0 => "phone",
            1 if customer != OURSELVES => "portal",
            3 => "in_person",
            _ => "mail",
        };
        (source, caller)
    }

    fn weight(&mut self, story: &Story, at: i64) -> (i64, i64) {
        let moved = |dice: &mut Dice, of: i64| match dice.weighted(&[28, 57, 15]) {
            0 => (of - 1).max(1),
            1 => of,
            _ => (of + 1).min(3),
        };
        let (impact, urgency) = (moved(self.dice, story.weight.0), moved(self.dice, story.weight.1));
        let unwatched = self.until != Until::Closed || self.oddity != Oddity::None;
        let quiet = at >= self.calm_from || unwatched || self.dice.per_mille(800);
        if priority(impact, urgency) == 1 && quiet { (impact, 2) } else { (impact, urgency) }
    }

    /// Everything that is done about a case, in order.
    pub fn deeds(&mut self, case: &Case, at: i64) -> Deeds {
        let mut deeds = vec![(at, Deed::Raise)];
        if self.oddity == Oddity::SolvedInPassing {
            let resolved = at + self.dice.between(4, 11) * MINUTE;
            deeds.push((resolved, Deed::Resolve));
            self.close(&mut deeds, case, resolved);
            return deeds;
        }
        let taken = self.take_up(&mut deeds, case, at);
        let target = target_minutes(priority(case.impact, case.urgency));
        if self.until != Until::Closed {
            self.stand_still(&mut deeds, case, taken);
            return deeds;
        }
        if !case.is_p1() && self.dice.per_mille(26) {
            let end = self.hours.later(taken, self.dice.between(10, target / 2));
            deeds.push((end, Deed::Cancel(self.dice.text(CANCELLED))));
            return deeds;
        }
        let resolved = self.hours.later(at, self.effort(target)).max(taken + 10 * MINUTE);
        self.work(&mut deeds, case, taken, resolved);
        deeds.push((resolved, Deed::Resolve));
        let resolved = self.come_back(&mut deeds, case, resolved);
        self.close(&mut deeds, case, resolved);
        deeds
    }

    /// Minutes of desk time until it is resolved: mostly well within the target.
    fn effort(&mut self, target: i64) -> i64 {
        let share = match self.dice.weighted(&[44, 34, 16, 6]) {
            0 => self.dice.between(20, 250),
            1 => self.dice.between(250, 600),
            2 => self.dice.between(600, 970),
            _ => self.dice.between(1030, 1900),
        };
        (target * share / 1000).max(12)
    }

    /// Up to the moment at which somebody works on it.
    fn take_up(&mut self, deeds: &mut Deeds, case: &Case, at: i64) -> i64 {
        let mut at = at;
        if !case.complete {
            at = self.soon(at, 6, 55);
            deeds.push((at, Deed::Classify));
        }
        if case.is_p1() && self.until == Until::Closed {
            deeds.push((self.a_while(at, 8, 19), Deed::NotMajor(self.dice.text(NOT_MAJOR))));
        }
        if self.dice.per_mille(22) {
            let (other, why) = if self.dice.per_mille(500) { (-1, RAISED) } else { (1, LOWERED) };
            let wanted = (priority(case.impact, case.urgency) + other).clamp(2, 4);
            deeds.push((self.a_while(at, 20, 40), Deed::Override(wanted, self.dice.text(why))));
        }
        if self.until == Until::New {
            return at;
        }
        at = self.soon(at, 1, if case.is_p1() { 6 } else { 35 });
        deeds.push((at, Deed::Assign));
        if self.until == Until::Assigned {
            return at;
        }
        at = self.soon(at, 1, if case.is_p1() { 5 } else { 70 });
        deeds.push((at, Deed::Start));
        at
    }

    fn work(&mut self, deeds: &mut Deeds, case: &Case, from: i64, to: i64) {
        let notes = 1 + self.dice.weighted(&[5, 4, 1]);
        let span = (to - from).max(10 * MINUTE);
        let mut first = true;
        for part in 0..notes {
            let part = i64::try_from(part).unwrap_or(0);
            let at = self.open_between(from + span * part / 4 + MINUTE, from + span * (part + 1) / 4);
            let text = if first { case.note } else { self.dice.text(STEPS) };
            first = false;
            deeds.push((at, Deed::Note(case.filling.fill(text))));
        }
        if self.dice.per_mille(380) && case.caller.is_some() {
            let at = self.open_between(from + MINUTE, from + span / 3);
            deeds.push((at, Deed::Tell(self.greeting(case, SOON))));
        }
        if self.dice.per_mille(150) && case.team == DESK && case.story.team != DESK {
            deeds.push((self.open_between(from + span / 4, from + span / 2), Deed::HandOver(case.story.team)));
        }
        if self.dice.per_mille(60) {
            deeds.push((self.open_between(from + span / 3, from + span / 2), Deed::Workaround(self.dice.text(AROUND))));
        }
        let long = to - from > 3 * HOUR;
        match self.dice.weighted(&[26, 8, 3, 63]) {
            0 if long && case.caller.is_some() && !case.story.question.is_empty() => self.ask(deeds, case, from, span),
            1 if long => self.wait(deeds, "supplier", from, span),
            2 if long => self.wait(deeds, "change", from, span),
            _ => {}
        }
    }

    /// A question to the caller, who answers before it is solved; nothing where there is no time for it.
    fn ask(&mut self, deeds: &mut Deeds, case: &Case, from: i64, span: i64) {
        let Some((asked, answered)) = self.pause(from, span) else { return };
        let question = lower(case.story.question);
        let caller = first_name(case.caller.unwrap_or_default());
        deeds.push((asked, Deed::Tell(format!("Hello {caller}, {question}"))));
        deeds.push((asked + 20 * SECOND, Deed::Wait("customer")));
        deeds.push((answered, Deed::Answer(case.filling.fill(case.story.answer))));
        deeds.push((answered + 90 * SECOND, Deed::Resume));
    }

    fn wait(&mut self, deeds: &mut Deeds, for_whom: &'static str, from: i64, span: i64) {
        let Some((begun, over)) = self.pause(from, span) else { return };
        let text = match for_whom {
            "supplier" => "Case opened with the supplier.",
            _ => "A change has to come first; it is planned.",
        };
        deeds.push((begun, Deed::Note(text.to_owned())));
        deeds.push((begun + 30 * SECOND, Deed::Wait(for_whom)));
        deeds.push((over, Deed::Resume));
    }

    /// When waiting begins and ends, both while the desk is open.
    fn pause(&mut self, from: i64, span: i64) -> Option<(i64, i64)> {
        let begins = self.open_after(from + span * 55 / 100);
        let planned = from + span * self.dice.between(62, 88) / 100;
        let ends = self.open_after(planned.max(begins + 5 * MINUTE));
        (ends + 3 * MINUTE < from + span).then_some((begins, ends))
    }

    fn come_back(&mut self, deeds: &mut Deeds, case: &Case, resolved: i64) -> i64 {
        if self.oddity != Oddity::None || !self.dice.per_mille(42) {
            return resolved;
        }
        let back = self.hours.later(resolved, self.dice.between(50, 1500));
        deeds.push((back, Deed::Reopen(self.dice.text(BACK))));
        let noted = self.soon(back, 10, 60);
        deeds.push((noted, Deed::Note(case.filling.fill(self.dice.text(STEPS)))));
        let again = self.hours.later(noted, self.dice.between(40, 420));
        deeds.push((again, Deed::Resolve));
        again
    }

    fn close(&mut self, deeds: &mut Deeds, case: &Case, resolved: i64) {
        if self.oddity == Oddity::NeverClosed {
            return;
        }
        if case.caller.is_some() && self.dice.per_mille(430) {
            let said = self.hours.later(resolved, self.dice.between(30, 1700));
            deeds.push((said, Deed::Answer(self.dice.text(THANKS).to_owned())));
            deeds.push((self.soon(said, 5, 200), Deed::Close));
            return;
        }
        // Five working days of ten hours, then whoever is at the desk closes it before the day is over.
        let quiet = self.hours.later(resolved, 5 * 600 - self.dice.between(5, 290));
        deeds.push((quiet, Deed::Close));
    }

    fn stand_still(&mut self, deeds: &mut Deeds, case: &Case, taken: i64) {
        if let Until::InProgress | Until::Waiting(_) = self.until {
            let at = self.soon(taken, 5, 50);
            deeds.push((at, Deed::Note(case.filling.fill(case.note))));
            if let Until::Waiting(whom) = self.until {
                if whom == "customer" && case.caller.is_some() && !case.story.question.is_empty() {
                    deeds.push((at + 2 * MINUTE, Deed::Tell(case.story.question.to_owned())));
                }
                deeds.push((at + 3 * MINUTE, Deed::Wait(whom)));
            }
        }
    }

    fn greeting(&mut self, case: &Case, texts: &[&'static str]) -> String {
        format!("Hello {}, {}", first_name(case.caller.unwrap_or_default()), self.dice.text(texts))
    }

    /// So many minutes of desk time later, and some seconds.
    fn soon(&mut self, at: i64, least: i64, most: i64) -> i64 {
        self.hours.later(at, self.dice.between(least, most)) + self.dice.between(1, 50) * SECOND
    }

    /// So many minutes later, whatever the hour.
    fn a_while(&mut self, at: i64, least: i64, most: i64) -> i64 {
        at + self.dice.between(least * 60, most * 60) * SECOND
    }

    /// An instant between two others at which the desk is open, where there is one.
    fn open_between(&mut self, from: i64, to: i64) -> i64 {
        let seconds = self.dice.between(0, (to - from).max(0) / SECOND);
        let at = self.open_after(from + seconds * SECOND);
        if at < to { at } else { from + (to - from).clamp(0, 2 * MINUTE) / 2 }
    }

    /// This instant while the desk is open, else some time after it has opened again; on a whole second.
    fn open_after(&mut self, at: i64) -> i64 {
        let at = at - at.rem_euclid(SECOND);
        if self.hours.is_open(at) { at } else { self.soon(at, 1, 50) }
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

const STEPS: &[&str] = &[
    "Tried with a second account: the same.",
    "Compared with a colleague's device at {site}; there it works.",
    "Log around the time of the call shows nothing else.",
    "Reproduced in the test environment.",
    "Asked the owner of {item} for a second look.",
];

const SOON: &[&str] = &[
    "thank you for reporting this. We can see it too and are on it. I will write again before the end of the day.",
    "we have found where it comes from and are putting it right. Nothing for you to do.",
    "could I ring you in the afternoon? It would help to see it on your screen.",
    "this will take until tomorrow. Please tell me if it gets worse in the meantime.",
];

const THANKS: &[&str] = &[
    "Works again, thank you.",
    "Yes, that solved it.",
    "All fine since then. Please close it.",
    "Thanks for the quick help.",
];

const BACK: &[&str] = &[
    "It is back since this morning.",
    "Works for me, but not for my colleague.",
    "Happened again, the same message.",
    "It worked for an hour.",
];

const CANCELLED: &[&str] = &[
    "Caller found the cause: the device was switched off.",
    "Raised by mistake, meant for another supplier.",
    "A question, answered on the phone; no fault.",
    "Test of the monitoring.",
];

const AROUND: &[&str] = &[
    "Use the browser instead of the program until it is solved.",
    "Print on the neighbouring floor.",
    "Dial in over West for now.",
    "Write on paper; the desk enters it later.",
];

const NOT_MAJOR: &[&str] = &[
    "One floor only, and the neighbouring one can be used. The usual way is fast enough.",
    "Workaround found within minutes; people can work.",
    "The customer's manager agreed on the phone that it can wait until noon.",
    "Alert of a second line; the first one carries everything.",
];

const RAISED: &[&str] = &["Board meeting in an hour.", "The only device at the counter.", "Patient in the room."];
const LOWERED: &[&str] = &[
    "Caller is on leave until next week.",
    "Customer agreed to wait for the window on Thursday.",
    "A spare device is in use.",
];
