//! What a reader may search, said in the index's own terms: which types, within which scopes, in which columns. It only
//! narrows what is looked at; whether a hit is shown is decided by the permissions that lists use.

use std::collections::BTreeMap;

use model::{Model, RecordType};
use store::Dialect;

use super::columns::Part;
use super::index::{scope_mark, type_mark};
use super::question::{Question, Term};
use crate::principal::Principal;

/// How a reader searches a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sight {
    /// `None`: all scopes.
    scopes: Option<Vec<i64>>,
    parts: Vec<Part>,
}

/// Types that one reader searches alike.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    sight: Sight,
    /// `None`: every type there is.
    types: Option<Vec<String>>,
}

/// The columns of a type that a reader may search.
pub(super) fn parts(principal: &Principal, record_type: &RecordType) -> Vec<Part> {
    let title = !principal.hidden(record_type).contains(&record_type.title_slot());
    let internal = !principal.public_only(record_type);
    let all = [(Part::Title, title), (Part::Public, true), (Part::Internal, internal)];
    all.into_iter().filter_map(|(part, may)| may.then_some(part)).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    groups: Vec<Group>,
    /// Rules about rows leave less than the index can tell.
    pub narrowed: bool,
}

/// Whether some role reads every record of the type, within the reader's scopes.
fn reads_all(principal: &Principal, record_type: &RecordType) -> bool {
    let mut rules = principal.permissions(record_type).filter_map(|(_, permission)| permission.read.as_ref());
    rules.any(|rule| rule.text == "true")
}

impl Access {
    /// Of these types (all where none is named) those that the reader may read, and how.
    pub fn of(model: &Model, principal: &Principal, wanted: &[&str]) -> Self {
        let mut groups: BTreeMap<Sight, Vec<String>> = BTreeMap::new();
        let mut narrowed = false;
        let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|of| model.is_a(name, of));
        for record_type in model.types().iter().filter(|found| principal.may_read(found) && asked(&found.name)) {
            let scopes = principal.scopes_for(record_type).map(<[i64]>::to_vec);
            if scopes.as_ref().is_none_or(|scopes| !scopes.is_empty()) {
                let sight = Sight { scopes, parts: parts(principal, record_type) };
                groups.entry(sight).or_default().push(record_type.name.clone());
                narrowed |= !principal.is_system() && !reads_all(principal, record_type);
            }
        }
        let every = model.types().len();
        let group = |(sight, types): (Sight, Vec<String>)| {
            let types = (types.len() < every).then_some(types);
            Group { sight, types }
        };
        Self { groups: groups.into_iter().map(group).collect(), narrowed }
    }

    /// The same in titles only, and without an answer that says how far it looked.
    pub fn titles(mut self) -> Self {
        self.narrowed = false;
        self.groups.retain(|group| group.sight.parts.contains(&Part::Title));
        for group in &mut self.groups {
            group.sight.parts = vec![Part::Title];
        }
        self
    }

    /// Whether there is nothing that this reader may search.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The scopes of a reader who sees nothing beyond them.
    pub fn scopes(&self) -> Option<Vec<i64>> {
        let mut all = Vec::new();
        for group in &self.groups {
            all.extend(group.sight.scopes.as_ref()?);
        }
        all.sort_unstable();
        all.dedup();
        Some(all)
    }

    /// The question of this reader, as FTS5's `MATCH` or as a `tsquery`. Words and marks are letters, digits, `=` and
    /// `_` only, so quoting them is enough.
    pub fn matching(&self, question: &Question, dialect: Dialect) -> String {
        let groups = self.groups.iter().map(|group| match dialect {
            Dialect::Sqlite => group.fts5(question),
            Dialect::Postgres => group.tsquery(question),
        });
        groups.map(|group| format!("({group})")).collect::<Vec<_>>().join(match dialect {
            Dialect::Sqlite => " OR ",
            Dialect::Postgres => " | ",
        })
    }
}

impl Group {
    /// The marks of which a row must bear one of each list.
    fn marks(&self) -> Vec<Vec<String>> {
        let types = self.types.iter().map(|types| types.iter().map(|name| type_mark(name)).collect());
        let scopes = self.sight.scopes.iter().map(|scopes| scopes.iter().map(|scope| scope_mark(*scope)).collect());
        types.chain(scopes).collect()
    }

    fn fts5(&self, question: &Question) -> String {
        let marks = self.marks().into_iter().map(|marks| {
            let quoted: Vec<String> = marks.iter().map(|mark| format!("\"{mark}\"")).collect();
            format!("access : ({})", quoted.join(" OR "))
        });
        let terms: Vec<String> = question.terms.iter().map(fts5).collect();
        let names = self.sight.parts.iter().map(|part| part.column()).collect::<Vec<_>>().join(" ");
        let columns = if self.sight.parts.len() == Part::ALL.len() { String::new() } else { format!("{{{names}}} : ") };
        marks.chain([format!("{columns}({})", terms.join(" AND "))]).collect::<Vec<_>>().join(" AND ")
    }

    fn tsquery(&self, question: &Question) -> String {
        let all = self.sight.parts.len() == Part::ALL.len();
        let weights: String = self.sight.parts.iter().filter(|_| !all).map(|part| part.weight()).collect();
        let marks = self.marks().into_iter().map(|marks| {
            let quoted: Vec<String> = marks.iter().map(|mark| format!("'{mark}'")).collect();
            format!("({})", quoted.join(" | "))
        });
        let terms = question.terms.iter().map(|term| tsquery(term, &weights));
        marks.chain(terms).collect::<Vec<_>>().join(" & ")
    }
}

fn fts5(term: &Term) -> String {
    let star = |begins: bool| if begins { " *" } else { "" };
    let as_typed = format!("\"{}\"{}", term.words.join(" "), star(term.begins));
    let spellings = term.spellings().into_iter().map(|words| format!("\"{}\"", words.join(" ")));
    format!("({})", std::iter::once(as_typed).chain(spellings).collect::<Vec<_>>().join(" OR "))
}

fn tsquery(term: &Term, weights: &str) -> String {
    let labelled = |word: &str, star: &str| match format!("{star}{weights}") {
        label if label.is_empty() => format!("'{word}'"),
        label => format!("'{word}':{label}"),
    };
    let last = term.words.len().saturating_sub(1);
    let words = term.words.iter().enumerate();
    let as_typed = words.map(|(at, word)| labelled(word, if term.begins && at == last { "*" } else { "" }));
    let as_typed = as_typed.collect::<Vec<_>>().join(" <-> ");
    let in_a_row = |words: &Vec<String>| {
        let words: Vec<String> = words.iter().map(|word| labelled(word, "")).collect();
        format!("({})", words.join(" <-> "))
    };
    let spellings = term.spellings();
    let spellings = spellings.iter().map(in_a_row);
    format!("({})", std::iter::once(as_typed).chain(spellings).collect::<Vec<_>>().join(" | "))
}
