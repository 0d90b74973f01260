//! Opens what people have: a plain file, a `.gz`, or a zip with exactly one file in it.
//!
//! Streams in pieces, so that memory does not grow with the file. What is inside a packed file is hostile until it is
//! read: sizes that an archive claims are not believed, names in it are never used as paths, and what unpacks to far
//! more than it was is a bomb.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::path::Path;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
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

pub(crate) const PIECE: usize = 128 * 1024;

/// How many bytes are looked at before the reading begins: enough for a byte order mark and an XML declaration.
const HEAD: usize = 1024;

/// Says from the first bytes of the content in which encoding it is; none: UTF-8.
pub type Sniff<'a> = &'a dyn Fn(&[u8]) -> Option<&'static Encoding>;

/// Hands the content of a file over as UTF-8, the byte order mark left out. A byte order mark says more about the
/// encoding than anybody's word. What is no text in another encoding than UTF-8 comes out as the byte 0xff, which stands
/// in no UTF-8, so that whoever reads it can name the place.
///
/// # Errors
/// What [`ExchangeError`] says of single files, and whatever `take` answers.
pub fn read(
    path: &Path,
    limits: &Limits,
    sniff: Sniff<'_>,
    take: &mut dyn FnMut(&mut dyn Read) -> Result<(), ExchangeError>,
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
    let mut content = Content { name: &name, limits, packed: None, sniff, take };
    match container(head.get(..filled).unwrap_or_default()) {
        Container::Plain => content.hand_over(file)?,
        Container::Gzip => {
            content.packed = Some(bytes);
            content.hand_over(flate2::read::MultiGzDecoder::new(BufReader::new(file)))?;
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
    content.hand_over(entry)
}

/// Who takes the unpacked bytes, and what they are held against.
struct Content<'a> {
    name: &'a str,
    limits: &'a Limits,
    /// Size of the packed file; none for a plain one.
    packed: Option<u64>,
    sniff: Sniff<'a>,
    take: &'a mut dyn FnMut(&mut dyn Read) -> Result<(), ExchangeError>,
}

impl Content<'_> {
    fn hand_over(&mut self, reader: impl Read) -> Result<(), ExchangeError> {
        let mut held = Held { reader, name: self.name, limits: self.limits, packed: self.packed, total: 0, stop: None };
        let mut head = [0; HEAD];
        let filled = fill(&mut held, &mut head);
        let taken = filled.map_err(|source| held.unreadable(source)).and_then(|filled| {
            let head = head.get(..filled).unwrap_or_default();
            if self.packed.is_some() && !matches!(container(head), Container::Plain) {
                return Err(ExchangeError::Nested { file: self.name.to_owned() });
            }
            let (encoding, mark) = match Encoding::for_bom(head) {
                Some((encoding, mark)) => (encoding, mark),
                None => ((self.sniff)(head).unwrap_or(UTF_8), 0),
            };
            let mut whole = head.get(mark..).unwrap_or_default().chain(&mut held);
            if encoding == UTF_8 { (self.take)(&mut whole) } else { (self.take)(&mut Decoded::new(whole, encoding)) }
        });
        // A limit that was passed explains whatever the reader above made of it.
        held.stop.map_or(taken, Err)
    }
}

/// Bytes held against the limits while they are read.
struct Held<'a, R> {
    reader: R,
    name: &'a str,
    limits: &'a Limits,
    packed: Option<u64>,
    total: u64,
    stop: Option<ExchangeError>,
}

impl<R: Read> Read for Held<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = match self.reader.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let told = std::io::Error::new(error.kind(), error.to_string());
                self.stop = Some(self.unreadable(error));
                return Err(told);
            }
        };
        self.total = self.total.saturating_add(read as u64);
        match self.passed() {
            None => Ok(read),
            Some(limit) => {
                self.stop = Some(limit);
                Err(std::io::Error::other("a limit was passed"))
            }
        }
    }
}

impl<R> Held<'_, R> {
    fn passed(&self) -> Option<ExchangeError> {
        let Limits { bytes_max, ratio_max, ratio_floor, .. } = *self.limits;
        if self.total > bytes_max {
            return Some(ExchangeError::TooLarge { file: self.name.to_owned(), bytes_max });
        }
        match self.packed {
            Some(packed) if self.total > ratio_floor && self.total > packed.saturating_mul(ratio_max) => {
                Some(ExchangeError::Bomb { file: self.name.to_owned(), ratio_max })
            }
            _ => None,
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

/// Another encoding, read as UTF-8.
struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// What of `raw` is still to be decoded.
    rest: std::ops::Range<usize>,
    /// The reader has ended.
    ended: bool,
    /// And so has the decoder.
    done: bool,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoded<R> {
    fn new(reader: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { reader, decoder, raw: vec![0; PIECE], rest: 0..0, ended: false, done: false, text: Vec::new(), given: 0 }
    }

    fn decode_more(&mut self) -> std::io::Result<()> {
        if self.rest.is_empty() && !self.ended {
            let filled = fill(&mut self.reader, &mut self.raw)?;
            self.ended = filled < self.raw.len();
            self.rest = 0..filled;
        }
        self.text.resize(PIECE, 0);
        let raw = self.raw.get(self.rest.clone()).unwrap_or_default();
        // One byte is kept for the mark of what is no text.
        let room = self.text.get_mut(..PIECE - 1).unwrap_or_default();
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(raw, room, self.ended);
        self.rest.start += read;
        self.text.truncate(written);
        match result {
            DecoderResult::Malformed(..) => self.text.push(NO_TEXT),
            DecoderResult::InputEmpty => self.done = self.ended,
            DecoderResult::OutputFull => {}
        }
        self.given = 0;
        Ok(())
    }
}

/// Stands in no UTF-8.
const NO_TEXT: u8 = 0xff;

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given >= self.text.len() {
            if self.done {
                return Ok(0);
            }
            self.decode_more()?;
        }
        let ready = self.text.get(self.given..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
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
pub(crate) fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> std::io::Result<usize> {
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
