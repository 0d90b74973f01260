//! The ledger as outsiders read it: checkpoints, leaves, proofs, and a record's own leaves with the openings that the
//! reader may see. Salts are given singly; the seed from which they follow never leaves.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use ledger::{Checkpoint, Hash, Leaf, Opening, proof, tree};
use model::RecordType;
use serde_json::{Value as Json, json};
use store::{Fault, Param, Session, SessionExt};

use crate::opening;
use crate::principal::Principal;
use crate::record::Record;
use crate::refusal::{Error, Refusal};
use crate::seal::StoredTiles;

/// Leaves in one answer.
pub const ENTRIES_MAX: i64 = 256;

/// Leaves of one record that a page shows with their proofs; the newest.
const SHOWN_MAX: i64 = 200;

/// Keys that are plumbing, shown nowhere.
const PLUMBING: [&str; 3] = ["origin", "gaps", "created_by"];

/// The newest signed checkpoint.
pub fn checkpoint(session: &mut dyn Session) -> Result<Option<String>, Fault> {
    session.optional_text("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", &[])
}

/// What a note says, without looking at its signature.
pub(crate) fn unverified(note: &str) -> Result<Checkpoint, String> {
    // The signed text ends with the newline before the first empty line.
    let signed = note.find("\n\n").and_then(|end| note.get(..=end)).ok_or("the note has no signed text")?;
    Checkpoint::parse(signed).map_err(|e| e.to_string())
}

/// Sealed leaves from an index on; none above the last.
///
/// # Errors
/// [`Refusal::BadQuery`] for a negative index, no leaves or more than [`ENTRIES_MAX`].
pub fn entries(session: &mut dyn Session, from: i64, limit: i64) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    if from < 0 || !(1..=ENTRIES_MAX).contains(&limit) {
        let message =
            format!("from {from}, limit {limit}: expected an index from 0 on and a limit of 1 to {ENTRIES_MAX}");
        return Err(Refusal::BadQuery(message).into());
    }
    let mut found = Vec::new();
    let sql = "SELECT idx, body FROM leaf WHERE idx >= ? ORDER BY idx LIMIT ?";
    session.query(sql, &[Param::Int(from), Param::Int(limit)], &mut |row| {
        found.push((row.need_int(0)?, row.need_blob(1)?.to_vec()));
        Ok(())
    })?;
    Ok(found)
}

/// A leaf's hash and its inclusion proof in the tree of this size.
///
/// # Errors
/// [`Refusal::BadQuery`] for an index that such a tree has not, or a size that the ledger has not reached.
pub fn inclusion(session: &mut dyn Session, index: u64, size: u64) -> Result<(Hash, Vec<Hash>), Error> {
    within(session, size)?;
    let proof = tree::inclusion(&StoredTiles::new(session), index, size).map_err(refused)?;
    let mut leaf = None;
    let at = i64::try_from(index).map_err(Fault::database)?;
    session.query("SELECT hash FROM leaf WHERE idx = ?", &[Param::Int(at)], &mut |row| {
        leaf = Some(crate::seal::hash(row.need_blob(0)?)?);
        Ok(())
    })?;
    Ok((leaf.ok_or_else(|| Fault::ledger(format!("leaf {index} is missing")))?, proof))
}

/// That the tree of one size continues the tree of a smaller one.
///
/// # Errors
/// [`Refusal::BadQuery`] for sizes that the ledger has not reached or that are in the wrong order.
pub fn consistency(session: &mut dyn Session, from: u64, size: u64) -> Result<Vec<Hash>, Error> {
    within(session, size)?;
    tree::consistency(&StoredTiles::new(session), from, size).map_err(refused)
}

fn within(session: &mut dyn Session, size: u64) -> Result<(), Error> {
    let leaves = session.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
    if size > u64::try_from(leaves).unwrap_or(0) {
        return Err(
            Refusal::BadQuery(format!("the ledger has {leaves} leaves: expected a size of at most that")).into()
        );
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

/// One entry of a record with its leaf.
struct Sealed {
    entry: i64,
    index: i64,
    hash: Vec<u8>,
    body: Vec<u8>,
    opening: String,
}

fn sealed(session: &mut dyn Session, record: i64) -> Result<Vec<Sealed>, Fault> {
    let sql = "SELECT e.id, l.idx, l.hash, l.body, e.opening FROM entry e JOIN leaf l ON l.entry = e.id WHERE e.record = ? ORDER BY e.version";
    let mut found = Vec::new();
    session.query(sql, &[Param::Int(record)], &mut |row| {
        let (hash, body) = (row.need_blob(2)?.to_vec(), row.need_blob(3)?.to_vec());
        let opening = row.need_text(4)?.to_owned();
        found.push(Sealed { entry: row.need_int(0)?, index: row.need_int(1)?, hash, body, opening });
        Ok(())
    })?;
    Ok(found)
}

/// Values and salts that lie apart, by entry and key.
type Secrets = BTreeMap<(i64, String), (Json, [u8; 32])>;

fn secrets(session: &mut dyn Session, record: i64) -> Result<Secrets, Fault> {
    let sql =
        "SELECT s.entry, s.field, s.value, s.salt FROM entry e JOIN secret s ON s.entry = e.id WHERE e.record = ?";
    let mut found = Secrets::new();
    session.query(sql, &[Param::Int(record)], &mut |row| {
        let bad = |_| Fault::ledger("a secret does not parse");
        let value = serde_json::from_str(row.need_text(2)?).map_err(|_| Fault::ledger("a secret does not parse"))?;
        let salt: [u8; 32] = row.need_blob(3)?.try_into().map_err(bad)?;
        found.insert((row.need_int(0)?, row.need_text(1)?.to_owned()), (value, salt));
        Ok(())
    })?;
    Ok(found)
}

/// All openings of an entry that still exist; an erased value has none.
fn openings(sealed: &Sealed, secrets: &Secrets) -> Result<Vec<Opening>, Fault> {
    let (seed, fields) = opening::parse(&sealed.opening)?;
    let opened = fields.into_iter().filter_map(|(key, value)| match key.strip_prefix('?') {
        None => Some(Opening { salt: ledger::salt(&seed, &key), key, value }),
        Some(key) => {
            let (value, salt) = secrets.get(&(sealed.entry, key.to_owned()))?;
            Some(Opening { key: key.to_owned(), salt: *salt, value: value.clone() })
        }
    });
    Ok(opened.collect())
}

/// Which openings a reader may see.
struct Sight<'a> {
    hidden: BTreeSet<&'a str>,
    /// He sees the public part only, or only his customer's: links may lead to what he may not see.
    narrow: bool,
}

impl<'a> Sight<'a> {
    fn of(principal: &Principal, record_type: &'a RecordType) -> Self {
        let hidden = principal.hidden(record_type).into_iter().filter_map(|slot| record_type.fields.get(slot));
        Self {
            hidden: hidden.map(|field| field.key.as_str()).chain(PLUMBING).collect(),
            narrow: principal.public_only(record_type) || principal.scopes_for(record_type).is_some(),
        }
    }

    fn shows(&self, key: &str, public_comment: bool) -> bool {
        if self.narrow {
            return key == "state" || (public_comment && [opening::COMMENT, opening::COMMENT_PUBLIC].contains(&key));
        }
        // `escalations[2]` is hidden with its field.
        !self.hidden.contains(key.split('[').next().unwrap_or_default())
    }
}

/// `{"leaves":[{"index","leaf","openings":[{"key","salt","value"}]}]}`: all leaves of the record, with those openings
/// that this principal may see. Whether he may see the record at all is the caller's to ask.
pub fn record_proof(session: &mut dyn Session, principal: &Principal, record: &Record) -> Result<Json, Fault> {
    let secrets = secrets(session, record.id)?;
    let sight = Sight::of(principal, &record.record_type);
    let mut leaves = Vec::new();
    for one in sealed(session, record.id)? {
        let all = openings(&one, &secrets)?;
        let public = all.iter().any(|o| o.key == opening::COMMENT_PUBLIC && o.value == Json::Bool(true));
        let shown: Vec<Json> = all.iter().filter(|o| sight.shows(&o.key, public)).map(Opening::to_json).collect();
        let leaf = base64::engine::general_purpose::STANDARD.encode(&one.body);
        leaves.push(json!({ "index": one.index, "leaf": leaf, "openings": shown }));
    }
    Ok(json!({ "leaves": leaves }))
}

/// A record's proof for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofView {
    /// The newest leaves of the record, oldest first.
    pub leaves: Vec<ProofLine>,
    /// Older leaves that are not among them.
    pub earlier: i64,
    /// The newest checkpoint: its size and the first characters of its root in hexadecimal.
    pub checkpoint: Option<(i64, String)>,
    /// Whether every leaf shown holds.
    pub holds: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofLine {
    pub leaf: i64,
    pub version: i64,
    pub kind: String,
    pub recorded_at: i64,
    pub happened_at: i64,
    /// Whether the newest checkpoint covers it.
    pub covered: bool,
    /// Recomputed now: the leaf's hash, the record's leaf before it, every value that the leaf commits to, and, where
    /// covered, its place under the signed root.
    pub holds: bool,
}

/// Characters of a root that a page shows.
const ROOT_SHOWN: usize = 16;

/// What the ledger says of a record, recomputed now.
///
/// # Errors
/// [`Refusal::NotFound`] for a reader who sees the public part only.
pub fn proof_in_words(session: &mut dyn Session, principal: &Principal, record: &Record) -> Result<ProofView, Error> {
    if principal.public_only(&record.record_type) {
        return Err(Refusal::NotFound.into());
    }
    let checkpoint = checkpoint(session)?.map(|note| unverified(&note)).transpose().map_err(Fault::ledger)?;
    let all = sealed(session, record.id)?;
    let secrets = secrets(session, record.id)?;
    let skipped = all.len().saturating_sub(usize::try_from(SHOWN_MAX).unwrap_or(usize::MAX));
    let mut previous = all.get(..skipped).and_then(<[_]>::last).map(|one| Hash::leaf(&one.body));
    let mut leaves = Vec::new();
    for one in all.iter().skip(skipped) {
        let leaf = Leaf::parse(&one.body).map_err(|e| Fault::ledger(format!("leaf {}: {e}", one.index)))?;
        let (hash, index) = (Hash::leaf(&one.body), u64::try_from(one.index).map_err(Fault::database)?);
        let under = checkpoint.as_ref().filter(|checkpoint| index < checkpoint.size);
        let covered = under.is_some();
        let in_tree = match under {
            Some(checkpoint) => {
                let (_, path) = inclusion(session, index, checkpoint.size)?;
                proof::verify_inclusion(&hash, index, checkpoint.size, &path, &checkpoint.root).is_ok()
            }
            None => true,
        };
        let opens = |o: &Opening| o.commitment().ok().as_ref() == leaf.fields.get(&o.key);
        let values = openings(one, &secrets)?.iter().all(opens);
        leaves.push(ProofLine {
            leaf: one.index,
            version: leaf.record_version,
            kind: leaf.kind.to_string(),
            recorded_at: leaf.recorded,
            happened_at: leaf.happened,
            covered,
            holds: one.hash == hash.0 && leaf.previous == previous && in_tree && values,
        });
        previous = Some(hash);
    }
    let checkpoint = checkpoint.map(|checkpoint| {
        let root: String = checkpoint.root.to_hex().chars().take(ROOT_SHOWN).collect();
        (i64::try_from(checkpoint.size).unwrap_or(i64::MAX), root)
    });
    let holds = leaves.iter().all(|line| line.holds);
    Ok(ProofView { leaves, earlier: i64::try_from(skipped).unwrap_or(i64::MAX), checkpoint, holds })
}
