//! Lists: a filter compiled to SQL, scopes pushed down, keyset cursors, windows under a budget. Nothing is filtered in
//! memory; a page may hold fewer items than asked and still have a next one.

use std::sync::Arc;

use model::condition::{Condition, Context, Dialect, Target, Time as ConditionTime};
use model::{RecordType, Slot, Value};
use store::schema::quoted;
use store::{Fault, Param, Session, SessionExt as _};

use super::cursor::{CursorKey, Place};
use super::keyset::{next_phase, walk, window_end};
use crate::engine::Engine;
use crate::principal::Principal;
use crate::record::{Record, Time, from_clause, select_list, slot};
use crate::refusal::{Error, Refusal};
use crate::rules;

/// Most items on a page.
pub const LIMIT_MAX: usize = 200;
/// Longest filter in bytes.
pub const FILTER_MAX: usize = 4096;
/// Rows of the sort index that one window walks: 1.4 ms where the sort follows insertion.
const WINDOW: usize = 2_000;
/// Windows walked for one page: an empty page still says how far it looked.
const WINDOWS_MAX: usize = 5;
/// Milliseconds after which a page's search stops.
const BUDGET_MS: u32 = 40;
/// Milliseconds for pages of the past and exports, which may read more.
const SLOW_BUDGET_MS: u32 = 2_000;
/// Milliseconds in which a filter is tried whole, before windows.
const DIRECT_BUDGET_MS: u32 = 15;
/// Values, nulls, and the try that failed.
const PHASES: usize = 3;
/// Window of a page whose first window took all its time.
const SMALL_WINDOW: usize = 200;

/// What somebody wants listed.
#[derive(Clone, Debug)]
pub struct Query {
    pub record_type: Arc<RecordType>,
    pub filter: Option<String>,
    /// Key and whether it descends. Empty: newest first.
    pub sort: Vec<(Slot, bool)>,
    pub limit: usize,
    pub cursor: Option<String>,
    pub time: Time,
}

#[derive(Clone, Debug)]
pub struct Page {
    pub items: Vec<Record>,
    /// `None` only at the end.
    pub next_cursor: Option<String>,
    /// The sort value up to which was searched, where the page stopped before it was full.
    pub searched_to: Option<Value>,
}

/// The slots that lists of a type may sort by.
pub fn sortable(record_type: &RecordType) -> Vec<Slot> {
    let always = [slot::NUMBER, slot::RAISED_AT, slot::UPDATED_AT];
    let fields = record_type.fields.iter().enumerate();
    fields.filter(|(slot, field)| field.sortable || always.contains(slot)).map(|(slot, _)| slot).collect()
}

/// `-priority,raised_at` as slots, or what may be sorted by.
pub fn parse_sort(record_type: &RecordType, text: &str) -> Result<Vec<(Slot, bool)>, Error> {
    let allowed = sortable(record_type);
    let mut sort = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, descends) = part.strip_prefix('-').map_or((part, false), |key| (key, true));
        match record_type.slot(key).filter(|slot| allowed.contains(slot)) {
            Some(slot) if !sort.iter().any(|(s, _)| *s == slot) => sort.push((slot, descends)),
            Some(_) => {}
            None => {
                let keys: Vec<&str> =
                    allowed.iter().filter_map(|slot| record_type.fields.get(*slot)).map(|f| f.key.as_str()).collect();
                let message = format!(
                    "{} cannot be sorted by {key}: expected one of {}",
                    record_type.label_plural,
                    keys.join(", ")
                );
                return Err(Refusal::BadQuery(message).into());
            }
        }
    }
    Ok(sort)
}

/// What the statements of one query share.
pub(super) struct Prepared {
    pub list: String,
    pub slots: Vec<Slot>,
    pub table: String,
    /// Scope and as-at predicates, with their parameters.
    pub base: String,
    pub base_params: Vec<Value>,
    pub filter: Option<(String, Vec<Value>)>,
    pub sort: Vec<(Slot, bool)>,
}

pub(super) fn prepare(
    engine: &Engine,
    session: &mut dyn Session,
    principal: &Principal,
    query: &Query,
) -> Result<Prepared, Error> {
    let record_type = &query.record_type;
    if !principal.may_read(record_type) {
        return Err(Refusal::NotFound.into());
    }
    let (list, slots) = select_list(record_type, query.time);
    let (table, holds, times) = from_clause(record_type, query.time);
    let mut base = holds;
    let mut base_params: Vec<Value> = times.into_iter().map(Value::Int).collect();
    if let (Some(scopes), Some(scope)) = (principal.scopes_for(record_type), record_type.scope) {
        let key = record_type.fields.get(scope).map(|f| quoted(&f.key)).unwrap_or_default();
        if scopes.is_empty() {
            base.push_str(" AND 1=0");
        } else {
            base.push_str(&format!(" AND r.{key} IN ({})", vec!["?"; scopes.len()].join(", ")));
            base_params.extend(scopes.iter().map(|s| Value::Int(*s)));
        }
    }
    let mut conditions = Vec::new();
    let dialect = session.dialect();
    let mut cx = rules::context(engine, session, principal)?;
    cx.hidden = hidden_names(engine, principal);
    if let Some(own) = row_rule(engine, principal, record_type, &cx, dialect, query.time)? {
        conditions.push(own);
    }
    if let Some(text) = query.filter.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        if text.len() > FILTER_MAX {
            return Err(Refusal::BadQuery(format!("the filter has {} bytes: at most {FILTER_MAX}", text.len())).into());
        }
        let condition = engine.rules().parse(engine.model(), &record_type.name, text)?;
        conditions.push(compiled(&condition, &cx, dialect, query.time)?);
    }
    let filter = conditions.into_iter().reduce(|(a, mut p), (b, q)| {
        p.extend(q);
        (format!("({a}) AND ({b})"), p)
    });
    let mut sort = query.sort.clone();
    if sort.is_empty() {
        sort.push((slot::RAISED_AT, true));
    }
    let hidden = principal.hidden(record_type);
    if sort.iter().any(|(slot, _)| hidden.contains(slot)) {
        return Err(parse_sort(record_type, "\u{1}").err().unwrap_or(Refusal::NotFound.into()));
    }
    Ok(Prepared { list, slots, table, base, base_params, filter, sort })
}

/// Fields that no role of the reader shows, of every type: comparing one is unknown, so it is no oracle. Types that he
/// may not read at all are hidden whole.
fn hidden_names(engine: &Engine, principal: &Principal) -> std::collections::HashSet<(String, String)> {
    let mut names = std::collections::HashSet::new();
    for record_type in engine.model().types() {
        let all = !principal.may_read(record_type);
        let hidden = principal.hidden(record_type);
        for (slot, field) in record_type.fields.iter().enumerate() {
            if all || hidden.contains(&slot) {
                names.insert((record_type.name.clone(), field.key.clone()));
            }
        }
    }
    names
}

/// What the roles' read rules leave visible, where no role reads all.
fn row_rule(
    engine: &Engine,
    principal: &Principal,
    record_type: &RecordType,
    cx: &Context,
    dialect: store::Dialect,
    time: Time,
) -> Result<Option<(String, Vec<Value>)>, Error> {
    if principal.is_system() {
        return Ok(None);
    }
    let mut any: Option<(String, Vec<Value>)> = None;
    for (_, permission) in principal.permissions(record_type) {
        let Some(rule) = &permission.read else { continue };
        if rule.text == "true" {
            return Ok(None);
        }
        let condition = engine.rules().parse(engine.model(), &record_type.name, &rule.text)?;
        let mut open = cx.clone();
        open.hidden.clear();
        let next = compiled(&condition, &open, dialect, time)?;
        any = Some(match any {
            None => next,
            Some((text, mut params)) => {
                params.extend(next.1);
                (format!("({text}) OR ({})", next.0), params)
            }
        });
    }
    Ok(any)
}

/// Of these records of one type those that the reader may see, by the rules that lists use.
pub(crate) fn visible(
    engine: &Engine,
    session: &mut dyn Session,
    principal: &Principal,
    record_type: &Arc<RecordType>,
    ids: &[i64],
) -> Result<Vec<i64>, Error> {
    let query = Query {
        record_type: record_type.clone(),
        filter: None,
        sort: Vec::new(),
        limit: ids.len(),
        cursor: None,
        time: Time::Live,
    };
    let Prepared { table, base, base_params, filter, .. } = prepare(engine, session, principal, &query)?;
    let (rule, rule_params) = filter.unwrap_or(("1=1".to_owned(), Vec::new()));
    let marks = vec!["?"; ids.len()].join(", ");
    let sql = format!("SELECT r.id FROM {table} r WHERE {base} AND ({rule}) AND r.id IN ({marks})");
    let ids: Vec<Value> = ids.iter().map(|id| Value::Int(*id)).collect();
    let bound: Vec<Param<'_>> = base_params.iter().chain(&rule_params).chain(&ids).map(Param::from).collect();
    Ok(session.ints(&sql, &bound)?)
}

fn compiled(
    condition: &Condition,
    cx: &Context,
    dialect: store::Dialect,
    time: Time,
) -> Result<(String, Vec<Value>), Error> {
    let kind = match dialect {
        store::Dialect::Sqlite => Dialect::Sqlite,
        store::Dialect::Postgres => Dialect::Postgres,
    };
    let time = match time {
        Time::Live => ConditionTime::Live,
        Time::At { valid, known } => ConditionTime::At { valid, known },
    };
    let sql = condition
        .filter_sql(&Target { dialect: kind, time, context: cx })
        .map_err(|why| Refusal::BadQuery(format!("this filter cannot be searched by: {why}")))?;
    Ok((dialect.typed(&sql.text), sql.params))
}

/// One page of a list.
pub fn page(engine: &Engine, principal: &Principal, query: &Query, key: &CursorKey) -> Result<Page, Error> {
    let mut reader = engine.reader()?;
    let prepared = prepare(engine, &mut *reader, principal, query)?;
    let limit = query.limit.clamp(1, LIMIT_MAX);
    let bound = bound_to(principal, query);
    let mut place = match &query.cursor {
        Some(cursor) => key.open(cursor, &bound)?,
        None => Place::Start,
    };
    let windowed = prepared.filter.is_some() && query.time == Time::Live;
    reader.set_budget(Some(if windowed { DIRECT_BUDGET_MS } else { SLOW_BUDGET_MS }))?;
    let mut items: Vec<Record> = Vec::new();
    let mut searched_to = None;
    // A filter that an index serves is answered at once; only one that is not goes by windows.
    let mut window = None;
    let mut moved = false;
    for _ in 0..WINDOWS_MAX + PHASES {
        let want = limit + 1 - items.len();
        match walk(&mut *reader, &query.record_type, &prepared, &place, want, window) {
            Ok(found) => {
                let full = found.len() == want;
                items.extend(found);
                if full {
                    break;
                }
                let next = match window {
                    Some(window) => window_end(&mut *reader, &query.record_type, &prepared, &place, window)?,
                    None => next_phase(&prepared, &place),
                };
                match next {
                    Some(next) => place = next,
                    None => return Ok(Page { items, next_cursor: None, searched_to: None }),
                }
                searched_to = place.first().cloned();
                moved = window.is_some();
            }
            Err(Error::Fault(Fault::Budget)) if windowed && window.is_none() => {
                window = Some(WINDOW);
                reader.set_budget(Some(BUDGET_MS))?;
            }
            // The time is up: the page says how far it came. One that came nowhere goes on in small steps instead, so
            // that its cursor moves.
            Err(Error::Fault(Fault::Budget)) if moved || !windowed => break,
            Err(Error::Fault(Fault::Budget)) => {
                window = window.map(|_| SMALL_WINDOW);
                reader.set_budget(Some(SLOW_BUDGET_MS))?;
            }
            Err(error) => return Err(error),
        }
    }
    if items.len() > limit {
        items.truncate(limit);
        let next = items.last().map(|last| place_of(&prepared, last));
        let next_cursor = next.map(|place| key.seal(&place, &bound, engine.entropy())).transpose()?;
        return Ok(Page { items, next_cursor, searched_to: None });
    }
    let next_cursor = Some(key.seal(&place, &bound, engine.entropy())?);
    Ok(Page { items, next_cursor, searched_to })
}

/// A cursor serves one reader and one question.
fn bound_to(principal: &Principal, query: &Query) -> String {
    format!("{:?} {} {:?} {:?} {:?}", principal.person, query.record_type.name, query.filter, query.sort, query.time)
}

fn place_of(prepared: &Prepared, record: &Record) -> Place {
    Place::After { keys: prepared.sort.iter().map(|(slot, _)| record.get(*slot).clone()).collect(), id: record.id }
}
