//! Opens what people have: a plain file, a `.gz`, or a zip with exactly one file in it.
//!
//! Streams in pieces, so that memory does not grow with the file. What is inside a packed file is hostile until it is
//! read: sizes that an archive claims are not believed, names in it are never used as paths, and what unpacks to far
//! more than it was is a bomb.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::ExchangeError;

/// How much one reading may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one file, unpacked.
    pub bytes_max: u64,
    /// Unpacked bytes for each packed one.
    pub ratio_max: u64,
    /// Below so many unpacked bytes no ratio is suspicious: small files of equal rows pack very well.
    pub ratio_floor: u64,
    /// Rows of all files together.
    pub rows_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 2 << 30, ratio_max: 200, ratio_floor: 16 << 20, rows_max: 100_000_000 }
    }
}

/// A file that was read, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFacts {
    pub name: String,
    /// Of the file as it lies there, packed or not, in hexadecimal: what `sha256sum` says.
    pub sha256: String,
    /// Size as it lies there.
    pub bytes: u64,
    /// Data rows in it, the header not counted.
    pub rows: u64,
}

const PIECE: usize = 128 * 1024;

/// Reads the content of a file in pieces, the byte order mark left out.
///
/// # Errors
/// What [`ExchangeError`] says of single files, and whatever `sink` answers.
pub fn stream(
    path: &Path,
    limits: &Limits,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), ExchangeError>,
) -> Result<FileFacts, ExchangeError> {
    let name = path.display().to_string();
    let io = |source| ExchangeError::Io { file: name.clone(), source };
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(ExchangeError::NotAFile { file: name });
    }
    let mut file = File::open(path).map_err(io)?;
    let (sha256, bytes) = fingerprint(&mut file).map_err(io)?;
    if bytes > limits.bytes_max {
        return Err(ExchangeError::TooLarge { file: name, bytes_max: limits.bytes_max });
    }
    file.rewind().map_err(io)?;
    let mut head = [0; 4];
    let filled = fill(&mut file, &mut head).map_err(io)?;
    file.rewind().map_err(io)?;
    let mut content = Content { name: &name, limits, packed: None, sink };
    match container(head.get(..filled).unwrap_or_default()) {
        Container::Plain => content.pump(file)?,
        Container::Gzip => {
            content.packed = Some(bytes);
            content.pump(flate2::read::MultiGzDecoder::new(BufReader::new(file)))?;
        }
        Container::Zip => {
            content.packed = Some(bytes);
            unzip(file, &mut content)?;
        }
    }
    Ok(FileFacts { name, sha256, bytes, rows: 0 })
}

enum Container {
    Plain,
    Gzip,
    Zip,
}

/// By the first bytes, never by the name.
fn container(head: &[u8]) -> Container {
    if head.starts_with(&[0x1f, 0x8b]) {
        Container::Gzip
    } else if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic)) {
        Container::Zip
    } else {
        Container::Plain
    }
}

fn unzip(file: File, content: &mut Content<'_>) -> Result<(), ExchangeError> {
    let name = content.name.to_owned();
    let damaged = |error: zip::result::ZipError| ExchangeError::Damaged { file: name.clone(), why: error.to_string() };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    // Names say only which entries are folders; one that is no text is a file.
    let folders: Vec<bool> = archive.file_names().map(|entry| entry.is_ok_and(|entry| entry.ends_with('/'))).collect();
    let found = folders.iter().filter(|folder| !**folder).count();
    let (1, Some(only)) = (found, folders.iter().position(|folder| !folder)) else {
        return Err(ExchangeError::NotOneFile { file: name, found });
    };
    if archive.by_index_raw(only).map_err(damaged)?.encrypted() {
        return Err(ExchangeError::Encrypted { file: name });
    }
    let entry = archive.by_index(only).map_err(damaged)?;
    content.pump(entry)
}

/// Where the unpacked bytes go, and what they are held against.
struct Content<'a> {
    name: &'a str,
    limits: &'a Limits,
    /// Size of the packed file; none for a plain one.
    packed: Option<u64>,
    sink: &'a mut dyn FnMut(&[u8]) -> Result<(), ExchangeError>,
}

impl Content<'_> {
    fn pump(&mut self, mut reader: impl Read) -> Result<(), ExchangeError> {
        let mut piece = vec![0; PIECE];
        let mut total: u64 = 0;
        loop {
            let filled = fill(&mut reader, &mut piece).map_err(|source| self.unreadable(source))?;
            let mut bytes = piece.get(..filled).unwrap_or_default();
            if total == 0 {
                bytes = self.beginning(bytes)?;
            }
            total = total.saturating_add(filled as u64);
            self.hold_limits(total)?;
            (self.sink)(bytes)?;
            if filled < PIECE {
                return Ok(());
            }
        }
    }

    /// Refuses what is packed twice or in another encoding, and skips the byte order mark.
    fn beginning<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8], ExchangeError> {
        let file = || self.name.to_owned();
        if self.packed.is_some() && !matches!(container(bytes), Container::Plain) {
            return Err(ExchangeError::Nested { file: file() });
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(ExchangeError::Utf16 { file: file() });
        }
        Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
    }

    fn hold_limits(&self, total: u64) -> Result<(), ExchangeError> {
        let Limits { bytes_max, ratio_max, ratio_floor, .. } = *self.limits;
        if total > bytes_max {
            return Err(ExchangeError::TooLarge { file: self.name.to_owned(), bytes_max });
        }
        match self.packed {
            Some(packed) if total > ratio_floor && total > packed.saturating_mul(ratio_max) => {
                Err(ExchangeError::Bomb { file: self.name.to_owned(), ratio_max })
            }
            _ => Ok(()),
        }
    }

    fn unreadable(&self, source: std::io::Error) -> ExchangeError {
        let file = self.name.to_owned();
        match self.packed {
            Some(_) => ExchangeError::Damaged { file, why: source.to_string() },
            None => ExchangeError::Io { file, source },
        }
    }
}

/// SHA-256 in hexadecimal, and the size.
fn fingerprint(file: &mut File) -> std::io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut size = 0;
    loop {
        let filled = fill(file, &mut piece)?;
        hash.update(piece.get(..filled).unwrap_or_default());
        size += filled as u64;
        if filled < PIECE {
            return Ok((hex(&hash.finalize()), size));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads until the buffer is full or the reader ends.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
