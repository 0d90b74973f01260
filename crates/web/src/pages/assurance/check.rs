//! One check and its result: the counts, the rule in words and as code, the records that do not pass, the months.

use conformity::catalogue::{CheckText, Proves};
use conformity::checks::{Basis, Check, Population, Share};
use conformity::{CheckDetail, CheckStatus, ExceptionRow, Exceptions};
use serde_json::Value as Json;

use super::super::visit::Visit;
use super::Looking;
use crate::view::chart::{Bar, Month, Trend};
use crate::view::list::{Column, Role};
use crate::view::parts::{Link, Mark, Sentence, Shown, Status, Word};
use crate::view::requirement as view;
use crate::view::words;

/// Columns of what was observed, beside the record and the reason.
const COLUMNS_MAX: usize = 4;

/// A check as it was asked.
pub struct Answered {
    pub detail: CheckDetail,
    pub exceptions: Exceptions,
}

pub fn shown(looking: &Looking, check: &Check, answered: &Answered, text: Option<&CheckText>) -> view::Check {
    let row = &answered.detail.row;
    let empty = row.population == 0;
    let number = |n: u64| if empty { "–".to_owned() } else { words::number(n) };
    let columns = columns(looking, check, &answered.exceptions.items);
    let exceptions: Vec<view::Exception> =
        answered.exceptions.items.iter().map(|one| exception(looking, check, one, &columns)).collect();
    let more = answered.exceptions.next_cursor.as_deref().map(|cursor| {
        let address = looking.visit.address.with("check", Some(&check.id)).with("after", Some(cursor));
        Link::new("Further exceptions", format!("{address}#check-{}", check.id))
    });
    let of = population(looking, check);
    view::Check {
        id: check.id.clone(),
        kind: kind(check).to_owned(),
        status: Some(said(row.status)),
        population: number(row.population),
        population_of: of.clone(),
        passed: number(row.passed),
        passed_note: String::new(),
        failed: number(row.failed),
        failed_note: String::new(),
        undetermined: if row.undetermined > 0 { words::number(row.undetermined) } else { String::new() },
        undetermined_note: if row.undetermined > 0 {
            "what the rule reads is not there".to_owned()
        } else {
            String::new()
        },
        rate: words::percent(row.passed, row.population),
        rate_note: bar_asked(check),
        bar: bar(row.passed, row.failed, row.undetermined),
        because: because(looking, check, row.status),
        words: in_words(check, text),
        code: code(check),
        code_place: check.place.clone(),
        columns: columns.into_iter().map(|(_, column)| column).collect(),
        exceptions_count: format!("{} of {of}", words::number(row.failed + row.undetermined)),
        exceptions,
        more,
        as_list: None,
        trend: trend(check, &answered.detail),
    }
}

fn kind(check: &Check) -> &'static str {
    match (check.basis, check.proves) {
        (Basis::Practice, _) => "Good practice, not counted",
        (_, Proves::Indicator | Proves::Nothing) => "Indicator, never decides",
        _ => "Check",
    }
}

pub fn said(status: CheckStatus) -> Status {
    match status {
        CheckStatus::Pass => Status::new(Mark::Ok, "Passes"),
        CheckStatus::Fail => Status::new(Mark::Bad, "Has exceptions"),
        CheckStatus::NotDeterminable => Status::new(Mark::None, "Not determinable"),
        CheckStatus::NoEvidence => Status::new(Mark::None, "No evidence"),
        CheckStatus::NilStated => Status::new(Mark::Ok, "Nothing of the kind, as stated"),
    }
}

fn population(looking: &Looking, check: &Check) -> String {
    let plural = |name: &str| {
        looking
            .visit
            .app
            .engine
            .model()
            .get(name)
            .map_or_else(|| name.to_owned(), |found| found.label_plural.to_lowercase())
    };
    match &check.population {
        Population::Record(name) => plural(name),
        Population::Step(name) => format!("changes of state of {}", plural(name)),
        Population::Change(name, field) => format!("changes of {field} of {}", plural(name)),
        Population::Occasion(_) => "dates on which it was due".to_owned(),
        Population::Values(_) => "one set of criteria".to_owned(),
    }
}

fn bar(passed: u64, failed: u64, undetermined: u64) -> Bar {
    let parts: Vec<(Mark, u64)> = [(Mark::Ok, passed), (Mark::None, undetermined), (Mark::Bad, failed)]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .collect();
    Bar { parts, label: format!("{passed} pass, {failed} fail, {undetermined} cannot be told"), thick: true }
}

fn bar_asked(check: &Check) -> Option<Status> {
    match &check.share {
        None => None,
        Some(Share::Fixed(share)) => Some(Status::new(Mark::Info, format!("{:.0} % are asked for", share * 100.0))),
        Some(Share::Setting(key)) => Some(Status::new(Mark::Info, format!("as {key} asks"))),
    }
}

/// Why there is no result, with the way to one.
fn because(looking: &Looking, check: &Check, status: CheckStatus) -> Sentence {
    match status {
        CheckStatus::NotDeterminable => {
            let undecided = check.settings.iter().find(|key| {
                let settings = looking
                    .visit
                    .app
                    .engine
                    .reader()
                    .ok()
                    .and_then(|mut r| looking.visit.app.engine.settings(&mut *r).ok());
                settings.is_some_and(|settings| settings.in_force(key, looking.at()).is_none())
            });
            match undecided.and_then(|key| looking.visit.app.registry.get(key)) {
                Some(setting) => Sentence(vec![
                    Word::Plain("Nobody has decided: ".to_owned()),
                    Word::Link(Link::new(setting.label.clone(), format!("/settings/{}", setting.key))),
                ]),
                None => {
                    Sentence::from("What the rule reads is missing in some of them, so it can say neither yes nor no.")
                }
            }
        }
        CheckStatus::NoEvidence => {
            Sentence::from("Nothing of the kind is recorded in this period. That is not the same as conforming.")
        }
        _ => Sentence::default(),
    }
}

fn in_words(check: &Check, text: Option<&CheckText>) -> Vec<(String, String)> {
    let mut words = Vec::new();
    if let Some(text) = text {
        words.push(("Looked at".to_owned(), text.population.clone()));
        words.push(("Passes".to_owned(), text.pass.clone()));
    }
    let proves = match check.proves {
        Proves::Sufficient => "All of it: where the check passes, the requirement conforms.",
        Proves::Necessary => {
            "A part: where it fails, the requirement does not conform; where it passes, a person judges the rest."
        }
        Proves::Indicator => "Nothing by itself: it shows where to look.",
        Proves::Nothing => "Nothing.",
    };
    words.push(("Proves".to_owned(), proves.to_owned()));
    words.extend(check.why.clone().map(|why| ("Why".to_owned(), why)));
    words.extend(check.put_right.clone().map(|how| ("How to put it right".to_owned(), how)));
    words.extend(check.trap.clone().map(|trap| ("Not seen by the rule".to_owned(), trap)));
    words
}

fn code(check: &Check) -> String {
    format!("over = {}\nwhen = {}\npass = {}", check.over, check.when.text(), check.pass.text())
}

/// What was observed of the records, by its name, as columns.
fn columns(looking: &Looking, check: &Check, rows: &[ExceptionRow]) -> Vec<(String, Column)> {
    let mut names: Vec<String> = Vec::new();
    for key in rows.iter().flat_map(|row| row.observed.keys()) {
        if !names.contains(key) {
            names.push(key.clone());
        }
    }
    names.truncate(COLUMNS_MAX);
    let record_type = check.record_type().and_then(|name| looking.visit.app.engine.model().get(name));
    let label = |name: &str| {
        let key = name.rsplit('.').next().unwrap_or(name);
        let field = record_type.and_then(|found| found.field(key));
        field.map_or_else(|| name.replace(['_', '.'], " "), |field| field.label.clone())
    };
    let role = |name: &str| if name == "priority" { Role::Priority } else { Role::Text };
    names.iter().map(|name| (name.clone(), Column { label: label(name), role: role(name), sort: None })).collect()
}

fn exception(looking: &Looking, check: &Check, row: &ExceptionRow, columns: &[(String, Column)]) -> view::Exception {
    let visit = &looking.visit;
    let prefix = row.number.split_once('-').map(|(prefix, _)| prefix);
    let record_type = prefix.and_then(|prefix| visit.app.engine.model().by_prefix(prefix));
    let path = match record_type {
        Some(found) => format!("/{}/{}", found.path, row.number),
        None => format!("/settings/{}", check.settings.first().map_or("", String::as_str)),
    };
    let failed = row.verdict == "fail";
    let mark = if failed { Mark::Bad } else { Mark::None };
    let since = engine::input::instant(&row.since).map(|at| visit.wall.time(at));
    let observed = columns.iter().map(|(name, _)| seen(visit, row.observed.get(name)));
    view::Exception {
        title: title(visit, &row.number).unwrap_or_else(|| row.number.clone()),
        href: looking.href(&path),
        number: row.number.clone(),
        context: String::new(),
        why: Status::new(mark, row.why.clone()),
        since,
        observed: observed.collect(),
    }
}

/// The title of a record, where this reader may see it.
fn title(visit: &Visit, number: &str) -> Option<String> {
    let named = super::super::find::by_number(visit, number).ok()??;
    Some(named.name)
}

fn seen(visit: &Visit, value: Option<&Json>) -> Shown {
    match value {
        None | Some(Json::Null) => Shown::Empty,
        Some(Json::String(text)) => match engine::input::instant(text) {
            Some(at) => Shown::Time(visit.wall.time(at)),
            None => Shown::Text(text.clone()),
        },
        Some(Json::Bool(truth)) => Shown::Text(if *truth { "yes" } else { "no" }.to_owned()),
        Some(Json::Object(object)) => {
            let name = object.get("name").or_else(|| object.get("number")).and_then(Json::as_str);
            name.map_or(Shown::Empty, |name| Shown::Text(name.to_owned()))
        }
        Some(other) => Shown::Number(other.to_string()),
    }
}

fn trend(check: &Check, detail: &CheckDetail) -> Option<Trend> {
    let with_data = detail.months.iter().filter(|month| month.population > 0).count();
    if with_data < 3 {
        return None;
    }
    let month =
        |m: &conformity::MonthRow| Month::of_check(short(&m.month), m.population, m.passed, m.failed, m.undetermined);
    let bar = match check.share {
        None => Some(100.0),
        Some(Share::Fixed(share)) => Some(share * 100.0),
        Some(Share::Setting(_)) => None,
    };
    let best = |m: &&conformity::MonthRow| m.population > 0;
    let rate = |m: &conformity::MonthRow| words::percent(m.passed, m.population);
    let first = detail.months.iter().find(best).map(rate).unwrap_or_default();
    let last = detail.months.iter().rev().find(best).map(rate).unwrap_or_default();
    Some(Trend {
        id: format!("trend-{}", check.id.replace('.', "-")),
        caption: "Pass rate by month".to_owned(),
        title: format!("The pass rate was {first} in the first month with data and {last} in the last"),
        months: detail.months.iter().map(month).collect(),
        bar,
        narrow: false,
        columns: ["Month", "Pass rate", "n", "Exceptions", "Cannot be told"].map(str::to_owned).to_vec(),
    })
}

/// `Mar 26` of `2026-03`.
fn short(month: &str) -> String {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, number) = month.split_once('-').unwrap_or((month, ""));
    let name = number.parse::<usize>().ok().and_then(|n| NAMES.get(n.checked_sub(1)?)).copied().unwrap_or(number);
    if name == "Jan" { format!("{name} {}", year.get(2..).unwrap_or(year)) } else { name.to_owned() }
}

/// Asks for a check's result and its exceptions.
pub fn ask(
    conformity: &conformity::Conformity,
    question: &conformity::Question,
    id: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Answered, conformity::Error> {
    Ok(Answered {
        detail: conformity.detail(id, question)?,
        exceptions: conformity.exceptions(id, question, after, limit)?,
    })
}
