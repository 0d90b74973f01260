//! Counts and facets: exact where somebody asks for it, else as far as a page's time reaches.

use model::{Slot, Value};
use store::{Fault, Param};

use super::list::{Prepared, Query, prepare};
use crate::engine::Engine;
use crate::principal::Principal;
use crate::refusal::Error;

/// Milliseconds for an exact count.
const EXACT_BUDGET_MS: u32 = 2_000;
/// Milliseconds for a page's counts and facets.
const PAGE_BUDGET_MS: u32 = 40;

/// A count, exact or as far as it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Exactly(i64),
    AtLeast(i64),
}

/// Exact, or a fault of the kind [`Fault::Budget`] after two seconds.
pub fn exactly(engine: &Engine, principal: &Principal, query: &Query) -> Result<i64, Error> {
    let mut reader = engine.reader()?;
    let prepared = prepare(engine, &mut *reader, principal, query)?;
    reader.set_budget(Some(EXACT_BUDGET_MS))?;
    let (matching, values) = matching(&prepared);
    let sql = format!("SELECT count(*) FROM {matching}");
    let bound: Vec<Param<'_>> = values.iter().map(Param::from).collect();
    Ok(store::SessionExt::one_int(&mut *reader, &sql, &bound)?)
}

/// For pages: up to `cap` matches or as far as 40 ms reach, then "at least".
pub fn capped(engine: &Engine, principal: &Principal, query: &Query, cap: i64) -> Result<Count, Error> {
    let mut reader = engine.reader()?;
    let prepared = prepare(engine, &mut *reader, principal, query)?;
    reader.set_budget(Some(PAGE_BUDGET_MS))?;
    let (matching, values) = matching(&prepared);
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {matching} LIMIT {}) x", cap + 1);
    let bound: Vec<Param<'_>> = values.iter().map(Param::from).collect();
    match store::SessionExt::one_int(&mut *reader, &sql, &bound) {
        Ok(n) if n > cap => Ok(Count::AtLeast(cap)),
        Ok(n) => Ok(Count::Exactly(n)),
        Err(Fault::Budget) => Ok(Count::AtLeast(0)),
        Err(fault) => Err(fault.into()),
    }
}

/// How many of the matches have each value of a facet, most first; empty when the time was not enough.
pub fn facet(
    engine: &Engine,
    principal: &Principal,
    query: &Query,
    by: Slot,
    most: usize,
) -> Result<Vec<(Value, i64)>, Error> {
    let record_type = &query.record_type;
    let Some(field) = record_type.fields.get(by) else { return Ok(Vec::new()) };
    if principal.hidden(record_type).contains(&by) {
        return Ok(Vec::new());
    }
    let mut reader = engine.reader()?;
    let prepared = prepare(engine, &mut *reader, principal, query)?;
    reader.set_budget(Some(PAGE_BUDGET_MS))?;
    let (matching, values) = matching(&prepared);
    let key = store::schema::quoted(&field.key);
    let sql =
        format!("SELECT r.{key}, count(*) AS n FROM {matching} GROUP BY r.{key} ORDER BY n DESC, r.{key} LIMIT {most}");
    let bound: Vec<Param<'_>> = values.iter().map(Param::from).collect();
    let mut found = Vec::new();
    let answer = reader.query(&sql, &bound, &mut |row| {
        found.push((crate::record::decode(row, 0, &field.kind)?, row.need_int(1)?));
        Ok(())
    });
    match answer {
        Ok(()) => Ok(found),
        Err(Fault::Budget) => Ok(Vec::new()),
        Err(fault) => Err(fault.into()),
    }
}

/// `FROM … WHERE …` of a query, with its parameters.
fn matching(prepared: &Prepared) -> (String, Vec<Value>) {
    let (filter, params) = prepared.filter.clone().unwrap_or(("1=1".to_owned(), Vec::new()));
    let mut values = prepared.base_params.clone();
    values.extend(params);
    (format!("{} r WHERE {} AND ({filter})", prepared.table, prepared.base), values)
}
