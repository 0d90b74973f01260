//! Does the draft satisfy every rule of its type? All that is wrong is said at once.

use super::{Cx, Valid};
use crate::draft::{Draft, Mode};
use crate::plan::EntryKind;
use crate::refusal::{Error, Problem, Refusal};
use crate::rules;

pub(super) fn validate(cx: &mut Cx<'_>, mut draft: Draft) -> Result<Valid, Error> {
    if draft.mode == Mode::Replay {
        return Ok(Valid(draft));
    }
    let mut problems = std::mem::take(&mut draft.problems);
    required(&draft, &mut problems);
    entered_state(cx, &draft, &mut problems)?;
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems).into());
    }
    Ok(Valid(draft))
}

fn required(draft: &Draft, problems: &mut Vec<Problem>) {
    let record_type = &draft.after.record_type;
    for (slot, field) in record_type.fields.iter().enumerate() {
        let emptied = draft.before.as_ref().is_none_or(|before| !before.get(slot).is_null());
        if field.required && field.kind.is_column() && draft.after.get(slot).is_null() && emptied {
            problems.push(Problem::new(&field.key, "required", format!("{} is needed", field.label)));
        }
    }
}

/// What the transition into the draft's state asks for: fields that must be set, and its guard.
fn entered_state(cx: &mut Cx<'_>, draft: &Draft, problems: &mut Vec<Problem>) -> Result<(), Error> {
    let record_type = draft.after.record_type.clone();
    let (Some(to), Some(from), Some(lifecycle)) = (draft.entered(), draft.state_before(), &record_type.lifecycle)
    else {
        return Ok(());
    };
    if draft.kind == EntryKind::Create {
        return Ok(());
    }
    let Some(transition) = lifecycle.transitions.iter().find(|t| t.to == to && t.from.iter().any(|f| f == from)) else {
        return Ok(());
    };
    for needed in &transition.needs {
        if needed.iter().any(|slot| !draft.after.get(*slot).is_null()) {
            continue;
        }
        let fields: Vec<_> = needed.iter().filter_map(|slot| record_type.fields.get(*slot)).collect();
        let Some(first) = fields.first() else { continue };
        let names: Vec<&str> = fields.iter().map(|f| f.label.as_str()).collect();
        let message = format!("{}: {} is needed", transition.label, names.join(" or "));
        problems.push(Problem::new(&first.key, "required", message));
    }
    if let Some(guard) = &transition.guard
        && !rules::draft_meets(cx.engine, cx.session, &guard.text, draft)?
    {
        let message = format!("{} is not possible: it needs {}", transition.label, guard.text);
        problems.push(Problem::new("", "guard", message));
    }
    Ok(())
}
