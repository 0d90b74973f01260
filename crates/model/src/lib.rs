//! The language in which record types are declared, and its conditions. Pure: no database, no clock, no network.

pub mod condition;
pub mod load;
mod record_type;
mod value;

pub use record_type::*;
pub use value::Value;

use std::collections::HashMap;
use std::sync::Arc;

/// All record types of an organisation, loaded, overlaid and checked as a whole.
#[derive(Clone, Debug, Default)]
pub struct Model {
    types: Vec<Arc<RecordType>>,
    by_name: HashMap<String, usize>,
    by_path: HashMap<String, usize>,
    by_prefix: HashMap<String, usize>,
    by_plural: HashMap<String, usize>,
    /// SHA-256 over the canonical text of all files; each ledger entry names it.
    pub hash: [u8; 32],
}

impl Model {
    /// Puts checked types together. Names, paths, plurals and prefixes must be unique; the loader has seen to that.
    pub fn new(types: Vec<RecordType>, hash: [u8; 32]) -> Self {
        let index = |key: fn(&RecordType) -> &String| {
            types.iter().enumerate().map(|(i, t)| (key(t).clone(), i)).collect::<HashMap<_, _>>()
        };
        let (by_name, by_path) = (index(|t| &t.name), index(|t| &t.path));
        let (by_prefix, by_plural) = (index(|t| &t.prefix), index(|t| &t.plural));
        let types = types.into_iter().map(Arc::new).collect();
        Self { types, by_name, by_path, by_prefix, by_plural, hash }
    }

    pub fn types(&self) -> &[Arc<RecordType>] {
        &self.types
    }

    pub fn get(&self, name: &str) -> Option<&RecordType> {
        self.by_name.get(name).and_then(|i| self.types.get(*i)).map(|t| &**t)
    }

    /// As [`Model::get`], to be kept.
    pub fn shared(&self, name: &str) -> Option<&Arc<RecordType>> {
        self.by_name.get(name).and_then(|i| self.types.get(*i))
    }

    /// By the word in addresses: `role-assignments`.
    pub fn by_path(&self, path: &str) -> Option<&RecordType> {
        self.by_path.get(path).and_then(|i| self.types.get(*i)).map(|t| &**t)
    }

    /// By the letters of a number: `INC`.
    pub fn by_prefix(&self, prefix: &str) -> Option<&RecordType> {
        self.by_prefix.get(prefix).and_then(|i| self.types.get(*i)).map(|t| &**t)
    }

    /// By the collection's name in conditions: `incidents`.
    pub fn by_plural(&self, plural: &str) -> Option<&RecordType> {
        self.by_plural.get(plural).and_then(|i| self.types.get(*i)).map(|t| &**t)
    }

    /// The types that this one extends, nearest first: its records are theirs as well.
    pub fn ancestors<'m>(&'m self, record_type: &RecordType) -> impl Iterator<Item = &'m Arc<RecordType>> + use<'m> {
        let parent = record_type.extends.as_deref().and_then(|name| self.shared(name));
        std::iter::successors(parent, |child| self.shared(child.extends.as_deref()?))
    }

    /// Whether the records of a type are records of this one: it is the type itself, or one that extends it.
    pub fn is_a(&self, name: &str, of: &str) -> bool {
        name == of || self.get(name).is_some_and(|found| self.ancestors(found).any(|ancestor| ancestor.name == of))
    }

    /// Whether a link that may point at these types may point at a record of this one; `any` stands for all.
    pub fn may_stand(&self, name: &str, to: &[String]) -> bool {
        to.iter().any(|to| to == "any" || self.is_a(name, to))
    }

    /// The type and all that extend it.
    pub fn family<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Arc<RecordType>> {
        self.types.iter().filter(move |found| self.is_a(&found.name, name))
    }
}
