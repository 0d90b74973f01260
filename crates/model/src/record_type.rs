//! What a record type is: fields, life-cycle, relations, permissions and views, as loaded and checked.
//!
//! These are plain data. The loader (`load`) makes them from TOML, everything else only reads them.

use std::collections::BTreeMap;

/// Position of a field in `RecordType::fields`, and of its value in a row. System fields come first, then the fields
/// in file order, then those that overlays add.
pub type Slot = usize;

#[derive(Clone, Debug)]
pub struct RecordType {
    /// `incident`: table name, name in conditions and in links.
    pub name: String,
    /// `incidents`: collection in the model's own language (`incidents.all(i, …)`).
    pub plural: String,
    /// `incidents`, `role-assignments`: the plural with hyphens, as in addresses.
    pub path: String,
    /// `INC`, as in `INC-000042`.
    pub prefix: String,
    /// What people call one of it, for pages: `Incident`.
    pub label: String,
    pub label_plural: String,
    /// Clause of the standard, when the type serves one.
    pub clause: Option<String>,
    /// The link field that decides who may see a record (`customer`); none: everybody who may read the type.
    pub scope: Option<Slot>,
    /// The parent type whose fields this one repeats first (`extends`), at most three deep.
    pub extends: Option<String>,
    pub fields: Vec<Field>,
    pub lifecycle: Option<Lifecycle>,
    pub relations: Vec<Relation>,
    /// By role key.
    pub permissions: BTreeMap<String, Permission>,
    pub views: Vec<View>,
    /// The file that declares it, relative to the model's root.
    pub file: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Permanent: column name, REST key, ledger key. A rename says `was = "…"` and the ledger keeps the old key.
    pub key: String,
    pub kind: Kind,
    pub label: String,
    pub help: Option<String>,
    /// A record cannot be created without it.
    pub required: bool,
    /// Written by the engine or a behaviour, never by input.
    pub derived: bool,
    /// One of [`SYSTEM_FIELDS`] or `state`: declared by the engine, not by a file.
    pub system: bool,
    /// Names a person: value and salt are separate rows that a lawful erasure deletes.
    pub personal: bool,
    /// An approval is bound to this field's value.
    pub material: bool,
    /// Lists may sort by it: an index exists.
    pub sortable: bool,
    /// The value that a new record begins with, as written in the file.
    pub default: Option<crate::Value>,
    /// A setting without which this derived field cannot exist: null is then *absent*, not empty.
    pub needs_setting: Option<String>,
    /// The clause or reason, for `model explain`.
    pub clause: Option<String>,
    /// Where it is declared.
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One line. `max` is in characters.
    Text {
        max: u32,
    },
    /// Markdown of several lines; history keeps it apart from the short columns.
    LongText {
        max: u32,
    },
    Integer {
        min: i64,
        max: i64,
    },
    /// Held as an integer scaled by `10^scale`.
    Decimal {
        scale: u8,
    },
    /// As decimal, with a currency in the column `<key>_currency`.
    Money {
        scale: u8,
    },
    Boolean,
    Date,
    Instant,
    Duration,
    Choice(Vec<Choice>),
    /// An ordinary record of the type `list_value` whose `list` is this one.
    ListValue {
        list: String,
    },
    /// To one record of one of these types; `any` stands for all.
    Link {
        to: Vec<String>,
    },
    /// Lines inside the record. Each line has the implicit columns `at` (instant when it was so), `by` (link to
    /// person) and `counted_at` (claimed, else recorded); `scalar` lines have the one column `value` and their
    /// variable stands for it in conditions.
    Rows {
        columns: Vec<Field>,
        scalar: bool,
    },
    Attachment,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub key: String,
    pub label: String,
}

/// `system` fields of every record, in slot order. `state` follows as slot 8 where there is a life-cycle.
/// `origin` (id of the import batch or 0) and `gaps` (the source's history has holes) are not shown by REST.
pub const SYSTEM_FIELDS: [&str; 8] =
    ["number", "version", "raised_at", "updated_at", "recorded_at", "origin", "gaps", "created_by"];

#[derive(Clone, Debug)]
pub struct Lifecycle {
    pub initial: String,
    pub states: Vec<State>,
    pub transitions: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub key: String,
    pub label: String,
    pub category: Category,
    /// An overlay's sub-state behaves as this core state.
    pub maps_to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Open,
    Done,
    Final,
}

#[derive(Clone, Debug)]
pub struct Transition {
    /// As in the address: `mark-duplicate`.
    pub name: String,
    pub label: String,
    pub from: Vec<String>,
    pub to: String,
    /// Fields that must be set on the result; they are also this transition's form. An inner list of several means
    /// that one of them is enough.
    pub needs: Vec<Vec<Slot>>,
    /// Further fields that the form offers.
    pub offers: Vec<Slot>,
    /// Fields emptied by the move (`waiting_for` on `resume`).
    pub clears: Vec<Slot>,
    /// The move asks for a reason, kept in its ledger entry.
    pub reason: bool,
    /// Must be true of the result; unknown refuses as well.
    pub guard: Option<ConditionText>,
    /// A timed move (`at = "due_at"`): the engine's minute job makes it once this instant field has passed, with
    /// `happened` = that instant. No person may ask for it.
    pub at: Option<Slot>,
}

#[derive(Clone, Debug)]
pub struct Relation {
    pub name: String,
    pub label: String,
    pub source: RelationSource,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RelationSource {
    /// Rows of the table `link` of this kind; this record stands in `a` (`forward`) or in `b`.
    Links { kind: String, to: Vec<String>, forward: bool, acyclic: bool },
    /// Records of `record_type` whose to-one link `field` points here.
    Inverse { record_type: String, field: String },
    /// The record's own ledger entries except the first and those that enter one of these states. Columns: `at`,
    /// `by`, `counted_at`, `kind`. A list that is incomplete where the record's history has gaps.
    Entries { except_into: Vec<String> },
}

#[derive(Clone, Debug, Default)]
pub struct Permission {
    pub read: Option<ConditionText>,
    pub create: Option<ConditionText>,
    pub change: Option<ConditionText>,
    /// Transitions by name; `*` is all.
    pub transitions: Vec<String>,
    /// Fields that this role never sees.
    pub hide: Vec<Slot>,
    /// Fields that this role sees and may not write.
    pub fixed: Vec<Slot>,
    /// May write comments: `public`, `internal`.
    pub comment: Vec<String>,
    /// Sees and touches only records within the person's own scopes (`scoped = true`); else those of all scopes.
    pub scoped: bool,
    /// Sees the public part only: no internal comments, history or proofs (`public_only = true`).
    pub public_only: bool,
}

#[derive(Clone, Debug)]
pub struct View {
    pub name: String,
    pub label: String,
    pub filter: Option<ConditionText>,
    pub columns: Vec<Slot>,
    /// Slot and whether it descends.
    pub sort: Vec<(Slot, bool)>,
    pub facets: Vec<Slot>,
}

/// A condition as written, with the place it stands at; checked when the model is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionText {
    pub text: String,
    pub place: Place,
}

/// `file:line:column`, the first line and column being 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

impl RecordType {
    pub fn slot(&self, key: &str) -> Option<Slot> {
        self.fields.iter().position(|field| field.key == key)
    }

    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.name == name)
    }

    /// The slot of `state`, where the type has a life-cycle.
    pub fn state_slot(&self) -> Option<Slot> {
        self.lifecycle.as_ref().and_then(|_| self.slot("state"))
    }

    /// What stands for the record in lists and links: its `title`, `name` or `label`, else its number.
    pub fn title_slot(&self) -> Slot {
        ["title", "name", "label"].iter().find_map(|key| self.slot(key)).unwrap_or(0)
    }
}

impl Lifecycle {
    /// The states that an overlay puts under a core state.
    pub fn under<'l>(&'l self, core: &'l str) -> impl Iterator<Item = &'l State> {
        self.states.iter().filter(move |state| state.maps_to.as_deref() == Some(core))
    }

    pub fn state(&self, key: &str) -> Option<&State> {
        self.states.iter().find(|state| state.key == key)
    }

    pub fn transition(&self, name: &str) -> Option<&Transition> {
        self.transitions.iter().find(|transition| transition.name == name)
    }
}

impl Kind {
    /// Whether the value stands in a column of the type's own table (rows lie in a table of their own).
    pub fn is_column(&self) -> bool {
        !matches!(self, Self::Rows { .. })
    }

    pub fn is_long_text(&self) -> bool {
        matches!(self, Self::LongText { .. })
    }

    /// Whether the column holds text; all others hold 64-bit integers.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::LongText { .. } | Self::Choice(_) | Self::Attachment)
    }

    pub fn is_link(&self) -> bool {
        matches!(self, Self::Link { .. } | Self::ListValue { .. })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
