//! Forms: for a new record, a change, a move or a setting. All work without script, keep what was typed, and show each
//! error beside its field.

use askama::Template;

use super::{
    filters, markup,
    parts::{Callout, Mark},
    shell::Shell,
};

/// A form that posts. `action` answers 303 when it went well, else the same page with the errors and the input (422).
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "form/form.html")]
pub struct Form {
    /// Unique on the page; ids of the fields begin with it.
    pub id: String,
    pub action: String,
    pub csrf: String,
    pub hidden: Vec<(String, String)>,
    pub groups: Vec<Group>,
    /// What is wrong with the whole, or with a field that the form does not show.
    pub errors: Vec<String>,
    /// A verb: `Create the incident`, `Resolve`.
    pub submit: String,
    /// Name and values of buttons that send, in place of the one: pressing one of them is the answer.
    pub answers: Option<(String, Vec<Choice>)>,
    pub danger: bool,
    pub cancel: Option<String>,
    /// Where the browser keeps a half-filled form: `incident:new`. Empty keeps none.
    pub draft: String,
    /// Fields under one another, for narrow places (aside, dialog).
    pub narrow: bool,
}

impl Form {
    /// The form came back: the browser must not put an older draft over it.
    pub fn failed(&self) -> bool {
        !self.errors.is_empty() || self.fields().any(|field| field.error.is_some())
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.groups.iter().flat_map(|group| &group.fields)
    }

    fn wrong(&self) -> Vec<&Field> {
        self.fields().filter(|field| field.error.is_some()).collect()
    }
}

/// Fields that belong together. No legend: the fields stand alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub legend: String,
    pub help: String,
    pub fields: Vec<Field>,
}

/// A field of the model in a form. Posted under `key`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    pub key: String,
    pub label: String,
    pub help: String,
    /// A record cannot be made, or a move not be done, without it.
    pub required: bool,
    pub error: Option<String>,
    pub control: Control,
    /// Takes the whole width of its group: titles and long texts.
    pub wide: bool,
}

impl Field {
    pub fn new(key: impl Into<String>, label: impl Into<String>, control: Control) -> Self {
        Self { key: key.into(), label: label.into(), control, ..Self::default() }
    }

    /// What every input carries: its id and name, whether it is needed or wrong, and what explains it.
    fn attributes(&self, form: &str) -> Attributes {
        Attributes {
            id: format!("{form}-{}", self.key),
            name: self.key.clone(),
            required: self.required,
            invalid: self.error.is_some(),
            described: self.described(form),
        }
    }

    /// Names the texts that explain the field, for screen readers.
    fn described(&self, form: &str) -> String {
        let help = (!self.help.is_empty() || matches!(self.control, Control::Instant { .. })).then_some("h");
        let ids = help.into_iter().chain(self.error.is_some().then_some("e"));
        ids.map(|part| format!("{form}-{}-{part}", self.key)).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"id="{{ id }}" name="{{ name }}"{% if required %} required{% endif %}{% if invalid %} aria-invalid="true"{% endif %}{% if !described.is_empty() %} aria-describedby="{{ described }}"{% endif %}"#
)]
struct Attributes {
    id: String,
    name: String,
    required: bool,
    invalid: bool,
    described: String,
}

/// How a field is typed. Values are as posted: an instant is `2026-11-24T10:42` in the zone that is named.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// `kind` is the input's type: text, email, url.
    Text {
        value: String,
        max: u32,
        kind: &'static str,
    },
    /// Markdown; `code` shows it in the fixed face (conditions, JSON).
    LongText {
        value: String,
        max: u32,
        rows: u8,
        code: bool,
    },
    Number {
        value: String,
        min: String,
        max: String,
        step: String,
    },
    /// One of few, as a list. An empty `none` means that nothing is no answer.
    Select {
        options: Vec<Choice>,
        none: String,
    },
    /// One of few that deserve thought, all in sight.
    Chips {
        options: Vec<Choice>,
    },
    /// Posts `true`, or nothing.
    Check {
        checked: bool,
    },
    Date {
        value: String,
    },
    Instant {
        value: String,
        zone: String,
    },
    /// ISO 8601: `PT4H`, `P5D`.
    Duration {
        value: String,
    },
    /// A link to a record. Posted as the number, or as `Name · NUMBER` as the list offers it, or as an exact name.
    /// `suggest` answers `?q=` with options (see [`Suggestions`]); `options` are known already.
    Record {
        value: String,
        suggest: String,
        options: Vec<Choice>,
    },
    /// Scalar rows, one a line.
    Lines {
        value: String,
        rows: u8,
    },
    /// A square of numbers: row `r`, column `c` is posted as `key.r.c` (from 0).
    Matrix {
        corner: String,
        columns: Vec<String>,
        rows: Vec<MatrixRow>,
    },
    /// Shown, not posted, with the reason in `help`.
    Fixed {
        value: String,
    },
}

impl Default for Control {
    fn default() -> Self {
        Self::Text { value: String::new(), max: 0, kind: "text" }
    }
}

/// A row of a [`Control::Matrix`]: its label, and a cell for each column (label of the column, value).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatrixRow {
    pub label: String,
    pub cells: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A second line for choices that need one.
    pub help: String,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), label: label.into(), help: String::new(), chosen }
    }
}

/// `GET /suggest/TYPE?q=…`: options for a [`Control::Record`], names that begin with or contain `q`, at most 12.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "form/suggestions.html")]
pub struct Suggestions {
    /// `value` is what is put into the field: `Aisha Rahman · PER-000012`; `help` tells two of a name apart.
    pub options: Vec<Choice>,
}

/// A page with one form: create, edit, a move of the life-cycle, a link.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "form/page.html")]
pub struct FormPage {
    pub shell: Shell,
    /// Small line above the heading: `INC-000042 · VPN drops`.
    pub eyebrow: String,
    /// `New incident`, `Resolve INC-000042`.
    pub heading: String,
    pub lead: String,
    /// A warning that belongs to this act: what cannot be undone, who will be told.
    pub callout: Option<Callout>,
    pub form: Form,
}

markup!(Form, Attributes);
