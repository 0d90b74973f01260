//! Bytes for the XML parser, with the line at which it stands and a bound on what it holds at once.

use std::io::{BufRead, Error, Read};

use crate::source::PIECE;

/// One tag may be so long; beyond it the file is no log.
const EVENT_BYTES_MAX: usize = 4 << 20;

pub(super) struct LineReader<'a> {
    reader: &'a mut dyn Read,
    piece: Vec<u8>,
    ready: std::ops::Range<usize>,
    line: u64,
    /// Bytes since the last event of the parser.
    held: usize,
}

impl<'a> LineReader<'a> {
    pub fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, piece: vec![0; PIECE], ready: 0..0, line: 1, held: 0 }
    }

    /// The parser begins to look for its next event here.
    pub fn begin_event(&mut self) {
        self.held = 0;
    }

    /// The line of the next byte.
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl Read for LineReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for LineReader<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.held > EVENT_BYTES_MAX {
            return Err(Error::other(format!("a tag or text is longer than {EVENT_BYTES_MAX} bytes")));
        }
        if self.ready.is_empty() {
            let filled = self.reader.read(&mut self.piece)?;
            self.ready = 0..filled;
        }
        Ok(self.piece.get(self.ready.clone()).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        let end = self.ready.end.min(self.ready.start.saturating_add(amount));
        let gone = self.piece.get(self.ready.start..end).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', gone).count() as u64;
        self.held = self.held.saturating_add(gone.len());
        self.ready.start = end;
    }
}
