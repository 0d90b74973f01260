//! The leaves, the tree over them, and everything that was signed about it.

use std::collections::BTreeMap;

use ledger::signer::SignerHead;
use ledger::{Builder, Checkpoint, Hash, LogId};
use store::{Param, Session};

use super::Report;
use super::cell::Cell;
use super::findings::{Finding, Stop, lost_number, number_of_entry};
use super::whole::{self, Head};

/// Leaves read at once; a leaf has about a kilobyte.
const CHUNK: i64 = 1024;

type Tiles = BTreeMap<(i64, i64), Vec<Hash>>;

pub(super) fn check(
    session: &mut dyn Session,
    head: &Head,
    signer: Option<&SignerHead>,
    report: &mut Report,
) -> Result<(), Stop> {
    let mut walk = Walk { head, signer, builder: Builder::new(), tiles: Tiles::new(), last_entry: 0 };
    if let Some(signer) = signer.filter(|signer| signer.log.as_str() != head.log_id) {
        let finding = Finding::new("the signer's state is another log's", "head").field("log_id");
        return Err(finding.stop(signer.log.as_str(), &*head.log_id));
    }
    walk.notes(session, -1, 0, report)?;
    let mut from = 0;
    while from < head.leaves {
        let to = (from + CHUNK).min(head.leaves);
        let notes = notes(session, from, to)?;
        walk.leaves(session, from, to, notes, report)?;
        from = to;
    }
    all_signed(session, signer)?;
    beyond(session, head)?;
    tiles(session, &walk.tiles)?;
    report.unsigned = head.leaves - report.checkpoint.map_or(0, |(size, _)| size);
    Ok(())
}

/// Every leaf that the signer has ever signed is still there.
fn all_signed(session: &mut dyn Session, signer: Option<&SignerHead>) -> Result<(), Stop> {
    let leaves = whole::count(session, "leaf")?;
    if let Some(signer) = signer.filter(|signer| signer.size > u64::try_from(leaves).unwrap_or(0)) {
        let finding =
            Finding::new("the ledger has fewer leaves than were signed: it was restored or cut short", "leaf");
        let finding = finding.record(lost_number(session)?).leaf(leaves);
        return Err(finding.stop(format!("{} leaves", signer.size), format!("{leaves} leaves")));
    }
    Ok(())
}

struct Walk<'a> {
    head: &'a Head,
    signer: Option<&'a SignerHead>,
    builder: Builder,
    tiles: Tiles,
    last_entry: i64,
}

/// A leaf's row.
struct Row {
    index: Cell,
    entry: Cell,
    hash: Vec<u8>,
    body: Vec<u8>,
}

impl Walk<'_> {
    fn leaves(
        &mut self,
        session: &mut dyn Session,
        from: i64,
        to: i64,
        notes: Vec<(i64, Cell)>,
        report: &mut Report,
    ) -> Result<(), Stop> {
        let mut rows = Vec::new();
        let sql = "SELECT idx, entry, hash, body FROM leaf WHERE idx >= ? AND idx < ? ORDER BY idx";
        session.query(sql, &[Param::Int(from), Param::Int(to)], &mut |row| {
            let bytes = |column| row.blob(column).ok().flatten().unwrap_or_default().to_vec();
            let (index, entry) = (Cell::read(row, 0, false), Cell::read(row, 1, false));
            rows.push(Row { index, entry, hash: bytes(2), body: bytes(3) });
            Ok(())
        })?;
        let mut rows = rows.into_iter();
        let mut notes = notes.into_iter().peekable();
        for index in from..to {
            match rows.next() {
                Some(row) if row.index == Cell::Int(index) => self.leaf(session, index, &row)?,
                _ => return Err(missing(session, index, self.head.leaves)?),
            }
            self.signed_root(index + 1)?;
            if let Some((_, note)) = notes.next_if(|(size, _)| *size == index + 1) {
                self.note(index + 1, &note, report)?;
            }
        }
        Ok(())
    }

    fn leaf(&mut self, session: &mut dyn Session, index: i64, row: &Row) -> Result<(), Stop> {
        let hash = Hash::leaf(&row.body);
        let entry = row.entry.int().unwrap_or(0);
        if row.hash != hash.0 {
            let finding = Finding::new("a sealed entry is not what its hash says", "leaf").field("body").leaf(index);
            let found: String = row.hash.iter().map(|b| format!("{b:02x}")).collect();
            return Err(finding.record(number_of_entry(session, entry)?).stop(hash.to_hex(), found));
        }
        // The writer seals a batch's entries in their order, so leaves and entries count alike.
        if entry <= self.last_entry {
            let finding = Finding::new("a leaf stands at another's place", "leaf").field("entry").leaf(index);
            let finding = finding.record(number_of_entry(session, entry)?);
            return Err(finding.stop(format!("an entry after {}", self.last_entry), row.entry.to_string()));
        }
        self.last_entry = entry;
        for tile in self.builder.append(hash).into_iter().filter(|tile| tile.level > 0) {
            self.tiles.insert((i64::from(tile.level), i64::try_from(tile.index).unwrap_or(i64::MAX)), tile.hashes);
        }
        Ok(())
    }

    /// The tree must have the root that the signer remembers.
    fn signed_root(&self, size: i64) -> Result<(), Stop> {
        let Some(signer) = self.signer.filter(|signer| i64::try_from(signer.size) == Ok(size)) else { return Ok(()) };
        let root = self.builder.root();
        if signer.root != root {
            let what = "the leaves are not those that the signer last signed";
            let finding = Finding::new(what, "leaf").leaf(size - 1);
            return Err(finding.stop(format!("root {}", signer.root.to_base64()), format!("root {}", root.to_base64())));
        }
        Ok(())
    }

    fn notes(&self, session: &mut dyn Session, from: i64, to: i64, report: &mut Report) -> Result<(), Stop> {
        for (size, note) in notes(session, from, to)? {
            self.note(size, &note, report)?;
        }
        Ok(())
    }

    /// A checkpoint's note: the signer's own, of this log, over these leaves.
    fn note(&self, size: i64, note: &Cell, report: &mut Report) -> Result<(), Stop> {
        let finding = |what: &str| Finding::new(what, "checkpoint").field("note").leaf(size - 1);
        let text = note.text().unwrap_or_default();
        let opened = match self.signer {
            Some(signer) => Checkpoint::open(text.as_bytes(), &signer.key).map_err(|e| e.to_string()),
            None => crate::ledger_view::unverified(text),
        };
        let checkpoint = match opened {
            Ok(checkpoint) => checkpoint,
            Err(why) => {
                return Err(finding("a checkpoint is not the signer's").stop("a note with a good signature", why));
            }
        };
        let origin = LogId::new(&self.head.log_id).map_or_else(|e| e.to_string(), |log| log.origin());
        if checkpoint.origin != origin {
            return Err(finding("a checkpoint is another log's").stop(origin, checkpoint.origin));
        }
        if i64::try_from(checkpoint.size) != Ok(size) {
            let found = checkpoint.size.to_string();
            return Err(finding("a checkpoint stands under another size").stop(size.to_string(), found));
        }
        let root = self.builder.root();
        if checkpoint.root != root {
            let from = report.checkpoint.map_or(0, |(size, _)| size);
            let what = format!("the leaves from {from} to {} are not those that were signed", size - 1);
            return Err(finding(&what)
                .stop(format!("root {}", checkpoint.root.to_base64()), format!("root {}", root.to_base64())));
        }
        report.checkpoint = Some((size, root));
        Ok(())
    }
}

/// The notes of sizes above `from` up to `to`.
fn notes(session: &mut dyn Session, from: i64, to: i64) -> Result<Vec<(i64, Cell)>, Stop> {
    let mut found = Vec::new();
    let sql = "SELECT size, note FROM checkpoint WHERE size > ? AND size <= ? ORDER BY size";
    session.query(sql, &[Param::Int(from), Param::Int(to)], &mut |row| {
        found.push((row.need_int(0)?, Cell::read(row, 1, true)));
        Ok(())
    })?;
    Ok(found)
}

fn missing(session: &mut dyn Session, index: i64, leaves: i64) -> Result<Stop, Stop> {
    // Entry n is sealed as leaf n − 1: if the entry is still there, so is its record's number.
    let number = match number_of_entry(session, index + 1)? {
        Some(number) => Some(number),
        None => lost_number(session)?,
    };
    let count = whole::count(session, "leaf")?;
    let finding = Finding::new("a leaf is missing", "leaf").record(number).leaf(index);
    Ok(finding.stop(
        format!("{leaves} leaves, numbered from 0 without a gap"),
        format!("{count} leaves, none with this number"),
    ))
}

/// Nothing may stand above the head's count of leaves.
fn beyond(session: &mut dyn Session, head: &Head) -> Result<(), Stop> {
    let leaves = whole::count(session, "leaf")?;
    if leaves != head.leaves {
        let finding = Finding::new("the head row counts other leaves than there are", "head").field("leaves");
        return Err(finding.leaf(head.leaves).stop(leaves.to_string(), head.leaves.to_string()));
    }
    let mut above = None;
    let sql = "SELECT size FROM checkpoint WHERE size < 0 OR size > ? ORDER BY size LIMIT 1";
    session.query(sql, &[Param::Int(head.leaves)], &mut |row| {
        above = Some(Cell::read(row, 0, false));
        Ok(())
    })?;
    let Some(size) = above else { return Ok(()) };
    let what = "a checkpoint covers more leaves than there are: the ledger was restored or cut short";
    let finding = Finding::new(what, "checkpoint").field("size").record(lost_number(session)?).leaf(head.leaves);
    Err(finding.stop(format!("at most {}", head.leaves), size.to_string()))
}

/// The stored tiles above the leaves are the tree's.
fn tiles(session: &mut dyn Session, expected: &Tiles) -> Result<(), Stop> {
    let finding = |what: &str, level: i64, index: i64| {
        // A tile of level n covers 256^(n+1) leaves.
        let width = 256_i64.checked_pow(u32::try_from(level + 1).unwrap_or(0)).unwrap_or(i64::MAX);
        let field = format!("level {level}, index {index}");
        Finding::new(what, "tile").field(field).leaf(index.saturating_mul(width))
    };
    let (mut left, mut wrong) = (expected.clone(), None);
    session.query("SELECT level, idx, hashes FROM tile ORDER BY level, idx", &[], &mut |row| {
        let (level, index) = (row.need_int(0)?, row.need_int(1)?);
        let bytes = row.blob(2).ok().flatten().unwrap_or_default();
        let hashes = left.remove(&(level, index)).map(|hashes| Hash::join(&hashes));
        if wrong.is_none() && hashes.as_deref() != Some(bytes) {
            let short = |bytes: &[u8]| format!("{} bytes with the hash {}", bytes.len(), Hash::of(bytes).to_hex());
            wrong = Some((level, index, hashes.map_or("no such tile".to_owned(), |h| short(&h)), short(bytes)));
        }
        Ok(())
    })?;
    if let Some((level, index, expected, found)) = wrong {
        return Err(finding("a tile of the tree was altered", level, index).stop(expected, found));
    }
    match left.keys().next() {
        Some((level, index)) => Err(finding("a tile of the tree is missing", *level, *index).stop("a tile", "nothing")),
        None => Ok(()),
    }
}
