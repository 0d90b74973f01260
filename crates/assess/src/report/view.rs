//! The answer, cut into what the page shows.

use askama::Template;
use conformity::{CheckRow, Status};

use super::words::{Mark, count, day, instant, number, of_check, of_status, percent};
use crate::{Assessment, Check, Exception, Requirement};

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    css: &'static str,
    of: &'a Assessment,
    verdict: String,
    tally: Vec<(Mark, &'static str, usize)>,
    requirements: Vec<Section<'a>>,
    figures: Vec<Figure<'a>>,
    matrices: Vec<Matrix>,
    settings: Vec<Setting>,
    findings: Vec<String>,
    finals: Vec<Final>,
    tool: &'static str,
}

/// One requirement.
struct Section<'a> {
    of: &'a Requirement,
    mark: Mark,
    word: &'static str,
    lines: Vec<Line<'a>>,
    /// Why there is nothing to judge, where no check has a subject.
    hidden: Option<&'a str>,
}

/// One check of it.
struct Line<'a> {
    row: &'a CheckRow,
    detail: &'a Check,
    word: &'static str,
    bar: Bar,
    groups: Vec<Group<'a>>,
}

/// Exceptions that fail for one reason.
struct Group<'a> {
    why: &'a str,
    names: Vec<&'a Exception>,
}

/// Widths out of a thousand; whatever there is one of is seen.
struct Bar {
    passed: u64,
    failed: u64,
    undetermined: u64,
}

struct Figure<'a> {
    value: String,
    label: &'a str,
    share: Option<String>,
}

/// A field as a function of two others.
struct Matrix {
    sentence: String,
    across: String,
    down: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

struct Setting {
    label: String,
    key: String,
    value: String,
    from: String,
}

struct Final {
    field: String,
    sentence: String,
    examples: Vec<String>,
}

/// So many differing values of a final column are named.
const EXAMPLES_MAX: usize = 8;

impl<'a> Page<'a> {
    pub fn of(answer: &'a Assessment) -> Self {
        let requirements: Vec<Section<'a>> = answer.requirements.iter().map(|one| Section::of(one, answer)).collect();
        Self {
            css: include_str!("../../templates/report.css"),
            verdict: verdict(&answer.requirements),
            tally: tally(&answer.requirements),
            requirements,
            figures: figures(answer),
            matrices: answer
                .figures
                .functions
                .iter()
                .filter_map(|function| matrix(function, answer.source.rows))
                .collect(),
            settings: answer.settings.iter().map(setting).collect(),
            findings: findings(answer),
            finals: answer.deviations.finals.iter().filter_map(last_value).collect(),
            tool: env!("CARGO_PKG_VERSION"),
            of: answer,
        }
    }

    fn number(&self, n: &u64) -> String {
        number(*n)
    }

    /// A file's name without its folders, which say more of the assessor's disk than of the source.
    fn file_name<'p>(&self, path: &'p str) -> &'p str {
        path.rsplit(['/', '\\']).next().unwrap_or(path)
    }

    fn day(&self, text: &str) -> String {
        day(text)
    }

    fn instant(&self, text: &str) -> String {
        instant(text)
    }

    fn last_day(&self) -> String {
        let last = self.of.period.to.parse::<jiff::civil::Date>().and_then(|day| day.yesterday());
        last.map_or_else(|_| self.of.period.to.clone(), |last| day(&last.to_string()))
    }

    fn to_judge(&self) -> Vec<&'a Requirement> {
        self.of.requirements.iter().filter(|requirement| !requirement.judgement.is_empty()).collect()
    }

    fn absent(&self) -> String {
        let mut words: Vec<String> = self.of.source.absent.iter().map(|name| name.replace('_', " ")).collect();
        words.sort_unstable();
        // A field and a kind of record can have one name: a customer.
        words.dedup();
        words.join(", ")
    }
}

impl<'a> Section<'a> {
    fn of(requirement: &'a Requirement, answer: &'a Assessment) -> Self {
        let (mark, word) = of_status(requirement.status);
        let is_empty = requirement.checks.iter().all(|row| row.population == 0);
        let reason = answer.not_shown.iter().find(|missing| missing.requirement == requirement.requirement);
        let lines = requirement.checks.iter().zip(&requirement.details).map(|(row, detail)| Line::of(row, detail));
        Self {
            of: requirement,
            mark,
            word,
            lines: lines.collect(),
            hidden: reason.filter(|_| is_empty).map(|r| r.why.as_str()),
        }
    }

    /// Checks that count; those of good practice never do.
    fn counting(&self) -> impl Iterator<Item = &Line<'a>> {
        self.lines.iter().filter(|line| !line.detail.practice)
    }

    /// The part of the id after the clause.
    fn letter(&self) -> &str {
        self.of.requirement.rsplit_once('-').map_or("", |(_, letter)| letter)
    }
}

impl<'a> Line<'a> {
    fn of(row: &'a CheckRow, detail: &'a Check) -> Self {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for one in &detail.failed {
            match groups.iter_mut().find(|group| group.why == one.why) {
                Some(group) => group.names.push(one),
                None => groups.push(Group { why: &one.why, names: vec![one] }),
            }
        }
        Self { row, detail, word: of_check(row.status), bar: Bar::of(row), groups }
    }

    fn n(&self, n: &u64) -> String {
        number(*n)
    }

    fn share(&self) -> String {
        percent(self.row.passed, self.row.population)
    }

    fn more(&self) -> Option<String> {
        let named = self.detail.failed.len() as u64;
        (self.row.failed > named).then(|| number(self.row.failed - named))
    }
}

impl Bar {
    fn of(row: &CheckRow) -> Self {
        let width = |part: u64| match part * 1000 / row.population.max(1) {
            0 if part > 0 => 5,
            width => width,
        };
        Self { passed: width(row.passed), failed: width(row.failed), undetermined: width(row.undetermined) }
    }

    fn whole(&self) -> u64 {
        (self.passed + self.failed + self.undetermined).max(1)
    }
}

impl Exception {
    /// What people of the source call it.
    fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.number)
    }
}

fn verdict(requirements: &[Requirement]) -> String {
    let of = |wanted: &[Status]| requirements.iter().filter(|one| wanted.contains(&one.status)).count();
    let met = of(&[Status::Conforming, Status::EvidenceComplete, Status::NilStated]);
    let short = of(&[Status::NotConforming, Status::Partly, Status::EvidenceMissing]);
    let open = requirements.len() - met - short;
    let whole = count(requirements.len() as u64, "requirement", "requirements");
    let met = match met {
        0 => "this log shows none to be met as far as records can tell".to_owned(),
        1 => "this log shows one to be met as far as records can tell".to_owned(),
        n => format!("this log shows {n} to be met as far as records can tell"),
    };
    let short = match short {
        0 => "none with a shortfall".to_owned(),
        1 => "one with exceptions".to_owned(),
        n => format!("{n} with exceptions"),
    };
    let open = match open {
        0 => "nothing is left undetermined".to_owned(),
        1 => "one it cannot show".to_owned(),
        n => format!("{n} it cannot show"),
    };
    format!("Of {whole}, {met} and {short}; {open}.")
}

fn tally(requirements: &[Requirement]) -> Vec<(Mark, &'static str, usize)> {
    let of = |status: Status| requirements.iter().filter(|one| one.status == status).count();
    let all = Status::ALL.into_iter().rev().map(|status| (of_status(status), of(status)));
    all.filter(|(_, count)| *count > 0).map(|((mark, word), count)| (mark, word, count)).collect()
}

fn figures(answer: &Assessment) -> Vec<Figure<'_>> {
    let figures = &answer.figures;
    let plain = |value: u64, label| Figure { value: number(value), label, share: None };
    let of = |value: u64, all: u64, label| Figure { value: number(value), label, share: Some(percent(value, all)) };
    let mut shown = vec![
        plain(figures.records, "Incidents"),
        plain(figures.entries, "Entries in their histories"),
        plain(figures.people, "People named"),
        plain(figures.changes_of_state, "Changes of state"),
    ];
    shown.extend(figures.of_rooms.iter().map(|row| of(row.count, row.of - row.undetermined, &row.title)));
    let counted = [
        (figures.recorded_when_resolved, "Recorded only when they were already resolved"),
        (figures.incomplete_histories, "With gaps in their history"),
    ];
    shown.extend(counted.into_iter().filter(|(n, _)| *n > 0).map(|(n, label)| of(n, figures.records, label)));
    shown
}

/// Only a function of two fields is drawn; one that does not hold is a sentence.
fn matrix(function: &exchange::FunctionReport, rows: u64) -> Option<Matrix> {
    let [down, across] = function.of.as_slice() else { return None };
    let (field, down, across) = (function.field.clone(), down.clone(), across.clone());
    let sentence = match function.holds {
        true => format!("{field} was a function of {down} and {across} in all {} rows", number(rows)),
        false => format!("{field} did not follow from {down} and {across} alone"),
    };
    let at = |row: &exchange::FunctionRow, place: usize| row.of.get(place).map(ToString::to_string).unwrap_or_default();
    let mut columns: Vec<String> = function.table.iter().map(|row| at(row, 1)).collect();
    columns.sort();
    columns.dedup();
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for row in &function.table {
        let values: Vec<String> = row.values.iter().map(|value| value.value.to_string()).collect();
        let label = at(row, 0);
        if lines.last().is_none_or(|(known, _)| *known != label) {
            lines.push((label, vec![String::new(); columns.len()]));
        }
        let column = columns.iter().position(|column| *column == at(row, 1));
        if let Some(cell) = lines.last_mut().zip(column).and_then(|((_, cells), column)| cells.get_mut(column)) {
            *cell = values.join(" or ");
        }
    }
    Some(Matrix { sentence: capital(&sentence), across: capital(&across), down: capital(&down), columns, rows: lines })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn setting(stated: &crate::Stated) -> Setting {
    let from = stated.from.as_deref().map_or_else(|| "all along".to_owned(), |from| format!("from {}", day(from)));
    let value = stated.value.as_str().map_or_else(|| stated.value.to_string(), str::to_owned);
    Setting { label: stated.label.clone(), key: stated.key.clone(), value, from }
}

/// Where the source contradicts itself or the life-cycle, in sentences.
fn findings(answer: &Assessment) -> Vec<String> {
    let deviations = &answer.deviations;
    let mut found = Vec::new();
    if !deviations.steps.is_empty() {
        let steps: Vec<String> = deviations
            .steps
            .iter()
            .map(|step| {
                format!("{} from {} to {}", number(step.count), step.from.replace('_', " "), step.to.replace('_', " "))
            })
            .collect();
        let all: u64 = deviations.steps.iter().map(|step| step.count).sum();
        let what = count(all, "step is", "steps are");
        found.push(format!("{what} not in the life-cycle that the checks assume: {}.", steps.join(", ")));
    }
    for flag in &deviations.flagged {
        found.push(format!(
            "{}: {}; the state before was kept.",
            capital(&flag.reason),
            count(flag.rows, "row", "rows")
        ));
    }
    if deviations.incomplete_cases > 0 {
        let what = count(deviations.incomplete_cases, "history has", "histories have");
        found.push(format!("{what} gaps, or a counter or time that goes back; what needs the whole history is not determinable there unless it passes anyway."));
    }
    for (rows, what) in [
        (deviations.times_moved, "at a local time that did not exist; the first instant after the gap was taken"),
        (deviations.times_twice, "at a local time that occurred twice; the earlier instant was taken"),
    ] {
        if rows > 0 {
            found.push(format!("{} {what}.", count(rows, "row is", "rows are")));
        }
    }
    found
}

fn last_value(last: &exchange::FinalReport) -> Option<Final> {
    if last.differing + last.missing + last.unexplained == 0 {
        return None;
    }
    let parts = [
        (last.differing, "another instant than the event itself, which was taken"),
        (last.missing, "no value though the event is there"),
        (last.unexplained, "a value that the events do not explain"),
    ];
    let said = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} with {what}", number(*n)));
    let examples = last.listed.iter().take(EXAMPLES_MAX).map(|one| {
        let event = one.event.as_deref().map_or_else(|| "no event".to_owned(), instant);
        format!("{}: {} in the column, {event} by its events", one.case, instant(&one.source))
    });
    Some(Final {
        field: last.field.replace('_', " "),
        sentence: said.collect::<Vec<_>>().join("; "),
        examples: examples.collect(),
    })
}
