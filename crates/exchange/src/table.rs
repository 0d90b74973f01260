//! Reads files into the columns that a mapping takes, and finds the cases in them.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::ExchangeError;
use crate::column::Column;
use crate::convert::Trouble;
use crate::mapping::Mapping;
use crate::records::{self, Broken, Record, Records};
use crate::source::{self, FileFacts, Limits};

/// Why a row was not taken. A broken row refuses its whole case; the other cases go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub file: String,
    /// The line on which the row begins, the header being line 1.
    pub row: u64,
    /// The column of the file; empty where it is the row as a whole.
    pub field: String,
    /// Stable: `columns`, `utf8`, `nul`, `number`, `missing`, `time`, `integer`, `boolean`, `unknown_value`, `conflict`.
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

impl Table {
    /// # Errors
    /// A file that cannot be read as a whole, or that lacks a column which the mapping needs.
    pub fn read(
        files: &[PathBuf],
        mapping: &Mapping,
        limits: &Limits,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, ExchangeError> {
        if files.is_empty() {
            return Err(ExchangeError::NoFile);
        }
        let taken = mapping.columns();
        let mut table = Self { columns: taken.iter().map(|(name, _)| Column::new(name)).collect(), ..Self::default() };
        let mut seen = BTreeSet::new();
        for path in files {
            let name = path.display().to_string();
            let mut reading = FileReading { name: &name, mapping, taken: &taken, limits, header: None, rows: 0 };
            let mut records = Records::new(mapping.delimiter);
            let mut facts = source::stream(path, limits, &mut |piece| {
                let taken = records.feed(piece, &mut |record| reading.record(&mut table, record));
                progress(table.rows);
                taken.map_err(|stop| stop.into_error(&name))
            })?;
            records.finish(&mut |record| reading.record(&mut table, record)).map_err(|stop| stop.into_error(&name))?;
            let header = reading.header.ok_or_else(|| ExchangeError::NoHeader { file: name.clone() })?;
            facts.rows = reading.rows;
            seen.extend(header.present);
            table.note_not_taken(header.others);
            table.files.push(facts);
        }
        table.lacking =
            taken.iter().filter(|(name, _)| !seen.contains(*name)).map(|(name, _)| (*name).to_owned()).collect();
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
        Refused {
            file,
            row: place.line,
            field: field.to_owned(),
            code: trouble.code.to_owned(),
            message: trouble.message,
        }
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

struct Header {
    /// For each column that the mapping takes, where it stands in this file.
    positions: Vec<Option<usize>>,
    number: usize,
    names: Vec<String>,
    present: Vec<String>,
    others: Vec<String>,
}

struct FileReading<'a> {
    name: &'a str,
    mapping: &'a Mapping,
    taken: &'a [(&'a str, bool)],
    limits: &'a Limits,
    header: Option<Header>,
    rows: u64,
}

impl FileReading<'_> {
    fn record(&mut self, table: &mut Table, record: &Record<'_>) -> Result<(), Stop> {
        let Some(header) = &self.header else {
            self.header = Some(self.read_header(record)?);
            return Ok(());
        };
        if table.rows >= u64::from(self.limits.rows_max) {
            return Err(Stop::Error(ExchangeError::TooManyRows { rows_max: self.limits.rows_max }));
        }
        table.rows += 1;
        self.rows += 1;
        let broken = whole(record, header);
        let number =
            record.cell(header.number).and_then(|cell| std::str::from_utf8(cell).ok()).filter(|n| !n.contains('\0'));
        let number = number.filter(|number| !number.is_empty() && !self.mapping.missing.iter().any(|m| m == number));
        let broken = broken.or_else(|| match number {
            Some(_) => None,
            None => {
                Some((self.mapping.number.clone(), Trouble::new("number", "the row does not say which case it is of")))
            }
        });
        if let Some((field, trouble)) = broken {
            let refused = Refused {
                file: self.name.to_owned(),
                row: record.line,
                field,
                code: trouble.code.to_owned(),
                message: trouble.message,
            };
            match number {
                Some(number) => {
                    let case = table.case_of(number);
                    case.broken.push(refused);
                    case.broken_rows += 1;
                }
                None => table.loose.push(refused),
            }
            return Ok(());
        }
        for (column, position) in table.columns.iter_mut().zip(&header.positions) {
            let cell = position.and_then(|position| record.cell(position)).unwrap_or_default();
            column.push(std::str::from_utf8(cell).unwrap_or_default());
        }
        // Rows are limited to u32 above, and so are files, which have rows or are refused.
        let row = u32::try_from(table.places.len()).unwrap_or(u32::MAX);
        table.places.push(Place { file: u32::try_from(table.files.len()).unwrap_or(u32::MAX), line: record.line });
        table.case_of(number.unwrap_or_default()).rows.push(row);
        Ok(())
    }

    fn read_header(&self, record: &Record<'_>) -> Result<Header, Stop> {
        let file = || self.name.to_owned();
        let mut names = Vec::with_capacity(record.len());
        for (index, cell) in record.cells().enumerate() {
            let name = text(cell).map_err(|trouble| {
                Stop::Error(ExchangeError::HeaderText { file: file(), column: index + 1, why: trouble.message })
            })?;
            names.push(name.to_owned());
        }
        let position = |column: &str| names.iter().position(|name| name == column);
        let missing: Vec<String> = self
            .taken
            .iter()
            .filter(|(n, needed)| *needed && position(n).is_none())
            .map(|(n, _)| (*n).to_owned())
            .collect();
        if !missing.is_empty() {
            return Err(Stop::Error(ExchangeError::MissingColumns { file: file(), columns: missing }));
        }
        let positions: Vec<Option<usize>> = self.taken.iter().map(|(name, _)| position(name)).collect();
        let twice = self.taken.iter().find(|(taken, _)| names.iter().filter(|name| *name == taken).count() > 1);
        if let Some((column, _)) = twice {
            return Err(Stop::Error(ExchangeError::DuplicateColumn { file: file(), column: (*column).to_owned() }));
        }
        let is_taken = |name: &String| self.taken.iter().any(|(taken, _)| taken == name);
        let (present, others): (Vec<String>, Vec<String>) = names.iter().cloned().partition(is_taken);
        Ok(Header { number: position(&self.mapping.number).unwrap_or_default(), positions, names, present, others })
    }
}

/// What is wrong with the row as such: another number of cells, bytes that are no text.
fn whole(record: &Record<'_>, header: &Header) -> Option<(String, Trouble)> {
    let expected = header.names.len();
    if record.len() != expected {
        let why = format!("the row has {} columns, the header has {expected}", record.len());
        return Some((String::new(), Trouble::new("columns", why)));
    }
    if record.bytes().is_ascii() && memchr::memchr(0, record.bytes()).is_none() {
        return None;
    }
    record.cells().zip(&header.names).find_map(|(cell, name)| text(cell).err().map(|trouble| (name.clone(), trouble)))
}

fn text(cell: &[u8]) -> Result<&str, Trouble> {
    let text = std::str::from_utf8(cell).map_err(|error| {
        let at = error.valid_up_to();
        let byte = cell.get(at).copied().unwrap_or_default();
        Trouble::new("utf8", format!("byte {} of the cell (0x{byte:02x}) is not UTF-8", at + 1))
    })?;
    match memchr::memchr(0, cell) {
        Some(at) => Err(Trouble::new("nul", format!("byte {} of the cell is U+0000, which is no text", at + 1))),
        None => Ok(text),
    }
}

/// Why the reading of a file ends before its end.
enum Stop {
    Table(Broken),
    Error(ExchangeError),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Table(broken)
    }
}

impl Stop {
    fn into_error(self, file: &str) -> ExchangeError {
        let file = file.to_owned();
        match self {
            Self::Error(error) => error,
            Self::Table(Broken::OpenQuote { line }) => ExchangeError::OpenQuote { file, line },
            Self::Table(Broken::TooLong { line }) => ExchangeError::RowTooLong {
                file,
                line,
                bytes_max: records::ROW_BYTES_MAX,
                columns_max: records::COLUMNS_MAX,
            },
        }
    }
}
