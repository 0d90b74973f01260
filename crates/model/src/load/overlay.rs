//! Lays a customer's file over a record type of the core. An overlay adds (fields, choices, sub-states, relations,
//! views, texts) and tightens (requires, hides, asks for more); what conformity rests on it can't loosen.

use super::declared::{
    FieldDecl, KindDecl, LifecycleDecl, PermissionDecl, RecordDecl, RelationDecl, TransitionDecl, ViewDecl,
};
use super::names;
use super::reader::Word;
use super::source::Sink;
use crate::Place;

pub(super) fn lay_over(core: &mut RecordDecl, overlay: RecordDecl, sink: &Sink) {
    let name = core.name.value.clone();
    let mixins = overlay.mixins.first();
    let fixed = [
        ("plural", overlay.plural.as_ref()),
        ("prefix", overlay.prefix.as_ref()),
        ("clause", overlay.clause.as_ref()),
        ("scope", overlay.scope.as_ref()),
        ("extends", overlay.extends.as_ref()),
        ("mixins", mixins),
    ];
    for (key, word) in fixed.into_iter().filter_map(|(key, word)| Some((key, word?))) {
        sink.error(&word.place, format!("an overlay can't change `{key}` of `{name}`"));
    }
    let own_fields = new_field_keys(core, &overlay);
    core.label = overlay.label.or(core.label.take());
    core.label_plural = overlay.label_plural.or(core.label_plural.take());
    for field in overlay.parts.fields {
        lay_field(&mut core.parts.fields, field, sink);
    }
    let own_transitions =
        overlay.parts.lifecycle.map(|lifecycle| lay_lifecycle(core, lifecycle, sink)).unwrap_or_default();
    for relation in overlay.parts.relations {
        lay_relation(&mut core.parts.relations, relation, sink);
    }
    for permission in overlay.parts.permissions {
        lay_permission(&mut core.parts.permissions, permission, &own_fields, &own_transitions, sink);
    }
    for view in overlay.parts.views {
        lay_view(&mut core.parts.views, view, sink);
    }
}

fn new_field_keys(core: &RecordDecl, overlay: &RecordDecl) -> Vec<String> {
    let is_new = |field: &&FieldDecl| !core.parts.fields.iter().any(|own| own.key.value == field.key.value);
    overlay.parts.fields.iter().filter(is_new).map(|field| field.key.value.clone()).collect()
}

fn lay_field(fields: &mut Vec<FieldDecl>, overlay: FieldDecl, sink: &Sink) {
    let key = &overlay.key;
    let Some(position) = fields.iter().position(|field| field.key.value == key.value) else {
        if overlay.kind.is_none() && overlay.more_choices.is_empty() {
            let hint = names::hint(&key.value, fields.iter().map(|field| field.key.value.as_str()));
            sink.error(&key.place, format!("field `{}` is new here and has no `kind`{hint}", key.value));
        }
        fields.push(overlay);
        return;
    };
    let Some(field) = fields.get_mut(position) else { return };
    let refuse = |what: &str| {
        sink.error(&key.place, format!("an overlay can't change {what} of the core's field `{}`", key.value))
    };
    if overlay.kind.is_some() {
        refuse("the kind");
    }
    if overlay.derived || overlay.needs_setting.is_some() {
        refuse("who writes the value");
    }
    if overlay.clause.is_some() {
        refuse("the clause");
    }
    if overlay.required && field.derived {
        sink.error(&key.place, format!("field `{}` is derived, so nobody can be required to fill it in", key.value));
    }
    field.required |= overlay.required;
    field.personal |= overlay.personal;
    field.material |= overlay.material;
    field.sort |= overlay.sort;
    field.label = overlay.label.or(field.label.take());
    field.help = overlay.help.or(field.help.take());
    if overlay.more_choices.is_empty() {
        return;
    }
    let Some(KindDecl::Choice(choices)) = &mut field.kind else {
        sink.error(&key.place, format!("field `{}` is no choice, so no choices can be added", key.value));
        return;
    };
    for choice in overlay.more_choices {
        if choices.iter().any(|known| known.choice.key == choice.choice.key) {
            sink.error(&choice.place, format!("the core's field has the choice `{}` already", choice.choice.key));
        } else {
            choices.push(choice);
        }
    }
}

/// Returns the names of the transitions that the overlay adds.
fn lay_lifecycle(core: &mut RecordDecl, overlay: LifecycleDecl, sink: &Sink) -> Vec<String> {
    let Some(lifecycle) = &mut core.parts.lifecycle else {
        sink.error(&overlay.place, format!("an overlay can't give `{}` a life-cycle", core.name.value));
        return Vec::new();
    };
    if let Some(initial) = &overlay.initial {
        sink.error(&initial.place, "an overlay can't change the initial state");
    }
    for mut state in overlay.states {
        let key = state.key.value.clone();
        if lifecycle.states.iter().any(|known| known.key.value == key) {
            sink.error(&state.key.place, format!("state `{key}` is the core's: an overlay can't change it"));
            continue;
        }
        let Some(maps_to) = &state.maps_to else {
            sink.error(
                &state.key.place,
                format!("state `{key}` of an overlay needs `maps_to`, the core state it behaves as"),
            );
            continue;
        };
        let core_state =
            lifecycle.states.iter().find(|known| known.key.value == maps_to.value && known.maps_to.is_none());
        let Some(core_state) = core_state else {
            let hint = names::hint(&maps_to.value, lifecycle.states.iter().map(|known| known.key.value.as_str()));
            sink.error(&maps_to.place, format!("`{}` is no state of the core{hint}", maps_to.value));
            continue;
        };
        if state.category.is_some_and(|category| Some(category) != core_state.category) {
            sink.error(&state.key.place, format!("state `{key}` must have the category of `{}`", maps_to.value));
        }
        state.category = core_state.category;
        for transition in &mut lifecycle.transitions {
            if transition.from.iter().any(|from| from.value == maps_to.value) {
                transition.from.push(state.key.clone());
            }
        }
        lifecycle.states.push(state);
    }
    overlay.transitions.into_iter().filter_map(|transition| lay_transition(lifecycle, transition, sink)).collect()
}

fn lay_transition(lifecycle: &mut LifecycleDecl, overlay: TransitionDecl, sink: &Sink) -> Option<String> {
    let name = overlay.name.value.clone();
    if let Some(core) = lifecycle.transitions.iter_mut().find(|core| core.name.value == name) {
        tighten(core, overlay, sink);
        return None;
    }
    let behaves_as = |state: &str| {
        let known = lifecycle.states.iter().find(|known| known.key.value == state);
        known.and_then(|known| known.maps_to.as_ref()).map_or(state, |core| core.value.as_str()).to_owned()
    };
    let to = overlay.to.as_ref().map(|to| behaves_as(&to.value));
    for from in &overlay.from {
        let core = behaves_as(&from.value);
        if to.as_ref().is_some_and(|to| *to != core) {
            let rule = "an overlay's transition moves within one state of the core";
            let to = to.as_deref().unwrap_or_default();
            sink.error(&from.place, format!("{rule}: `{}` behaves as `{core}`, the target as `{to}`", from.value));
        }
    }
    lifecycle.transitions.push(overlay);
    Some(name)
}

fn tighten(core: &mut TransitionDecl, overlay: TransitionDecl, sink: &Sink) {
    let name = &overlay.name;
    let refuse = |place: &Place, what: &str| {
        sink.error(place, format!("an overlay can't change {what} of the core's transition `{}`", name.value));
    };
    if let Some(from) = overlay.from.first() {
        refuse(&from.place, "`from`");
    }
    if let Some(to) = &overlay.to {
        refuse(&to.place, "`to`");
    }
    if let Some(at) = &overlay.at {
        refuse(&at.place, "`at`");
    }
    if let Some(clears) = overlay.clears.first() {
        refuse(&clears.place, "`clears`");
    }
    match overlay.guard {
        Some(guard) if core.guard.is_some() => refuse(&guard.place, "the guard"),
        Some(guard) => core.guard = Some(guard),
        None => {}
    }
    core.needs.extend(overlay.needs);
    core.offers.extend(overlay.offers);
    core.reason |= overlay.reason;
    core.label = overlay.label.or(core.label.take());
}

fn lay_relation(relations: &mut Vec<RelationDecl>, overlay: RelationDecl, sink: &Sink) {
    if relations.iter().any(|known| known.name.value == overlay.name.value) {
        let name = &overlay.name;
        sink.error(&name.place, format!("relation `{}` is the core's: an overlay can't change it", name.value));
    } else {
        relations.push(overlay);
    }
}

fn lay_permission(
    permissions: &mut [PermissionDecl],
    overlay: PermissionDecl,
    own_fields: &[String],
    own_transitions: &[String],
    sink: &Sink,
) {
    let (role, rights) = (overlay.role, overlay.rights);
    let grants =
        [("read", &rights.read), ("create", &rights.create), ("change", &rights.change), ("like", &overlay.like)];
    for (key, word) in grants.into_iter().filter_map(|(key, word)| Some((key, word.as_ref()?))) {
        sink.error(&word.place, format!("an overlay can't grant or change `{key}` of role `{}`", role.value));
    }
    for word in rights.comment.iter().flatten() {
        sink.error(&word.place, format!("an overlay can't grant comments to role `{}`", role.value));
    }
    let own_only = [(&rights.transitions, own_transitions), (&rights.sees, own_fields), (&rights.writes, own_fields)];
    for (words, own) in own_only {
        for word in words.iter().flatten().filter(|word| !own.contains(&word.value)) {
            let what = "an overlay grants only what it adds itself";
            sink.error(&word.place, format!("{what}: `{}` is not of this overlay", word.value));
        }
    }
    let Some(core) = permissions.iter_mut().find(|core| core.role.value == role.value) else {
        sink.error(&role.place, format!("role `{}` has no rights here that an overlay could tighten", role.value));
        return;
    };
    core.rights.scoped |= rights.scoped;
    core.rights.public_only |= rights.public_only;
    add(&mut core.rights.transitions, rights.transitions);
    take_away(&mut core.rights.hide, &mut core.rights.sees, rights.hide, rights.sees);
    take_away(&mut core.rights.fixed, &mut core.rights.writes, rights.fixed, rights.writes);
}

fn add(to: &mut Option<Vec<Word>>, words: Option<Vec<Word>>) {
    if let Some(words) = words {
        to.get_or_insert_default().extend(words);
    }
}

/// A role names either what is denied or what is allowed; the overlay denies more, and allows what is its own.
fn take_away(
    denied: &mut Option<Vec<Word>>,
    allowed: &mut Option<Vec<Word>>,
    deny: Option<Vec<Word>>,
    allow: Option<Vec<Word>>,
) {
    match allowed {
        Some(allowed) => {
            allowed.extend(allow.into_iter().flatten());
            let deny = deny.unwrap_or_default();
            allowed.retain(|word| !deny.iter().any(|denied| denied.value == word.value));
        }
        None => add(denied, deny),
    }
}

fn lay_view(views: &mut Vec<ViewDecl>, overlay: ViewDecl, sink: &Sink) {
    let Some(core) = views.iter_mut().find(|core| core.name.value == overlay.name.value) else {
        views.push(overlay);
        return;
    };
    for word in overlay.filter.iter().chain(overlay.sort.first()) {
        let what = "can only add columns and facets; give a list of your own another name";
        sink.error(&word.place, format!("view `{}` is the core's: an overlay {what}", core.name.value));
    }
    core.columns.extend(overlay.columns);
    core.facets.extend(overlay.facets);
}
