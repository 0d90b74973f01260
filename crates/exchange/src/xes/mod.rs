//! Reads an event log (XES, IEEE 1849-2016) as a table: each event is a row, each attribute a column by its key. An
//! attribute of the trace is a column `case:KEY` of all its events, one nested in another `KEY/INNER`.
//!
//! The file is streamed. Document types and entities other than XML's own five are refused, and depth, size and number
//! of what one event may hold are bounded.

mod lines;

use std::collections::HashMap;
use std::path::Path;

use encoding_rs::Encoding;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::ExchangeError;
use crate::convert::Trouble;
use crate::source::{self, FileFacts};
use crate::table::{FileRows, Found};
use lines::LineReader;

/// Elements within each other: log, trace, event, and attributes in attributes.
const DEPTH_MAX: usize = 64;
/// Attributes of one event, nested ones too, and different keys in one file.
const ATTRIBUTES_MAX: usize = 4096;
/// Between the texts of one list that have the same key.
const LIST_JOINT: &str = ";";

pub(crate) fn read(path: &Path, rows: &mut FileRows<'_>) -> Result<(FileFacts, Found), ExchangeError> {
    let (name, limits) = (rows.name.to_owned(), rows.limits.clone());
    let wanted = rows.mapping.layout.encoding;
    let mut reading = Reading::new(rows);
    let sniff = |head: &[u8]| declared(head).or(wanted);
    let facts = source::read(path, &limits, &sniff, &mut |reader| {
        let mut xml = quick_xml::Reader::from_reader(LineReader::new(reader));
        let mut buffer = Vec::new();
        loop {
            xml.get_mut().begin_event();
            let line = xml.get_ref().line();
            let fault = |why: String| ExchangeError::Xml { file: name.clone(), line, why };
            let event = xml.read_event_into(&mut buffer).map_err(|error| fault(told(&error)))?;
            if matches!(event, Event::Eof) {
                return if reading.ended { Ok(()) } else { Err(fault("the log ends early".to_owned())) };
            }
            reading.event(line, &event).map_err(|stop| match stop {
                Stop::Xml(why) => fault(why),
                Stop::Error(error) => error,
            })?;
            buffer.clear();
        }
    })?;
    let missing = reading.missing();
    if !missing.is_empty() {
        return Err(ExchangeError::MissingAttributes { file: name, columns: missing });
    }
    Ok((facts, reading.found()))
}

/// The encoding that an XML declaration names. It is written in ASCII whatever follows.
fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.strip_prefix(b"<?xml")?;
    let head = head.get(..head.windows(2).position(|pair| pair == b"?>")?)?;
    let text = std::str::from_utf8(head).ok()?;
    let (_, after) = text.split_once("encoding")?;
    let label = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = label.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Encoding::for_label(label.get(1..)?.split(quote).next()?.as_bytes())
}

/// The cause of what the parser says stands in the source only.
fn told(error: &quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Io(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

enum Stop {
    Xml(String),
    Error(ExchangeError),
}

impl From<ExchangeError> for Stop {
    fn from(error: ExchangeError) -> Self {
        Self::Error(error)
    }
}

fn xml(why: impl Into<String>) -> Stop {
    Stop::Xml(why.into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Log,
    Trace,
    Event,
    /// With the length of the path that stood before it.
    Attribute {
        path: usize,
        list: bool,
    },
    /// Declarations, attributes of the log, and what the standard does not know.
    Skipped,
}

/// The texts that one event or trace has for the columns, and what is wrong with them.
#[derive(Default)]
struct Texts {
    cells: Vec<Option<String>>,
    count: usize,
    twice: Option<String>,
}

impl Texts {
    fn clear(&mut self) {
        self.cells.iter_mut().for_each(|cell| *cell = None);
        (self.count, self.twice) = (0, None);
    }
}

struct Reading<'r, 'a> {
    rows: &'r mut FileRows<'a>,
    stack: Vec<Element>,
    /// Of the attribute in work: `KEY/INNER`.
    path: String,
    trace: Texts,
    event: Texts,
    /// The trace has had an event.
    has_events: bool,
    /// Line of the event in work.
    line: u64,
    /// Each key that occurred, and the column that takes it.
    keys: HashMap<String, Option<usize>>,
    seen: Vec<bool>,
    ended: bool,
}

impl<'r, 'a> Reading<'r, 'a> {
    fn new(rows: &'r mut FileRows<'a>) -> Self {
        let width = rows.cells.names.len();
        let texts = || Texts { cells: vec![None; width], ..Texts::default() };
        Self {
            trace: texts(),
            event: texts(),
            seen: vec![false; width],
            rows,
            stack: Vec::new(),
            path: String::new(),
            has_events: false,
            line: 0,
            keys: HashMap::new(),
            ended: false,
        }
    }

    fn event(&mut self, line: u64, event: &Event<'_>) -> Result<(), Stop> {
        match event {
            Event::Start(start) => self.open(line, start),
            Event::Empty(start) => {
                self.open(line, start)?;
                self.close()
            }
            Event::End(_) => self.close(),
            Event::DocType(_) => Err(xml("a document type (DTD) is refused: a log needs none")),
            Event::GeneralRef(name) if name.is_char_ref() => Ok(()),
            Event::GeneralRef(name) if ["lt", "gt", "amp", "quot", "apos"].contains(&&**name) => Ok(()),
            Event::GeneralRef(_) => Err(xml("an entity is refused: a log needs none")),
            _ => Ok(()),
        }
    }

    fn open(&mut self, line: u64, start: &BytesStart<'_>) -> Result<(), Stop> {
        if self.stack.len() >= DEPTH_MAX {
            return Err(xml(format!("more than {DEPTH_MAX} elements stand within each other")));
        }
        let name = start.local_name();
        let name = name.as_ref();
        let within = self.stack.last().copied();
        let element = match (within, name) {
            (None, "log") if !self.ended => Element::Log,
            (None, _) => return Err(xml(format!("expected one element `log` around everything, found `{name}`"))),
            (Some(Element::Log), "trace") => {
                self.trace.clear();
                self.has_events = false;
                Element::Trace
            }
            (Some(Element::Log), "event") => {
                // An event of no trace.
                self.trace.clear();
                self.begin_event(line)
            }
            (Some(Element::Trace), "event") => self.begin_event(line),
            (Some(Element::Trace | Element::Event | Element::Attribute { .. }), _) => self.attribute(name, start)?,
            (Some(Element::Log | Element::Skipped), _) => Element::Skipped,
        };
        self.stack.push(element);
        Ok(())
    }

    fn begin_event(&mut self, line: u64) -> Element {
        self.event.clear();
        self.line = line;
        Element::Event
    }

    fn attribute(&mut self, name: &str, start: &BytesStart<'_>) -> Result<Element, Stop> {
        let before = self.path.len();
        // The entries of a list stand in an element of their own, which has no key.
        if name == "values" {
            return Ok(Element::Attribute { path: before, list: true });
        }
        if !["string", "date", "int", "float", "boolean", "id", "list", "container"].contains(&name) {
            return Ok(Element::Skipped);
        }
        let (mut key, mut value) = (None, None);
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| xml(error.to_string()))?;
            let wanted = match attribute.key.as_ref() {
                "key" => &mut key,
                "value" => &mut value,
                _ => continue,
            };
            let text = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| xml(error.to_string()))?;
            *wanted = Some(text.into_owned());
        }
        let key = key.ok_or_else(|| xml(format!("an attribute `{name}` has no key")))?;
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(&key);
        let in_list = matches!(self.stack.last(), Some(Element::Attribute { list: true, .. }));
        if let Some(value) = value {
            self.note(value, in_list)?;
        }
        Ok(Element::Attribute { path: before, list: false })
    }

    fn note(&mut self, value: String, in_list: bool) -> Result<(), Stop> {
        let of_event = self.stack.contains(&Element::Event);
        let column = self.column_of(of_event)?;
        let texts = if of_event { &mut self.event } else { &mut self.trace };
        texts.count += 1;
        if texts.count > ATTRIBUTES_MAX {
            return Err(xml(format!("an event or trace has more than {ATTRIBUTES_MAX} attributes")));
        }
        let Some(column) = column else { return Ok(()) };
        if !of_event && self.has_events {
            return Err(xml(format!("the attribute `{}` of a trace stands after its events", self.path)));
        }
        if let Some(seen) = self.seen.get_mut(column) {
            *seen = true;
        }
        match texts.cells.get_mut(column) {
            Some(Some(text)) if in_list => {
                text.push_str(LIST_JOINT);
                text.push_str(&value);
            }
            Some(Some(_)) => texts.twice = Some(self.path.clone()),
            Some(cell) => *cell = Some(value),
            None => {}
        }
        Ok(())
    }

    fn column_of(&mut self, of_event: bool) -> Result<Option<usize>, Stop> {
        let of_trace;
        let key = if of_event {
            &self.path
        } else {
            of_trace = format!("case:{}", self.path);
            &of_trace
        };
        if let Some(known) = self.keys.get(key) {
            return Ok(*known);
        }
        if self.keys.len() >= ATTRIBUTES_MAX {
            return Err(xml(format!("the log has more than {ATTRIBUTES_MAX} different attributes")));
        }
        let column = self.rows.cells.names.iter().position(|(name, _)| name == key);
        self.keys.insert(key.clone(), column);
        Ok(column)
    }

    fn close(&mut self) -> Result<(), Stop> {
        match self.stack.pop() {
            Some(Element::Attribute { path, .. }) => self.path.truncate(path),
            Some(Element::Event) => self.row()?,
            Some(Element::Log) => self.ended = true,
            Some(Element::Trace | Element::Skipped) | None => {}
        }
        Ok(())
    }

    fn row(&mut self) -> Result<(), Stop> {
        self.has_events = true;
        let both = self.event.cells.iter().zip(&self.trace.cells);
        let cells: Vec<&str> = both.map(|(event, trace)| event.as_deref().or(trace.as_deref()).unwrap_or("")).collect();
        let twice = self.event.twice.as_ref().or(self.trace.twice.as_ref());
        let zero = cells.iter().position(|cell| cell.contains('\0'));
        let zero = zero.and_then(|at| self.rows.cells.names.get(at)).map(|(name, _)| name.clone());
        match (twice, zero) {
            (Some(key), _) => {
                let trouble = Trouble::new("duplicate", "the attribute stands more than once");
                self.rows.refuse(self.line, key, trouble, &cells)?;
            }
            (None, Some(key)) => {
                let trouble = Trouble::new("nul", "the attribute has the character U+0000, which is no text");
                self.rows.refuse(self.line, &key, trouble, &cells)?;
            }
            (None, None) => self.rows.take(self.line, &cells)?,
        }
        if self.rows.count().is_multiple_of(1024) {
            self.rows.tell();
        }
        Ok(())
    }

    /// Attributes that the mapping needs and no event has; of a log without events nothing can be said.
    fn missing(&self) -> Vec<String> {
        let needed = self.rows.cells.names.iter().zip(&self.seen);
        let missing = needed.filter(|((_, needed), seen)| *needed && !**seen && self.rows.count() > 0);
        missing.map(|((name, _), _)| name.clone()).collect()
    }

    fn found(self) -> Found {
        let names = self.rows.cells.names.iter().zip(&self.seen);
        let present = names.filter(|(_, seen)| **seen).map(|((name, _), _)| name.clone()).collect();
        let mut others: Vec<String> =
            self.keys.into_iter().filter(|(_, column)| column.is_none()).map(|(key, _)| key).collect();
        others.sort_unstable();
        Found { present, others }
    }
}
