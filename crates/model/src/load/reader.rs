//! Reads TOML tables: every value with its place, the wrong kind of value and unknown keys reported, nothing silent.

use toml_edit::{Array, Item, TableLike, Value};

use super::names;
use super::source::{Sink, SourceFile};
use crate::Place;

/// A value and where it stands in its file.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub place: Place,
}

pub(super) type Word = At<String>;

/// A table being read. Keys that were asked for are known; [`Table::finish`] refuses all others.
pub(super) struct Table<'a> {
    file: &'a SourceFile,
    sink: &'a Sink,
    items: &'a dyn TableLike,
    /// `field title`, for messages.
    pub name: String,
    pub place: Place,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub fn root(file: &'a SourceFile, items: &'a dyn TableLike, sink: &'a Sink) -> Self {
        Self { file, sink, items, name: "this file".into(), place: file.place(0), known: Vec::new() }
    }

    fn get(&mut self, key: &'static str) -> Option<(&'a Item, Place)> {
        self.known.push(key);
        let (name, item) = self.items.get_key_value(key)?;
        let span = item.span().or_else(|| name.span());
        Some((item, span.map_or_else(|| self.place.clone(), |span| self.file.place(span.start))))
    }

    pub fn has(&self, key: &str) -> bool {
        self.items.contains_key(key)
    }

    fn wrong(&self, place: &Place, key: &str, expected: &str, found: &str) {
        self.sink.error(place, format!("`{key}` of {} must be {expected}, found {found}", self.name));
    }

    pub fn text(&mut self, key: &'static str) -> Option<Word> {
        let (item, place) = self.get(key)?;
        let Some(text) = item.as_str() else {
            self.wrong(&place, key, "a text in quotes", item.type_name());
            return None;
        };
        if text.trim().is_empty() || text.contains('\0') {
            self.wrong(&place, key, "a text that says something", "an empty one");
            return None;
        }
        Some(At { value: text.to_owned(), place })
    }

    pub fn required_text(&mut self, key: &'static str) -> Option<Word> {
        if !self.has(key) {
            self.missing(key);
        }
        self.text(key)
    }

    pub fn missing(&mut self, key: &'static str) {
        self.known.push(key);
        self.sink.error(&self.place, format!("{} has no `{key}`", self.name));
    }

    /// A truth that is false when left out; to write that down is a warning.
    pub fn flag(&mut self, key: &'static str) -> bool {
        let Some((item, place)) = self.get(key) else { return false };
        match item.as_bool() {
            Some(true) => true,
            Some(false) => {
                self.sink.warning(&place, format!("`{key} = false` is the default: leave it out"));
                false
            }
            None => {
                self.wrong(&place, key, "true or false", item.type_name());
                false
            }
        }
    }

    pub fn integer(&mut self, key: &'static str) -> Option<At<i64>> {
        let (item, place) = self.get(key)?;
        let Some(value) = item.as_integer() else {
            self.wrong(&place, key, "a whole number", item.type_name());
            return None;
        };
        Some(At { value, place })
    }

    /// `[first, last]`.
    pub fn range(&mut self, key: &'static str) -> Option<At<(i64, i64)>> {
        let (item, place) = self.get(key)?;
        let numbers: Option<Vec<i64>> = item.as_array().and_then(|list| list.iter().map(Value::as_integer).collect());
        match numbers.as_deref() {
            Some([first, last]) => Some(At { value: (*first, *last), place }),
            _ => {
                self.wrong(&place, key, "two whole numbers, as in [1, 3]", item.type_name());
                None
            }
        }
    }

    /// The value as it stands, for keys whose kind depends on another.
    pub fn value(&mut self, key: &'static str) -> Option<At<&'a Value>> {
        let (item, place) = self.get(key)?;
        match item.as_value() {
            Some(value) => Some(At { value, place }),
            None => {
                self.wrong(&place, key, "one value", item.type_name());
                None
            }
        }
    }

    /// A list of names, or a single one without brackets.
    pub fn words(&mut self, key: &'static str) -> Option<Vec<Word>> {
        let (item, place) = self.get(key)?;
        if let Some(text) = item.as_str() {
            return Some(vec![At { value: text.to_owned(), place }]);
        }
        let Some(list) = item.as_array() else {
            self.wrong(&place, key, "a list of names", item.type_name());
            return None;
        };
        let words: Vec<Word> = list.iter().filter_map(|value| self.word(key, value, &place)).collect();
        self.refuse_repeats(&words);
        Some(words)
    }

    fn word(&self, key: &str, value: &Value, list: &Place) -> Option<Word> {
        let place = value.span().map_or_else(|| list.clone(), |span| self.file.place(span.start));
        let Some(text) = value.as_str() else {
            self.wrong(&place, key, "a list of names", value.type_name());
            return None;
        };
        Some(At { value: text.to_owned(), place })
    }

    fn refuse_repeats(&self, words: &[Word]) {
        for (position, word) in words.iter().enumerate() {
            if words.iter().take(position).any(|earlier| earlier.value == word.value) {
                self.sink.error(&word.place, format!("`{}` stands in this list already", word.value));
            }
        }
    }

    /// A list of names in which an inner list means that one of its names is enough.
    pub fn alternatives(&mut self, key: &'static str) -> Vec<Vec<Word>> {
        let Some((item, place)) = self.get(key) else { return Vec::new() };
        let Some(list) = item.as_array() else {
            self.wrong(&place, key, "a list of names", item.type_name());
            return Vec::new();
        };
        let group = |inner: &Array| inner.iter().filter_map(|value| self.word(key, value, &place)).collect();
        let groups: Vec<Vec<Word>> = list
            .iter()
            .map(|value| match value.as_array() {
                Some(inner) => group(inner),
                None => self.word(key, value, &place).into_iter().collect(),
            })
            .filter(|group: &Vec<Word>| !group.is_empty())
            .collect();
        self.refuse_repeats(&groups.iter().flatten().cloned().collect::<Vec<_>>());
        groups
    }

    pub fn child(&mut self, key: &'static str) -> Option<Table<'a>> {
        let (item, place) = self.get(key)?;
        let Some(items) = item.as_table_like() else {
            self.wrong(&place, key, "a table", item.type_name());
            return None;
        };
        Some(self.nested(items, place, format!("[{key}]")))
    }

    /// The named tables below `key`, in file order: `[fields.impact]` and `[fields.urgency]` below `fields`.
    pub fn children(&mut self, key: &'static str, what: &str) -> Vec<(Word, Table<'a>)> {
        let Some(parent) = self.child(key) else { return Vec::new() };
        let mut children = Vec::new();
        for (name, item) in parent.items.iter() {
            let place = parent.key_place(name);
            let named = format!("{what} `{name}`");
            match item.as_table_like() {
                Some(items) => {
                    let table = self.nested(items, place.clone(), named);
                    children.push((At { value: name.to_owned(), place }, table));
                }
                None => self.sink.error(&place, format!("{named} must be a table, found {}", item.type_name())),
            }
        }
        children
    }

    /// Keys with texts, in file order: `{ high = "High", low = "Low" }`; a plain list gives keys without texts.
    pub fn labelled(&mut self, key: &'static str) -> Option<Vec<(Word, Option<String>)>> {
        if self.items.get(key).and_then(Item::as_table_like).is_none() {
            return Some(self.words(key)?.into_iter().map(|word| (word, None)).collect());
        }
        let parent = self.child(key)?;
        let entries = parent.items.iter().map(|(name, item)| {
            let place = parent.key_place(name);
            match item.as_str() {
                Some(text) if !text.trim().is_empty() => {}
                Some(_) => self.wrong(&place, name, "a text that says something", "an empty one"),
                None => self.wrong(&place, name, "a text in quotes", item.type_name()),
            }
            (At { value: name.to_owned(), place }, item.as_str().map(str::to_owned))
        });
        Some(entries.collect())
    }

    fn key_place(&self, name: &str) -> Place {
        let span = self.items.key(name).and_then(toml_edit::Key::span);
        span.map_or_else(|| self.place.clone(), |span| self.file.place(span.start))
    }

    fn nested(&self, items: &'a dyn TableLike, place: Place, name: String) -> Table<'a> {
        Table { file: self.file, sink: self.sink, items, name, place, known: Vec::new() }
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) {
        for (key, _) in self.items.iter().filter(|(key, _)| !self.known.contains(key)) {
            let hint = names::hint(key, self.known.iter().copied());
            self.sink.error(&self.key_place(key), format!("{} has no key `{key}`{hint}", self.name));
        }
    }
}
