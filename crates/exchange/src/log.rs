//! A source's history, read and ready to be replayed.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ExchangeError;
use crate::case::Case;
use crate::clock::{Clock, Read};
use crate::convert::{PersonKey, PersonOf, Reading, Reference, SourceValue, Trouble, field_value, integer};
use crate::mapping::{FieldKind, FieldRule, Happened, Mapping, Order, OrderKind};
use crate::source::{FileFacts, Limits};
use crate::table::{CaseRows, Refused, Table};

/// How files are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Csv,
    /// Event logs, IEEE 1849-2016.
    Xes,
}

/// What the caller chooses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub format: Format,
    /// IANA name of the zone in which the file's times are meant; overrides the mapping's.
    pub zone: Option<String>,
    pub limits: Limits,
    /// The instant of which a table without times speaks, µs UTC; histories need none.
    pub as_of: Option<i64>,
}

/// The rows of all files in memory (about 4 bytes a cell), and how to read them as cases.
#[derive(Debug)]
pub struct Log {
    pub(crate) mapping: Mapping,
    pub(crate) table: Table,
    pub(crate) words: Words,
    zone: String,
    absent: Vec<String>,
}

/// Each distinct text of each column, converted once.
#[derive(Debug)]
pub(crate) struct Words {
    pub happened: Instants,
    pub claimed: Option<Lookup<Option<i64>>>,
    pub on_behalf: Option<Lookup<Option<PersonKey>>>,
    pub counter: Option<Lookup<i64>>,
    pub order: Option<Lookup<OrderKey>>,
    pub state: Option<Lookup<StateWord>>,
    pub fields: Vec<FieldWords>,
    pub references: Vec<ReferenceWords>,
    pub people: Vec<Lookup<Option<PersonKey>>>,
}

/// When rows happened.
#[derive(Debug)]
pub(crate) enum Instants {
    Told(Lookup<Read>),
    /// All at one instant; `begins`: since when each was so already.
    AsOf {
        at: i64,
        begins: Option<Lookup<Option<i64>>>,
    },
}

#[derive(Debug)]
pub(crate) struct Lookup<T> {
    /// None: the same value in every row.
    column: Option<usize>,
    values: Vec<Result<T, Trouble>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OrderKey {
    Number(i64),
    Text(Arc<str>),
}

#[derive(Clone, Debug)]
pub(crate) enum StateWord {
    Is(Arc<str>),
    /// The state before holds on; the reason for the flag.
    Before(Arc<str>),
}

#[derive(Debug)]
pub(crate) struct FieldWords {
    pub key: Arc<str>,
    pub values: Lookup<SourceValue>,
    /// Read from the state's column: where the state says nothing, the value before holds on as well.
    pub follows_state: bool,
    pub entered: Option<Arc<str>>,
    pub is_instant: bool,
}

#[derive(Debug)]
pub(crate) struct ReferenceWords {
    pub key: Arc<str>,
    pub columns: Vec<Lookup<Option<Reference>>>,
}

impl<T> Lookup<T> {
    fn new(table: &Table, column: usize, read: impl Fn(&Arc<str>) -> Result<T, Trouble>) -> Self {
        let texts = table.columns.get(column).map_or(&[][..], |column| column.texts());
        Self { column: Some(column), values: texts.iter().map(read).collect() }
    }

    fn fixed(value: Result<T, Trouble>) -> Self {
        Self { column: None, values: vec![value] }
    }

    /// The value in a row; what is wrong with it otherwise.
    pub fn at(&self, table: &Table, row: u32) -> Result<&T, Refused> {
        let column = self.column.and_then(|column| table.columns.get(column));
        let code = match self.column {
            None => 0,
            Some(_) => column.map_or(usize::MAX, |column| column.code(row)),
        };
        match self.values.get(code) {
            Some(Ok(value)) => Ok(value),
            Some(Err(trouble)) => {
                let name = column.map_or("", |column| column.name.as_str());
                Err(table.refusal(row, name, trouble.clone()))
            }
            None => Err(table.refusal(row, "", Trouble::new("columns", "the row has no such cell"))),
        }
    }
}

impl Instants {
    pub fn at(&self, table: &Table, row: u32) -> Result<Read, Refused> {
        match self {
            Self::Told(lookup) => lookup.at(table, row).copied(),
            Self::AsOf { at, .. } => Ok(Read::exactly(*at)),
        }
    }

    /// Since when a row of a table is so, where the file says it.
    pub fn begins(&self, table: &Table, row: u32) -> Result<Option<i64>, Refused> {
        match self {
            Self::AsOf { begins: Some(lookup), .. } => lookup.at(table, row).copied(),
            Self::Told(_) | Self::AsOf { begins: None, .. } => Ok(None),
        }
    }
}

impl Log {
    /// Reads files of one source, in the order given. `progress` is told the number of rows so far, several times a
    /// megabyte.
    ///
    /// # Errors
    /// [`ExchangeError`]: what is wrong with a file as a whole, a zone that was not chosen. Rows that are wrong are not
    /// errors: their cases come out as [`Case::Refused`].
    pub fn read(
        files: &[PathBuf],
        mapping: Mapping,
        options: &Options,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, ExchangeError> {
        let clock = Clock::new(&mapping, options.zone.as_deref())?;
        let as_of =
            options.as_of.or(if mapping.is_table() { None } else { Some(0) }).ok_or(ExchangeError::NoInstant)?;
        let table = Table::read(files, options.format, &mapping, &options.limits, progress)?;
        let words = Words::new(&mapping, &table, &clock, as_of);
        let mut absent = mapping.absent.clone();
        absent.extend(mapping.fields.iter().filter(|rule| lacks(rule, &table)).map(|rule| rule.key.to_string()));
        absent.sort_unstable();
        Ok(Self { zone: clock.zone().to_owned(), mapping, table, words, absent })
    }

    /// The cases in the order in which they get numbers of their own: by the instant of their first row, then by the
    /// source's number; those of a table as they stand in the file.
    pub fn cases(&self) -> impl Iterator<Item = Case> + '_ {
        let mut order: Vec<(i64, &str, usize)> =
            self.table.cases.iter().enumerate().map(|(at, case)| (self.begins(case), &*case.number, at)).collect();
        if !self.mapping.is_table() {
            order.sort_unstable();
        }
        order.into_iter().filter_map(|(.., at)| self.table.cases.get(at)).map(|case| self.case(case))
    }

    /// The earliest instant that any row names, µs UTC; none where no row has a readable one.
    pub fn first_instant(&self) -> Option<i64> {
        match &self.words.happened {
            Instants::Told(lookup) => lookup.values.iter().flatten().map(|read| read.at).min(),
            Instants::AsOf { at, begins } => {
                let begins = begins.iter().flat_map(|lookup| lookup.values.iter().flatten().flatten());
                Some(begins.copied().fold(*at, i64::min))
            }
        }
    }

    /// The instant of the first row; a case without a readable one is refused, wherever it stands.
    fn begins(&self, case: &CaseRows) -> i64 {
        let first = self.in_order(case, &mut Vec::new()).first().copied();
        first.and_then(|row| self.words.happened.at(&self.table, row).ok()).map_or(i64::MAX, |read| read.at)
    }

    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub fn files(&self) -> &[FileFacts] {
        &self.table.files
    }

    /// All data rows, refused ones too.
    pub fn rows(&self) -> u64 {
        self.table.rows
    }

    /// All cases, refused ones too.
    pub fn case_count(&self) -> u64 {
        self.table.cases.len() as u64
    }

    /// IANA name of the zone in which times were read.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Fields and relations that the source does not have: those that the mapping names, and optional ones without
    /// their column.
    pub fn absent(&self) -> &[String] {
        &self.absent
    }

    /// Columns of the files that nothing takes.
    pub fn not_taken(&self) -> &[String] {
        &self.table.not_taken
    }

    /// Rows that were refused without a case, since the case could not be read.
    pub fn refused_rows(&self) -> &[Refused] {
        &self.table.loose
    }
}

fn lacks(rule: &FieldRule, table: &Table) -> bool {
    if rule.fixed.is_some() {
        return false;
    }
    let lacking = |column: &String| table.lacking.contains(column);
    match &rule.kind {
        FieldKind::References { columns } => columns.iter().all(|(_, column)| lacking(column)),
        _ => lacking(&rule.column),
    }
}

impl Words {
    fn new(mapping: &Mapping, table: &Table, clock: &Clock, as_of: i64) -> Self {
        let cx = Reading { mapping, clock };
        let column = |name: &str| table.column(name).unwrap_or(usize::MAX);
        let missing = |text: &str| text.is_empty() || mapping.missing.iter().any(|mark| mark == text);
        let needed = |text: &str| match missing(text) {
            true => Err(Trouble::new("missing", "the cell is empty, which this column must not be")),
            false => Ok(()),
        };
        let some_instant = |name: &str| {
            Lookup::new(table, column(name), |text| match missing(text) {
                true => Ok(None),
                false => clock.read(text).map(|read| Some(read.at)),
            })
        };
        let happened = match &mapping.happened {
            Happened::Column(name) => {
                Instants::Told(Lookup::new(table, column(name), |text| needed(text).and_then(|()| clock.read(text))))
            }
            Happened::Table { begins } => Instants::AsOf { at: as_of, begins: begins.as_deref().map(some_instant) },
        };
        let person = |name: &str, of: PersonOf| {
            Lookup::new(table, column(name), |text| {
                let person = PersonKey { of: of.clone(), name: Arc::clone(text) };
                Ok((!missing(text)).then_some(person))
            })
        };
        let on_behalf = mapping.on_behalf.as_ref().map(|by| {
            let of = by.rule.clone().map_or_else(|| mapping.person_of(&by.column), PersonOf::Linked);
            person(&by.column, of)
        });
        let order = match &mapping.order {
            Order::Column { column: name, kind, .. } => Some(Lookup::new(table, column(name), |text| {
                needed(text)?;
                Ok(match kind {
                    OrderKind::Integer => OrderKey::Number(integer(text)?),
                    OrderKind::Instant => OrderKey::Number(clock.read(text)?.at),
                    OrderKind::Text => OrderKey::Text(Arc::clone(text)),
                })
            })),
            Order::File | Order::FileReversed => None,
        };
        let counter = mapping.counter.as_ref().map(|counter| {
            Lookup::new(table, column(&counter.column), |text| needed(text).and_then(|()| integer(text)))
        });
        let present = mapping.fields.iter().filter(|rule| !lacks(rule, table));
        let (many, single): (Vec<_>, Vec<_>) =
            present.partition(|rule| matches!(rule.kind, FieldKind::References { .. }));
        Self {
            happened,
            claimed: mapping.claimed.as_deref().map(some_instant),
            on_behalf,
            counter,
            order,
            state: state_words(mapping, table, &needed),
            fields: single.into_iter().map(|rule| field_words(&cx, rule, table, &missing)).collect(),
            references: many.into_iter().map(|rule| reference_words(rule, table, &missing)).collect(),
            people: mapping
                .people
                .iter()
                .filter(|name| !table.lacking.contains(name))
                .map(|name| person(name, mapping.person_of(name)))
                .collect(),
        }
    }
}

fn state_words(
    mapping: &Mapping,
    table: &Table,
    needed: &dyn Fn(&str) -> Result<(), Trouble>,
) -> Option<Lookup<StateWord>> {
    let rule = mapping.state.as_ref()?;
    let column = table.column(&rule.column).unwrap_or(usize::MAX);
    Some(Lookup::new(table, column, |text| {
        needed(text)?;
        if let Some(reason) = rule.before.get(&**text) {
            return Ok(StateWord::Before(Arc::clone(reason)));
        }
        match rule.values.get(&**text) {
            Some(state) => Ok(StateWord::Is(Arc::clone(state))),
            // Without a map the source's words are the keys.
            None if rule.values.is_empty() => Ok(StateWord::Is(Arc::clone(text))),
            None => {
                Err(Trouble::new("unknown_value", format!("`{text}` is none of the states that the mapping names")))
            }
        }
    }))
}

fn field_words(cx: &Reading<'_>, rule: &FieldRule, table: &Table, missing: &dyn Fn(&str) -> bool) -> FieldWords {
    let read = |text: &Arc<str>| match (missing(text), &rule.empty) {
        (true, None) => Ok(SourceValue::Null),
        (true, Some(instead)) => field_value(cx, rule, instead),
        (false, _) => field_value(cx, rule, text),
    };
    let values = match &rule.fixed {
        Some(text) => Lookup::fixed(read(text)),
        None => Lookup::new(table, table.column(&rule.column).unwrap_or(usize::MAX), read),
    };
    let state = cx.mapping.state.as_ref();
    FieldWords {
        key: Arc::clone(&rule.key),
        values,
        follows_state: rule.fixed.is_none() && state.is_some_and(|state| state.column == rule.column),
        entered: rule.entered.clone(),
        is_instant: rule.kind == FieldKind::Instant,
    }
}

fn reference_words(rule: &FieldRule, table: &Table, missing: &dyn Fn(&str) -> bool) -> ReferenceWords {
    let FieldKind::References { columns } = &rule.kind else {
        return ReferenceWords { key: Arc::clone(&rule.key), columns: Vec::new() };
    };
    let present = columns.iter().filter(|(_, column)| !table.lacking.contains(column));
    let columns = present.map(|(kind, column)| {
        Lookup::new(table, table.column(column).unwrap_or(usize::MAX), |text| {
            let reference = Reference { kind: Arc::clone(kind), key: Arc::clone(text) };
            Ok((!missing(text)).then_some(reference))
        })
    });
    ReferenceWords { key: Arc::clone(&rule.key), columns: columns.collect() }
}
