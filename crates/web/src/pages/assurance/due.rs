//! Judgements that wait, for the start page of whoever may make them.

use conformity::Status;

use super::super::refused::Answer;
use super::super::visit::Visit;
use super::{Looking, judge, said};
use crate::view::my_work::{WorkAct, WorkItem, WorkSection};
use crate::view::parts::Link;

/// Judgements on the start page.
const SHOWN_MAX: usize = 5;

/// Requirements whose checks all pass, so that only a person is missing.
pub async fn section(visit: &Visit) -> Answer<WorkSection> {
    let mut section = WorkSection { heading: "Judgements due".to_owned(), ..WorkSection::default() };
    if !judge::may_assess(visit) {
        return Ok(section);
    }
    let looking = Looking::of(visit.clone())?;
    let rows = looking.ask(|conformity, question| conformity.requirements(None, question)).await?;
    let due: Vec<_> = rows.into_iter().filter(|row| row.status == Status::EvidenceComplete).collect();
    if due.len() > SHOWN_MAX {
        section.more = Some(Link::new(
            format!("All {}", due.len()),
            format!("/requirements?status={}", Status::EvidenceComplete.as_str()),
        ));
    }
    let items = due.into_iter().take(SHOWN_MAX).map(|row| {
        let href = format!("/requirements/{}#judge", row.requirement);
        WorkItem {
            clock: None,
            icon: "scales",
            kind: "Judgement".to_owned(),
            title: Link::new(row.title, href.clone()),
            number: row.requirement,
            context: said(row.status).label.to_lowercase(),
            act: Some(WorkAct { label: "Judge".to_owned(), href, ..WorkAct::default() }),
        }
    });
    section.items = items.collect();
    Ok(section)
}
