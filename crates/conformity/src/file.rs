//! Reading TOML so that each error names file, line and column, and no key is overlooked.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike};

/// A file that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct LoadError {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
}

/// A text and the name by which messages call it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'t> {
    pub file: &'t str,
    pub text: &'t str,
}

impl<'t> Source<'t> {
    pub fn parse(self) -> Result<Document<&'t str>, LoadError> {
        Document::parse(self.text).map_err(|error| self.error(error.span(), error.message().trim_end()))
    }

    /// An error at a place; without one, at the beginning of the file.
    pub fn error(self, span: Option<Range<usize>>, message: impl Into<String>) -> LoadError {
        let before = self.text.get(..span.map_or(0, |span| span.start)).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        LoadError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            message: message.into(),
        }
    }
}

/// The keys of one table; those that nobody asked for are refused at the end.
pub(crate) struct Fields<'t> {
    source: Source<'t>,
    table: &'t dyn TableLike,
    span: Option<Range<usize>>,
    /// What the table is, for messages: `requirement 8.6.1-a`.
    name: String,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'t> Fields<'t> {
    pub fn of(source: Source<'t>, table: &'t Table, name: impl Into<String>) -> Self {
        Self { source, table, span: table.span(), name: name.into(), asked: RefCell::default() }
    }

    /// The table under a key of the root.
    pub fn at(source: Source<'t>, root: &'t Table, key: &'static str) -> Result<Self, LoadError> {
        match root.get(key).and_then(Item::as_table) {
            Some(table) => Ok(Self::of(source, table, key)),
            None => Err(source.error(root.get(key).and_then(Item::span), format!("expected a table [{key}]"))),
        }
    }

    pub fn rename(&mut self, name: String) {
        self.name = name;
    }

    pub fn get(&self, key: &'static str) -> Option<&'t Item> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key).filter(|item| !item.is_none())
    }

    /// A text that must be there. It may be empty.
    pub fn text(&self, key: &'static str) -> Result<String, LoadError> {
        self.optional_text(key)?.ok_or_else(|| self.missing(key, "text"))
    }

    pub fn optional_text(&self, key: &'static str) -> Result<Option<String>, LoadError> {
        let text = |item: &'t Item| item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(key, "text"));
        self.get(key).map(text).transpose()
    }

    /// A list of texts; empty where it is left out.
    pub fn texts(&self, key: &'static str) -> Result<Vec<String>, LoadError> {
        let Some(item) = self.get(key) else { return Ok(Vec::new()) };
        let list = item.as_array().ok_or_else(|| self.wrong(key, "a list of texts"))?;
        list.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(|| self.wrong(key, "a list of texts"))).collect()
    }

    /// A truth value; the second argument where it is left out.
    pub fn flag(&self, key: &'static str, otherwise: bool) -> Result<bool, LoadError> {
        self.get(key).map_or(Ok(otherwise), |item| item.as_bool().ok_or_else(|| self.wrong(key, "true or false")))
    }

    pub fn count(&self, key: &'static str) -> Result<usize, LoadError> {
        let number = self.get(key).and_then(Item::as_integer).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| self.wrong(key, "a whole number"))
    }

    /// One of a closed list of words.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Result<T, LoadError> {
        self.optional_word(key, words)?.ok_or_else(|| self.missing(key, &listed(words)))
    }

    pub fn optional_word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Result<Option<T>, LoadError> {
        let Some(text) = self.optional_text(key)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.map(Some).ok_or_else(|| self.error_at(key, format!("{key} is {text:?}, expected {}", listed(words))))
    }

    /// An error at a key of this table.
    pub fn error_at(&self, key: &'static str, message: impl AsRef<str>) -> LoadError {
        let span = self.table.get(key).and_then(Item::span).or_else(|| self.span.clone());
        self.source.error(span, format!("{}: {}", self.name, message.as_ref()))
    }

    /// An error inside the text at a key, so many bytes from its beginning. Where the file writes the text with
    /// escapes the place is that of the key's value.
    pub fn error_inside(&self, key: &'static str, offset: usize, message: impl AsRef<str>) -> LoadError {
        let Some(item) = self.table.get(key) else { return self.error_at(key, message) };
        let length = item.as_str().map_or(0, str::len);
        let place = item.span().filter(|span| span.len() == length + 2).map(|span| span.start + 1 + offset);
        match place {
            Some(place) => self.source.error(Some(place..place), format!("{}: {}", self.name, message.as_ref())),
            None => self.error_at(key, message),
        }
    }

    /// Where the table stands.
    pub fn place(&self) -> LoadError {
        self.source.error(self.span.clone(), String::new())
    }

    /// Refuses keys that nobody asked for.
    pub fn finish(self) -> Result<(), LoadError> {
        let asked = self.asked.borrow();
        let Some((key, _)) = self.table.iter().find(|(key, _)| !asked.contains(key)) else { return Ok(()) };
        let span = self.table.get_key_value(key).and_then(|(key, _)| key.span());
        let known = asked.iter().copied().collect::<Vec<_>>().join(", ");
        Err(self.source.error(span, format!("{}: unknown key {key:?}, expected one of {known}", self.name)))
    }

    fn missing(&self, key: &str, expected: &str) -> LoadError {
        self.source.error(self.span.clone(), format!("{}: {key} is missing, expected {expected}", self.name))
    }

    fn wrong(&self, key: &'static str, expected: &str) -> LoadError {
        self.error_at(key, format!("{key} is not as expected, which is {expected}"))
    }
}

fn listed<T>(words: &[(&str, T)]) -> String {
    words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}

/// The tables of `[[key]]`.
pub(crate) fn tables<'t>(root: &'t Table, key: &str) -> impl Iterator<Item = &'t Table> {
    root.get(key).and_then(Item::as_array_of_tables).into_iter().flatten()
}

/// Refuses root keys besides these.
pub(crate) fn only_these(source: Source<'_>, root: &Table, keys: &[&str]) -> Result<(), LoadError> {
    let Some((key, _)) = root.iter().find(|(key, _)| !keys.contains(key)) else { return Ok(()) };
    let span = root.get_key_value(key).and_then(|(key, item)| key.span().or_else(|| item.span()));
    Err(source.error(span, format!("unknown table {key:?}, expected one of {}", keys.join(", "))))
}
