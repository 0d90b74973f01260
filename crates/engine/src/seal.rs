//! The Merkle tree of the database's leaves: read through its tiles, grown by the writer, proved to outsiders.

use std::cell::RefCell;

use ledger::{Builder, Fields, Hash, Leaf, TileRow, Tiles};
use store::{Fault, Param, Session};

use crate::opening::Opening;
use crate::plan::{EntryPlan, RecordPlan};
use crate::recorder::Recorder;

/// The tiles of the log as the database holds them: leaf hashes in `leaf`, the levels above in `tile`.
pub struct StoredTiles<'a>(RefCell<&'a mut dyn Session>);

impl<'a> StoredTiles<'a> {
    pub fn new(session: &'a mut dyn Session) -> Self {
        Self(RefCell::new(session))
    }
}

impl Tiles for StoredTiles<'_> {
    type Error = Fault;

    fn tile(&self, level: u8, index: u64, width: usize) -> Result<Vec<Hash>, Fault> {
        let mut session = self.0.borrow_mut();
        let number = |n: u64| i64::try_from(n).map_err(Fault::database);
        let mut hashes = Vec::with_capacity(width);
        if level == 0 {
            let from = number(index * ledger::tree::TILE_WIDTH as u64)?;
            let to = from + number(width as u64)?;
            let sql = "SELECT hash FROM leaf WHERE idx >= ? AND idx < ? ORDER BY idx";
            session.query(sql, &[Param::Int(from), Param::Int(to)], &mut |row| {
                hashes.push(hash(row.need_blob(0)?)?);
                Ok(())
            })?;
            return Ok(hashes);
        }
        let sql = "SELECT hashes FROM tile WHERE level = ? AND idx = ?";
        session.query(sql, &[Param::Int(i64::from(level)), Param::Int(number(index)?)], &mut |row| {
            hashes = Hash::split(row.need_blob(0)?).map_err(|e| Fault::ledger(e.to_string()))?;
            Ok(())
        })?;
        Ok(hashes)
    }
}

/// 32 bytes from a column.
pub(crate) fn hash(bytes: &[u8]) -> Result<Hash, Fault> {
    bytes.try_into().map(Hash).map_err(|_| Fault::ledger("a stored hash has not 32 bytes"))
}

/// The growing edge of the tree after `leaves` leaves.
pub(crate) fn frontier(session: &mut dyn Session, leaves: i64) -> Result<Builder, Fault> {
    let size = u64::try_from(leaves).map_err(Fault::database)?;
    Builder::resume(size, &StoredTiles::new(session)).map_err(|e| Fault::ledger(e.to_string()))
}

/// Stores the tiles that grew. Level 0 stands in `leaf` already.
pub(crate) fn store_tiles(session: &mut dyn Session, rows: &[TileRow]) -> Result<(), Fault> {
    for row in rows.iter().filter(|row| row.level > 0) {
        let sql = "INSERT INTO tile (level, idx, hashes) VALUES (?, ?, ?) ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes";
        let index = i64::try_from(row.index).map_err(Fault::database)?;
        let hashes = Hash::join(&row.hashes);
        session.execute(sql, &[Param::Int(i64::from(row.level)), Param::Int(index), Param::Blob(&hashes)])?;
    }
    Ok(())
}

/// What the writer knows of an entry only when it writes it.
pub(crate) struct LeafPlace {
    pub record: i64,
    pub version: i64,
    pub actor: Option<i64>,
    pub on_behalf: Option<i64>,
    pub kind: &'static str,
}

/// The leaf of an entry; its predecessor is filled in when the batch is sealed.
pub(crate) fn leaf(
    lane: &Recorder,
    record: &RecordPlan,
    entry: &EntryPlan,
    place: &LeafPlace,
    opening: Opening,
) -> Result<Leaf<'static>, Fault> {
    let fields = opening.commitments.into_iter().map(|(key, hash)| (key.into(), hash)).collect();
    Ok(Leaf {
        log: lane.log_id.clone().into(),
        record_type: record.record_type.name.clone().into(),
        record: place.record,
        record_version: place.version,
        previous: None,
        kind: place.kind.into(),
        recorded: entry.recorded_at,
        happened: entry.happened_at,
        claimed: entry.claimed_at,
        actor: place.actor,
        on_behalf: place.on_behalf,
        grant: entry.grant,
        channel: entry.channel.as_str().into(),
        request: entry.request.clone().map(Into::into),
        model: Hash(lane.model.hash),
        rules: None,
        attachments: Vec::new(),
        fields: Fields::new(fields).map_err(|e| Fault::ledger(e.to_string()))?,
    })
}
