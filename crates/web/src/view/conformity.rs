//! The overview of conformity: would we pass an audit today?

use askama::Template;

use super::{
    chart::{Bar, Trend},
    filters, markup,
    parts::{Link, Mark, Person, Time},
    shell::{AtControl, Shell},
};

/// `/conformity`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "conformity/overview.html")]
pub struct ConformityPage {
    pub shell: Shell,
    /// `Would we pass an audit today?`
    pub eyebrow: String,
    /// One sentence: `Not yet. 11 of 306 requirements do not conform, 41 await a judgement.`
    pub verdict: String,
    pub score: Score,
    pub period: Period,
    pub at: Option<AtControl>,
    /// Clauses 4 to 7, 8.1 to 8.7, 9 and 10, each with its tiles.
    pub rows: Vec<ClauseRow>,
    /// Fix these first; judgements due; what cannot be determined and why.
    pub lists: Vec<ShortList>,
    pub trend: Option<Trend>,
}

/// A bar with its legend.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "conformity/score.html")]
pub struct Score {
    pub bar: Bar,
    pub legend: Vec<LegendItem>,
    /// `Computed 10:42 from 61,204 records`.
    pub computed: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendItem {
    pub mark: Mark,
    /// `11`.
    pub n: String,
    /// `do not conform`.
    pub label: String,
    pub href: String,
}

/// The time whose subjects count. Posted as `from` and `to` (days, half-open) by GET.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "conformity/period.html")]
pub struct Period {
    pub action: String,
    pub hidden: Vec<(String, String)>,
    /// `25 November 2025 to 24 November 2026`.
    pub label: String,
    /// `2025-11-25`.
    pub from: String,
    pub to: String,
    /// Twelve months, this quarter, last month.
    pub choices: Vec<Link>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClauseRow {
    /// `8.6`.
    pub number: String,
    pub title: String,
    /// `67 %`: share that conforms.
    pub share: String,
    pub tiles: Vec<Tile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// `8.6.1`.
    pub number: String,
    /// Short: `Incidents`.
    pub title: String,
    /// Its worst.
    pub mark: Mark,
    /// The mark in words: `does not conform`.
    pub said: String,
    /// `7 of 11`: how many conform.
    pub done: u64,
    pub of: u64,
    pub href: String,
}

impl Tile {
    pub(crate) fn class(&self) -> &'static str {
        match self.mark {
            Mark::Ok | Mark::Due | Mark::Warn | Mark::Bad => self.mark.class(),
            _ => "none",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShortList {
    pub heading: String,
    pub more: Option<Link>,
    pub items: Vec<ShortItem>,
    /// What is said when there are none.
    pub none: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ShortItem {
    pub mark: Mark,
    pub title: Link,
    /// `8.6.1-c · 23 of 412 incidents late or never`.
    pub note: String,
    pub who: Option<Person>,
    pub when: Option<Time>,
    pub late: bool,
}

markup!(Score, Period);
