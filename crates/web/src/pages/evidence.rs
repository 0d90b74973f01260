//! What a record is evidence of: the checks that it passes now, and those to which it is an exception.

use calendar::{Date, Period};
use conformity::checks::Basis;
use conformity::{EvidenceRow, Verdict};

use super::address::Address;
use super::record::Subject;
use super::refused::Answer;
use crate::api::conformity::allowed;
use crate::view::parts::{Link, Mark};
use crate::view::record::EvidenceLine;

/// Nothing in the past, and nothing for those who may not see the pages of conformity.
pub fn of(subject: &Subject) -> Answer<Vec<EvidenceLine>> {
    let visit = &subject.visit;
    if !subject.is_live() || allowed(&visit.app, &visit.principal).is_err() {
        return Ok(Vec::new());
    }
    let conformity = &visit.app.conformity;
    let rows = conformity.evidence(&subject.record_type.name, subject.record.id);
    let rows = rows.map_err(crate::api::problem::Problem::from)?;
    let year = Period::year_up_to(visit.wall.now, &visit.wall.zone);
    Ok(rows.iter().map(|row| line(subject, row, &year)).collect())
}

fn line(subject: &Subject, row: &EvidenceRow, year: &Period) -> EvidenceLine {
    let check = &row.check;
    let catalogue = subject.visit.app.conformity.catalogue();
    let requirement = catalogue.requirement(&check.requirement).map(|requirement| requirement.title.clone());
    let (mark, said) = match row.verdict {
        Verdict::Pass => (Mark::Ok, "passes"),
        Verdict::Fail if check.counts() => (Mark::Bad, "is an exception"),
        Verdict::Fail => (Mark::Warn, "is an exception, which does not count"),
        Verdict::Undetermined => (Mark::None, "cannot be told"),
    };
    let why = match (row.verdict, check.basis) {
        (Verdict::Pass, _) => "",
        (Verdict::Fail, Basis::Practice) => "Exception; good practice, not counted",
        (Verdict::Fail, Basis::Required) => "Exception",
        (Verdict::Undetermined, _) => "What the rule reads is not there",
    };
    EvidenceLine {
        mark,
        said: said.to_owned(),
        requirement: Link::new(check.id.clone(), href(row, year)),
        title: check.title.clone().or(requirement).unwrap_or_default(),
        why: why.to_owned(),
    }
}

/// The check on its requirement's page, over the month in which it counts where the page's own year does not hold it.
fn href(row: &EvidenceRow, year: &Period) -> String {
    let mut address = Address::new(format!("/requirements/{}", row.check.requirement), None);
    let within = year.from() <= row.day && row.day < year.to();
    let month = Date::new(row.day.year(), row.day.month(), 1).ok();
    let next = month.and_then(|first| first.checked_add(jiff::Span::new().months(1)).ok());
    if let (false, Some(first), Some(next)) = (within, month, next) {
        address = address.with("from", Some(&first.to_string())).with("to", Some(&next.to_string()));
    }
    format!("{address}#check-{}", row.check.id)
}
