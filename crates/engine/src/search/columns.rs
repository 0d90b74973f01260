//! Which texts of a record type stand in which column of the index: the rights on fields, turned into columns.
//!
//! A reader who sees only the public part asks `title` (where he may see it) and `public`, everybody else all three
//! columns. So a field goes where all who may ask its column may see it:
//!
//! | hidden from | column |
//! |---|---|
//! | nobody who reads the type | `public` |
//! | readers of the public part only | `internal` |
//! | anybody else | none: nobody finds a record by it |
//!
//! The number, and the title in the first two cases, stand in `title`.

use std::collections::HashMap;

use model::{Field, Kind, Model, RecordType, Slot};
use sha2::{Digest as _, Sha256};

use super::tokens;
use crate::engine::hex;
use crate::record::slot;

/// A column of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Title,
    Public,
    /// Internal notes, and fields that readers of the public part do not see.
    Internal,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Title, Self::Public, Self::Internal];

    /// The column of FTS5.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }

    /// The weight of PostgreSQL that stands for the column.
    pub(super) fn weight(self) -> char {
        match self {
            Self::Title => 'A',
            Self::Public => 'B',
            Self::Internal => 'C',
        }
    }
}

/// What is indexed of each type.
#[derive(Clone, Debug)]
pub struct Columns {
    by_type: HashMap<String, Vec<(Slot, Part)>>,
    /// Changes with whatever decides what stands in the index: then it is built anew.
    pub(super) hash: String,
}

impl Columns {
    pub fn of(model: &Model) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("tokens {}\n", tokens::VERSION));
        let mut by_type = HashMap::new();
        for record_type in model.types() {
            let family: Vec<&str> = model.ancestors(record_type).map(|ancestor| ancestor.name.as_str()).collect();
            hash.update(format!("{} of {family:?}, seen by {:?}\n", record_type.name, record_type.scope));
            let fields = record_type.fields.iter().enumerate();
            let parts: Vec<(Slot, Part)> =
                fields.filter_map(|(slot, field)| Some((slot, part(record_type, slot, field)?))).collect();
            for (slot, part) in &parts {
                hash.update(format!("{} {part:?}\n", record_type.fields.get(*slot).map_or("", |field| &field.key)));
            }
            by_type.insert(record_type.name.clone(), parts);
        }
        Self { by_type, hash: hex(&hash.finalize()) }
    }

    /// The fields of a type that are indexed, in the order of the screen.
    pub fn fields<'a>(&'a self, record_type: &'a RecordType) -> impl Iterator<Item = (Slot, &'a Field, Part)> {
        let parts = self.by_type.get(&record_type.name).into_iter().flatten();
        parts.filter_map(|(slot, part)| Some((*slot, record_type.fields.get(*slot)?, *part)))
    }
}

/// Whether a kind of field holds words that people wrote.
fn has_words(kind: &Kind) -> bool {
    match kind {
        Kind::Text { .. } | Kind::LongText { .. } => true,
        Kind::Rows { columns, .. } => columns.iter().any(|column| has_words(&column.kind)),
        _ => false,
    }
}

fn part(record_type: &RecordType, slot: Slot, field: &Field) -> Option<Part> {
    if !has_words(&field.kind) {
        return None;
    }
    let readers = record_type.permissions.values().filter(|permission| permission.read.is_some());
    let (public, others): (Vec<_>, Vec<_>) =
        readers.filter(|permission| permission.hide.contains(&slot)).partition(|permission| permission.public_only);
    match (others.is_empty(), public.is_empty()) {
        (false, _) => None,
        (true, _) if slot == slot::NUMBER || slot == record_type.title_slot() => Some(Part::Title),
        (true, false) => Some(Part::Internal),
        (true, true) => Some(Part::Public),
    }
}

/// Whether this kind of line cell holds words.
pub(super) fn is_text(field: &Field) -> bool {
    matches!(field.kind, Kind::Text { .. } | Kind::LongText { .. })
}
