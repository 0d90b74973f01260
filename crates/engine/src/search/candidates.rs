//! The newest records that the index offers for a question. Inverted indexes have no order worth ranking: walking all
//! matches of a common word costs a second at a million records, its newest thousand a few milliseconds.

use store::{Dialect, Param, Session, SessionExt as _};

use super::access::Access;
use super::question::Question;
use crate::refusal::Error;

/// Most candidates of one window: these are ranked together.
pub(super) const CANDIDATES: usize = 1_000;
/// Rows that PostgreSQL walks by id before it asks its index, which has no order: 2 to 8 ms.
const WALKED: usize = 20_000;
/// Ids of one window of a reader whose rights the index cannot tell.
const SPAN: i64 = 5_000;
/// Scopes that are walked one by one.
const SCOPES_MAX: usize = 16;

/// A stretch of records, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub ids: Vec<i64>,
    /// Older records, with ids below this, were not looked at.
    pub rest: Option<i64>,
}

/// The id above every record's.
pub(super) fn top(session: &mut dyn Session) -> Result<i64, Error> {
    Ok(session.one_int("SELECT coalesce(max(id), 0) + 1 FROM record", &[])?)
}

/// The newest candidates with ids below `before`. `enough` is how many serve the caller where more would cost.
pub(super) fn newest(
    session: &mut dyn Session,
    access: &Access,
    question: &Question,
    before: i64,
    enough: usize,
) -> Result<Window, Error> {
    if access.narrowed {
        return span(session, access, question, before);
    }
    match session.dialect() {
        Dialect::Sqlite => {
            let matching = access.matching(question, Dialect::Sqlite);
            let sql = format!(
                "SELECT rowid FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT {CANDIDATES}"
            );
            Ok(window(session.ints(&sql, &[Param::Text(&matching), Param::Int(before)])?))
        }
        Dialect::Postgres => on_postgres(session, access, question, before, enough),
    }
}

/// All candidates among the next so many ids. Of a reader who may not see them all, the place where a window ends must
/// not depend on how many there are: it would tell him.
fn span(session: &mut dyn Session, access: &Access, question: &Question, before: i64) -> Result<Window, Error> {
    let from = (before - SPAN).max(0);
    let matching = access.matching(question, session.dialect());
    let sql = match session.dialect() {
        Dialect::Sqlite => {
            "SELECT rowid FROM search WHERE search MATCH ? AND rowid < ? AND rowid >= ? ORDER BY rowid DESC"
        }
        Dialect::Postgres => {
            "SELECT record FROM search WHERE words @@ (SELECT CAST(CAST(? AS text) AS tsquery)) \
             AND record < ? AND record >= ? ORDER BY record DESC"
        }
    };
    let ids = session.ints(sql, &[Param::Text(&matching), Param::Int(before), Param::Int(from)])?;
    Ok(Window { ids, rest: Some(from).filter(|from| *from > 1) })
}

fn window(ids: Vec<i64>) -> Window {
    let full = ids.len() >= CANDIDATES;
    let rest = ids.last().copied().filter(|_| full);
    Window { ids, rest }
}

const QUERY: &str = "CAST(CAST(? AS text) AS tsquery)";

/// Common words are found among the newest rows; where these hold fewer than enough, the words are rare and the index
/// is quick. Words one letter off are asked for only where nothing fits as typed, so they are rare.
fn on_postgres(
    session: &mut dyn Session,
    access: &Access,
    question: &Question,
    before: i64,
    enough: usize,
) -> Result<Window, Error> {
    let matching = access.matching(question, Dialect::Postgres);
    let walked = if question.is_near() {
        Window { ids: Vec::new(), rest: Some(before) }
    } else {
        walked(session, access, &matching, before)?
    };
    let Some(from) = walked.rest.filter(|_| walked.ids.len() < enough) else { return Ok(walked) };
    // Asked so, the planner has nothing but the index of words: it may neither walk by id in hope of an early match,
    // nor reckon that hundreds of spellings fit most rows.
    let sql = format!(
        "SELECT record FROM (SELECT record FROM search WHERE words @@ (SELECT {QUERY}) OFFSET 0) s WHERE record < ? \
         ORDER BY record DESC LIMIT {}",
        CANDIDATES - walked.ids.len()
    );
    let mut ids = walked.ids;
    ids.extend(session.ints(&sql, &[Param::Text(&matching), Param::Int(from)])?);
    Ok(window(ids))
}

/// The newest rows, each looked at. Whoever sees few scopes has the rows of these walked alone.
fn walked(session: &mut dyn Session, access: &Access, matching: &str, before: i64) -> Result<Window, Error> {
    let scopes: Vec<Option<i64>> = match access.scopes().filter(|scopes| scopes.len() <= SCOPES_MAX) {
        Some(scopes) => scopes.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let each = WALKED / scopes.len().max(1);
    let (mut ids, mut walked_to) = (Vec::new(), None);
    for scope in scopes {
        let (of, mut params) = match scope {
            Some(scope) => ("scope = ? AND ", vec![Param::Int(scope)]),
            None => ("", Vec::new()),
        };
        params.push(Param::Int(before));
        let rows = format!("FROM search WHERE {of}record < ? ORDER BY record DESC");
        let end = session.optional_int(&format!("SELECT record {rows} LIMIT 1 OFFSET {}", each - 1), &params)?;
        // A window ends where the scope that was walked least far back ends.
        walked_to = walked_to.max(end);
        params.push(Param::Text(matching));
        let sql = format!(
            "SELECT record FROM (SELECT record, words {rows} LIMIT {each}) s WHERE s.words @@ {QUERY} \
             ORDER BY record DESC LIMIT {CANDIDATES}"
        );
        ids.extend(session.ints(&sql, &params)?);
    }
    ids.retain(|id| walked_to.is_none_or(|end| *id >= end));
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    ids.truncate(CANDIDATES);
    Ok(match walked_to {
        Some(end) if ids.len() < CANDIDATES => Window { ids, rest: Some(end) },
        _ => window(ids),
    })
}
