//! `/requirements`: the whole catalogue, or those of one clause or one status; also the rows on a clause's own page.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use conformity::{RequirementView, Status};

use super::super::html;
use super::super::refused::Answer;
use super::super::visit::Visit;
use super::super::wall;
use super::{Looking, phrase, said};
use crate::view::clause::{RequirementGroup, RequirementRow, RequirementsPage};
use crate::view::list::MenuItem;
use crate::view::parts::Link;
use crate::view::words;

pub async fn show(visit: Visit) -> Answer {
    let looking = Looking::of(visit)?;
    let address = looking.visit.address.clone();
    let clause = address.get("clause").map(str::to_owned);
    let under = clause.clone();
    let views = looking.ask(move |conformity, question| conformity.views(under.as_deref(), question)).await?;
    if address.get("format") == Some("csv") {
        return Ok(csv(&views));
    }
    let status = address.get("status").and_then(|name| Status::ALL.into_iter().find(|s| s.as_str() == name));
    let shown: Vec<&RequirementView> = views.iter().filter(|view| status.is_none_or(|s| s == view.status)).collect();
    let count = words::count(u64::try_from(shown.len()).unwrap_or(0), "requirement", "requirements");
    let heading = match (status, &clause) {
        (Some(status), _) => format!("{count} that {}", phrase(status)),
        (None, Some(clause)) => format!("{count} of clause {clause}"),
        (None, None) => count,
    };
    let mut groups: Vec<RequirementGroup> = Vec::new();
    let mut last = "";
    for view in &shown {
        if view.clause != last || groups.is_empty() {
            last = &view.clause;
            groups.push(RequirementGroup { heading: Some(heading_of(&looking, last)), rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(row(&looking, view));
        }
    }
    let tab = |label: String, status: Option<Status>, current| MenuItem {
        label,
        href: address.with("status", status.map(Status::as_str)).to_string(),
        current,
    };
    let mut tabs = vec![tab(format!("All {}", views.len()), None, status.is_none())];
    for one in Status::ALL {
        let n = views.iter().filter(|view| view.status == one).count();
        if n > 0 {
            tabs.push(tab(format!("{} {n}", said(one).label), Some(one), status == Some(one)));
        }
    }
    let page = RequirementsPage {
        shell: looking.shell(
            "/requirements",
            "Requirements",
            vec![Link::new("Conformity", looking.href("/conformity"))],
        ),
        heading,
        tabs,
        period: looking.period(),
        at: Some(looking.visit.at_control(looking.question.time)),
        groups,
        export_href: address.with("format", Some("csv")).to_string(),
    };
    html(StatusCode::OK, &page)
}

fn heading_of(looking: &Looking, clause: &str) -> Link {
    let title = looking.conformity.catalogue().clause(clause).map_or("", |found| found.title.as_str());
    Link::new(format!("{clause} {title}"), looking.href(&format!("/conformity/{clause}")))
}

pub fn row(looking: &Looking, view: &RequirementView) -> RequirementRow {
    let population: u64 = view.checks.iter().map(|check| check.population).sum();
    let failed: u64 = view.checks.iter().map(|check| check.failed).sum();
    let passed: u64 = view.checks.iter().map(|check| check.passed).sum();
    let result = match (view.checks.len(), population, failed) {
        (0, ..) => "No rule can test it".to_owned(),
        (_, 0, _) => "Nothing happened".to_owned(),
        (_, population, 0) => format!("{} looked at", words::number(population)),
        (_, population, failed) => format!("{} of {} fail", words::number(failed), words::number(population)),
    };
    RequirementRow {
        id: view.requirement.clone(),
        title: view.title.clone(),
        href: looking.href(&format!("/requirements/{}", view.requirement)),
        status: said(view.status),
        result,
        rate: if population > 0 { words::percent(passed, population) } else { String::new() },
        assessed: assessed(view),
    }
}

fn assessed(view: &RequirementView) -> String {
    match &view.assessment {
        Some(assessment) => {
            let until = calendar::parse_date(&assessment.expires_on).map(|day| wall::date(engine::input::days(day)));
            format!("{}, until {}", said(assessment.grade.into()).label, until.unwrap_or_default())
        }
        None if view.status == Status::EvidenceComplete => "Judgement due".to_owned(),
        None if !view.nil_returns.is_empty() => "Stated: nothing of the kind".to_owned(),
        None => String::new(),
    }
}

/// The same as a table for other tools.
fn csv(views: &[RequirementView]) -> Response {
    let mut text = String::from("requirement,clause,title,status,population,passed,failed,undetermined\r\n");
    for view in views {
        let sum = |of: fn(&conformity::CheckRow) -> u64| view.checks.iter().map(of).sum::<u64>();
        let title = view.title.replace('"', "\"\"");
        let counts = [sum(|c| c.population), sum(|c| c.passed), sum(|c| c.failed), sum(|c| c.undetermined)];
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        text.push_str(&format!(
            "{},{},\"{title}\",{},{}\r\n",
            view.requirement,
            view.clause,
            view.status.as_str(),
            counts.join(",")
        ));
    }
    let name = "attachment; filename=\"requirements.csv\"";
    let heads = [
        (axum::http::header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (axum::http::header::CONTENT_DISPOSITION, name),
    ];
    (heads, text).into_response()
}
