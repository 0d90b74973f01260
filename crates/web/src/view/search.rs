//! Full-text search: one box, what it found with the words marked, and the kinds of record to narrow it by.

use askama::Template;

use super::{
    filters,
    list::Tab,
    parts::{Link, Mark, Marked, Status, Time},
    shell::Shell,
};

/// `/search?q=…&type=incident&cursor=…`: a number leads to its record at once (303).
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "search/page.html")]
pub struct SearchPage {
    pub shell: Shell,
    pub query: String,
    /// What the box keeps of the address.
    pub kept: Vec<(String, String)>,
    /// `12 records for “vpn”`; on a page without a question, `Search`.
    pub heading: String,
    /// Why the text cannot be searched for.
    pub refused: Option<String>,
    /// While the index is being built: how many per cent of all records it holds.
    pub built: Option<u8>,
    /// Nothing fits as typed: the word that was typed and the one that was found instead.
    pub corrected: Vec<(String, String)>,
    /// All, then each kind with its count; one alone is not shown.
    pub types: Vec<Tab>,
    pub hits: Vec<Hit>,
    /// There are older hits beyond those that were ranked: the day back to which they were.
    pub ranked_back_to: Option<Time>,
    pub next_href: Option<String>,
    /// Pages that are called so.
    pub places: Vec<Link>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit {
    pub href: String,
    pub title: Marked,
    pub number: String,
    /// `incident`.
    pub kind: String,
    pub status: Option<Status>,
    pub changed: Time,
    /// What the snippet was cut from: `Comment`.
    pub place: String,
    pub snippet: Option<Marked>,
}
