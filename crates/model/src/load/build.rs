//! Makes record types of complete declarations: fields get their slots, and every name its meaning.

use super::declared::{FieldDecl, KindDecl, RecordDecl};
use super::names;
use super::reader::{At, Word};
use super::source::Sink;
use super::{lifecycle, permissions, views};
use crate::{Choice, Field, Kind, Lifecycle, Place, RecordType, SYSTEM_FIELDS, Slot};

const FIELDS_MAX: usize = 400;
const NUMBER_LENGTH_MAX: u32 = 20;
/// The record type whose records are the values of lists; the choices of its field `list` are the lists there are.
const LIST_VALUE: &str = "list_value";
/// Stands for all record types in `to`.
pub(super) const ANY: &str = "any";

/// What the fields of one type may refer to in the others.
pub(super) struct Surroundings {
    pub types: Vec<String>,
    pub lists: Vec<String>,
}

impl Surroundings {
    pub fn of(records: &[RecordDecl]) -> Self {
        let list_value = records.iter().find(|record| record.name.value == LIST_VALUE);
        let list = list_value.and_then(|record| record.parts.fields.iter().find(|field| field.key.value == "list"));
        let lists = match list.and_then(|field| field.kind.as_ref()) {
            Some(KindDecl::Choice(choices)) => choices.iter().map(|declared| declared.choice.key.clone()).collect(),
            _ => Vec::new(),
        };
        Self { types: records.iter().map(|record| record.name.value.clone()).collect(), lists }
    }

    pub fn check_types(&self, to: &[Word], sink: &Sink) {
        for word in to.iter().filter(|word| word.value != ANY && !self.types.contains(&word.value)) {
            let hint = names::hint(&word.value, self.types.iter().map(String::as_str));
            sink.error(&word.place, format!("`{}` is no record type{hint}", word.value));
        }
    }
}

/// Everything but relations, which need the other types built.
pub(super) fn build(record: &RecordDecl, around: &Surroundings, sink: &Sink) -> RecordType {
    let text = |word: &Option<Word>| word.as_ref().map(|word| word.value.clone());
    let name = record.name.value.clone();
    for (key, word) in [("plural", &record.plural), ("prefix", &record.prefix)] {
        if word.is_none() {
            sink.error(&record.place, format!("record type `{name}` has no `{key}`"));
        }
    }
    let plural = text(&record.plural).unwrap_or_default();
    let mut built = RecordType {
        label: text(&record.label).unwrap_or_else(|| names::label(&name)),
        label_plural: text(&record.label_plural).unwrap_or_else(|| names::label(&plural)),
        path: plural.replace('_', "-"),
        prefix: text(&record.prefix).unwrap_or_default(),
        clause: text(&record.clause),
        scope: None,
        extends: text(&record.extends),
        fields: system_fields(),
        lifecycle: None,
        relations: Vec::new(),
        permissions: Default::default(),
        views: Vec::new(),
        file: record.place.file.clone(),
        name,
        plural,
    };
    add_fields(&mut built, record, around, sink);
    built.lifecycle = record.parts.lifecycle.as_ref().map(|decl| lifecycle::build(decl, &built, sink));
    if let (Some(lifecycle), Some(slot)) = (&built.lifecycle, built.slot("state"))
        && let Some(state) = built.fields.get_mut(slot)
    {
        state.kind = state_kind(lifecycle);
    }
    built.scope = record.scope.as_ref().and_then(|word| scope(word, &built, sink));
    built.permissions = permissions::build(&record.parts.permissions, &built, sink);
    built.views = views::build(&record.parts.views, &built, sink);
    built
}

fn system_fields() -> Vec<Field> {
    SYSTEM_FIELDS.iter().map(|key| system_field(key)).collect()
}

fn system_field(key: &str) -> Field {
    let (kind, label, sortable) = match key {
        "number" => (Kind::Text { max: NUMBER_LENGTH_MAX }, "Number", true),
        "version" => (Kind::Integer { min: 1, max: i64::MAX }, "Version", false),
        "raised_at" => (Kind::Instant, "Raised at", true),
        "updated_at" => (Kind::Instant, "Updated at", true),
        "recorded_at" => (Kind::Instant, "Recorded at", false),
        "origin" => (Kind::Integer { min: 0, max: i64::MAX }, "Origin", false),
        "gaps" => (Kind::Boolean, "Gaps in its history", false),
        "created_by" => (Kind::Link { to: vec!["person".into()] }, "Created by", false),
        // `state`; its choices follow once the life-cycle is built.
        _ => (Kind::Choice(Vec::new()), "State", false),
    };
    Field {
        key: key.to_owned(),
        kind,
        label: label.to_owned(),
        help: None,
        required: false,
        derived: true,
        system: true,
        personal: false,
        material: false,
        sortable,
        default: None,
        needs_setting: None,
        clause: None,
        place: Place::default(),
    }
}

fn state_kind(lifecycle: &Lifecycle) -> Kind {
    let choice = |state: &crate::State| Choice { key: state.key.clone(), label: state.label.clone() };
    Kind::Choice(lifecycle.states.iter().map(choice).collect())
}

/// The core's fields keep their slots whatever overlays add: those follow behind.
fn add_fields(built: &mut RecordType, record: &RecordDecl, around: &Surroundings, sink: &Sink) {
    let parts = &record.parts;
    if parts.lifecycle.is_some() {
        built.fields.push(system_field("state"));
    }
    let (core, overlay): (Vec<_>, Vec<_>) = parts.fields.iter().partition(|field| !field.overlay);
    for declared in core.into_iter().chain(overlay) {
        if let Some(known) = built.field(&declared.key.value) {
            // Reserved words were reported where they stand; this is a second declaration, by mixin or parent.
            if !known.system {
                let key = &declared.key;
                sink.error(&key.place, format!("field `{}` is declared already, at {}", key.value, known.place));
            }
            continue;
        }
        if let Some(field) = field(declared, around, sink) {
            built.fields.push(field);
        }
    }
    for relation in &parts.relations {
        if built.field(&relation.name.value).is_some_and(|field| !field.system) {
            let name = &relation.name;
            sink.error(&name.place, format!("relation `{}` has the name of a field", name.value));
        }
    }
    if built.fields.len() > FIELDS_MAX {
        sink.error(&record.place, format!("`{}` has more than {FIELDS_MAX} fields", built.name));
    }
}

fn field(declared: &FieldDecl, around: &Surroundings, sink: &Sink) -> Option<Field> {
    let kind = match declared.kind.as_ref()? {
        KindDecl::Plain(kind) => kind.clone(),
        KindDecl::Choice(choices) => Kind::Choice(choices.iter().map(|declared| declared.choice.clone()).collect()),
        KindDecl::ListValue(list) => {
            check_list(list, around, sink);
            Kind::ListValue { list: list.value.clone() }
        }
        KindDecl::Link(to) => {
            around.check_types(to, sink);
            Kind::Link { to: to.iter().map(|word| word.value.clone()).collect() }
        }
        KindDecl::Rows { columns, scalar } => {
            let columns = columns.iter().filter_map(|column| field(column, around, sink)).collect();
            Kind::Rows { columns, scalar: *scalar }
        }
    };
    Some(Field {
        key: declared.key.value.clone(),
        kind,
        label: declared.label.clone().unwrap_or_else(|| names::label(&declared.key.value)),
        help: declared.help.clone(),
        required: declared.required,
        derived: declared.derived,
        system: false,
        personal: declared.personal,
        material: declared.material,
        sortable: declared.sort,
        default: declared.default.as_ref().map(|At { value, .. }| value.clone()),
        needs_setting: declared.needs_setting.clone(),
        clause: declared.clause.clone(),
        place: declared.key.place.clone(),
    })
}

fn check_list(list: &Word, around: &Surroundings, sink: &Sink) {
    if !around.types.iter().any(|name| name == LIST_VALUE) {
        sink.error(&list.place, format!("there are no lists: no record type `{LIST_VALUE}` is declared"));
    } else if !around.lists.contains(&list.value) {
        let hint = names::hint(&list.value, around.lists.iter().map(String::as_str));
        sink.error(&list.place, format!("`{}` is no list{hint}", list.value));
    }
}

fn scope(word: &Word, built: &RecordType, sink: &Sink) -> Option<Slot> {
    let slot = slot(word, built, sink)?;
    let single =
        |field: &&Field| matches!(&field.kind, Kind::Link { to } if to.len() == 1 && to.iter().all(|name| name != ANY));
    let link = built.fields.get(slot).filter(single);
    if link.is_none() {
        sink.error(&word.place, format!("`scope` must name a link to one record type, `{}` is none", word.value));
    }
    link.map(|_| slot)
}

/// The slot of a field that a file names.
pub(super) fn slot(word: &Word, built: &RecordType, sink: &Sink) -> Option<Slot> {
    let slot = built.slot(&word.value);
    if slot.is_none() {
        let hint = names::hint(&word.value, built.fields.iter().map(|field| field.key.as_str()));
        sink.error(&word.place, format!("`{}` is no field of `{}`{hint}", word.value, built.name));
    }
    slot
}
