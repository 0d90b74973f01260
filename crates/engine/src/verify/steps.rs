//! Steps and comments: rows that an entry makes once and nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::Cell;
use super::chunk::{COMMENT, STEP};
use super::entries::Entry;
use super::findings::Stop;
use super::records::{History, place};
use crate::opening;

/// Compares the record's steps, and what its entries' rows say of states; how many there are.
pub(super) fn steps(history: &History<'_>, rows: Vec<Vec<Cell>>) -> Result<i64, Stop> {
    let mut found = by_entry(rows, 5);
    let has_states = history.record_type.state_slot().is_some();
    let mut states = States::default();
    // By state: the versions of the entries that entered it, as far as they stand.
    let mut entered: BTreeMap<Cell, BTreeSet<i64>> = BTreeMap::new();
    let mut count = 0;
    for entry in &history.entries {
        let replaced: BTreeSet<i64> = entry.replaces().collect();
        if !replaced.is_empty() {
            states.forget(&replaced);
            entered.values_mut().for_each(|versions| versions.retain(|version| !replaced.contains(version)));
        }
        let before = states.at(entry.happened);
        let to = entry.opened("state").filter(|_| has_states).map(Cell::of_json);
        if let Some(to) = &to {
            states.put(entry, to.clone());
        }
        let deviates = entry.opened(opening::DEVIATES).map_or(Cell::Null, Cell::of_json);
        let finding = |field: &str| {
            place(history, entry).finding("an entry's row is not what its opening says", "entry").field(field)
        };
        finding("deviates").same(&deviates, &entry.deviates)?;
        let step = to.filter(|to| !to.is_null());
        // A row of a source states the record's state each time, an act here only when it enters one.
        let into = match (&step, entry.claimed) {
            (Some(to), _) => to.clone(),
            (None, Some(_)) => states.at(entry.happened),
            (None, None) => Cell::Null,
        };
        finding("into_state").same(&into, &entry.into_state)?;
        let Some(to) = step else { continue };
        let before_it = entered.entry(to.clone()).or_default();
        let first = before_it.is_empty();
        before_it.insert(entry.version);
        let expected = [
            before,
            to,
            Cell::Int(entry.happened),
            Cell::Int(entry.recorded),
            Cell::of_int(entry.claimed),
            Cell::Int(entry.id),
            Cell::Int(i64::from(!deviates.is_null())),
            Cell::Int(i64::from(first)),
            Cell::Int(entry.known_to),
        ];
        one(history, entry, "step", &STEP, &expected, found.remove(&Cell::Int(entry.id)))?;
        count += 1;
    }
    nothing_left(history, "step", found)?;
    Ok(count)
}

/// Compares the record's comments; how many there are.
pub(super) fn comments(history: &History<'_>, rows: Vec<Vec<Cell>>) -> Result<i64, Stop> {
    let mut found = by_entry(rows, 0);
    let mut count = 0;
    for entry in &history.entries {
        let Some(text) = entry.opened(opening::COMMENT) else { continue };
        let expected = [
            Cell::Int(entry.id),
            entry.opened(opening::COMMENT_PUBLIC).map_or(Cell::Null, Cell::of_json),
            Cell::of_json(text),
            Cell::Int(entry.happened),
            Cell::Int(entry.recorded),
            Cell::of_int(entry.by),
        ];
        one(history, entry, "comment", &COMMENT, &expected, found.remove(&Cell::Int(entry.id)))?;
        count += 1;
    }
    nothing_left(history, "comment", found)?;
    Ok(count)
}

type ByEntry = BTreeMap<Cell, Vec<Vec<Cell>>>;

fn by_entry(rows: Vec<Vec<Cell>>, entry: usize) -> ByEntry {
    let mut found = ByEntry::new();
    for row in rows {
        found.entry(row.get(entry).cloned().unwrap_or(Cell::Null)).or_default().push(row);
    }
    found
}

fn one(
    history: &History<'_>,
    entry: &Entry,
    table: &str,
    columns: &[(&str, bool)],
    expected: &[Cell],
    found: Option<Vec<Vec<Cell>>>,
) -> Result<(), Stop> {
    let rows = found.unwrap_or_default();
    let [row] = rows.as_slice() else {
        let finding =
            place(history, entry).finding(&format!("the {table} that an entry made is missing or there twice"), table);
        return Err(finding.field("entry").stop("one row", format!("{} rows", rows.len())));
    };
    for (((name, _), expected), found) in columns.iter().zip(expected).zip(row) {
        let finding = place(history, entry).finding(&format!("a {table} is not what its entry says"), table);
        finding.field(*name).same(expected, found)?;
    }
    Ok(())
}

fn nothing_left(history: &History<'_>, table: &str, found: ByEntry) -> Result<(), Stop> {
    let Some((entry, _)) = found.into_iter().next() else { return Ok(()) };
    let finding = history.finding(format!("a {table} was made by no entry"), table).field("entry");
    Err(finding.stop("nothing", format!("a row of the entry {entry}")))
}

/// The states of a record in the order in which they held, as far as entries have been read.
#[derive(Default)]
struct States(Vec<Held>);

struct Held {
    happened: i64,
    entry: i64,
    version: i64,
    state: Cell,
}

impl States {
    fn at(&self, happened: i64) -> Cell {
        let upto = self.0.partition_point(|held| held.happened <= happened);
        upto.checked_sub(1).and_then(|i| self.0.get(i)).map_or(Cell::Null, |held| held.state.clone())
    }

    fn put(&mut self, entry: &Entry, state: Cell) {
        let place = self.0.partition_point(|held| (held.happened, held.entry) < (entry.happened, entry.id));
        let held = Held { happened: entry.happened, entry: entry.id, version: entry.version, state };
        self.0.insert(place, held);
    }

    fn forget(&mut self, replaced: &BTreeSet<i64>) {
        self.0.retain(|held| !replaced.contains(&held.version));
    }
}
