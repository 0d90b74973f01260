//! `/conformity/8.6.1`: a clause with its requirements, or a chapter with its clauses.

use axum::extract::Path;
use axum::http::StatusCode;
use conformity::{RequirementView, Status};

use super::super::html;
use super::super::refused::Answer;
use super::super::visit::Visit;
use super::catalogue::row;
use super::{Looking, Tally, not_found, said, tile};
use crate::view::clause::{ClausePage, RequirementGroup};
use crate::view::parts::Link;
use crate::view::words;

pub async fn show(visit: Visit, Path(number): Path<String>) -> Answer {
    let looking = Looking::of(visit)?;
    if looking.conformity.catalogue().clause(&number).is_none() {
        return Err(not_found());
    }
    let under = number.clone();
    let asked = looking.ask(move |conformity, question| {
        Ok((conformity.clauses(Some(&under), question)?, conformity.views(Some(&under), question)?))
    });
    let (clauses, views) = asked.await?;
    let own: Vec<&RequirementView> = views.iter().filter(|view| view.clause == number).collect();
    let direct = |row: &&conformity::ClauseRow| row.clause.rsplit_once('.').is_some_and(|(parent, _)| parent == number);
    let parts =
        clauses.iter().filter(direct).filter(|row| row.requirements > 0).map(|row| tile(&looking, row)).collect();
    let tally = Tally::of(views.iter().map(|view| (view.status, 1)));
    let status = clauses.iter().find(|row| row.clause == number).and_then(|row| row.status);
    let catalogue = looking.conformity.catalogue();
    let title = catalogue.clause(&number).map_or("", |clause| clause.title.as_str());
    let mut crumbs = vec![Link::new("Conformity", looking.href("/conformity"))];
    let path = catalogue.path(&number);
    let above = path.iter().filter(|clause| clause.number != number);
    crumbs.extend(
        above.map(|clause| Link::new(clause.number.clone(), looking.href(&format!("/conformity/{}", clause.number)))),
    );
    let groups = if own.is_empty() {
        Vec::new()
    } else {
        vec![RequirementGroup { heading: None, rows: own.iter().map(|view| row(&looking, view)).collect() }]
    };
    let (previous, next) = neighbours(&looking, &number);
    let page = ClausePage {
        shell: looking.shell("/conformity", &format!("{number} {title}"), crumbs),
        number: number.clone(),
        title: title.to_owned(),
        status: status.map(said),
        verdict: verdict(&tally),
        score: tally.score(&looking, Some(&number), String::new()),
        period: looking.period(),
        at: Some(looking.visit.at_control(looking.question.time)),
        parts,
        groups,
        unset: unset(&looking, &views),
        carriers: carriers(&looking, &own),
        previous,
        next,
    };
    html(StatusCode::OK, &page)
}

fn verdict(tally: &Tally) -> String {
    let mut parts = Vec::new();
    for status in Status::ALL.into_iter().filter(|s| !matches!(s, Status::Conforming | Status::NilStated)) {
        let n = tally.get(status);
        if n > 0 {
            parts.push(format!("{n} {}", singular(status, n)));
        }
    }
    let count = words::count(tally.all(), "requirement", "requirements");
    let well = format!("{} of {count} {}", tally.well(), if tally.well() == 1 { "conforms" } else { "conform" });
    if parts.is_empty() { format!("{well}.") } else { format!("{well}; {}.", parts.join(", ")) }
}

/// `1 does not conform`, `2 do not conform`.
fn singular(status: Status, n: u64) -> String {
    let phrase = super::phrase(status);
    if n != 1 {
        return phrase.to_owned();
    }
    match phrase.split_once(' ') {
        Some(("do", rest)) => format!("does {rest}"),
        Some(("are", rest)) => format!("is {rest}"),
        Some(("have", rest)) => format!("has {rest}"),
        Some(("miss", rest)) => format!("misses {rest}"),
        Some(("await", rest)) => format!("awaits {rest}"),
        Some(("conform", rest)) => format!("conforms {rest}"),
        _ => phrase.to_owned(),
    }
}

fn unset(looking: &Looking, views: &[RequirementView]) -> Vec<Link> {
    let mut keys: Vec<&String> = views.iter().flat_map(|view| &view.undecided).collect();
    keys.sort();
    keys.dedup();
    let label =
        |key: &str| looking.visit.app.registry.get(key).map_or_else(|| key.to_owned(), |setting| setting.label.clone());
    keys.into_iter().map(|key| Link::new(label(key), format!("/settings/{key}"))).collect()
}

/// The record types in which the evidence lies, as far as there are such.
fn carriers(looking: &Looking, views: &[&RequirementView]) -> Vec<Link> {
    let visit = &looking.visit;
    let catalogue = visit.app.conformity.catalogue();
    let mut names: Vec<&str> = Vec::new();
    for view in views {
        let from = catalogue.requirement(&view.requirement).map(|r| r.evidence_from.as_slice()).unwrap_or_default();
        names.extend(from.iter().map(String::as_str).filter(|name| !names.contains(name)).collect::<Vec<_>>());
    }
    let types = names.into_iter().filter_map(|name| visit.app.engine.model().get(name));
    let readable = types.filter(|found| visit.principal.may_read(found));
    readable.map(|found| Link::new(found.label_plural.clone(), format!("/{}", found.path))).collect()
}

/// The clauses before and after that ask something, at any depth.
fn neighbours(looking: &Looking, number: &str) -> (Option<Link>, Option<Link>) {
    let catalogue = looking.conformity.catalogue();
    let asks: Vec<_> = catalogue
        .tree()
        .into_iter()
        .map(|(_, clause)| clause)
        .filter(|c| c.requirements || c.number == number)
        .collect();
    let at = asks.iter().position(|clause| clause.number == number);
    let link = |index: Option<usize>| {
        let clause = asks.get(index?)?;
        Some(Link::new(
            format!("{} {}", clause.number, clause.title),
            looking.href(&format!("/conformity/{}", clause.number)),
        ))
    };
    (link(at.and_then(|at| at.checked_sub(1))), link(at.map(|at| at + 1)))
}
