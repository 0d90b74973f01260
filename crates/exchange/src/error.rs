//! Why a file or a mapping as a whole cannot be read. What is wrong with single rows is a [`crate::Refused`] instead.

use std::io;

/// The reading stops: nothing of it may be taken.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("{file}: cannot be opened or read")]
    Io { file: String, source: io::Error },
    #[error("{file}: is not an ordinary file")]
    NotAFile { file: String },
    #[error("{file}: more than {bytes_max} bytes when unpacked, which is the limit")]
    TooLarge { file: String, bytes_max: u64 },
    #[error("{file}: unpacks to more than {ratio_max} times its size: refused as a decompression bomb")]
    Bomb { file: String, ratio_max: u64 },
    #[error("{file}: the packed file is damaged or ends early: {why}")]
    Damaged { file: String, why: String },
    #[error("{file}: the archive holds {found} files, expected exactly one")]
    NotOneFile { file: String, found: usize },
    #[error("{file}: the packed file is encrypted, which cannot be read")]
    Encrypted { file: String },
    #[error("{file}: a packed file within the packed file is not unpacked")]
    Nested { file: String },
    #[error("{file}: is empty, expected a header row")]
    NoHeader { file: String },
    #[error("{file}: {}", lacking(columns))]
    MissingAttributes { file: String, columns: Vec<String> },
    #[error("{file}, line 1: column {column} of the header: {why}")]
    HeaderText { file: String, column: usize, why: String },
    #[error("{file}, line 1: the header lacks {}, which the mapping names", quoted(columns))]
    MissingColumns { file: String, columns: Vec<String> },
    #[error("{file}, line 1: the header has `{column}` more than once, and the mapping takes it")]
    DuplicateColumn { file: String, column: String },
    #[error("{file}, line {line}: the quote that opens in this row is never closed")]
    OpenQuote { file: String, line: u64 },
    #[error("{file}, line {line}: the row is longer than {bytes_max} bytes or has more than {columns_max} columns")]
    RowTooLong { file: String, line: u64, bytes_max: usize, columns_max: usize },
    #[error("{file}, line {line}: {why}")]
    Xml { file: String, line: u64, why: String },
    #[error("more than {rows_max} rows, which is the limit")]
    TooManyRows { rows_max: u32 },
    #[error("no file to read")]
    NoFile,
    #[error(
        "the zone of the file's times must be chosen: `--zone` or `zone` in the mapping, an IANA name such as Europe/Lisbon"
    )]
    ZoneNotChosen,
    #[error("`{zone}` is no zone, expected an IANA name such as Europe/Lisbon")]
    UnknownZone { zone: String },
    #[error("a table without times says how things are at one instant, and none was given")]
    NoInstant,
    #[error("{place}: {why}")]
    Mapping { place: String, why: String },
    #[error("there is no format `{name}`; the formats are {}", quoted(known))]
    UnknownFormat { name: String, known: Vec<String> },
}

fn lacking(columns: &[String]) -> String {
    format!("no event has {}, which the mapping names", quoted(columns))
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
