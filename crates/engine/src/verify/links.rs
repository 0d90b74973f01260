//! Links: what the entries of either end did to each, compared with its rows.

use std::rc::Rc;

use store::{Fault, Session};

use super::cell::Cell;
use super::chunk::span;
use super::entries::Entry;
use super::findings::{Finding, Stop, number};
use super::fold::{self, Change, Mismatch, Span, Spot, Update};
use super::records::Totals;

/// One entry that made or ended a link. Kept for all links at once: about a hundred bytes each.
pub(super) struct LinkAct {
    key: Key,
    change: Change,
    record: i64,
}

/// Kind and both ends.
type Key = (Rc<str>, i64, i64);

impl LinkAct {
    /// What an opened key `link:kind:a:b` says; `None` for any other key.
    pub fn of(key: &str, json: &serde_json::Value, entry: &Entry, record: i64) -> Option<Self> {
        let mut parts = key.strip_prefix("link:")?.rsplitn(3, ':');
        let (b, a) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let kind = parts.next()?;
        let made = json.as_bool() == Some(true);
        let update = if made { Update::Whole(vec![Cell::Int(entry.id), Cell::Null]) } else { Update::Gone };
        let change = entry.change(update);
        Some(Self { key: (kind.into(), a, b), change, record })
    }
}

/// Columns of a link beside its key and times.
const COLUMNS: [&str; 2] = ["entry", "scope"];

pub(super) fn check(session: &mut dyn Session, totals: &mut Totals) -> Result<(), Stop> {
    let mut acts = std::mem::take(&mut totals.links);
    totals.rows +=
        i64::try_from(acts.iter().filter(|act| !matches!(act.change.update, Update::Gone)).count()).unwrap_or(0);
    acts.sort_by(|one, other| (&one.key, one.change.entry).cmp(&(&other.key, other.change.entry)));
    let mut walk = Walk { acts: acts.into_iter().peekable(), key: None, spans: Vec::new(), found: None };
    let sql =
        "SELECT kind, valid_from, valid_to, known_from, known_to, a, b, entry, scope FROM link ORDER BY kind, a, b";
    session.query(sql, &[], &mut |row| {
        let int = |column| Cell::read(row, column, false);
        let kind = Cell::read(row, 0, true).text().unwrap_or_default().to_owned();
        let key = (kind.into(), int(5).int().unwrap_or(0), int(6).int().unwrap_or(0));
        walk.row(key, span(row, vec![int(7), int(8)]));
        Ok(())
    })?;
    walk.end();
    match walk.found {
        Some((key, record, mismatch)) => Err(stop(session, &key, record, *mismatch)?),
        None => Ok(()),
    }
}

/// Merges rows and acts, both in the order of their keys.
struct Walk<A: Iterator<Item = LinkAct>> {
    acts: std::iter::Peekable<A>,
    key: Option<Key>,
    spans: Vec<Span>,
    found: Option<(Key, i64, Box<Mismatch>)>,
}

impl<A: Iterator<Item = LinkAct>> Walk<A> {
    fn row(&mut self, key: Key, span: Span) {
        if self.key.as_ref() != Some(&key) {
            self.group();
            self.before(Some(&key));
            self.key = Some(key);
        }
        self.spans.push(span);
    }

    fn end(&mut self) {
        self.group();
        self.before(None);
    }

    /// Compares the rows of the link at hand.
    fn group(&mut self) {
        let Some(key) = self.key.take() else { return };
        let spans = std::mem::take(&mut self.spans);
        self.compare(key, &spans);
    }

    /// Acts whose link has no rows.
    fn before(&mut self, next: Option<&Key>) {
        while let Some(key) =
            self.acts.peek().map(|act| act.key.clone()).filter(|key| next.is_none_or(|next| key < next))
        {
            self.compare(key, &[]);
        }
    }

    fn compare(&mut self, key: Key, spans: &[Span]) {
        let (mut changes, mut record) = (Vec::new(), key.1);
        while let Some(act) = self.acts.next_if(|act| act.key == key) {
            record = act.record;
            changes.push(act.change);
        }
        if self.found.is_none()
            && let Err(mismatch) = fold::compare(COLUMNS.len(), &changes, spans)
        {
            self.found = Some((key, record, mismatch));
        }
    }
}

fn stop(session: &mut dyn Session, key: &Key, record: i64, mismatch: Mismatch) -> Result<Stop, Fault> {
    let (kind, a, b) = key;
    let Mismatch { what, spot, leaf, expected, found } = mismatch;
    let name = |number: Option<String>, id: &i64| number.unwrap_or_else(|| format!("id {id}"));
    let ends = format!("{kind}: {} to {}", name(number(session, *a)?, a), name(number(session, *b)?, b));
    let field = match spot {
        Spot::Row => kind.to_string(),
        Spot::Time(end) => format!("{kind}.{end}"),
        Spot::Value(column) => format!("{kind}.{}", COLUMNS.get(column).copied().unwrap_or_default()),
    };
    let finding =
        Finding::new(format!("{what} ({ends})"), "link").record(number(session, record)?).field(field).leaf(leaf);
    Ok(finding.stop(expected, found))
}
