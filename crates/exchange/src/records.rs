//! Rows of a CSV (RFC 4180) out of a stream of pieces.
//!
//! `csv-core` finds the cells; this adds what an import needs beside them: the line of each row, a bound on the memory
//! of one row, and the quote that is never closed (which would silently swallow the rest of the file).

use csv_core::{ReadRecordResult, ReaderBuilder};

/// A row may be so long; beyond it the file is no table.
pub const ROW_BYTES_MAX: usize = 4 << 20;
/// A row may have so many cells.
pub const COLUMNS_MAX: usize = 4096;

/// One row, still as bytes.
pub struct Record<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
    /// The line of the file on which the row begins; the header is on line 1.
    pub line: u64,
}

impl<'a> Record<'a> {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn cell(&self, index: usize) -> Option<&'a [u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(start..end)
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        (0..self.len()).filter_map(|index| self.cell(index))
    }

    /// All cells one after the other.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// What is wrong with the table itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    TooLong { line: u64 },
    OpenQuote { line: u64 },
}

pub struct Records {
    parser: csv_core::Reader,
    cells: Vec<u8>,
    ends: Vec<usize>,
    written: usize,
    ended: usize,
    /// Line at which the parser stands.
    line: u64,
    /// Line at which the row in work began; none between rows.
    began: Option<u64>,
    /// The last byte seen was a carriage return: a line end of its own unless a line feed follows.
    after_return: bool,
    quote: Option<u8>,
    quotes: usize,
}

impl Records {
    /// `quote`: none where a quote is a character like any other.
    pub fn new(delimiter: u8, quote: Option<u8>) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).quoting(quote.is_some()).quote(quote.unwrap_or(b'"'));
        Self {
            parser: builder.build(),
            cells: vec![0; 8 * 1024],
            ends: vec![0; 128],
            written: 0,
            ended: 0,
            line: 1,
            began: None,
            after_return: false,
            quote,
            quotes: 0,
        }
    }

    /// Takes the next piece of the file and hands out the rows that it completes. An empty piece does nothing.
    pub fn feed<E: From<Broken>>(
        &mut self,
        mut input: &[u8],
        take: &mut dyn FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            if self.began.is_none() {
                input = self.skip_line_ends(input);
            }
            if input.is_empty() {
                return Ok(());
            }
            input = self.step(input, take)?;
        }
    }

    /// The file ends here.
    pub fn finish<E: From<Broken>>(&mut self, take: &mut dyn FnMut(&Record<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some(began) = self.began else { return Ok(()) };
        // A row that runs over several lines up to the very end with an odd number of quotes was never closed.
        if self.quotes % 2 == 1 && self.line > began {
            return Err(Broken::OpenQuote { line: began }.into());
        }
        while self.began.is_some() {
            self.step(&[], take)?;
        }
        Ok(())
    }

    fn step<'i, E: From<Broken>>(
        &mut self,
        input: &'i [u8],
        take: &mut dyn FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<&'i [u8], E> {
        let line = *self.began.get_or_insert(self.line);
        let cells = self.cells.get_mut(self.written..).unwrap_or_default();
        let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
        let (result, read, written, ended) = self.parser.read_record(input, cells, ends);
        let (seen, rest) = input.split_at(read);
        self.written += written;
        self.ended += ended;
        self.count(seen);
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull if self.cells.len() < ROW_BYTES_MAX => {
                self.cells.resize(self.cells.len() * 2, 0)
            }
            ReadRecordResult::OutputEndsFull if self.ends.len() < COLUMNS_MAX => {
                self.ends.resize(self.ends.len() * 2, 0)
            }
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                return Err(Broken::TooLong { line }.into());
            }
            ReadRecordResult::Record => {
                take(&Record {
                    bytes: self.cells.get(..self.written).unwrap_or_default(),
                    ends: self.ends.get(..self.ended).unwrap_or_default(),
                    line,
                })?;
                self.between_rows();
            }
            ReadRecordResult::End => self.between_rows(),
        }
        Ok(rest)
    }

    fn between_rows(&mut self) {
        (self.written, self.ended, self.quotes, self.began) = (0, 0, 0, None);
    }

    /// Lines and quotes within a row. A carriage return counts when it ends the row; inside quotes it is text.
    fn count(&mut self, seen: &[u8]) {
        self.line += memchr::memchr_iter(b'\n', seen).count() as u64;
        self.quotes += self.quote.map_or(0, |quote| memchr::memchr_iter(quote, seen).count());
        if let Some(last) = seen.last() {
            self.after_return = *last == b'\r';
        }
    }

    /// Ends of lines between rows: the second half of a CRLF, and empty lines.
    fn skip_line_ends<'i>(&mut self, input: &'i [u8]) -> &'i [u8] {
        let mut rest = input;
        while let Some((first, others)) = rest.split_first() {
            if *first != b'\n' && self.after_return {
                self.line += 1;
            }
            self.after_return = *first == b'\r';
            match first {
                b'\n' => self.line += 1,
                b'\r' => {}
                _ => break,
            }
            rest = others;
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(u64, Vec<Vec<u8>>)>;

    fn read(pieces: &[&[u8]]) -> Result<Rows, Broken> {
        let mut rows = Vec::new();
        let mut records = Records::new(b',', Some(b'"'));
        let mut take = |record: &Record<'_>| {
            rows.push((record.line, record.cells().map(<[u8]>::to_vec).collect()));
            Ok::<(), Broken>(())
        };
        for piece in pieces {
            records.feed(piece, &mut take)?;
        }
        records.finish(&mut take)?;
        Ok(rows)
    }

    fn lines(text: &str) -> Vec<u64> {
        read(&[text.as_bytes()]).unwrap().iter().map(|row| row.0).collect()
    }

    #[test]
    fn a_row_stands_on_the_line_where_it_begins() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n\r\n3,4"), [1, 2, 4]);
        assert_eq!(lines("a\r1\r\r2\r"), [1, 2, 4]);
        assert_eq!(lines("a,b\n\"x\ny\",2\n\n\n3,4"), [1, 2, 6]);
        assert_eq!(lines("\n\na\n"), [3]);
        assert_eq!(lines(""), [0_u64; 0]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_instead_of_swallowing_the_rest() {
        assert_eq!(read(&[b"a,b\n1,\"2\n3,4\n5,6\n"]), Err(Broken::OpenQuote { line: 2 }));
        assert!(read(&[b"a,b\n1,5\" disk\n3,4\n"]).is_ok());
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_fills_the_memory() {
        let piece = vec![b'x'; 1 << 20];
        let pieces: Vec<&[u8]> = std::iter::once(&b"a\n\""[..]).chain((0..8).map(|_| &piece[..])).collect();
        assert_eq!(read(&pieces), Err(Broken::TooLong { line: 2 }));
        let commas = vec![b','; COLUMNS_MAX + 1];
        assert_eq!(read(&[b"a\n", &commas]), Err(Broken::TooLong { line: 2 }));
    }

    proptest! {
        #[test]
        fn cells_and_lines_do_not_depend_on_where_the_pieces_end(
            table in proptest::collection::vec(proptest::collection::vec("[a\",\n\r é]{1,6}", 2..4), 0..12),
            cut in 0_usize..200,
            crlf in any::<bool>(),
        ) {
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(terminator).flexible(true).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let cut = cut.min(text.len());
            let whole = read(&[&text]).unwrap();
            prop_assert_eq!(&whole, &read(&[&text[..cut], &text[cut..]]).unwrap());
            let cells: Vec<Vec<Vec<u8>>> = whole.into_iter().map(|row| row.1).collect();
            let expected: Vec<Vec<Vec<u8>>> =
                table.iter().map(|row| row.iter().map(|cell| cell.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(cells, expected);
        }
    }
}
