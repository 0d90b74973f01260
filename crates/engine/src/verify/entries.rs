//! Each entry's row says what its leaf sealed; a record's leaves form a chain without gaps.

use std::collections::BTreeMap;

use ledger::{Hash, Leaf};
use store::{FOREVER, Fault, Param, Session};

use super::cell::Cell;
use super::findings::{Finding, Stop};
use super::fold::{Change, Update};
use super::openings::{self, Place, Secrets};
use crate::opening;
use crate::plan::EntryKind;

/// An entry as its leaf and openings say it.
pub(super) struct Entry {
    pub id: i64,
    pub leaf: i64,
    pub version: i64,
    pub recorded: i64,
    pub happened: i64,
    /// Until when it was believed: a later entry may replace it.
    pub known_to: i64,
    pub claimed: Option<i64>,
    /// Whether the record begins with it.
    pub begins: bool,
    /// For whom it was done, else who did it.
    pub by: Option<i64>,
    /// As the row says; compared when the record's states are known.
    pub into_state: Cell,
    pub deviates: Cell,
    /// Opened values by key.
    pub opened: Vec<(String, serde_json::Value)>,
}

impl Entry {
    pub fn opened(&self, key: &str) -> Option<&serde_json::Value> {
        self.opened.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    pub fn change(&self, update: Update) -> Change {
        let Self { happened, recorded, known_to, id: entry, leaf, .. } = *self;
        Change { happened, recorded, known_to, entry, leaf, update }
    }

    /// The versions whose entries it replaces.
    pub fn replaces(&self) -> impl Iterator<Item = i64> + '_ {
        let versions = self.opened(opening::REPLACES).and_then(serde_json::Value::as_array);
        versions.into_iter().flatten().map(|version| version.as_i64().unwrap_or(0))
    }
}

/// Columns whose content the leaf holds too, with whether they are text.
const SEALED: [(&str, bool); 11] = [
    ("record", false),
    ("version", false),
    ("kind", true),
    ("recorded_at", false),
    ("happened_at", false),
    ("claimed_at", false),
    ("actor", false),
    ("on_behalf", false),
    ("grant", false),
    ("channel", true),
    ("request", true),
];

/// An entry's row with its leaf's.
pub(super) struct Raw {
    id: Cell,
    sealed: Vec<Cell>,
    model: Cell,
    into_state: Cell,
    deviates: Cell,
    known_to: Cell,
    opening: Cell,
    leaf: Cell,
    body: Vec<u8>,
}

/// The entries of the records from `first` to `last`, by record.
pub(super) fn read(session: &mut dyn Session, first: i64, last: i64) -> Result<BTreeMap<i64, Vec<Raw>>, Fault> {
    let columns: Vec<String> = SEALED.iter().map(|(name, _)| format!("e.\"{name}\"")).collect();
    let sql = format!(
        "SELECT {}, e.id, e.model, e.into_state, e.deviates, e.known_to, e.opening, l.idx, l.body FROM entry e LEFT JOIN leaf l ON l.entry = e.id \
         WHERE e.record >= ? AND e.record <= ? ORDER BY e.record, e.version",
        columns.join(", ")
    );
    let width = SEALED.len();
    let mut found: BTreeMap<i64, Vec<Raw>> = BTreeMap::new();
    session.query(&sql, &[Param::Int(first), Param::Int(last)], &mut |row| {
        let sealed = SEALED.iter().enumerate().map(|(column, (_, text))| Cell::read(row, column, *text)).collect();
        let raw = Raw {
            id: Cell::read(row, width, false),
            sealed,
            model: Cell::read(row, width + 1, false),
            into_state: Cell::read(row, width + 2, true),
            deviates: Cell::read(row, width + 3, true),
            known_to: Cell::read(row, width + 4, false),
            opening: Cell::read(row, width + 5, true),
            leaf: Cell::read(row, width + 6, false),
            body: row.blob(width + 7).ok().flatten().unwrap_or_default().to_vec(),
        };
        found.entry(row.need_int(0)?).or_default().push(raw);
        Ok(())
    })?;
    Ok(found)
}

/// What entries are checked against.
pub(super) struct Context<'a> {
    pub log_id: &'a str,
    /// Model texts by id.
    pub models: &'a [(i64, Cell)],
    /// The record's type and number as its thin row says.
    pub record_type: &'a Cell,
    pub number: Option<&'a str>,
}

/// One record's entries, each as its leaf says.
pub(super) fn check(raws: Vec<Raw>, secrets: &mut Secrets, cx: &Context<'_>) -> Result<Vec<Entry>, Stop> {
    let mut entries: Vec<Entry> = Vec::with_capacity(raws.len());
    let mut known_to = Vec::with_capacity(raws.len());
    let mut previous: Option<Hash> = None;
    for (raw, version) in raws.into_iter().zip(1..) {
        let (Some(id), Some(index)) = (raw.id.int(), raw.leaf.int()) else {
            let finding = Finding::new("no leaf seals this entry", "entry").record(cx.number.map(str::to_owned));
            return Err(finding.field("id").stop("a leaf", format!("entry {} without one", raw.id)));
        };
        let place = Place { number: cx.number, leaf: index };
        let leaf = Leaf::parse(&raw.body).map_err(|e| {
            place.finding("a leaf is not in its form", "leaf").field("body").stop("canonical JSON", e.to_string())
        })?;
        row(&raw, &leaf, cx, &place)?;
        let chained = [("version", version, leaf.record_version)];
        for (field, expected, found) in chained {
            if expected != found {
                let finding = place.finding("an entry of the record is missing", "entry").field(field);
                return Err(finding.stop(format!("version {expected}"), format!("version {found}")));
            }
        }
        if leaf.previous != previous {
            let shown = |hash: Option<Hash>| hash.map_or("nothing".to_owned(), |hash| hash.to_hex());
            let finding = place.finding("a leaf does not follow the record's leaf before it", "leaf").field("previous");
            return Err(finding.stop(shown(previous), shown(leaf.previous)));
        }
        if let Some(last) = entries.last().filter(|last| id <= last.id || index <= last.leaf) {
            let finding = place.finding("the record's entries are out of order", "entry").field("id");
            return Err(finding.stop(format!("an entry after {}", last.id), id.to_string()));
        }
        previous = Some(Hash::leaf(&raw.body));
        let apart = secrets.remove(&id).unwrap_or_default();
        let opened = openings::open(&leaf, raw.opening.text().unwrap_or_default(), apart, &place)?;
        known_to.push(raw.known_to);
        entries.push(Entry {
            id,
            leaf: index,
            version,
            recorded: leaf.recorded,
            happened: leaf.happened,
            known_to: FOREVER,
            claimed: leaf.claimed,
            begins: version == 1 || leaf.kind == EntryKind::Create.as_str(),
            by: leaf.on_behalf.or(leaf.actor),
            into_state: raw.into_state,
            deviates: raw.deviates,
            opened,
        });
    }
    replaced(&mut entries, &known_to, cx)?;
    Ok(entries)
}

/// Until when each entry was believed: as those say that replace them, and as its row says.
fn replaced(entries: &mut [Entry], found: &[Cell], cx: &Context<'_>) -> Result<(), Stop> {
    let acts: Vec<(i64, i64, i64, i64)> = entries
        .iter()
        .flat_map(|entry| entry.replaces().map(|version| (version, entry.version, entry.leaf, entry.recorded)))
        .collect();
    for (version, by, leaf, recorded) in acts {
        let place = usize::try_from(version - 1).ok().filter(|_| version < by);
        match place.and_then(|place| entries.get_mut(place)).filter(|entry| entry.known_to == FOREVER) {
            Some(entry) => entry.known_to = recorded,
            None => {
                let finding = Place { number: cx.number, leaf }.finding("an entry replaces what it cannot", "entry");
                let expected = "the version of an earlier entry that nothing had replaced";
                return Err(finding.field(opening::REPLACES).stop(expected, version.to_string()));
            }
        }
    }
    for (entry, found) in entries.iter().zip(found) {
        let place = Place { number: cx.number, leaf: entry.leaf };
        let finding = place.finding("an entry was believed for another time than the entries say", "entry");
        finding.field("known_to").same(&Cell::Int(entry.known_to), found)?;
    }
    Ok(())
}

/// The row says what the leaf does.
fn row(raw: &Raw, leaf: &Leaf<'_>, cx: &Context<'_>, place: &Place<'_>) -> Result<(), Stop> {
    let finding = |field: &str| place.finding("an entry's row is not what its leaf sealed", "entry").field(field);
    let sealed = [
        Cell::Int(leaf.record),
        Cell::Int(leaf.record_version),
        Cell::of_text(&leaf.kind),
        Cell::Int(leaf.recorded),
        Cell::Int(leaf.happened),
        Cell::of_int(leaf.claimed),
        Cell::of_int(leaf.actor),
        Cell::of_int(leaf.on_behalf),
        Cell::of_int(leaf.grant),
        Cell::of_text(&leaf.channel),
        leaf.request.as_deref().map_or(Cell::Null, Cell::of_text),
    ];
    for (((name, _), expected), found) in SEALED.iter().zip(&sealed).zip(&raw.sealed) {
        finding(name).same(expected, found)?;
    }
    let hash =
        raw.model.int().and_then(|id| cx.models.iter().find(|(m, _)| *m == id)).map_or(&Cell::Null, |(_, hash)| hash);
    finding("model").same(&Cell::of_text(&leaf.model.to_hex()), hash)?;
    if leaf.log != cx.log_id {
        let finding = place.finding("a leaf was made for another log", "leaf").field("log");
        return Err(finding.stop(cx.log_id, &*leaf.log));
    }
    let finding = place.finding("a record is of another type than was sealed", "record").field("type");
    finding.same(&Cell::of_text(&leaf.record_type), cx.record_type)
}
