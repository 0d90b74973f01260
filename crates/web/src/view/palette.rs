//! The palette (Ctrl K): anything can be found and done from it.

use askama::Template;

use super::{
    filters, markup,
    parts::{Clock, Marked, Status},
};

/// Fragment: `GET /palette?q=…&on=INC-000042` (`on` only on a record's page). Groups in order: acts of that record,
/// records (by number, by external number, by their words), pages, acts.
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
    pub text: Marked,
    /// Number, external number, kind.
    pub context: String,
    pub clock: Option<Clock>,
    pub status: Option<Status>,
    /// A key that does the same; empty for none.
    pub key: &'static str,
}

markup!(PaletteResults);
