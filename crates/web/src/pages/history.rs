//! Every entry of a record, the newest first, with its three times.

use axum::http::StatusCode;
use engine::read::entries::Entry;

use super::html;
use super::record::Subject;
use super::refused::{Answer, Refused, sentence};
use super::story::{self, What};
use crate::api::json::instant;
use crate::view::history::{Entry as Line, HistoryPage};
use crate::view::words;

/// Entries on a page.
const SHOWN: usize = 50;

pub fn show(subject: Subject) -> Answer {
    let before = subject.visit.address.get("before").map(str::parse::<i64>);
    let before = before.transpose().map_err(|_| Refused::not_found())?.unwrap_or(i64::MAX);
    let older: Vec<&Entry> = subject.entries.iter().rev().filter(|entry| entry.version < before).collect();
    let shown: Vec<&Entry> = older.iter().take(SHOWN).copied().collect();
    let next = shown
        .last()
        .filter(|_| older.len() > SHOWN)
        .map(|last| subject.visit.address.with("before", Some(&last.version.to_string())).to_string());
    let count = words::count(u64::try_from(subject.entries.len()).unwrap_or(0), "entry", "entries");
    let since = subject.entries.iter().map(|entry| entry.happened_at).min();
    let heading =
        since.map_or_else(|| count.clone(), |since| format!("{count} since {}", subject.visit.wall.day(since)));
    let page = HistoryPage {
        shell: subject.shell("History"),
        subject: subject.small(),
        heading,
        zone: format!("Times in {}.", subject.visit.wall.zone.name()),
        changes: shown.into_iter().map(|entry| line(&subject, entry)).collect(),
        next_href: next,
    };
    html(StatusCode::OK, &page)
}

fn line(subject: &Subject, entry: &Entry) -> Line {
    let wall = &subject.visit.wall;
    let query = if subject.is_live() { String::new() } else { super::record::past(&subject.visit) };
    // At the end of the second in which it happened, so that it is in.
    let then = super::address::escaped(&instant(entry.happened_at));
    Line {
        version: u64::try_from(entry.version).unwrap_or(0),
        leaf: entry.leaf.map_or_else(|| "–".to_owned(), |leaf| words::number(u64::try_from(leaf).unwrap_or(0))),
        what: story::told(subject, entry).1,
        happened: wall.full(entry.happened_at),
        recorded: wall.full(entry.recorded_at),
        claimed: entry.claimed_at.map(|at| wall.full(at)).unwrap_or_default(),
        channel: channel(&entry.channel),
        deviation: entry.deviates.as_deref().map(sentence).unwrap_or_default(),
        changes: story::changes(subject, entry, What::All),
        at_href: format!("{}?at={then}&known=now", subject.href()),
        proof_href: format!("{}/proof{query}#leaf-{}", subject.href(), entry.version),
    }
}

fn channel(key: &str) -> String {
    match key {
        "api" => "API".to_owned(),
        "command-line" => "command line".to_owned(),
        "timer" => "the clock".to_owned(),
        other => other.to_owned(),
    }
}
