//! The ledger as outsiders read it: checkpoints, leaves, proofs, and a record's own leaves with their openings.

use ledger::{Hash, tree};
use serde_json::{Value as Json, json};
use store::{Fault, Param, Session, SessionExt};

use crate::principal::Principal;
use crate::record::Record;
use crate::refusal::{Error, Refusal};
use crate::seal::StoredTiles;

/// The newest signed checkpoint.
pub fn checkpoint(session: &mut dyn Session) -> Result<Option<String>, Fault> {
    session.optional_text("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", &[])
}

/// Sealed leaves from an index on.
pub fn entries(session: &mut dyn Session, from: i64, limit: i64) -> Result<Vec<(i64, Vec<u8>)>, Fault> {
    let mut found = Vec::new();
    let sql = "SELECT idx, body FROM leaf WHERE idx >= ? ORDER BY idx LIMIT ?";
    session.query(sql, &[Param::Int(from), Param::Int(limit)], &mut |row| {
        found.push((row.need_int(0)?, row.need_blob(1)?.to_vec()));
        Ok(())
    })?;
    Ok(found)
}

/// A leaf's hash and its inclusion proof in the tree of this size.
pub fn inclusion(session: &mut dyn Session, index: u64, size: u64) -> Result<(Hash, Vec<Hash>), Error> {
    within(session, size)?;
    let tiles = StoredTiles::new(session);
    let proof = tree::inclusion(&tiles, index, size).map_err(refused)?;
    let leaf = ledger::Tiles::tile(&tiles, 0, index / 256, (index % 256) as usize + 1)?;
    let leaf = leaf.last().copied().ok_or_else(|| Fault::ledger("a leaf is missing"))?;
    Ok((leaf, proof))
}

/// That the tree of one size continues the tree of a smaller one.
pub fn consistency(session: &mut dyn Session, from: u64, size: u64) -> Result<Vec<Hash>, Error> {
    within(session, size)?;
    tree::consistency(&StoredTiles::new(session), from, size).map_err(refused)
}

fn within(session: &mut dyn Session, size: u64) -> Result<(), Error> {
    let leaves = session.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
    if size > u64::try_from(leaves).unwrap_or(0) {
        return Err(Refusal::BadQuery(format!("the ledger has {leaves} leaves: expected a size of at most that")).into());
    }
    Ok(())
}

fn refused(error: tree::TreeError<Fault>) -> Error {
    match error {
        tree::TreeError::Range { from, size } => {
            Refusal::BadQuery(format!("there is no proof from {from} in a tree of {size}")).into()
        }
        other => Fault::ledger(other.to_string()).into(),
    }
}

/// A record's leaves, without openings for those who see the public part only.
pub fn record_proof(session: &mut dyn Session, _principal: &Principal, record: &Record) -> Result<Json, Fault> {
    use base64::Engine as _;
    let mut leaves = Vec::new();
    let sql = "SELECT l.idx, l.body FROM leaf l JOIN entry e ON e.id = l.entry WHERE e.record = ? ORDER BY e.version";
    session.query(sql, &[Param::Int(record.id)], &mut |row| {
        let leaf = base64::engine::general_purpose::STANDARD.encode(row.need_blob(1)?);
        leaves.push(json!({ "index": row.need_int(0)?, "leaf": leaf, "openings": [] }));
        Ok(())
    })?;
    Ok(json!({ "leaves": leaves }))
}
