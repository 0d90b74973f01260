//! The rows of files, in the columns that a mapping takes, and the cases in them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::ExchangeError;
use crate::column::Column;
use crate::convert::Trouble;
use crate::log::Format;
use crate::mapping::Mapping;
use crate::source::{FileFacts, Limits};
use crate::{csv_file, xes};

/// Why a row was not taken. A broken row refuses its whole case; the other cases go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub file: String,
    /// The line on which the row begins, the header being line 1.
    pub row: u64,
    /// The column of the file; empty where it is the row as a whole.
    pub field: String,
    /// Stable: `columns`, `utf8`, `nul`, `number`, `missing`, `time`, `date`, `duration`, `integer`, `decimal`, `boolean`,
    /// `unknown_value`, `duplicate`, `conflict`, and what the record itself refuses: `required`, `not_in_range`,
    /// `not_a_choice`, `too_long`, `no_such_record`, `ambiguous`.
    pub code: String,
    pub message: String,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub file: u32,
    pub line: u64,
}

/// The rows of one case, as positions in the table, in the order of the files.
#[derive(Debug)]
pub(crate) struct CaseRows {
    pub number: Arc<str>,
    pub rows: Vec<u32>,
    pub broken: Vec<Refused>,
    /// How many rows were broken; they stand in no column.
    pub broken_rows: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub files: Vec<FileFacts>,
    pub columns: Vec<Column>,
    pub places: Vec<Place>,
    pub cases: Vec<CaseRows>,
    /// Broken rows whose case could not be read.
    pub loose: Vec<Refused>,
    /// All rows, broken ones too.
    pub rows: u64,
    /// Columns of the files that nothing takes.
    pub not_taken: Vec<String>,
    /// Columns that no file has; only optional ones can be.
    pub lacking: Vec<String>,
    by_number: HashMap<Arc<str>, usize>,
    last_case: Option<usize>,
}

/// What the columns of a table are made of.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Columns of the files, and whether each must be there.
    pub names: Vec<(String, bool)>,
    /// For each column of the table, where its text comes from.
    made_of: Vec<MadeOf>,
    /// The column with the case's number.
    number: usize,
}

#[derive(Debug)]
enum MadeOf {
    Cell(usize),
    Joined { cells: Vec<usize>, with: String },
}

impl Cells {
    fn of(mapping: &Mapping) -> Self {
        let mut names: Vec<(String, bool)> = Vec::new();
        let mut cell = |name: &str, needed: bool| match names.iter().position(|(known, _)| known == name) {
            Some(at) => {
                if let Some((_, known)) = names.get_mut(at) {
                    *known |= needed;
                }
                at
            }
            None => {
                names.push((name.to_owned(), needed));
                names.len() - 1
            }
        };
        let columns = mapping.columns();
        let made_of = columns.iter().map(|(name, needed)| match mapping.joined.get(*name) {
            Some(joined) => MadeOf::Joined {
                cells: joined.columns.iter().map(|part| cell(part, *needed)).collect(),
                with: joined.with.clone(),
            },
            None => MadeOf::Cell(cell(name, *needed)),
        });
        let made_of = made_of.collect();
        let number = columns.iter().position(|(name, _)| *name == mapping.number).unwrap_or_default();
        Self { names, made_of, number }
    }

    fn text<'c>(&self, column: usize, cells: &[&'c str]) -> Cow<'c, str> {
        let cell = |at: &usize| cells.get(*at).copied().unwrap_or_default();
        match self.made_of.get(column) {
            Some(MadeOf::Cell(at)) => Cow::Borrowed(cell(at)),
            Some(MadeOf::Joined { cells: parts, with }) => {
                // Of nothing at all there is no joint.
                let given: Vec<&str> = parts.iter().map(cell).filter(|text| !text.is_empty()).collect();
                Cow::Owned(given.join(with))
            }
            None => Cow::Borrowed(""),
        }
    }

    fn lacks(&self, column: usize, seen: &BTreeSet<String>) -> bool {
        let lacks = |at: &usize| self.names.get(*at).is_none_or(|(name, _)| !seen.contains(name));
        match self.made_of.get(column) {
            Some(MadeOf::Cell(at)) => lacks(at),
            Some(MadeOf::Joined { cells, .. }) => cells.iter().any(lacks),
            None => true,
        }
    }
}

/// What reading one file found beside its rows.
pub(crate) struct Found {
    /// Columns that the mapping takes.
    pub present: Vec<String>,
    pub others: Vec<String>,
}

impl Table {
    /// # Errors
    /// A file that cannot be read as a whole, or that lacks a column which the mapping needs.
    pub fn read(
        files: &[PathBuf],
        format: Format,
        mapping: &Mapping,
        limits: &Limits,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, ExchangeError> {
        if files.is_empty() {
            return Err(ExchangeError::NoFile);
        }
        let columns = mapping.columns();
        let mut table =
            Self { columns: columns.iter().map(|(name, _)| Column::new(name)).collect(), ..Self::default() };
        let cells = Cells::of(mapping);
        let mut seen = BTreeSet::new();
        for path in files {
            let name = path.display().to_string();
            let mut rows =
                FileRows { table: &mut table, cells: &cells, name: &name, mapping, limits, count: 0, progress };
            let (mut facts, found) = match format {
                Format::Csv => csv_file::read(path, &mut rows)?,
                Format::Xes => xes::read(path, &mut rows)?,
            };
            facts.rows = rows.count;
            seen.extend(found.present);
            table.note_not_taken(found.others);
            table.files.push(facts);
        }
        let lacking = columns.iter().enumerate().filter(|(at, _)| cells.lacks(*at, &seen));
        table.lacking = lacking.map(|(_, (name, _))| (*name).to_owned()).collect();
        Ok(table)
    }

    fn note_not_taken(&mut self, others: Vec<String>) {
        for column in others {
            if !self.not_taken.contains(&column) {
                self.not_taken.push(column);
            }
        }
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub fn refusal(&self, row: u32, field: &str, trouble: Trouble) -> Refused {
        let place = self.places.get(row as usize).copied().unwrap_or(Place { file: 0, line: 0 });
        let file = self.files.get(place.file as usize).map_or_else(String::new, |file| file.name.clone());
        refused(file, place.line, field, trouble)
    }

    fn case_of(&mut self, number: &str) -> &mut CaseRows {
        let same = self.last_case.filter(|last| self.cases.get(*last).is_some_and(|case| *case.number == *number));
        let index = same.or_else(|| self.by_number.get(number).copied()).unwrap_or_else(|| {
            let number: Arc<str> = Arc::from(number);
            self.by_number.insert(Arc::clone(&number), self.cases.len());
            self.cases.push(CaseRows { number, rows: Vec::new(), broken: Vec::new(), broken_rows: 0 });
            self.cases.len() - 1
        });
        self.last_case = Some(index);
        // The index was found or made just now.
        #[expect(clippy::indexing_slicing, reason = "the index comes from the map of this vector or from its length")]
        &mut self.cases[index]
    }
}

fn refused(file: String, row: u64, field: &str, trouble: Trouble) -> Refused {
    Refused { file, row, field: field.to_owned(), code: trouble.code.to_owned(), message: trouble.message }
}

/// The rows of one file on their way into the table.
pub(crate) struct FileRows<'a> {
    table: &'a mut Table,
    pub cells: &'a Cells,
    pub name: &'a str,
    pub mapping: &'a Mapping,
    pub limits: &'a Limits,
    count: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl FileRows<'_> {
    /// Tells whoever waits how many rows there are so far.
    pub fn tell(&mut self) {
        (self.progress)(self.table.rows);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// A row whose cells, in the order of [`Cells::names`], are text.
    pub fn take(&mut self, line: u64, cells: &[&str]) -> Result<(), ExchangeError> {
        let Some(number) = self.number(cells) else {
            let trouble = Trouble::new("number", "the row does not say which case it is of");
            let field = self.mapping.number.clone();
            return self.refuse(line, &field, trouble, cells);
        };
        self.one_more()?;
        let table = &mut *self.table;
        for (at, column) in table.columns.iter_mut().enumerate() {
            let text = self.cells.text(at, cells);
            column.push(if self.mapping.layout.apostrophe { text.strip_prefix('\'').unwrap_or(&text) } else { &text });
        }
        // Rows are limited to u32, and so are files, which have rows or are refused.
        let row = u32::try_from(table.places.len()).unwrap_or(u32::MAX);
        table.places.push(Place { file: u32::try_from(table.files.len()).unwrap_or(u32::MAX), line });
        table.case_of(&number).rows.push(row);
        Ok(())
    }

    /// A row that cannot be taken; `cells` are those that can be read, for the number of its case.
    pub fn refuse(&mut self, line: u64, field: &str, trouble: Trouble, cells: &[&str]) -> Result<(), ExchangeError> {
        self.one_more()?;
        let refused = refused(self.name.to_owned(), line, field, trouble);
        match self.number(cells) {
            Some(number) => {
                let case = self.table.case_of(&number);
                case.broken.push(refused);
                case.broken_rows += 1;
            }
            None => self.table.loose.push(refused),
        }
        Ok(())
    }

    fn number<'c>(&self, cells: &[&'c str]) -> Option<Cow<'c, str>> {
        let number = self.cells.text(self.cells.number, cells);
        let number = match (self.mapping.layout.apostrophe, number) {
            (true, Cow::Borrowed(text)) => Cow::Borrowed(text.strip_prefix('\'').unwrap_or(text)),
            (true, Cow::Owned(text)) => Cow::Owned(text.strip_prefix('\'').map(str::to_owned).unwrap_or(text)),
            (false, number) => number,
        };
        let missing = number.is_empty() || self.mapping.missing.iter().any(|mark| **mark == *number);
        (!missing).then_some(number)
    }

    fn one_more(&mut self) -> Result<(), ExchangeError> {
        let rows_max = self.limits.rows_max;
        if self.table.rows >= u64::from(rows_max) {
            return Err(ExchangeError::TooManyRows { rows_max });
        }
        self.table.rows += 1;
        self.count += 1;
        Ok(())
    }
}
