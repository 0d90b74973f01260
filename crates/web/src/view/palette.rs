//! Finding: the palette (Ctrl K), and the page that answers the search box where no script runs.

use askama::Template;

use super::{
    filters, markup,
    parts::{Clock, Status},
    shell::Shell,
};

/// Fragment: `GET /palette?q=…&on=INC-000042` (`on` only on a record's page). Groups in order: acts of that record,
/// records (by number, by external number, by the beginning of the title), pages, acts.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "palette/results.html")]
pub struct PaletteResults {
    pub groups: Vec<PaletteGroup>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaletteGroup {
    /// `On INC-000042`, `Records`, `Pages`.
    pub label: String,
    pub items: Vec<Found>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub icon: &'static str,
    pub href: String,
    /// Text before, of and after the match.
    pub before: String,
    pub matched: String,
    pub after: String,
    /// Number, external number, kind.
    pub context: String,
    pub clock: Option<Clock>,
    pub status: Option<Status>,
    /// A key that does the same; empty for none.
    pub key: &'static str,
}

/// `/search?q=…`: one hit that is a number leads there at once (303).
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "palette/search.html")]
pub struct SearchPage {
    pub shell: Shell,
    pub query: String,
    /// `3 records and 1 page for “vpn”`.
    pub heading: String,
    /// How it was searched: `by number, external number and the beginning of titles`.
    pub how: String,
    pub groups: Vec<PaletteGroup>,
}

markup!(PaletteResults);
