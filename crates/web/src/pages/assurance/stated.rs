//! What people stated about a requirement: their assessments and nil returns, as they stand in their records.

use std::collections::BTreeSet;

use conformity::RequirementView;
use engine::read::names::{self, Names};
use engine::{Record, Time, load_lines, slot};

use super::super::refused::Answer;
use super::super::show::Showing;
use super::super::visit::Visit;
use super::super::wall;
use super::said;
use crate::view::parts::Pill;
use crate::view::requirement::{Assessment, NilReturn};

/// The records behind what was stated.
pub struct Statements {
    pub assessments: Vec<Assessment>,
    pub nil_returns: Vec<NilReturn>,
}

pub fn of(visit: &Visit, view: &RequirementView, time: Time) -> Answer<Statements> {
    let numbers = view.assessments.iter().map(|row| &row.number).chain(&view.nil_returns);
    let mut records = Vec::new();
    let mut ids = BTreeSet::new();
    for number in numbers {
        let Some(record) = load(visit, number, time)? else { continue };
        names::linked_ids(&record, &mut ids);
        let evidence = evidence(visit, &record, time)?;
        ids.extend(&evidence);
        records.push((record, evidence));
    }
    let names = names::of_ids(&mut *visit.app.engine.reader()?, visit.app.engine.model(), &visit.principal, &ids)?;
    let find = |number: &str| records.iter().find(|(record, _)| record.number() == number);
    let assessments = view.assessments.iter().filter_map(|row| {
        let (record, evidence) = find(&row.number)?;
        Some(assessment(visit, record, evidence, &names, row))
    });
    let nil_returns = view.nil_returns.iter().filter_map(|number| Some(nil(visit, &find(number)?.0, &names)));
    Ok(Statements { assessments: assessments.collect(), nil_returns: nil_returns.collect() })
}

fn load(visit: &Visit, number: &str, time: Time) -> Answer<Option<Record>> {
    let prefix = number.split_once('-').map(|(prefix, _)| prefix);
    let found = prefix.and_then(|prefix| visit.app.engine.model().by_prefix(prefix));
    let Some(shared) = found.and_then(|found| visit.app.engine.model().shared(&found.name)) else { return Ok(None) };
    Ok(visit.record(shared, number, time).ok())
}

/// What was cited.
fn evidence(visit: &Visit, record: &Record, time: Time) -> Answer<Vec<i64>> {
    let Some(slot) = record.record_type.slot("evidence") else { return Ok(Vec::new()) };
    let lines = load_lines(&mut *visit.app.engine.reader()?, &record.record_type, slot, record.id, time)?;
    Ok(lines.iter().filter_map(|line| line.values.first()?.as_int()).collect())
}

fn author(visit: &Visit, record: &Record, names: &Names) -> crate::view::parts::Person {
    visit.actor(record.get(slot::CREATED_BY).as_int(), names)
}

fn day(text: &str) -> String {
    calendar::parse_date(text).map_or_else(|_| text.to_owned(), |day| wall::date(engine::input::days(day)))
}

fn assessment(
    visit: &Visit,
    record: &Record,
    evidence: &[i64],
    names: &Names,
    row: &conformity::AssessmentRow,
) -> Assessment {
    let showing = Showing { visit, names };
    let grade = said(row.grade.into());
    let at = record.get(slot::RAISED_AT).as_int().unwrap_or(0);
    let validity = match (row.valid, row.changed_since) {
        (true, false) => format!("holds until {}", day(&row.expires_on)),
        (true, true) => format!("holds until {}; the result has changed since", day(&row.expires_on)),
        (false, _) => format!("ended {}", day(&row.expires_on)),
    };
    Assessment {
        who: author(visit, record, names),
        role: row.number.clone(),
        time: visit.wall.long_time(at),
        grade: Pill { label: grade.label, mark: Some(grade.mark) },
        reason: showing.prose(record.by_key("reason").as_text().unwrap_or_default()),
        evidence: evidence.iter().filter_map(|id| names.get(id)).map(|named| showing.record_link(named)).collect(),
        validity,
        ended: !row.valid,
    }
}

fn nil(visit: &Visit, record: &Record, names: &Names) -> NilReturn {
    let date = |key: &str| record.by_key(key).as_int();
    let at = record.get(slot::RAISED_AT).as_int().unwrap_or(0);
    let period = match (date("from"), date("to")) {
        (Some(from), Some(to)) => format!("{} to {}", wall::date(from), wall::date(to - 1)),
        _ => String::new(),
    };
    NilReturn {
        who: author(visit, record, names),
        time: visit.wall.long_time(at),
        period,
        reason: record.by_key("reason").as_text().unwrap_or_default().to_owned(),
    }
}
