//! Forms over fields of the model: made, and given back with errors and everything that was typed.

use model::{RecordType, Slot};

use super::fields;
use super::posted::Fields;
use super::refused::{Answer, Refused, sentence};
use super::visit::Visit;
use crate::view::form::{Control, Field, Form, Group};

/// Fields of one group, with what stands in them.
pub struct Asking<'a> {
    pub visit: &'a Visit,
    pub record_type: &'a RecordType,
    /// Fields without which this form cannot be taken.
    pub required: &'a dyn Fn(Slot) -> bool,
    /// What stands in a field, by its key.
    pub typed: &'a dyn Fn(&str) -> String,
}

impl Asking<'_> {
    pub fn fields(&self, slots: &[Slot]) -> Answer<Vec<Field>> {
        let mut asked = Vec::new();
        for slot in slots {
            let Some(field) = self.record_type.fields.get(*slot) else { continue };
            let typed = (self.typed)(&field.key);
            asked.extend(fields::asked(self.visit, field, &typed, (self.required)(*slot))?);
        }
        Ok(asked)
    }

    pub fn group(&self, legend: &str, slots: &[Slot]) -> Answer<Group> {
        Ok(Group { legend: legend.to_owned(), help: String::new(), fields: self.fields(slots)? })
    }
}

/// Names the check boxes that a form shows: an empty one is posted by nobody.
pub fn boxes(groups: &[Group]) -> Vec<(String, String)> {
    let fields = groups.iter().flat_map(|group| &group.fields);
    let boxes = fields.filter(|field| matches!(field.control, Control::Check { .. }));
    boxes.map(|field| ("shown".to_owned(), field.key.clone())).collect()
}

/// Puts what was refused beside its fields, the rest on top.
pub fn with_errors(mut form: Form, refused: &Refused) -> Form {
    let errors = refused.errors();
    if errors.is_empty() {
        form.errors.push(sentence(refused.detail()));
    }
    for (key, message) in errors {
        let base = key.split(['.', '[']).next().unwrap_or_default();
        let field = form
            .groups
            .iter_mut()
            .flat_map(|group| &mut group.fields)
            .find(|field| field.key == key || field.key == base);
        let said = sentence(&message);
        match field {
            Some(field) => {
                field.error = Some(field.error.take().map_or(said.clone(), |before| format!("{before} {said}")))
            }
            None => form.errors.push(said),
        }
    }
    form
}

/// What came back: as posted, else as it stood.
pub fn typed_or<'a>(posted: Option<&'a Fields>, stood: &'a dyn Fn(&str) -> String) -> impl Fn(&str) -> String + 'a {
    move |key| match posted {
        Some(posted) => posted.get(key).map(str::to_owned).unwrap_or_default(),
        None => stood(key),
    }
}

/// Labels instead of keys, for what was typed and cannot be kept.
pub fn labelled(record_type: &RecordType, typed: Vec<(String, String)>) -> Vec<(String, String)> {
    let label = |key: String| record_type.field(&key).map_or(key, |field| field.label.clone());
    typed.into_iter().filter(|(key, _)| key != "shown").map(|(key, value)| (label(key), value)).collect()
}
