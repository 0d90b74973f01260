//! Every commitment of a leaf opens with what the database holds beside it, and nothing stands there uncommitted.

use std::collections::BTreeMap;

use ledger::Leaf;
use store::{Fault, Param, Session};

use super::cell::Cell;
use super::findings::{Finding, Stop};
use crate::engine::hex;
use crate::opening;

/// A value that lies apart with a salt of its own, as canonical JSON.
pub(super) struct Secret {
    value: Cell,
    salt: Vec<u8>,
}

/// By entry and field.
pub(super) type Secrets = BTreeMap<i64, BTreeMap<String, Secret>>;

/// The secrets of the records from `first` to `last`.
pub(super) fn secrets(session: &mut dyn Session, first: i64, last: i64) -> Result<Secrets, Fault> {
    let sql = "SELECT s.entry, s.field, s.value, s.salt FROM entry e JOIN secret s ON s.entry = e.id WHERE e.record >= ? AND e.record <= ?";
    let mut found = Secrets::new();
    session.query(sql, &[Param::Int(first), Param::Int(last)], &mut |row| {
        let field = row.need_text(1)?.to_owned();
        let salt = row.blob(3).ok().flatten().unwrap_or_default().to_vec();
        let secret = Secret { value: Cell::read(row, 2, true), salt };
        found.entry(row.need_int(0)?).or_default().insert(field, secret);
        Ok(())
    })?;
    Ok(found)
}

/// Where an entry stands, for what is said about it.
pub(super) struct Place<'a> {
    pub number: Option<&'a str>,
    pub leaf: i64,
}

impl Place<'_> {
    pub fn finding(&self, what: &str, table: &str) -> Finding {
        Finding::new(what, table).record(self.number.map(str::to_owned)).leaf(self.leaf)
    }
}

/// The values that a leaf commits to, by key.
pub(super) fn open(
    leaf: &Leaf<'_>,
    body: &str,
    mut secrets: BTreeMap<String, Secret>,
    place: &Place<'_>,
) -> Result<Vec<(String, serde_json::Value)>, Stop> {
    let (seed, fields) = read(body, place)?;
    let mut opened = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        let (key, value) = match key.strip_prefix('?') {
            None => {
                ordinary(leaf, &key, &seed, &value, place)?;
                (key, value)
            }
            Some(key) => (key.to_owned(), apart(leaf, key, secrets.remove(key), place)?),
        };
        opened.push((key, value));
    }
    if let Some(key) = secrets.keys().next() {
        let finding = place.finding("a secret belongs to no field of its entry", "secret").field(key);
        return Err(finding.stop("nothing", "a value"));
    }
    // Each key was found in the leaf and keys are unique, so fewer keys mean that one was taken away.
    let missing = leaf.fields.iter().find(|(key, _)| !opened.iter().any(|(k, _)| k == key));
    match missing {
        Some((key, commitment)) => {
            let finding = place.finding("a sealed field has no opening", "entry").field(key);
            Err(finding.stop(format!("a value for the commitment {}", commitment.to_hex()), "nothing"))
        }
        None => Ok(opened),
    }
}

fn read(body: &str, place: &Place<'_>) -> Result<([u8; 32], serde_json::Map<String, serde_json::Value>), Stop> {
    let finding =
        || place.finding("an entry's opening is not in the form in which it was written", "entry").field("opening");
    let (seed, fields) = opening::parse(body).map_err(|e| finding().stop("an opening", e.to_string()))?;
    // The exact text, so that nothing can hide in it: a member twice, one that nobody reads.
    let mut whole = serde_json::Map::new();
    whole.insert("seed".to_owned(), hex(&seed).into());
    whole.insert("fields".to_owned(), fields.into());
    let written = serde_json::Value::Object(whole).to_string();
    if written != body {
        return Err(finding().stop(Cell::of_text(&written).to_string(), Cell::of_text(body).to_string()));
    }
    Ok(opening::parse(body)?)
}

fn ordinary(
    leaf: &Leaf<'_>,
    key: &str,
    seed: &[u8; 32],
    value: &serde_json::Value,
    place: &Place<'_>,
) -> Result<(), Stop> {
    let text = ledger::canonical::to_vec(value).unwrap_or_default();
    let found = ledger::commit(key, &ledger::salt(seed, key), &text);
    match leaf.fields.get(key) {
        Some(sealed) if *sealed == found => Ok(()),
        sealed => {
            let finding = place.finding("the value of an entry is not the one that was sealed", "entry").field(key);
            let expected = sealed
                .map_or("no such field".to_owned(), |hash| format!("a value for the commitment {}", hash.to_hex()));
            Err(finding.stop(expected, Cell::of_text(&value.to_string()).to_string()))
        }
    }
}

fn apart(leaf: &Leaf<'_>, key: &str, secret: Option<Secret>, place: &Place<'_>) -> Result<serde_json::Value, Stop> {
    let sealed = leaf.fields.get(key);
    let expected =
        || sealed.map_or("no such field".to_owned(), |hash| format!("a value for the commitment {}", hash.to_hex()));
    let Some(Secret { value, salt }) = secret else {
        let what = "a sealed value is gone and no entry says that it was erased";
        return Err(place.finding(what, "secret").field(key).stop(expected(), "nothing"));
    };
    let finding = || place.finding("the value of an entry is not the one that was sealed", "secret").field(key);
    let (Some(text), Ok(salt)) = (value.text(), salt.as_slice().try_into()) else {
        return Err(finding().stop(expected(), value.to_string()));
    };
    if sealed != Some(&ledger::commit(key, &salt, text.as_bytes())) {
        return Err(finding().stop(expected(), value.to_string()));
    }
    serde_json::from_str(text).map_err(|e| finding().stop("JSON", e.to_string()))
}
