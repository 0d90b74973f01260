//! What only the whole model can tell: names that must be unique, relations between types.

use super::build::{self, Surroundings};
use super::declared::RecordDecl;
use super::reader::Word;
use super::relations;
use super::source::Sink;
use crate::RecordType;

/// All types, with what stands between them.
pub(super) fn build(records: &[RecordDecl], sink: &Sink) -> Vec<RecordType> {
    check_unique(records, "plural", |record| record.plural.as_ref(), sink);
    check_unique(records, "prefix", |record| record.prefix.as_ref(), sink);
    let around = Surroundings::of(records);
    let mut types: Vec<RecordType> = records.iter().map(|record| build::build(record, &around, sink)).collect();
    let all: Vec<_> = records.iter().map(|record| relations::build(record, records, &types, &around, sink)).collect();
    for (built, relations) in types.iter_mut().zip(all) {
        built.relations = relations;
    }
    types
}

fn check_unique(records: &[RecordDecl], key: &str, of: impl Fn(&RecordDecl) -> Option<&Word>, sink: &Sink) {
    for (position, record) in records.iter().enumerate() {
        let Some(word) = of(record) else { continue };
        let mut earlier = records.iter().take(position).filter_map(&of);
        if let Some(first) = earlier.find(|first| first.value == word.value) {
            sink.error(&word.place, format!("`{key}` \"{}\" is taken, at {}", word.value, first.place));
        }
    }
}
