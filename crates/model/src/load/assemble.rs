//! Brings the files together: one declaration per record type, with its overlays, mixins and parent worked in.

use std::collections::BTreeMap;

use super::declared::{MixinDecl, Parts, PermissionDecl, RecordDecl, Rights};
use super::names;
use super::overlay::lay_over;
use super::read_file::FileDecl;
use super::reader::Word;
use super::source::Sink;

const OF_PARENT: &str = "belongs to the parent, whose records these are too";

/// Levels of `extends`: a type, its parent and the parent's parent.
const LEVELS_MAX: usize = 3;

/// Complete declarations, in the order of the files that first name them.
pub(super) fn assemble(files: Vec<FileDecl>, sink: &Sink) -> Vec<RecordDecl> {
    let (mut records, mut mixins): (Vec<RecordDecl>, BTreeMap<String, MixinDecl>) = Default::default();
    let mut overlays = Vec::new();
    for file in files {
        match file {
            FileDecl::Mixin(mixin) => {
                if mixins.contains_key(&mixin.name.value) {
                    sink.error(&mixin.name.place, format!("mixin `{}` is declared already", mixin.name.value));
                }
                mixins.insert(mixin.name.value.clone(), *mixin);
            }
            FileDecl::Record(record) => match records.iter().find(|known| known.name.value == record.name.value) {
                Some(_) if record.overlay => overlays.push(*record),
                Some(known) => {
                    let name = &record.name;
                    sink.error(
                        &name.place,
                        format!("record type `{}` is declared already, at {}", name.value, known.name.place),
                    );
                }
                None => records.push(*record),
            },
        }
    }
    for record in &mut records {
        mix_in(record, &mixins, sink);
    }
    for overlay in overlays {
        if let Some(core) = records.iter_mut().find(|core| core.name.value == overlay.name.value) {
            lay_over(core, overlay, sink);
        }
    }
    extend(records, sink)
}

/// Copies the mixins' parts: their fields stand before the record's own, what the record says itself wins.
fn mix_in(record: &mut RecordDecl, mixins: &BTreeMap<String, MixinDecl>, sink: &Sink) {
    let mut mixed = Parts::default();
    for name in &record.mixins {
        let Some(mixin) = mixins.get(&name.value) else {
            let hint = names::hint(&name.value, mixins.keys().map(String::as_str));
            sink.error(&name.place, format!("`{}` is no mixin{hint}", name.value));
            continue;
        };
        let parts = &mixin.parts;
        mixed.fields.extend(parts.fields.iter().cloned());
        mixed.relations.extend(parts.relations.iter().cloned());
        mixed.views.extend(parts.views.iter().cloned());
        refuse_conflicts(&mixed.permissions, &parts.permissions, name, sink);
        inherit_permissions(&mut mixed.permissions, &parts.permissions);
    }
    inherit(&mut record.parts, mixed);
}

/// Two mixins that give one role different rights of the same kind leave nobody knowing which counts.
fn refuse_conflicts(earlier: &[PermissionDecl], later: &[PermissionDecl], mixin: &Word, sink: &Sink) {
    let both = |a: &Rights, b: &Rights| {
        [
            ("read", a.read.is_some() && b.read.is_some()),
            ("create", a.create.is_some() && b.create.is_some()),
            ("change", a.change.is_some() && b.change.is_some()),
            ("do", a.transitions.is_some() && b.transitions.is_some()),
            ("comment", a.comment.is_some() && b.comment.is_some()),
        ]
    };
    for permission in later {
        let role = &permission.role.value;
        let Some(known) = earlier.iter().find(|known| known.role.value == *role) else { continue };
        for (key, _) in both(&known.rights, &permission.rights).into_iter().filter(|(_, both)| *both) {
            let what = format!("an earlier mixin says `{key}` of role `{role}` too");
            sink.error(&mixin.place, format!("mixin `{}`: {what}", mixin.value));
        }
    }
}

/// Works `base` into `own`: fields and relations of the base first, views and rights where `own` says nothing.
fn inherit(own: &mut Parts, base: Parts) {
    own.fields.splice(0..0, base.fields);
    own.relations.splice(0..0, base.relations);
    own.lifecycle = own.lifecycle.take().or(base.lifecycle);
    let is_new = |name: &str| !own.views.iter().any(|view| view.name.value == name);
    let views: Vec<_> = base.views.into_iter().filter(|view| is_new(&view.name.value)).collect();
    own.views.splice(0..0, views);
    inherit_permissions(&mut own.permissions, &base.permissions);
}

fn inherit_permissions(own: &mut Vec<PermissionDecl>, base: &[PermissionDecl]) {
    for permission in base {
        match own.iter_mut().find(|known| known.role.value == permission.role.value) {
            Some(known) => {
                known.like = known.like.take().or_else(|| permission.like.clone());
                fill(&mut known.rights, &permission.rights);
            }
            None => own.push(permission.clone()),
        }
    }
}

/// Takes over what `own` doesn't say.
pub(super) fn fill(own: &mut Rights, base: &Rights) {
    let says_sight = own.hide.is_some() || own.sees.is_some();
    let says_writing = own.fixed.is_some() || own.writes.is_some();
    own.read = own.read.take().or_else(|| base.read.clone());
    own.create = own.create.take().or_else(|| base.create.clone());
    own.change = own.change.take().or_else(|| base.change.clone());
    own.transitions = own.transitions.take().or_else(|| base.transitions.clone());
    own.comment = own.comment.take().or_else(|| base.comment.clone());
    if !says_sight {
        (own.hide, own.sees) = (base.hide.clone(), base.sees.clone());
    }
    if !says_writing {
        (own.fixed, own.writes) = (base.fixed.clone(), base.writes.clone());
    }
    own.scoped |= base.scoped;
    own.public_only |= base.public_only;
}

/// Who sees a record is the parent's to say, since the parent's lists show it; a child may hide fields of its own.
fn keep_sight(name: &str, own: &mut Parts, base: &Parts, sink: &Sink) {
    let is_own = |key: &str| own.fields.iter().any(|field| field.key.value == key);
    for permission in &mut own.permissions {
        let Rights { read, sees, hide, scoped, public_only, .. } = &mut permission.rights;
        let role = &permission.role;
        for word in read.iter().chain(sees.iter().flatten()) {
            sink.error(&word.place, format!("what role `{}` sees of `{name}` {OF_PARENT}", role.value));
        }
        if *scoped || *public_only {
            sink.error(&role.place, format!("what role `{}` sees of `{name}` {OF_PARENT}", role.value));
        }
        let Some(hide) = hide else { continue };
        for word in hide.iter().filter(|word| !is_own(&word.value)) {
            sink.error(&word.place, format!("whether role `{}` sees `{}` {OF_PARENT}", role.value, word.value));
        }
        let of_base = base.permissions.iter().find(|of_base| of_base.role.value == role.value);
        hide.extend(of_base.into_iter().flat_map(|of_base| of_base.rights.hide.clone()).flatten());
    }
}

/// Gives children what their parents have, parents first.
fn extend(mut records: Vec<RecordDecl>, sink: &Sink) -> Vec<RecordDecl> {
    let parents: BTreeMap<String, String> = records
        .iter()
        .filter_map(|record| Some((record.name.value.clone(), record.extends.as_ref()?.value.clone())))
        .collect();
    let names: Vec<String> = records.iter().map(|record| record.name.value.clone()).collect();
    for record in &mut records {
        let Some(parent) = &record.extends else { continue };
        let (name, place) = (record.name.value.clone(), parent.place.clone());
        if !names.contains(&parent.value) {
            let hint = names::hint(&parent.value, names.iter().map(String::as_str));
            sink.error(&place, format!("`{}` is no record type{hint}", parent.value));
            record.extends = None;
            continue;
        }
        let ancestors: Vec<&String> =
            std::iter::successors(parents.get(&name), |next| parents.get(*next)).take(names.len() + 1).collect();
        if ancestors.len() > names.len() {
            sink.error(&place, format!("`{name}` extends itself in a circle"));
            record.extends = None;
        } else if ancestors.len() >= LEVELS_MAX {
            sink.error(&place, format!("`{name}` extends more than {LEVELS_MAX} levels deep"));
        }
    }
    let level = |record: &RecordDecl| {
        std::iter::successors(parents.get(&record.name.value), |p| parents.get(*p)).take(names.len()).count()
    };
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_key(|index| records.get(*index).map(level));
    for index in order {
        let Some(parent) = records.get(index).and_then(|record| record.extends.clone()) else { continue };
        let base = records.iter().find(|known| known.name.value == parent.value);
        let Some((base, scope)) = base.map(|base| (base.parts.clone(), base.scope.clone())) else { continue };
        let Some(record) = records.get_mut(index) else { continue };
        if let Some(own) = &record.parts.lifecycle {
            sink.error(&own.place, format!("the life-cycle of `{}` {OF_PARENT}", record.name.value));
            record.parts.lifecycle = None;
        }
        if let Some(own) = record.scope.take() {
            sink.error(&own.place, format!("the scope of `{}` {OF_PARENT}", record.name.value));
        }
        record.scope = scope;
        keep_sight(&record.name.value, &mut record.parts, &base, sink);
        inherit(&mut record.parts, base);
    }
    records
}
