//! May this principal make this result? Names the role assignment that says so; the ledger entry keeps it.

use super::{Cx, Granted, Valid};
use crate::command::Act;
use crate::draft::Draft;
use crate::plan::EntryKind;
use crate::principal::{Held, Principal};
use crate::refusal::{Error, Refusal};
use crate::rules;

/// `follow_up`: called up by a behaviour as part of an act that was granted itself.
pub(super) fn grant(cx: &mut Cx<'_>, valid: Valid, follow_up: bool) -> Result<Granted, Error> {
    let Valid(draft) = valid;
    let principal = cx.command.principal.clone();
    if follow_up || principal.is_system() {
        return Ok(Granted { draft, assignment: None });
    }
    if let Some(scopes) = principal.scopes_for(&draft.after.record_type)
        && !draft.after.scope().is_some_and(|scope| scopes.contains(&scope))
    {
        return Err(forbidden("acting within this scope"));
    }
    let held = match &cx.command.act {
        Act::Move { transition, .. } => principal
            .may_move(&draft.after.record_type, transition)
            .cloned()
            .ok_or_else(|| forbidden(&format!("the move {transition}")))?,
        Act::Comment { public, .. } => {
            let what = if *public { "public comments" } else { "internal notes" };
            principal.may_comment(&draft.after.record_type, *public).cloned().ok_or_else(|| forbidden(what))?
        }
        _ => by_condition(cx, &principal, &draft)?,
    };
    if let Some(assignment) = held.assignment {
        super::derive::rest_on(cx, assignment)?;
    }
    Ok(Granted { draft, assignment: held.assignment })
}

/// The first role whose row rule is true of the result; unknown is no.
fn by_condition(cx: &mut Cx<'_>, principal: &Principal, draft: &Draft) -> Result<Held, Error> {
    let record_type = draft.after.record_type.clone();
    let new = draft.kind == EntryKind::Create;
    for (held, permission) in principal.permissions(&record_type) {
        let rule = if new { &permission.create } else { &permission.change };
        if let Some(rule) = rule
            && (rule.text == "true" || rules::granted(cx.engine, cx.session, principal, &rule.text, draft)?)
        {
            return Ok(held.clone());
        }
    }
    let label = record_type.label.to_lowercase();
    Err(forbidden(&if new { format!("creating this {label}") } else { format!("changing this {label}") }))
}

fn forbidden(what: &str) -> Error {
    Refusal::Forbidden { what: what.to_owned(), fields: Vec::new() }.into()
}
