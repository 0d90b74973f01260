//! Whom and what the rows name: people, teams, configuration items, list values. Each becomes one record, made in the
//! batch that first names it and found again by the name under which the source knows it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::{Channel, EntryKind, EntryPlan, RecordPlan, StepPlan, slot};
use model::{Model, RecordType, Slot, Value};
use store::schema::quoted;
use store::{Fault, Param, Session, SessionExt};
use unicode_normalization::{UnicodeNormalization as _, is_nfc_quick};

use crate::convert::{PersonKey, PersonOf};
use crate::mapping::LinkRule;

pub(super) const PERSON: &str = "person";
pub(super) const LIST_VALUE: &str = "list_value";

/// Something that a row names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Person(PersonKey),
    /// The record of this type that has this name.
    Record {
        record_type: Arc<str>,
        name: Arc<str>,
    },
    ListValue {
        list: Arc<str>,
        label: Arc<str>,
    },
    /// The record of this type that a source knows by this key.
    Keyed {
        record_type: Arc<str>,
        source: Arc<str>,
        key: Arc<str>,
    },
}

impl Name {
    /// A person of no column is whoever has that name.
    fn plain(self) -> Self {
        match self {
            Self::Person(PersonKey { of: PersonOf::Anywhere, name }) => {
                Self::Record { record_type: Arc::from(PERSON), name }
            }
            other => other,
        }
    }

    /// The source and key under which `external_id` knows it. Separators that no cell of a table holds keep the kinds
    /// apart.
    fn external(&self, source: &str) -> (String, String) {
        let source = match self {
            Self::Keyed { source, .. } => source.to_string(),
            _ => source.to_owned(),
        };
        (source, self.external_key())
    }

    fn external_key(&self) -> String {
        match self {
            Self::Person(person) => format!("{}\u{1f}{}", person.column(), nfc(&person.name)),
            Self::Keyed { key, .. } => key.to_string(),
            Self::Record { record_type, name } => format!("{record_type}\u{1e}{}", nfc(name)),
            Self::ListValue { list, label } => format!("{LIST_VALUE}\u{1e}{list}\u{1e}{}", nfc(label)),
        }
    }

    pub fn record_type(&self) -> &str {
        match self {
            Self::Person(_) => PERSON,
            Self::Record { record_type, .. } | Self::Keyed { record_type, .. } => record_type,
            Self::ListValue { .. } => LIST_VALUE,
        }
    }
}

/// Whether it is the external key of something that rows only name.
pub(super) fn is_name(key: &str) -> bool {
    key.contains(['\u{1e}', '\u{1f}'])
}

/// Text as it is kept: normalised, so that one name has one spelling.
pub(super) fn nfc(text: &Arc<str>) -> Arc<str> {
    let is_plain = text.is_ascii() || is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes;
    if is_plain { Arc::clone(text) } else { Arc::from(text.nfc().collect::<String>()) }
}

/// What the records that are made here have in common.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub source: String,
    pub actor: Option<i64>,
    pub recorded_at: i64,
    /// Whatever is only named begins with the log's first instant, so that it is there at any time that the log tells of.
    pub begins: i64,
    /// States of named records that do not begin with their life-cycle's first one.
    pub begin_as: std::collections::BTreeMap<String, String>,
}

/// The ids of what rows name; negative ones belong to records that are still on their way into the database.
pub(super) struct Names {
    common: Common,
    model: Arc<Model>,
    /// Records found by links that make none.
    pub(super) found: HashMap<(Arc<LinkRule>, Arc<str>), i64>,
    ids: HashMap<Name, i64>,
    /// Named first since the last `take_fresh`, in order.
    fresh: Vec<(Name, i64)>,
    next: i64,
    list_keys: HashMap<Arc<str>, HashSet<String>>,
}

impl Names {
    pub fn new(common: Common, model: Arc<Model>) -> Self {
        Self {
            common,
            model,
            found: HashMap::new(),
            ids: HashMap::new(),
            fresh: Vec::new(),
            next: 0,
            list_keys: HashMap::new(),
        }
    }

    /// A name for a record that is still to come.
    pub fn temporary(&mut self) -> i64 {
        self.next -= 1;
        self.next
    }

    pub fn source(&self) -> &str {
        &self.common.source
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The record of a name, which is made where there is none.
    pub fn id(&mut self, session: &mut dyn Session, name: Name) -> Result<i64, Fault> {
        match self.known(session, &name)? {
            Some(id) => Ok(id),
            None => {
                let (name, id) = (name.plain(), self.temporary());
                self.fresh.push((name.clone(), id));
                self.ids.insert(name, id);
                Ok(id)
            }
        }
    }

    /// The record of a name; none where there is none yet.
    pub fn known(&mut self, session: &mut dyn Session, name: &Name) -> Result<Option<i64>, Fault> {
        let name = name.clone().plain();
        if let Some(id) = self.ids.get(&name) {
            return Ok(Some(*id));
        }
        let found = find(session, &self.model, &self.common.source, &name)?;
        if let Some(id) = found {
            self.ids.insert(name, id);
        }
        Ok(found)
    }

    /// How many are fresh: to be given to `back_to` when what named more is refused.
    pub fn mark(&self) -> usize {
        self.fresh.len()
    }

    pub fn back_to(&mut self, mark: usize) {
        for (name, _) in self.fresh.drain(mark..) {
            self.ids.remove(&name);
        }
    }

    pub fn take_fresh(&mut self) -> Vec<(Name, i64)> {
        std::mem::take(&mut self.fresh)
    }

    /// These are in the database now.
    pub fn settle(&mut self, fresh: Vec<(Name, i64)>, real: &HashMap<i64, i64>) {
        for (name, temporary) in fresh {
            if let Some(id) = real.get(&temporary) {
                self.ids.insert(name, *id);
            }
        }
    }

    /// Nothing that is still on its way will arrive.
    pub fn forget_temporary(&mut self) {
        self.ids.retain(|_, id| *id > 0);
        self.fresh.clear();
        self.list_keys.clear();
    }

    /// The record of a fresh name. None where the model lacks its type, which the mapping's check has ruled out.
    pub fn plan(
        &mut self,
        session: &mut dyn Session,
        model: &Model,
        (name, id): &(Name, i64),
        origin: i64,
    ) -> Result<Option<RecordPlan>, Fault> {
        let Some(record_type) = model.shared(name.record_type()).cloned() else { return Ok(None) };
        let mut values = Values::new(&record_type);
        match name {
            Name::Person(person) => {
                values.set("name", Value::Text(nfc(&person.name)));
                values.set("external_key", Value::text(format!("{}/{}", person.column(), nfc(&person.name))));
            }
            Name::Record { name, .. } | Name::Keyed { key: name, .. } => {
                values.set_title(Value::Text(nfc(name)));
                values.set("external_key", Value::Text(nfc(name)));
            }
            Name::ListValue { list, label } => {
                values.set("list", Value::Text(Arc::clone(list)));
                if record_type.slot("key").is_some() {
                    values.set("key", Value::text(self.list_key(session, list, label)?));
                }
                values.set("label", Value::Text(nfc(label)));
            }
        }
        let external = Some(name.external(&self.common.source));
        let state = record_type.lifecycle.as_ref().map(|lifecycle| {
            let stated = self.common.begin_as.get(&record_type.name);
            stated.filter(|state| lifecycle.state(state).is_some()).unwrap_or(&lifecycle.initial).clone()
        });
        let entry = self.common.first_entry(values.into_changes(), state, origin, &record_type);
        Ok(Some(RecordPlan { record_type, id: *id, expected: 0, entries: vec![entry], external }))
    }

    /// A key that no other value of the list has: the label in small letters, digits and underscores.
    fn list_key(&mut self, session: &mut dyn Session, list: &Arc<str>, label: &str) -> Result<String, Fault> {
        if !self.list_keys.contains_key(list) {
            let mut taken = HashSet::new();
            let sql = format!("SELECT {} FROM {} WHERE {} = ?", quoted("key"), quoted(LIST_VALUE), quoted("list"));
            session.query(&sql, &[Param::Text(list)], &mut |row| {
                taken.extend(row.text(0)?.map(str::to_owned));
                Ok(())
            })?;
            self.list_keys.insert(Arc::clone(list), taken);
        }
        let taken = self.list_keys.entry(Arc::clone(list)).or_default();
        let plain = key_of(label);
        let mut key = plain.clone();
        let mut count = 1_u32;
        while !taken.insert(key.clone()) {
            count += 1;
            key = format!("{plain}_{count}");
        }
        Ok(key)
    }
}

impl Common {
    /// The entry with which a record begins that the import makes beside the cases.
    pub fn first_entry(
        &self,
        fields: Vec<(Slot, Value)>,
        state: Option<String>,
        origin: i64,
        record_type: &RecordType,
    ) -> EntryPlan {
        let mut changes = vec![
            (slot::RAISED_AT, Value::Instant(self.begins)),
            (slot::ORIGIN, Value::Int(origin)),
            (slot::GAPS, Value::Bool(false)),
        ];
        changes.extend(self.actor.map(|person| (slot::CREATED_BY, Value::Link(person))));
        changes.extend(record_type.state_slot().zip(state.as_ref()).map(|(slot, state)| (slot, Value::text(state))));
        changes.extend(fields);
        EntryPlan {
            kind: EntryKind::Create,
            recorded_at: self.recorded_at,
            happened_at: self.begins,
            claimed_at: None,
            actor: self.actor,
            on_behalf: None,
            grant: None,
            channel: Channel::Import,
            request: None,
            changes,
            lines: Vec::new(),
            links: Vec::new(),
            step: state.as_ref().map(|to| StepPlan { from: None, to: to.clone() }),
            comment: None,
            deviates: None,
            reason: None,
            state,
            replaces: Vec::new(),
        }
    }
}

/// Values by field key; a field that the type lacks is left out, since an overlay may call it otherwise.
pub(super) struct Values<'a> {
    record_type: &'a RecordType,
    changes: Vec<(Slot, Value)>,
}

impl<'a> Values<'a> {
    pub fn new(record_type: &'a RecordType) -> Self {
        Self { record_type, changes: Vec::new() }
    }

    pub fn set(&mut self, key: &str, value: Value) {
        self.changes.extend(self.record_type.slot(key).map(|slot| (slot, value)));
    }

    /// What stands for the record in lists.
    pub fn set_title(&mut self, value: Value) {
        let slot = self.record_type.title_slot();
        if self.record_type.fields.get(slot).is_some_and(|field| !field.system) {
            self.changes.push((slot, value));
        }
    }

    pub fn into_changes(self) -> Vec<(Slot, Value)> {
        self.changes
    }
}

fn find(session: &mut dyn Session, model: &Model, source: &str, name: &Name) -> Result<Option<i64>, Fault> {
    let (source, key) = name.external(source);
    let sql = "SELECT record FROM external_id WHERE source = ? AND key = ?";
    let known = session.optional_int(sql, &[Param::Text(&source), Param::Text(&key)])?;
    if known.is_some() {
        return Ok(known);
    }
    match name {
        // Nobody knows whether two people of one name are one.
        Name::Person(_) | Name::Keyed { .. } => Ok(None),
        Name::Record { record_type, name } => titled(session, model, record_type, name),
        Name::ListValue { list, label } => {
            let (table, in_list, labelled) = (quoted(LIST_VALUE), quoted("list"), quoted("label"));
            let sql = format!("SELECT id FROM {table} WHERE {in_list} = ? AND {labelled} = ? ORDER BY id LIMIT 1");
            session.optional_int(&sql, &[Param::Text(list), Param::Text(&nfc(label))])
        }
    }
}

/// The oldest record of a type, or of one that extends it, with this title.
pub(super) fn titled(
    session: &mut dyn Session,
    model: &Model,
    record_type: &str,
    title: &Arc<str>,
) -> Result<Option<i64>, Fault> {
    let title = nfc(title);
    let mut oldest: Option<i64> = None;
    for member in model.family(record_type) {
        let sql = "SELECT id FROM record WHERE type = ? AND title = ? AND deleted_at IS NULL ORDER BY id LIMIT 1";
        let found = session.optional_int(sql, &[Param::Text(&member.name), Param::Text(&title)])?;
        oldest = oldest.into_iter().chain(found).min();
    }
    Ok(oldest)
}

fn key_of(label: &str) -> String {
    let mut key = String::with_capacity(label.len());
    for c in label.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            key.push(c);
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    let key = key.trim_end_matches('_');
    if key.is_empty() { "value".to_owned() } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn a_key_is_the_label_in_small_letters_and_underscores() {
        assert_eq!(key_of("Category 55"), "category_55");
        assert_eq!(key_of("  Net, core / WAN "), "net_core_wan");
        assert_eq!(key_of("Größe"), "größe");
        assert_eq!(key_of("???"), "value");
    }
}
