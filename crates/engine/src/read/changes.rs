//! What has changed since a leaf, for live pages and event streams: in the ledger's order, never by clocks.

use std::collections::HashMap;

use model::Model;
use store::{Fault, Param, Session, SessionExt};

use crate::principal::Principal;

/// One record that changed; several changes of it are told once, with the last leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub leaf: i64,
    pub record_type: String,
    pub number: String,
    pub version: i64,
}

/// Leaves looked at in one answer.
const LEAVES_MAX: i64 = 5_000;

/// Changes of records that the principal may see, from leaf `from` on; and the leaf to go on from.
pub fn since(
    session: &mut dyn Session,
    model: &Model,
    principal: &Principal,
    from: i64,
) -> Result<(Vec<Changed>, i64), Fault> {
    let leaves = session.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
    let to = leaves.min(from + LEAVES_MAX);
    let sql = "SELECT l.idx, r.type, r.number, r.version, r.scope, r.id FROM leaf l JOIN entry e ON e.id = l.entry \
               JOIN record r ON r.id = e.record WHERE l.idx >= ? AND l.idx < ? ORDER BY l.idx";
    let mut found: HashMap<i64, Changed> = HashMap::new();
    session.query(sql, &[from, to].map(Param::Int), &mut |row| {
        let Some(record_type) = model.get(row.need_text(1)?).filter(|t| principal.may_read(t)) else { return Ok(()) };
        let scope = row.int(4)?;
        if principal.scopes_for(record_type).is_some_and(|scopes| !scope.is_some_and(|s| scopes.contains(&s))) {
            return Ok(());
        }
        let changed = Changed {
            leaf: row.need_int(0)?,
            record_type: record_type.name.clone(),
            number: row.need_text(2)?.to_owned(),
            version: row.need_int(3)?,
        };
        found.insert(row.need_int(5)?, changed);
        Ok(())
    })?;
    let mut changes: Vec<Changed> = found.into_values().collect();
    changes.sort_by_key(|changed| changed.leaf);
    Ok((changes, to))
}

/// The record that another system knows by this key, whatever the source.
pub fn by_external_key(session: &mut dyn Session, key: &str) -> Result<Option<(i64, String)>, Fault> {
    let mut found = None;
    let sql = "SELECT r.id, r.number FROM external_id x JOIN record r ON r.id = x.record WHERE x.key = ? ORDER BY r.id LIMIT 1";
    session.query(sql, &[Param::Text(key)], &mut |row| {
        found = Some((row.need_int(0)?, row.need_text(1)?.to_owned()));
        Ok(())
    })?;
    Ok(found)
}
