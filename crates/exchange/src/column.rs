//! One column of a table in memory: each distinct text once, and a small number for each row.
//!
//! An event log repeats itself: 141,712 rows of 31 columns are about 120,000 distinct texts.

use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(crate) struct Column {
    pub name: String,
    texts: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
    rows: Vec<u32>,
}

impl Column {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub fn push(&mut self, text: &str) {
        // Neighbours are mostly updates of the same case and mostly equal.
        let last = self.rows.last().copied();
        if let Some(code) = last.filter(|code| self.text_of(*code).is_some_and(|last| **last == *text)) {
            return self.rows.push(code);
        }
        let code = match self.index.get(text) {
            Some(code) => *code,
            None => self.add(text),
        };
        self.rows.push(code);
    }

    fn add(&mut self, text: &str) -> u32 {
        let text: Arc<str> = Arc::from(text);
        // Codes are never more than rows, which are limited to u32.
        let code = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(Arc::clone(&text));
        self.index.insert(text, code);
        code
    }

    /// The distinct texts, by code.
    pub fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    pub fn text_of(&self, code: u32) -> Option<&Arc<str>> {
        self.texts.get(code as usize)
    }

    pub fn code(&self, row: u32) -> usize {
        self.rows.get(row as usize).map_or(usize::MAX, |code| *code as usize)
    }
}
