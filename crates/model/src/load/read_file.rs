//! Reads one file: a record type (`[record]`) or a mixin (`[mixin]`).

use toml_edit::Document;

use super::declared::{
    LifecycleDecl, MixinDecl, Parts, PermissionDecl, RecordDecl, RelationDecl, RelationForm, Rights, StateDecl,
    TransitionDecl, ViewDecl,
};
use super::names::{self, Naming};
use super::read_field;
use super::reader::{At, Table, Word};
use super::source::{Sink, SourceFile};
use crate::Category;

/// Far above any room of ours, and small enough that a hostile file costs nothing.
const FILE_BYTES_MAX: usize = 256 * 1024;
const PREFIX_LENGTH_MAX: usize = 6;

pub(super) enum FileDecl {
    Record(Box<RecordDecl>),
    Mixin(Box<MixinDecl>),
}

/// None where the file can't be read as TOML at all or says neither `[record]` nor `[mixin]`.
pub(super) fn read(file: &SourceFile, sink: &Sink) -> Option<FileDecl> {
    if file.text.len() > FILE_BYTES_MAX {
        sink.error(&file.place(0), format!("the file is larger than {FILE_BYTES_MAX} bytes"));
        return None;
    }
    let document = match Document::parse(file.text.as_str()) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            sink.error(&file.place(offset), format!("not TOML: {}", error.message().replace('\n', ", ")));
            return None;
        }
    };
    let mut root = Table::root(file, document.as_table(), sink);
    let (record, mixin) = (root.child("record"), root.child("mixin"));
    let declared = match (record, mixin) {
        (Some(record), None) => read_record(record, &mut root, file, sink).map(|r| FileDecl::Record(Box::new(r))),
        (None, Some(mixin)) => read_mixin(mixin, &mut root, sink).map(|m| FileDecl::Mixin(Box::new(m))),
        (Some(_), Some(mixin)) => {
            sink.error(&mixin.place, "a file declares either a [record] or a [mixin], not both");
            None
        }
        (None, None) => {
            sink.error(&file.place(0), "expected a [record] or a [mixin]");
            None
        }
    };
    // Without a header the other tables were not asked for, and would all look unknown.
    if declared.is_some() {
        root.finish();
    }
    declared
}

fn read_record(mut header: Table<'_>, root: &mut Table<'_>, file: &SourceFile, sink: &Sink) -> Option<RecordDecl> {
    let place = header.place.clone();
    let name = header.required_text("name");
    let plural = header.text("plural");
    let prefix = header.text("prefix");
    if let Some(name) = &name {
        names::check(name, Naming::Type, sink);
    }
    if let Some(plural) = &plural {
        names::check(plural, Naming::Plural, sink);
    }
    if let Some(prefix) = &prefix {
        let letters = prefix.value.chars().all(|c| c.is_ascii_uppercase());
        if !letters || !(2..=PREFIX_LENGTH_MAX).contains(&prefix.value.len()) {
            let expected = format!("2 to {PREFIX_LENGTH_MAX} capital letters, as in INC");
            sink.error(&prefix.place, format!("`{}` is no prefix: expected {expected}", prefix.value));
        }
    }
    let label = header.text("label");
    let label_plural = header.text("label_plural");
    let default = |given: &Option<Word>, key: &Option<Word>| {
        if let (Some(given), Some(key)) = (given, key)
            && given.value == names::label(&key.value)
        {
            sink.warning(&given.place, format!("\"{}\" is what the name says: leave it out", given.value));
        }
    };
    default(&label, &name);
    default(&label_plural, &plural);
    let clause = header.text("clause");
    let scope = header.text("scope");
    let extends = header.text("extends");
    let mixins = header.words("mixins").unwrap_or_default();
    header.finish();
    let parts = read_parts(root, file.overlay, sink);
    let overlay = file.overlay;
    name.map(|name| RecordDecl {
        name,
        plural,
        prefix,
        label,
        label_plural,
        clause,
        scope,
        extends,
        mixins,
        parts,
        overlay,
        place,
    })
}

fn read_mixin(mut header: Table<'_>, root: &mut Table<'_>, sink: &Sink) -> Option<MixinDecl> {
    let name = header.required_text("name");
    header.finish();
    let parts = read_parts(root, false, sink);
    if let Some(lifecycle) = &parts.lifecycle {
        sink.error(&lifecycle.place, "a mixin has no life-cycle: it belongs to a record type");
    }
    name.map(|name| MixinDecl { name, parts })
}

fn read_parts(root: &mut Table<'_>, overlay: bool, sink: &Sink) -> Parts {
    let fields = root.children("fields", "field");
    Parts {
        fields: fields.into_iter().map(|(key, table)| read_field::read(key, table, overlay, sink)).collect(),
        lifecycle: root.child("lifecycle").map(|table| read_lifecycle(table, sink)),
        relations: root
            .children("relations", "relation")
            .into_iter()
            .filter_map(|(n, t)| read_relation(n, t, sink))
            .collect(),
        permissions: root
            .children("permissions", "permission")
            .into_iter()
            .map(|(r, t)| read_permission(r, t, sink))
            .collect(),
        views: root.children("views", "view").into_iter().map(|(n, t)| read_view(n, t, sink)).collect(),
    }
}

fn read_lifecycle(mut table: Table<'_>, sink: &Sink) -> LifecycleDecl {
    let initial = table.text("initial");
    let states = table.children("states", "state").into_iter().map(|(k, t)| read_state(k, t, sink)).collect();
    let moves = table.children("transitions", "transition");
    let transitions = moves.into_iter().map(|(name, table)| read_transition(name, table, sink)).collect();
    let place = table.place.clone();
    table.finish();
    LifecycleDecl { place, initial, states, transitions }
}

fn read_state(key: Word, mut table: Table<'_>, sink: &Sink) -> StateDecl {
    names::check(&key, Naming::State, sink);
    let label = label(&mut table, &key, sink).unwrap_or_else(|| names::label(&key.value));
    let maps_to = table.text("maps_to");
    let category = match table.text("category") {
        Some(word) => match word.value.as_str() {
            "open" => Some(Category::Open),
            "done" => Some(Category::Done),
            "final" => Some(Category::Final),
            other => {
                sink.error(
                    &word.place,
                    format!("`{other}` is no category{}", names::hint(other, ["open", "done", "final"])),
                );
                None
            }
        },
        None if maps_to.is_none() => {
            table.missing("category");
            None
        }
        None => None,
    };
    table.finish();
    StateDecl { key, label, category, maps_to }
}

fn read_transition(name: Word, mut table: Table<'_>, sink: &Sink) -> TransitionDecl {
    names::check(&name, Naming::Transition, sink);
    let transition = TransitionDecl {
        label: label(&mut table, &name, sink),
        from: table.words("from").unwrap_or_default(),
        to: table.text("to"),
        needs: table.alternatives("needs"),
        offers: table.words("offers").unwrap_or_default(),
        clears: table.words("clears").unwrap_or_default(),
        reason: table.flag("reason"),
        guard: table.text("guard"),
        at: table.text("at"),
        name,
    };
    table.finish();
    transition
}

fn read_relation(name: Word, mut table: Table<'_>, sink: &Sink) -> Option<RelationDecl> {
    names::check(&name, Naming::Relation, sink);
    let label = label(&mut table, &name, sink).unwrap_or_else(|| names::label(&name.value));
    let forms = ["to", "from", "inverse_of", "entries"].into_iter().filter(|form| table.has(form)).count();
    let form = if forms == 1 { read_relation_form(&mut table, sink) } else { None };
    if forms != 1 {
        let expected = "expected one of `to` with `kind`, `inverse_of`, `from`, `entries`";
        sink.error(&name.place, format!("relation `{}` says {forms} kinds of source: {expected}", name.value));
        return None;
    }
    table.finish();
    form.map(|form| RelationDecl { name, label, form })
}

fn read_relation_form(table: &mut Table<'_>, sink: &Sink) -> Option<RelationForm> {
    if table.has("to") {
        let to = table.words("to").unwrap_or_default();
        let kind = table.required_text("kind");
        if let Some(kind) = &kind {
            names::check(kind, Naming::Relation, sink);
        }
        let acyclic = table.flag("acyclic");
        return kind.map(|kind| RelationForm::Links { to, kind, acyclic });
    }
    if let Some(mut entries) = table.child("entries") {
        let except_into = entries.words("except_into").unwrap_or_default();
        entries.finish();
        return Some(RelationForm::Entries { except_into });
    }
    let inverse = table.text("inverse_of").map(RelationForm::InverseOf);
    inverse.or_else(|| table.text("from").map(RelationForm::From))
}

fn read_permission(role: Word, mut table: Table<'_>, sink: &Sink) -> PermissionDecl {
    if !names::ROLES.contains(&role.value.as_str()) {
        sink.error(&role.place, format!("`{}` is no role{}", role.value, names::hint(&role.value, names::ROLES)));
    }
    let rights = Rights {
        read: table.text("read"),
        create: table.text("create"),
        change: table.text("change"),
        transitions: table.words("do"),
        hide: table.words("hide"),
        sees: table.words("sees"),
        fixed: table.words("fixed"),
        writes: table.words("writes"),
        comment: table.words("comment"),
        scoped: table.flag("scoped"),
        public_only: table.flag("public_only"),
    };
    for (one, other) in [(&rights.hide, &rights.sees), (&rights.fixed, &rights.writes)] {
        if one.is_some() && other.is_some() {
            let pairs = "`hide` and `sees`, or `fixed` and `writes`, exclude each other";
            sink.error(&role.place, format!("permission `{}`: {pairs}", role.value));
        }
    }
    for word in rights.comment.iter().flatten().filter(|word| !["public", "internal"].contains(&word.value.as_str())) {
        let hint = names::hint(&word.value, ["public", "internal"]);
        sink.error(&word.place, format!("`{}` is no kind of comment{hint}", word.value));
    }
    let like = table.text("like");
    table.finish();
    PermissionDecl { role, like, rights }
}

fn read_view(name: Word, mut table: Table<'_>, sink: &Sink) -> ViewDecl {
    names::check(&name, Naming::View, sink);
    let view = ViewDecl {
        label: label(&mut table, &name, sink).unwrap_or_else(|| names::label(&name.value)),
        filter: table.text("filter"),
        columns: table.words("columns").unwrap_or_default(),
        sort: table.words("sort").unwrap_or_default(),
        facets: table.words("facets").unwrap_or_default(),
        name,
    };
    table.finish();
    view
}

/// The label in the file; a warning where it only repeats what the key says.
pub(super) fn label(table: &mut Table<'_>, key: &Word, sink: &Sink) -> Option<String> {
    let At { value, place } = table.text("label")?;
    if value == names::label(&key.value) {
        sink.warning(&place, format!("\"{value}\" is what the name says: leave it out"));
    }
    Some(value)
}
