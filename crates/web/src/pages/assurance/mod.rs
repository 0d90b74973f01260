//! Conformity for people: overview, clause, requirement, and from each red thing to the records behind it.

mod catalogue;
mod check;
mod clause;
pub mod due;
mod judge;
mod overview;
mod requirement;
mod stated;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use conformity::{Conformity, Question, Status};
use engine::Time;

use super::address::Address;
use super::refused::{Answer, Refused};
use super::visit::Visit;
use super::wall;
use crate::api::conformity::{Asked, allowed, judge as judge_by, question};
use crate::api::json::instant;
use crate::api::problem::Problem;
use crate::app::App;
use crate::view::chart::Bar;
use crate::view::conformity::{LegendItem, Period, Score, Tile};
use crate::view::parts::{Link, Mark, Status as Shown};
use crate::view::shell::Shell;
use crate::view::words;

pub fn router() -> Router<App> {
    Router::new()
        .route("/conformity", get(overview::show))
        .route("/conformity/{clause}", get(clause::show))
        .route("/requirements", get(catalogue::show))
        .route("/requirements/{id}", get(requirement::show))
        .route("/requirements/{id}/assessments", post(judge::assess))
        .route("/requirements/{id}/nil-returns", post(judge::state_nil))
        .route("/checks/{id}", get(to_requirement))
}

/// A check is shown with its requirement: `8.6.1-c.escalated` belongs to `8.6.1-c`.
async fn to_requirement(visit: Visit, axum::extract::Path(id): axum::extract::Path<String>) -> Answer<Redirect> {
    allowed(&visit.app, &visit.principal)?;
    let check = visit.app.conformity.check(&id).map_err(Problem::from)?;
    let target = visit.address.at(format!("/requirements/{}", check.requirement));
    Ok(Redirect::to(&format!("{target}#check-{}", check.id)))
}

/// A page of this area: who looks, what is asked.
pub struct Looking {
    pub visit: Visit,
    pub question: Question,
    /// By the rules of now, or by those that were in force at the instant asked about.
    pub conformity: Arc<Conformity>,
}

impl Looking {
    pub fn of(visit: Visit) -> Answer<Self> {
        allowed(&visit.app, &visit.principal)?;
        let local = |name: &str| {
            visit.address.get(name).map(|text| visit.wall.read(text).map_or_else(|| text.to_owned(), instant))
        };
        let day = |name: &str| visit.address.get(name).map(str::to_owned);
        let asked = Asked {
            from: day("from"),
            to: day("to"),
            at: local("at"),
            known: local("known"),
            rules: day("rules"),
            ..Asked::default()
        };
        let question = question(&visit.app, &asked)?;
        let conformity = judge_by(&visit.app, &asked, &question)?;
        Ok(Self { visit, question, conformity })
    }

    /// The cut-off.
    pub fn at(&self) -> i64 {
        match self.question.time {
            Time::Live => self.visit.wall.now,
            Time::At { valid, .. } => valid,
        }
    }

    pub fn is_live(&self) -> bool {
        self.question.time == Time::Live
    }

    /// Of a past: whether the rules of then judge, and the address by which the others would.
    pub fn other_rules(&self) -> Option<Link> {
        let Time::At { valid, .. } = self.question.time else { return None };
        let address = &self.visit.address;
        if address.get("rules") == Some("then") {
            return Some(Link::new("Judge by the rules of now", address.without(&["rules"]).to_string()));
        }
        let then = self.conformity.by_rules_of(valid).ok().filter(|then| !Arc::ptr_eq(then, &self.conformity))?;
        drop(then);
        Some(Link::new("Judge by the rules of then", address.with("rules", Some("then")).to_string()))
    }

    fn days(&self) -> calendar::Period {
        self.question.period.unwrap_or_else(|| calendar::Period::year_up_to(self.at(), &self.visit.wall.zone))
    }

    pub fn period(&self) -> Period {
        let days = self.days();
        let address = &self.visit.address;
        let last = days.to().yesterday().unwrap_or(days.to());
        let said = |date: calendar::Date| wall::date(engine::input::days(date));
        let over = |from: calendar::Date, to: calendar::Date| {
            address.with("from", Some(&from.to_string())).with("to", Some(&to.to_string())).to_string()
        };
        let today = self.visit.wall.zone.local_day(self.at());
        let first = calendar::Date::new(today.year(), today.month(), 1).unwrap_or(today);
        let earlier = first.yesterday().unwrap_or(first);
        let before = calendar::Date::new(earlier.year(), earlier.month(), 1).unwrap_or(earlier);
        let tomorrow = today.tomorrow().unwrap_or(today);
        let choices = vec![
            Link::new("Twelve months up to today", address.without(&["from", "to"]).to_string()),
            Link::new("This month", over(first, tomorrow)),
            Link::new("Last month", over(before, first)),
        ];
        Period {
            action: address.path.clone(),
            hidden: address.hidden(&["from", "to", "cursor", "check"]),
            label: format!("{} to {}", said(days.from()), said(last)),
            from: days.from().to_string(),
            to: days.to().to_string(),
            choices,
        }
    }

    pub fn shell(&self, area: &str, here: &str, crumbs: Vec<Link>) -> Shell {
        let shell = Shell { crumbs, ..self.visit.shell(area, here) };
        self.visit.marked(shell, self.question.time)
    }

    /// An address of this area, with the period and the time of this page.
    pub fn href(&self, path: &str) -> String {
        let mut address = Address::new(path, None);
        for name in ["from", "to", "at", "known", "rules"] {
            if let Some(value) = self.visit.address.get(name) {
                address = address.with(name, Some(value));
            }
        }
        address.to_string()
    }

    /// Asks what may take a while, on a thread that may.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Conformity, &Question) -> Result<T, conformity::Error> + Send + 'static,
    ) -> Answer<T> {
        let (conformity, question) = (self.conformity.clone(), self.question);
        Ok(crate::api::conformity::blocking(move || work(&conformity, &question)).await?)
    }
}

/// A status in a shape and a word.
pub fn said(status: Status) -> Shown {
    let (mark, word) = match status {
        Status::NotConforming => (Mark::Bad, "Does not conform"),
        Status::Partly => (Mark::Warn, "Partly"),
        Status::EvidenceMissing => (Mark::Warn, "Evidence missing"),
        Status::NotDeterminable => (Mark::None, "Not determinable"),
        Status::NoEvidence => (Mark::None, "No evidence"),
        Status::NotAssessed => (Mark::None, "Not assessed"),
        Status::EvidenceComplete => (Mark::Due, "Evidence complete, judgement due"),
        Status::NilStated => (Mark::Ok, "Nothing of the kind, as stated"),
        Status::Conforming => (Mark::Ok, "Conforms"),
    };
    Shown::new(mark, word)
}

/// Counts by status: what a bar and a tile are made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    counts: [u64; 9],
}

impl Tally {
    pub fn of(statuses: impl Iterator<Item = (Status, usize)>) -> Self {
        let mut tally = Self::default();
        for (status, n) in statuses {
            if let Some(count) = tally.counts.get_mut(place(status)) {
                *count += u64::try_from(n).unwrap_or(0);
            }
        }
        tally
    }

    pub fn get(&self, status: Status) -> u64 {
        self.counts.get(place(status)).copied().unwrap_or(0)
    }

    pub fn all(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Those of which nothing is left to do.
    pub fn well(&self) -> u64 {
        self.get(Status::Conforming) + self.get(Status::NilStated)
    }

    /// A bar with its legend; each part leads to the list of its requirements.
    pub fn score(&self, looking: &Looking, under: Option<&str>, computed: String) -> Score {
        // In the order of the bar: well, due, warn, none, bad.
        let order = [
            Status::Conforming,
            Status::NilStated,
            Status::EvidenceComplete,
            Status::EvidenceMissing,
            Status::Partly,
            Status::NotAssessed,
            Status::NoEvidence,
            Status::NotDeterminable,
            Status::NotConforming,
        ];
        let there = order.into_iter().filter(|status| self.get(*status) > 0);
        let parts: Vec<(Mark, u64)> = there.clone().map(|status| (said(status).mark, self.get(status))).collect();
        let legend = there.clone().map(|status| LegendItem {
            mark: said(status).mark,
            n: words::number(self.get(status)),
            label: phrase(status).to_owned(),
            href: list(looking, under, status),
        });
        let label: Vec<String> = there.map(|status| format!("{} {}", self.get(status), phrase(status))).collect();
        Score { bar: Bar { parts, label: label.join(", "), thick: true }, legend: legend.collect(), computed }
    }
}

/// The list of the requirements of one status.
fn list(looking: &Looking, under: Option<&str>, status: Status) -> String {
    let href = looking.href("/requirements");
    let (path, query) = href.split_once('?').unwrap_or((&href, ""));
    Address::new(path, Some(query)).with("clause", under).with("status", Some(status.as_str())).to_string()
}

fn place(status: Status) -> usize {
    Status::ALL.iter().position(|s| *s == status).unwrap_or(0)
}

/// After a number: `11 do not conform`.
pub fn phrase(status: Status) -> &'static str {
    match status {
        Status::NotConforming => "do not conform",
        Status::Partly => "conform partly",
        Status::EvidenceMissing => "miss evidence",
        Status::NotDeterminable => "cannot be determined",
        Status::NoEvidence => "have no evidence",
        Status::NotAssessed => "are not assessed",
        Status::EvidenceComplete => "await a judgement",
        Status::NilStated => "had nothing of the kind",
        Status::Conforming => "conform",
    }
}

pub fn tile(looking: &Looking, row: &conformity::ClauseRow) -> Tile {
    let tally = Tally::of(row.statuses.iter().copied());
    let shown = row.status.map_or_else(|| Shown::new(Mark::None, "asks nothing"), said);
    Tile {
        number: row.clause.clone(),
        title: row.title.clone(),
        mark: shown.mark,
        said: shown.label.to_lowercase(),
        done: tally.well(),
        of: u64::try_from(row.requirements).unwrap_or(0),
        href: looking.href(&format!("/conformity/{}", row.clause)),
    }
}

pub fn not_found() -> Refused {
    Refused::not_found()
}
