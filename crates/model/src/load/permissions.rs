//! Builds who may do what with records of a type, role by role.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::fill;
use super::build::slot;
use super::declared::{PermissionDecl, Rights};
use super::lifecycle::condition;
use super::names;
use super::reader::Word;
use super::source::Sink;
use crate::{Permission, RecordType, Slot};

/// All transitions, in `do`.
const ALL: &str = "*";
/// The one system field that a role may be kept from seeing: it names a colleague.
const HIDEABLE: &str = "created_by";

pub(super) fn build(declared: &[PermissionDecl], built: &RecordType, sink: &Sink) -> BTreeMap<String, Permission> {
    let permission = |decl: &PermissionDecl| {
        let rights = resolve(decl, declared, sink);
        (decl.role.value.clone(), build_permission(&decl.role, &rights, built, sink))
    };
    declared.iter().map(permission).collect()
}

/// What a role may, with all that `like` takes over.
fn resolve(decl: &PermissionDecl, declared: &[PermissionDecl], sink: &Sink) -> Rights {
    let mut rights = decl.rights.clone();
    let mut seen = vec![decl.role.value.as_str()];
    let mut like = decl.like.as_ref();
    while let Some(word) = like {
        if seen.contains(&word.value.as_str()) {
            sink.error(&word.place, format!("role `{}` is like itself in a circle", word.value));
            break;
        }
        let Some(model) = declared.iter().find(|other| other.role.value == word.value) else {
            let hint = names::hint(&word.value, declared.iter().map(|other| other.role.value.as_str()));
            sink.error(&word.place, format!("`{}` has no permission here to take over{hint}", word.value));
            break;
        };
        fill(&mut rights, &model.rights);
        seen.push(&model.role.value);
        like = model.like.as_ref();
    }
    rights
}

fn build_permission(role: &Word, rights: &Rights, built: &RecordType, sink: &Sink) -> Permission {
    let writes = rights.create.is_some() || rights.change.is_some();
    let acts = rights.transitions.as_ref().is_some_and(|names| !names.is_empty()) && built.lifecycle.is_some();
    if rights.read.is_none() && (writes || acts) {
        sink.error(&role.place, format!("role `{}` may write what it may not read: say `read`", role.value));
    }
    if rights.scoped && built.scope.is_none() {
        sink.error(&role.place, format!("role `{}` is scoped but `{}` has no `scope`", role.value, built.name));
    }
    let permission = Permission {
        read: rights.read.as_ref().map(condition),
        create: rights.create.as_ref().map(condition),
        change: rights.change.as_ref().map(condition),
        transitions: transitions(rights.transitions.as_deref().unwrap_or_default(), built, sink),
        hide: hidden(rights, built, sink),
        fixed: fixed(rights, built, sink),
        comment: rights.comment.iter().flatten().map(|word| word.value.clone()).collect(),
        scoped: rights.scoped,
        public_only: rights.public_only,
    };
    for word in rights.writes.iter().flatten() {
        if built.slot(&word.value).is_some_and(|slot| permission.hide.contains(&slot)) {
            sink.error(&word.place, format!("role `{}` may write `{}` but not see it", role.value, word.value));
        }
    }
    permission
}

fn transitions(words: &[Word], built: &RecordType, sink: &Sink) -> Vec<String> {
    let known = built.lifecycle.iter().flat_map(|lifecycle| &lifecycle.transitions);
    for word in words.iter().filter(|word| word.value != ALL) {
        match known.clone().find(|transition| transition.name == word.value) {
            Some(transition) if transition.at.is_some() => {
                sink.error(&word.place, format!("`{}` happens by itself: no role can do it", word.value));
            }
            Some(_) => {}
            None => {
                let hint = names::hint(&word.value, known.clone().map(|transition| transition.name.as_str()));
                sink.error(&word.place, format!("`{}` is no transition of `{}`{hint}", word.value, built.name));
            }
        }
    }
    words.iter().map(|word| word.value.clone()).collect()
}

fn hidden(rights: &Rights, built: &RecordType, sink: &Sink) -> Vec<Slot> {
    let named = rights.sees.as_ref().or(rights.hide.as_ref());
    let slots = slots(named.map(Vec::as_slice).unwrap_or_default(), built, sink);
    for word in rights.hide.iter().flatten() {
        if built.field(&word.value).is_some_and(|field| field.system && field.key != HIDEABLE) {
            sink.error(&word.place, format!("`{}` can't be hidden: every page and address needs it", word.value));
        }
    }
    if rights.sees.is_none() {
        return slots.into_iter().collect();
    }
    let hideable = built.fields.iter().enumerate().filter(|(_, field)| !field.system || field.key == HIDEABLE);
    hideable.map(|(slot, _)| slot).filter(|slot| !slots.contains(slot)).collect()
}

fn fixed(rights: &Rights, built: &RecordType, sink: &Sink) -> Vec<Slot> {
    let words = rights.writes.as_ref().or(rights.fixed.as_ref());
    let words = words.map(Vec::as_slice).unwrap_or_default();
    for word in words.iter().filter(|word| built.field(&word.value).is_some_and(|field| field.derived)) {
        sink.error(&word.place, format!("`{}` is derived: nobody writes it anyway", word.value));
    }
    let slots = slots(words, built, sink);
    if rights.writes.is_none() {
        return slots.into_iter().collect();
    }
    let writable = built.fields.iter().enumerate().filter(|(_, field)| !field.derived);
    writable.map(|(slot, _)| slot).filter(|slot| !slots.contains(slot)).collect()
}

fn slots(words: &[Word], built: &RecordType, sink: &Sink) -> BTreeSet<Slot> {
    words.iter().filter_map(|word| slot(word, built, sink)).collect()
}
