//! What the files say, read but not yet brought together: names are still words with places, not slots.

use super::reader::{At, Word};
use crate::{Category, Choice, Kind, Place, Value};

pub(super) struct RecordDecl {
    pub name: Word,
    pub plural: Option<Word>,
    pub prefix: Option<Word>,
    pub label: Option<Word>,
    pub label_plural: Option<Word>,
    pub clause: Option<Word>,
    pub scope: Option<Word>,
    pub extends: Option<Word>,
    pub mixins: Vec<Word>,
    pub parts: Parts,
    /// Whether an overlay declares it.
    pub overlay: bool,
    pub place: Place,
}

pub(super) struct MixinDecl {
    pub name: Word,
    pub parts: Parts,
}

/// What a record type and a mixin have in common.
#[derive(Clone, Default)]
pub(super) struct Parts {
    pub fields: Vec<FieldDecl>,
    pub lifecycle: Option<LifecycleDecl>,
    pub relations: Vec<RelationDecl>,
    pub permissions: Vec<PermissionDecl>,
    pub views: Vec<ViewDecl>,
}

#[derive(Clone)]
pub(super) struct FieldDecl {
    pub key: Word,
    /// None where an overlay only tightens a field of the core.
    pub kind: Option<KindDecl>,
    pub label: Option<String>,
    pub help: Option<String>,
    pub required: bool,
    pub derived: bool,
    pub personal: bool,
    pub material: bool,
    pub sort: bool,
    pub default: Option<At<Value>>,
    pub needs_setting: Option<String>,
    pub clause: Option<String>,
    /// Choices that an overlay adds to a field of the core.
    pub more_choices: Vec<ChoiceDecl>,
    pub overlay: bool,
}

#[derive(Clone)]
pub(super) struct ChoiceDecl {
    pub place: Place,
    pub choice: Choice,
}

#[derive(Clone)]
pub(super) enum KindDecl {
    /// A kind that names nothing else.
    Plain(Kind),
    Choice(Vec<ChoiceDecl>),
    ListValue(Word),
    Link(Vec<Word>),
    Rows {
        columns: Vec<FieldDecl>,
        scalar: bool,
    },
}

#[derive(Clone)]
pub(super) struct LifecycleDecl {
    pub place: Place,
    pub initial: Option<Word>,
    pub states: Vec<StateDecl>,
    pub transitions: Vec<TransitionDecl>,
}

#[derive(Clone)]
pub(super) struct StateDecl {
    pub key: Word,
    pub label: String,
    pub category: Option<Category>,
    pub maps_to: Option<Word>,
}

#[derive(Clone)]
pub(super) struct TransitionDecl {
    pub name: Word,
    pub label: Option<String>,
    pub from: Vec<Word>,
    pub to: Option<Word>,
    pub needs: Vec<Vec<Word>>,
    pub offers: Vec<Word>,
    pub clears: Vec<Word>,
    pub reason: bool,
    pub guard: Option<Word>,
    pub at: Option<Word>,
}

#[derive(Clone)]
pub(super) struct RelationDecl {
    pub name: Word,
    pub label: String,
    pub form: RelationForm,
}

#[derive(Clone)]
pub(super) enum RelationForm {
    Links {
        to: Vec<Word>,
        kind: Word,
        acyclic: bool,
    },
    /// The other side of links: `children` or `service.components`.
    InverseOf(Word),
    /// Records whose to-one link points here: `clock.incident`.
    From(Word),
    Entries {
        except_into: Vec<Word>,
    },
}

#[derive(Clone)]
pub(super) struct PermissionDecl {
    pub role: Word,
    pub like: Option<Word>,
    pub rights: Rights,
}

/// None means: not said here, so a mixin, a parent or `like` may say it.
#[derive(Clone, Default)]
pub(super) struct Rights {
    pub read: Option<Word>,
    pub create: Option<Word>,
    pub change: Option<Word>,
    pub transitions: Option<Vec<Word>>,
    pub hide: Option<Vec<Word>>,
    pub sees: Option<Vec<Word>>,
    pub fixed: Option<Vec<Word>>,
    pub writes: Option<Vec<Word>>,
    pub comment: Option<Vec<Word>>,
    pub scoped: bool,
    pub public_only: bool,
}

#[derive(Clone)]
pub(super) struct ViewDecl {
    pub name: Word,
    pub label: String,
    pub filter: Option<Word>,
    pub columns: Vec<Word>,
    pub sort: Vec<Word>,
    pub facets: Vec<Word>,
}
