//! Reads a CSV into the columns that a mapping takes.

use std::path::Path;

use encoding_rs::UTF_8;

use crate::ExchangeError;
use crate::convert::Trouble;
use crate::records::{self, Broken, Record, Records};
use crate::source::{self, FileFacts, PIECE, fill};
use crate::table::{FileRows, Found};

pub(crate) fn read(path: &Path, rows: &mut FileRows<'_>) -> Result<(FileFacts, Found), ExchangeError> {
    let name = rows.name.to_owned();
    let layout = rows.mapping.layout.clone();
    let limits = rows.limits.clone();
    let mut reading = Reading { rows, header: None, skipped: 0 };
    if let Some(names) = &layout.header {
        reading.header = Some(reading.header_of(names.clone()).map_err(|stop| stop.into_error(&name))?);
    }
    let mut records = Records::new(layout.delimiter, layout.quote);
    let facts = source::read(path, &limits, &|_| layout.encoding, &mut |reader| {
        let mut piece = vec![0; PIECE];
        loop {
            let filled = fill(reader, &mut piece).map_err(|source| ExchangeError::Io { file: name.clone(), source })?;
            let bytes = piece.get(..filled).unwrap_or_default();
            records.feed(bytes, &mut |record| reading.record(record)).map_err(|stop| stop.into_error(&name))?;
            reading.rows.tell();
            if filled < PIECE {
                break;
            }
        }
        records.finish(&mut |record| reading.record(record)).map_err(|stop| stop.into_error(&name))
    })?;
    let header = reading.header.ok_or(ExchangeError::NoHeader { file: name })?;
    Ok((facts, Found { present: header.present, others: header.others }))
}

struct Header {
    /// For each column of the file that the mapping takes, where it stands.
    positions: Vec<Option<usize>>,
    names: Vec<String>,
    present: Vec<String>,
    others: Vec<String>,
}

struct Reading<'r, 'a> {
    rows: &'r mut FileRows<'a>,
    header: Option<Header>,
    skipped: u32,
}

impl Reading<'_, '_> {
    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop> {
        if self.skipped < self.rows.mapping.layout.skip {
            self.skipped += 1;
            return Ok(());
        }
        let Some(header) = &self.header else {
            self.header = Some(self.read_header(record)?);
            return Ok(());
        };
        let utf8 = self.rows.mapping.layout.encoding.is_none_or(|encoding| encoding == UTF_8);
        let readable = |at: &Option<usize>| {
            let cell = at.and_then(|at| record.cell(at)).and_then(|cell| std::str::from_utf8(cell).ok());
            cell.filter(|text| !text.contains('\0')).unwrap_or_default()
        };
        let cells: Vec<&str> = header.positions.iter().map(readable).collect();
        match whole(record, header, utf8) {
            None => self.rows.take(record.line, &cells)?,
            Some((field, trouble)) => self.rows.refuse(record.line, &field, trouble, &cells)?,
        }
        Ok(())
    }

    fn read_header(&self, record: &Record<'_>) -> Result<Header, Stop> {
        let mut names = Vec::with_capacity(record.len());
        for (index, cell) in record.cells().enumerate() {
            let name = text(cell, true).map_err(|trouble| {
                let (file, column) = (self.rows.name.to_owned(), index + 1);
                Stop::Error(ExchangeError::HeaderText { file, column, why: trouble.message })
            })?;
            names.push(name.to_owned());
        }
        self.header_of(names)
    }

    fn header_of(&self, names: Vec<String>) -> Result<Header, Stop> {
        let file = || self.rows.name.to_owned();
        let taken = &self.rows.cells.names;
        let position = |column: &str| names.iter().position(|name| name == column);
        let missing = taken.iter().filter(|(name, needed)| *needed && position(name).is_none());
        let missing: Vec<String> = missing.map(|(name, _)| name.clone()).collect();
        if !missing.is_empty() {
            return Err(Stop::Error(ExchangeError::MissingColumns { file: file(), columns: missing }));
        }
        let positions: Vec<Option<usize>> = taken.iter().map(|(name, _)| position(name)).collect();
        let twice = taken.iter().find(|(taken, _)| names.iter().filter(|name| *name == taken).count() > 1);
        if let Some((column, _)) = twice {
            return Err(Stop::Error(ExchangeError::DuplicateColumn { file: file(), column: column.clone() }));
        }
        let is_taken = |name: &String| taken.iter().any(|(taken, _)| taken == name);
        let (present, others): (Vec<String>, Vec<String>) = names.iter().cloned().partition(is_taken);
        Ok(Header { positions, names, present, others })
    }
}

/// What is wrong with the row as such: another number of cells, bytes that are no text.
fn whole(record: &Record<'_>, header: &Header, utf8: bool) -> Option<(String, Trouble)> {
    let expected = header.names.len();
    if record.len() != expected {
        let why = format!("the row has {} columns, the header has {expected}", record.len());
        return Some((String::new(), Trouble::new("columns", why)));
    }
    if record.bytes().is_ascii() && memchr::memchr(0, record.bytes()).is_none() {
        return None;
    }
    let mut cells = record.cells().zip(&header.names);
    cells.find_map(|(cell, name)| text(cell, utf8).err().map(|trouble| (name.clone(), trouble)))
}

fn text(cell: &[u8], utf8: bool) -> Result<&str, Trouble> {
    let text = std::str::from_utf8(cell).map_err(|error| {
        let at = error.valid_up_to();
        let byte = cell.get(at).copied().unwrap_or_default();
        let why = match utf8 {
            true => format!("byte {} of the cell (0x{byte:02x}) is not UTF-8", at + 1),
            false => "the cell has bytes that are no text in the file's encoding".to_owned(),
        };
        Trouble::new("utf8", why)
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

impl From<ExchangeError> for Stop {
    fn from(error: ExchangeError) -> Self {
        Self::Error(error)
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
