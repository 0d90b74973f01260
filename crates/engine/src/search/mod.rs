//! Full-text search: every record type, comments included, in the index that each commit keeps.
//!
//! The newest thousand records that the index offers are checked against the reader's permissions by the rules that
//! lists use, ranked together (title before text, then the newest), and shown a page at a time; a cursor goes on to
//! older ones. A reader learns nothing of what he may not see: the index is asked for his types, scopes and columns
//! only, counts and corrections come from what is left after the check, and snippets are cut from the texts that he
//! was allowed to search.

mod access;
mod build;
mod candidates;
mod check;
mod columns;
mod erase;
mod index;
mod near;
mod question;
mod snippet;
mod texts;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::RecordType;
use store::{Fault, Param, Session};

use access::Access;
pub(crate) use build::{begin, built_below};
pub use build::{build, share};
use candidates::{newest, top};
pub(crate) use check::{holds, rows};
pub use columns::{Columns, Part};
pub use erase::erase_words;
pub use index::replace;
pub(crate) use index::{Pending, fresh};
pub use question::TEXT_MAX;
use question::{Fit, Question};
pub use snippet::{Marked, Snippet};
use tokens::tokens;

use crate::engine::Engine;
use crate::principal::Principal;
use crate::read::cursor::{CursorKey, Place};
use crate::read::list;
use crate::read::names::Named;
use crate::record::{Record, Time, load, slot};
use crate::refusal::{Error, Refusal};
use crate::rules;

/// Most hits on a page.
pub const LIMIT_MAX: usize = 100;
/// Windows looked at for one page, where the reader may see nothing of the first ones.
const WINDOWS_MAX: usize = 10;
/// Milliseconds that one statement of a search may take.
const BUDGET_MS: u32 = 2_000;
/// Ids asked for in one statement; both databases bound the number of parameters.
const CHUNK: usize = 500;

/// What somebody searches for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub text: String,
    /// Types of records, with those that extend them; empty: all.
    pub types: Vec<String>,
    pub limit: usize,
    pub cursor: Option<String>,
}

/// A record that fits, as this reader may see it.
#[derive(Clone, Debug)]
pub struct Hit {
    pub record: Record,
    /// The title in parts, or the number where there is none to be seen.
    pub title: Vec<Marked>,
    /// Where its texts have the words; `None` where only the title has.
    pub snippet: Option<Snippet>,
}

#[derive(Clone, Debug, Default)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// `None` only at the end. A page may hold fewer hits than asked for and still have a next one.
    pub next_cursor: Option<String>,
    /// Hits of each type among those that were ranked together, most first.
    pub types: Vec<(Arc<RecordType>, usize)>,
    /// There are older hits, ranked on later pages: counts are "at least".
    pub is_cut: bool,
    /// When the oldest record that was ranked here was raised; `None` where all were ranked.
    pub ranked_back_to: Option<i64>,
    /// Nothing fits as typed; each word that stands for another is said, and what was found instead.
    pub corrected: Vec<(String, String)>,
    /// The index is being built: per cent of all records that it holds. `None` once it holds all.
    pub built: Option<u8>,
}

/// A record that the reader may see, ranked.
struct Ranked {
    id: i64,
    record_type: Arc<RecordType>,
    score: i64,
}

/// What every step of one search needs.
struct Search<'a> {
    engine: &'a Engine,
    principal: &'a Principal,
    access: Access,
    question: Question,
}

/// One page of hits.
pub fn search(engine: &Engine, principal: &Principal, query: &Query, key: &CursorKey) -> Result<Found, Error> {
    let question = Question::parse(&query.text)?;
    let wanted = wanted(engine, principal, &query.types)?;
    let access = Access::of(engine.model(), principal, &wanted);
    let bound = format!("search {:?} {:?} {:?}", principal.person, query.text, query.types);
    let place = query.cursor.as_deref().map(|cursor| From::open(key, cursor, &bound)).transpose()?;
    let mut reader = engine.reader()?;
    reader.set_budget(Some(BUDGET_MS))?;
    let built = share(&mut *reader)?;
    if access.is_empty() {
        return Ok(Found { built, ..Found::default() });
    }
    let mut search = Search { engine, principal, access, question };
    if let Some(nearly) = search.question.nearly().filter(|_| place.is_some_and(|from| from.near)) {
        search.question = nearly;
    }
    let limit = query.limit.clamp(1, LIMIT_MAX);
    let mut found = search.page(&mut *reader, place.unwrap_or_default(), limit)?;
    // Only what this reader was shown decides: were the index asked whether a word exists, he would learn it.
    if place.is_none()
        && found.0.hits.is_empty()
        && found.1.is_none()
        && let Some(nearly) = search.question.nearly()
    {
        search.question = nearly;
        found = search.page(&mut *reader, From { near: true, ..From::default() }, limit)?;
    }
    let (mut found, next) = found;
    found.next_cursor = next.map(|next| next.seal(key, &bound, engine)).transpose()?;
    found.built = built;
    Ok(found)
}

/// Records whose title has all the words, best first: what a link may point at.
pub fn named(
    engine: &Engine,
    principal: &Principal,
    types: &[&str],
    text: &str,
    most: usize,
) -> Result<Vec<Named>, Error> {
    let Ok(question) = Question::parse(text) else { return Ok(Vec::new()) };
    let access = Access::of(engine.model(), principal, types).titles();
    if access.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = engine.reader()?;
    reader.set_budget(Some(BUDGET_MS))?;
    let search = Search { engine, principal, access, question };
    let before = top(&mut *reader)?;
    let window = newest(&mut *reader, &search.access, &search.question, before, most)?;
    let mut ranked = search.ranked(&mut *reader, &window.ids)?;
    ranked.truncate(most);
    let mut named = Vec::new();
    for one in ranked {
        if let Some(record) = search.seen(&mut *reader, &one)? {
            let number = record.number().to_owned();
            let name = if record.title().is_empty() { number.clone() } else { record.title().to_owned() };
            named.push(Named { id: record.id, record_type: one.record_type.name.clone(), number, name });
        }
    }
    Ok(named)
}

/// The types asked for; one that the reader may not read is as unknown as one that does not exist.
fn wanted<'a>(engine: &Engine, principal: &Principal, types: &'a [String]) -> Result<Vec<&'a str>, Error> {
    for name in types {
        if !engine.model().get(name).is_some_and(|found| principal.may_read(found)) {
            return Err(Refusal::BadQuery(format!("there is no record type {name}")).into());
        }
    }
    Ok(types.iter().map(String::as_str).collect())
}

impl Search<'_> {
    /// Hits from a place on, and where to go on.
    fn page(&self, session: &mut dyn Session, mut from: From, limit: usize) -> Result<(Found, Option<From>), Error> {
        if from.before == i64::MAX {
            // Later pages rank the same records, whatever comes to be meanwhile.
            from.before = top(session)?;
        }
        for round in 1..=WINDOWS_MAX {
            let window = newest(session, &self.access, &self.question, from.before, limit)?;
            let ranked = self.ranked(session, &window.ids)?;
            let mut left = ranked.iter().filter(|one| !from.is_past(one));
            let shown: Vec<&Ranked> = left.by_ref().take(limit).collect();
            let next = match (left.next(), shown.last(), window.rest) {
                (Some(_), Some(last), _) => Some(From { last: Some((last.score, last.id)), ..from }),
                (.., Some(rest)) => Some(From { before: rest, last: None, ..from }),
                _ => None,
            };
            match next {
                Some(next) if shown.is_empty() && round < WINDOWS_MAX => from = next,
                next => return Ok((self.found(session, &ranked, &shown, window.rest.is_some())?, next)),
            }
        }
        Ok((Found::default(), None))
    }

    fn found(
        &self,
        session: &mut dyn Session,
        ranked: &[Ranked],
        shown: &[&Ranked],
        is_cut: bool,
    ) -> Result<Found, Error> {
        let mut found = Found { types: by_type(ranked), is_cut, ..Found::default() };
        if let Some(oldest) = ranked.iter().min_by_key(|one| one.id).filter(|_| is_cut) {
            let record = self.seen(session, oldest)?;
            found.ranked_back_to = record.and_then(|record| record.get(slot::RAISED_AT).as_int());
        }
        let mut near = BTreeSet::new();
        for one in shown {
            if let Some(record) = self.seen(session, one)? {
                found.hits.push(self.hit(session, record, &mut near)?);
            }
        }
        found.corrected = near.into_iter().collect();
        Ok(found)
    }

    /// Of these candidates those that the reader may see, best first: by their titles, then the newest.
    fn ranked(&self, session: &mut dyn Session, ids: &[i64]) -> Result<Vec<Ranked>, Error> {
        let mut titles: HashMap<i64, Option<String>> = HashMap::new();
        let mut by_type: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for chunk in ids.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(", ");
            let sql = format!("SELECT id, type, title FROM record WHERE id IN ({marks})");
            let params: Vec<Param<'_>> = chunk.iter().map(|id| Param::Int(*id)).collect();
            session.query(&sql, &params, &mut |row| {
                let id = row.need_int(0)?;
                by_type.entry(row.need_text(1)?.to_owned()).or_default().push(id);
                titles.insert(id, row.text(2)?.map(str::to_owned));
                Ok(())
            })?;
        }
        let mut ranked = Vec::new();
        for (name, ids) in by_type {
            let Some(record_type) = self.engine.model().shared(&name) else { continue };
            if !self.principal.may_read(record_type) {
                continue;
            }
            let hidden = self.principal.hidden(record_type).contains(&record_type.title_slot());
            for chunk in ids.chunks(CHUNK) {
                for id in list::visible(self.engine, session, self.principal, record_type, chunk)? {
                    let title = titles.get(&id).and_then(Option::as_deref).filter(|_| !hidden);
                    let score = self.score(title.unwrap_or_default());
                    ranked.push(Ranked { id, record_type: record_type.clone(), score });
                }
            }
        }
        ranked.sort_unstable_by_key(|one| std::cmp::Reverse((one.score, one.id)));
        Ok(ranked)
    }

    /// How well a title answers the question: what it has of it, and whether it says nothing else.
    fn score(&self, title: &str) -> i64 {
        let words = tokens(title);
        let fits = self.question.terms.iter().map(|term| {
            term.places(&words).map(|(_, fit)| fit).max().map_or(0, |fit| match fit {
                Fit::Near => 1,
                Fit::Begins => 2,
                Fit::Whole => 3,
            })
        });
        let fits: Vec<i64> = fits.collect();
        let all = !fits.contains(&0);
        let asked: usize = self.question.terms.iter().map(|term| term.words.len()).sum();
        fits.iter().sum::<i64>() + if all { 100 } else { 0 } + if all && words.len() == asked { 100 } else { 0 }
    }

    /// The record, checked by the ordinary permission.
    fn seen(&self, session: &mut dyn Session, one: &Ranked) -> Result<Option<Record>, Error> {
        let Some(record) = load(session, &one.record_type, one.id, Time::Live)? else { return Ok(None) };
        Ok(rules::may_see(self.engine, session, self.principal, &record)?.then_some(record))
    }

    fn hit(
        &self,
        session: &mut dyn Session,
        record: Record,
        near: &mut BTreeSet<(String, String)>,
    ) -> Result<Hit, Fault> {
        let parts = access::parts(self.principal, &record.record_type);
        let mut pieces = texts::all(session, self.engine.search_columns(), &record)?;
        pieces.retain(|piece| parts.contains(&piece.part));
        if self.question.is_near() {
            let texts: Vec<&str> = pieces.iter().map(|piece| &*piece.text).collect();
            snippet::near_words(&self.question, &texts, near);
        }
        let title = Some(record.title()).filter(|title| parts.contains(&Part::Title) && !title.is_empty());
        let title = snippet::title(&self.question, title.unwrap_or(record.number()));
        pieces.retain(|piece| piece.part != Part::Title);
        let snippet = snippet::best(&self.question, &pieces);
        Ok(Hit { record, title, snippet })
    }
}

fn by_type(ranked: &[Ranked]) -> Vec<(Arc<RecordType>, usize)> {
    let mut types: BTreeMap<&str, (Arc<RecordType>, usize)> = BTreeMap::new();
    for one in ranked {
        types.entry(&one.record_type.name).or_insert_with(|| (one.record_type.clone(), 0)).1 += 1;
    }
    let mut types: Vec<_> = types.into_values().collect();
    types.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    types
}

/// Where a page begins: a window, and the last hit shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct From {
    before: i64,
    last: Option<(i64, i64)>,
    near: bool,
}

impl Default for From {
    fn default() -> Self {
        Self { before: i64::MAX, last: None, near: false }
    }
}

impl From {
    fn is_past(&self, one: &Ranked) -> bool {
        self.last.is_some_and(|last| (one.score, one.id) >= last)
    }

    fn seal(&self, key: &CursorKey, bound: &str, engine: &Engine) -> Result<String, Error> {
        let (score, id) = self.last.unwrap_or((i64::MAX, i64::MAX));
        let keys = [self.before, score, i64::from(self.near)].map(model::Value::Int).to_vec();
        key.seal(&Place::After { keys, id }, bound, engine.entropy())
    }

    fn open(key: &CursorKey, cursor: &str, bound: &str) -> Result<Self, Error> {
        let Place::After { keys, id } = key.open(cursor, bound)? else { return Ok(Self::default()) };
        let ints: Vec<i64> = keys.iter().filter_map(model::Value::as_int).collect();
        match ints.as_slice() {
            [before, i64::MAX, near] => Ok(Self { before: *before, last: None, near: *near == 1 }),
            [before, score, near] => Ok(Self { before: *before, last: Some((*score, id)), near: *near == 1 }),
            _ => Ok(Self::default()),
        }
    }
}
