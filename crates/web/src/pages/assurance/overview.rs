//! `/conformity`: would we pass an audit today?

use axum::http::StatusCode;
use conformity::{CheckRow, ClauseRow as Row, RequirementRow, Status};

use super::super::html;
use super::super::refused::Answer;
use super::super::visit::Visit;
use super::{Looking, Tally, said, tile};
use crate::view::conformity::{ClauseRow, ConformityPage, ShortItem, ShortList};
use crate::view::parts::Link;
use crate::view::words;

/// Requirements of one short list.
const SHORT: usize = 7;

pub async fn show(visit: Visit) -> Answer {
    let looking = Looking::of(visit)?;
    let asked = looking.ask(|conformity, question| {
        Ok((
            conformity.clauses(None, question)?,
            conformity.requirements(None, question)?,
            conformity.checks(None, question)?,
        ))
    });
    let (clauses, requirements, checks) = asked.await?;
    let tally = Tally::of(requirements.iter().map(|row| (row.status, 1)));
    let leaves = looking.visit.app.engine.leaves()?;
    let computed = format!(
        "Computed {} from {} entries of the ledger",
        looking.visit.wall.clock(looking.at()),
        words::number(u64::try_from(leaves).unwrap_or(0))
    );
    let page = ConformityPage {
        shell: looking.shell("/conformity", "Conformity", Vec::new()),
        eyebrow: "Would we pass an audit today?".to_owned(),
        verdict: verdict(&tally),
        score: tally.score(&looking, None, computed),
        period: looking.period(),
        at: Some(looking.visit.at_control(looking.question.time)),
        rows: rows(&looking, &clauses),
        lists: lists(&looking, &requirements, &checks),
        trend: None,
    };
    html(StatusCode::OK, &page)
}

fn verdict(tally: &Tally) -> String {
    let bad = tally.get(Status::NotConforming) + tally.get(Status::Partly) + tally.get(Status::EvidenceMissing);
    let due = tally.get(Status::EvidenceComplete) + tally.get(Status::NotAssessed);
    let open = tally.get(Status::NotDeterminable) + tally.get(Status::NoEvidence);
    let all = words::number(tally.all());
    match (bad, due, open) {
        (0, 0, 0) => format!("Yes. All {all} requirements conform."),
        (0, due, 0) => format!("Nearly. Of {all} requirements none fails; {due} await a judgement."),
        (0, due, open) => {
            format!("Not shown yet. Of {all} requirements none fails; {due} await a judgement, {open} cannot be told.")
        }
        (bad, due, _) => format!("Not yet. {bad} of {all} requirements fall short, {due} await a judgement."),
    }
}

/// Chapters with their clauses; the one about operation is parted into its own clauses.
fn rows(looking: &Looking, clauses: &[Row]) -> Vec<ClauseRow> {
    let mut rows = Vec::new();
    let chapters: Vec<&Row> = clauses.iter().filter(|row| row.depth == 0 && row.requirements > 0).collect();
    let all: usize = chapters.iter().map(|row| row.requirements).sum();
    for top in chapters {
        let below = children(clauses, &top.clause);
        // A chapter that holds a third of everything would be one row of tiles without end.
        if top.requirements * 3 > all && below.len() > 1 {
            rows.extend(below.iter().filter(|row| row.requirements > 0).map(|row| one(looking, clauses, row)));
        } else {
            rows.push(one(looking, clauses, top));
        }
    }
    rows
}

fn children<'a>(clauses: &'a [Row], of: &str) -> Vec<&'a Row> {
    let direct =
        |row: &&Row| row.clause.rsplit_once('.').is_some_and(|(parent, _)| parent == of) && row.requirements > 0;
    clauses.iter().filter(direct).collect()
}

fn one(looking: &Looking, clauses: &[Row], row: &Row) -> ClauseRow {
    let below = children(clauses, &row.clause);
    let tiles = if below.is_empty() {
        vec![tile(looking, row)]
    } else {
        below.iter().map(|child| tile(looking, child)).collect()
    };
    let tally = Tally::of(row.statuses.iter().copied());
    ClauseRow {
        number: row.clause.clone(),
        title: row.title.clone(),
        share: words::percent(tally.well(), tally.all()),
        tiles,
    }
}

fn lists(looking: &Looking, requirements: &[RequirementRow], checks: &[CheckRow]) -> Vec<ShortList> {
    let list = |heading: &str, statuses: &[Status], none: &str| {
        let mut found: Vec<&RequirementRow> =
            requirements.iter().filter(|row| statuses.contains(&row.status)).collect();
        // In the order in which the statuses were named; of equals the one with more records behind it.
        let failed = |row: &RequirementRow| {
            checks.iter().filter(|check| check.requirement == row.requirement).map(|check| check.failed).sum::<u64>()
        };
        let place = |row: &RequirementRow| statuses.iter().position(|status| *status == row.status);
        found.sort_by_key(|row| (place(row), std::cmp::Reverse(failed(row))));
        let more =
            (found.len() > SHORT).then(|| Link::new(format!("All {}", found.len()), looking.href("/requirements")));
        let items = found.into_iter().take(SHORT).map(|row| item(looking, row, checks)).collect();
        ShortList { heading: heading.to_owned(), more, items, none: none.to_owned() }
    };
    vec![
        list("Fix these first", &[Status::NotConforming, Status::Partly, Status::EvidenceMissing], "Nothing fails."),
        list(
            "Judgements due",
            &[Status::EvidenceComplete, Status::NotAssessed],
            "Everything that people must judge is judged.",
        ),
        list("Cannot be told", &[Status::NotDeterminable, Status::NoEvidence], "Every check could be made."),
    ]
}

fn item(looking: &Looking, row: &RequirementRow, checks: &[CheckRow]) -> ShortItem {
    let worst = checks.iter().filter(|check| check.requirement == row.requirement).max_by_key(|check| check.failed);
    let result = match worst {
        Some(check) if check.failed > 0 => {
            format!("{} of {} fail", words::number(check.failed), words::number(check.population))
        }
        _ => said(row.status).label.to_lowercase(),
    };
    ShortItem {
        mark: said(row.status).mark,
        title: Link::new(row.title.clone(), looking.href(&format!("/requirements/{}", row.requirement))),
        note: format!("{} · {result}", row.requirement),
        who: None,
        when: None,
        late: false,
    }
}
