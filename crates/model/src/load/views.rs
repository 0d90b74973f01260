//! Builds the named lists of a type: what they keep, show, sort by and let people narrow down.

use super::build::slot;
use super::declared::ViewDecl;
use super::lifecycle::condition;
use super::reader::{At, Word};
use super::source::Sink;
use crate::{Field, Kind, RecordType, Slot, View};

pub(super) fn build(declared: &[ViewDecl], built: &RecordType, sink: &Sink) -> Vec<View> {
    declared.iter().map(|view| build_view(view, built, sink)).collect()
}

fn build_view(view: &ViewDecl, built: &RecordType, sink: &Sink) -> View {
    if view.columns.is_empty() {
        sink.error(&view.name.place, format!("view `{}` has no `columns`", view.name.value));
    }
    View {
        name: view.name.value.clone(),
        label: view.label.clone(),
        filter: view.filter.as_ref().map(condition),
        columns: view.columns.iter().filter_map(|word| column(word, built, sink)).collect(),
        sort: view.sort.iter().filter_map(|word| sort(word, built, sink)).collect(),
        facets: view.facets.iter().filter_map(|word| facet(word, built, sink)).collect(),
    }
}

fn column(word: &Word, built: &RecordType, sink: &Sink) -> Option<Slot> {
    let slot = slot(word, built, sink)?;
    if built.fields.get(slot).is_some_and(|field| matches!(field.kind, Kind::Rows { .. } | Kind::LongText { .. })) {
        sink.error(&word.place, format!("`{}` is too long for a column", word.value));
    }
    Some(slot)
}

/// `-raised_at` descends.
fn sort(word: &Word, built: &RecordType, sink: &Sink) -> Option<(Slot, bool)> {
    let (key, descends) = match word.value.strip_prefix('-') {
        Some(key) => (key, true),
        None => (word.value.as_str(), false),
    };
    let slot = slot(&At { value: key.to_owned(), place: word.place.clone() }, built, sink)?;
    if built.fields.get(slot).is_some_and(|field| !field.sortable) {
        sink.error(
            &word.place,
            format!("`{key}` can't be sorted by: say `sort = true` at the field, which makes an index"),
        );
    }
    Some((slot, descends))
}

fn facet(word: &Word, built: &RecordType, sink: &Sink) -> Option<Slot> {
    let slot = slot(word, built, sink)?;
    if built.fields.get(slot).is_some_and(|field| !has_few_values(field)) {
        let kinds = "choices, links, list values, truths and integers with a range";
        sink.error(&word.place, format!("`{}` makes no facet: only {kinds} do", word.value));
    }
    Some(slot)
}

fn has_few_values(field: &Field) -> bool {
    const RANGE_MAX: i64 = 100;
    match &field.kind {
        Kind::Choice(_) | Kind::Boolean | Kind::Link { .. } | Kind::ListValue { .. } => true,
        Kind::Integer { min, max } => max.saturating_sub(*min) <= RANGE_MAX,
        _ => false,
    }
}
