//! Links among records: whether there is one, and whether one record can be reached from another.

use store::{FOREVER, Fault, Param, Session, SessionExt};

use crate::record::Time;

/// Depth at which a walk ends. Hierarchies of people and incidents are far flatter.
const DEPTH_MAX: i64 = 64;

/// Whether `to` can be reached from `from` along live links of this kind.
pub(crate) fn reaches(session: &mut dyn Session, kind: &str, from: i64, to: i64) -> Result<bool, Fault> {
    let sql = "WITH RECURSIVE walk (at, depth) AS (SELECT CAST(? AS BIGINT), CAST(0 AS BIGINT) UNION \
               SELECT l.b, w.depth + 1 FROM walk w JOIN link l ON l.a = w.at AND l.kind = ? AND l.valid_to = ? AND l.known_to = ? \
               WHERE w.depth < ?) SELECT 1 FROM walk WHERE at = ? LIMIT 1";
    let params = [
        Param::Int(from),
        Param::Text(kind),
        Param::Int(FOREVER),
        Param::Int(FOREVER),
        Param::Int(DEPTH_MAX),
        Param::Int(to),
    ];
    Ok(session.optional_int(sql, &params)?.is_some())
}

/// Ids at the other end of a record's links of this kind.
pub fn linked_ids(
    session: &mut dyn Session,
    id: i64,
    kind: &str,
    forward: bool,
    time: Time,
) -> Result<Vec<i64>, Fault> {
    let (here, there) = if forward { ("a", "b") } else { ("b", "a") };
    let (holds, times) = time.holding();
    let sql = format!("SELECT {there} FROM link WHERE {here} = ? AND kind = ? AND {holds} ORDER BY {there}");
    let mut params = vec![Param::Int(id), Param::Text(kind)];
    params.extend(times.into_iter().map(Param::Int));
    session.ints(&sql, &params)
}
