//! Where in a mapping file something stands: `file:line:column`, both from 1.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

/// The places of a mapping's tables and keys, by their path (`fields.title`), kept for whoever holds the mapping against
/// a model later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    file: String,
    known: BTreeMap<String, String>,
}

/// A text whose lines are found once.
pub(super) struct Lines<'a> {
    file: &'a str,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(file: &'a str, text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, starts }
    }

    pub fn place(&self, span: Option<Range<usize>>) -> String {
        let at = span.map_or(0, |span| span.start);
        let line = self.starts.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        let column = self.text.get(start..at).unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.file)
    }
}

impl Places {
    pub(super) fn of(lines: &Lines<'_>, document: &Document<&str>) -> Self {
        let mut places = Self { file: lines.file.to_owned(), known: BTreeMap::new() };
        places.walk(lines, document.as_table(), "");
        places
    }

    fn walk(&mut self, lines: &Lines<'_>, table: &dyn TableLike, path: &str) {
        for (name, item) in table.iter() {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let key = table.get_key_value(name).and_then(|(key, _)| key.span());
            if let Some(inner) = item.as_table_like() {
                self.walk(lines, inner, &path);
            }
            self.known.insert(path, lines.place(key.or_else(|| Item::span(item))));
        }
    }

    /// The place of a path, or of as much of it as the file has.
    pub fn at(&self, path: &[&str]) -> String {
        let known = |long: usize| self.known.get(&path.get(..long).unwrap_or_default().join("."));
        let found = (1..=path.len()).rev().find_map(known);
        found.cloned().unwrap_or_else(|| format!("{}:1:1", self.file))
    }
}
