//! The oracle of history: what a record said at any instant as known at any other, folded from its entries in the
//! slowest and plainest way, compared with the rows that the writer left.
//!
//! The value of a field holds from `happened` until the field's next change by (happened, entry). A question obeys
//! valid ≤ known, so rows are compared in that half of the plane only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::FOREVER;

use super::cell::Cell;

/// What one entry did to one thing.
pub(super) struct Change {
    pub happened: i64,
    pub recorded: i64,
    /// Until when it was believed.
    pub known_to: i64,
    pub entry: i64,
    pub leaf: i64,
    pub update: Update,
}

impl Change {
    /// The same act upon something else.
    pub fn with(&self, update: Update) -> Self {
        Self { update, ..*self }
    }
}

#[derive(Clone)]
pub(super) enum Update {
    /// These columns, by position; the thing comes to be with its first.
    Columns(Vec<(usize, Cell)>),
    Whole(Vec<Cell>),
    Gone,
}

/// A stored row: these values held during `[valid_from, valid_to)`, believed during `[known_from, known_to)`.
pub(super) struct Span {
    pub valid_from: i64,
    pub valid_to: i64,
    pub known_from: i64,
    pub known_to: i64,
    pub values: Vec<Cell>,
}

/// Where rows and entries part.
pub(super) struct Mismatch {
    pub what: String,
    pub spot: Spot,
    pub leaf: Option<i64>,
    pub expected: String,
    pub found: String,
}

pub(super) enum Spot {
    Row,
    Time(&'static str),
    Value(usize),
}

type State = Option<Arc<Vec<Cell>>>;

/// Everything known so far, in the order in which it happened.
#[derive(Default)]
pub(super) struct Known<'a> {
    width: usize,
    changes: Vec<&'a Change>,
    /// The state after each.
    states: Vec<State>,
}

impl<'a> Known<'a> {
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    pub fn learn(&mut self, change: &'a Change) {
        let order = |c: &Change| (c.happened, c.entry);
        let place = self.changes.partition_point(|c| order(c) < order(change));
        self.changes.insert(place, change);
        self.fold(place);
    }

    /// What was replaced at an instant counts no more.
    fn unlearn(&mut self, replaced: i64) {
        let Some(place) = self.changes.iter().position(|change| change.known_to == replaced) else { return };
        self.changes.retain(|change| change.known_to != replaced);
        self.fold(place);
    }

    fn fold(&mut self, place: usize) {
        self.states.truncate(place);
        for index in place..self.changes.len() {
            let before = index.checked_sub(1).and_then(|i| self.states.get(i)).cloned().flatten();
            let after = self.changes.get(index).and_then(|change| after(before, &change.update, self.width));
            self.states.push(after);
        }
    }

    /// How many changes had happened by `valid`.
    fn by(&self, valid: i64) -> usize {
        self.changes.partition_point(|change| change.happened <= valid)
    }

    /// The state that holds at `valid`.
    pub fn at(&self, valid: i64) -> State {
        self.by(valid).checked_sub(1).and_then(|i| self.states.get(i)).cloned().flatten()
    }

    /// The leaf that decided a column (or the whole) at `valid`.
    pub fn decided_by(&self, column: Option<usize>, valid: i64) -> Option<i64> {
        let mut before = self.changes.iter().take(self.by(valid)).rev();
        before
            .find(|change| match (&change.update, column) {
                (Update::Columns(columns), Some(wanted)) => columns.iter().any(|(column, _)| *column == wanted),
                _ => true,
            })
            .map(|change| change.leaf)
    }
}

fn after(before: State, update: &Update, width: usize) -> State {
    match update {
        Update::Gone => None,
        Update::Whole(values) => Some(Arc::new(values.clone())),
        Update::Columns(columns) => {
            let mut values = before.map_or_else(|| vec![Cell::Null; width], |state| state.as_ref().clone());
            for (column, cell) in columns {
                if let Some(place) = values.get_mut(*column) {
                    *place = cell.clone();
                }
            }
            Some(Arc::new(values))
        }
    }
}

/// Compares rows with changes (in the order of their entries) at every pair of instants at which an answer can change.
pub(super) fn compare(width: usize, changes: &[Change], spans: &[Span]) -> Result<(), Box<Mismatch>> {
    bounds(changes, spans)?;
    let instants = known_instants(changes);
    let mut known = Known::new(width);
    let mut held: BTreeMap<i64, &Span> = BTreeMap::new();
    let mut opening: BTreeMap<i64, Vec<&Span>> = BTreeMap::new();
    let mut closing: BTreeMap<i64, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        opening.entry(span.known_from).or_default().push(span);
        closing.entry(span.known_to).or_default().push(span);
    }
    let mut recorded: BTreeMap<i64, Vec<&Change>> = BTreeMap::new();
    // The earliest of what was replaced at an instant.
    let mut replaced: BTreeMap<i64, i64> = BTreeMap::new();
    for change in changes {
        recorded.entry(change.recorded).or_default().push(change);
        let earliest = replaced.entry(change.known_to).or_insert(change.happened);
        *earliest = change.happened.min(*earliest);
    }
    let mut first = true;
    for instant in &instants {
        // Only what changed with this knowledge, and what only now can be asked about.
        let mut from = if first { i64::MIN } else { *instant };
        first = false;
        for span in closing.get(instant).into_iter().flatten() {
            held.remove(&span.valid_from);
            from = from.min(span.valid_from);
        }
        for span in opening.get(instant).into_iter().flatten() {
            hold(&mut held, span)?;
            from = from.min(span.valid_from);
        }
        if let Some(earliest) = replaced.get(instant) {
            known.unlearn(*instant);
            from = from.min(*earliest);
        }
        for change in recorded.get(instant).into_iter().flatten().filter(|change| change.known_to > *instant) {
            known.learn(change);
            from = from.min(change.happened);
        }
        let next = instants.range(instant + 1..).next().copied().unwrap_or(FOREVER);
        window(&known, &held, from, next, *instant)?;
    }
    Ok(())
}

/// The instants at which something was recorded, or replaced by what was recorded then.
fn known_instants(changes: &[Change]) -> BTreeSet<i64> {
    let replaced = changes.iter().map(|change| change.known_to).filter(|until| *until != FOREVER);
    changes.iter().map(|change| change.recorded).chain(replaced).collect()
}

/// Every row's ends are instants at which something happened or was recorded, and each row could be seen.
fn bounds(changes: &[Change], spans: &[Span]) -> Result<(), Box<Mismatch>> {
    let all_happened: BTreeSet<i64> = changes.iter().map(|change| change.happened).collect();
    let all_recorded = known_instants(changes);
    let (happened, recorded) = (|at: i64| all_happened.contains(&at), |at: i64| all_recorded.contains(&at));
    for span in spans {
        let ends = [
            ("valid_from", span.valid_from, happened(span.valid_from), "an instant at which it changed"),
            (
                "valid_to",
                span.valid_to,
                span.valid_to == FOREVER || happened(span.valid_to),
                "an instant at which it changed",
            ),
            ("known_from", span.known_from, recorded(span.known_from), "an instant at which a change was recorded"),
            (
                "known_to",
                span.known_to,
                span.known_to == FOREVER || recorded(span.known_to),
                "an instant at which a change was recorded",
            ),
            ("valid_to", span.valid_to, span.valid_from < span.valid_to, "an end after the beginning"),
            ("known_to", span.known_to, span.known_from < span.known_to, "an end after the beginning"),
            ("known_to", span.known_to, span.valid_from < span.known_to, "an end after it began to hold"),
        ];
        if changes.is_empty() {
            return Err(row("a row was made by no entry", None, "nothing".to_owned(), shown(&span.values)));
        }
        if let Some((end, found, _, expected)) = ends.into_iter().find(|(_, _, good, _)| !good) {
            let what = "a row holds for another time than the entries say".to_owned();
            let time = |change: &Change| if end.starts_with("valid") { change.happened } else { change.recorded };
            let before = changes.iter().filter(|change| time(change) <= found);
            let leaf = before.max_by_key(|change| (time(change), change.entry)).map(|change| change.leaf);
            let (expected, found) = (expected.to_owned(), instant(found));
            return Err(Box::new(Mismatch { what, spot: Spot::Time(end), leaf, expected, found }));
        }
    }
    Ok(())
}

/// Believes a row from now on; two at once for one instant are one too many.
fn hold<'a>(held: &mut BTreeMap<i64, &'a Span>, span: &'a Span) -> Result<(), Box<Mismatch>> {
    let before = held.range(..=span.valid_from).next_back().filter(|(_, other)| other.valid_to > span.valid_from);
    let after = held.range(span.valid_from..).next().filter(|(from, _)| **from < span.valid_to);
    if let Some((_, other)) = before.or(after) {
        return Err(row("two rows hold at once", None, shown(&other.values), shown(&span.values)));
    }
    held.insert(span.valid_from, span);
    Ok(())
}

fn row(what: &str, leaf: Option<i64>, expected: String, found: String) -> Box<Mismatch> {
    Box::new(Mismatch { what: what.to_owned(), spot: Spot::Row, leaf, expected, found })
}

/// Compares at each instant of `[from, to)` at which either side changes, as known at `known_at`.
fn window(
    known: &Known<'_>,
    held: &BTreeMap<i64, &Span>,
    from: i64,
    to: i64,
    known_at: i64,
) -> Result<(), Box<Mismatch>> {
    let mut points = BTreeSet::from([from]);
    let begin = known.changes.partition_point(|change| change.happened < from);
    points.extend(known.changes.iter().skip(begin).map(|change| change.happened).take_while(|at| *at < to));
    for (valid_from, span) in held.range(from..to) {
        points.extend([*valid_from, span.valid_to].into_iter().filter(|at| *at < to));
    }
    for valid in points {
        let expected = known.at(valid);
        let found = held.range(..=valid).next_back().map(|(_, span)| span).filter(|span| span.valid_to > valid);
        compare_states(known, expected.as_deref(), found.map(|span| &span.values), valid, known_at)?;
    }
    Ok(())
}

fn compare_states(
    known: &Known<'_>,
    expected: Option<&Vec<Cell>>,
    found: Option<&Vec<Cell>>,
    valid: i64,
    known_at: i64,
) -> Result<(), Box<Mismatch>> {
    if expected == found {
        return Ok(());
    }
    let at = format!("at {} as known at {}", instant(valid), instant(known_at));
    let (Some(expected), Some(found)) = (expected, found) else {
        let show = |values: Option<&Vec<Cell>>| values.map_or("nothing".to_owned(), |values| shown(values));
        let what = if found.is_none() { "no row says what the entries do" } else { "a row was made by no entry" };
        return Err(row(&format!("{what} {at}"), known.decided_by(None, valid), show(expected), show(found)));
    };
    let column = expected.iter().zip(found).position(|(a, b)| a != b).unwrap_or(0);
    let cell = |values: &[Cell]| values.get(column).map_or("nothing".to_owned(), ToString::to_string);
    Err(Box::new(Mismatch {
        what: format!("a row is not what the entries say {at}"),
        spot: Spot::Value(column),
        leaf: known.decided_by(Some(column), valid),
        expected: cell(expected),
        found: cell(found),
    }))
}

fn shown(values: &[Cell]) -> String {
    let all: Vec<String> = values.iter().filter(|cell| !cell.is_null()).map(ToString::to_string).collect();
    all.join(", ").chars().take(400).collect()
}

/// RFC 3339 where it is an instant of this era, else the bare number.
pub(super) fn instant(micros: i64) -> String {
    if micros == FOREVER {
        return "for ever".to_owned();
    }
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |at| at.to_string())
}
