//! Turns a granted draft into what the writer carries out.

use super::{Cx, Granted};
use crate::plan::{EntryPlan, Plan, RecordPlan, StepPlan};
use crate::record::Record;

pub(super) fn plan(cx: &Cx<'_>, granted: Granted, plan: &mut Plan) {
    let Granted { draft, assignment } = granted;
    let changes = draft.changes();
    let step = draft.entered().map(|to| StepPlan { from: draft.state_before().map(str::to_owned), to: to.to_owned() });
    let idle = changes.is_empty() && draft.lines.is_empty() && draft.links.is_empty() && draft.comment.is_none();
    if idle && draft.reason.is_none() && draft.before.is_some() {
        return;
    }
    let state = step.as_ref().map(|step| step.to.clone());
    let entry = EntryPlan {
        kind: draft.kind,
        recorded_at: draft.recorded_at,
        happened_at: draft.happened_at,
        claimed_at: None,
        actor: draft.by,
        on_behalf: None,
        grant: assignment,
        channel: cx.command.channel,
        request: cx.command.request.clone(),
        changes,
        lines: draft.lines,
        links: draft.links,
        step,
        comment: draft.comment,
        deviates: draft.deviates,
        reason: draft.reason,
        state,
        replaces: Vec::new(),
    };
    let expected = draft.before.as_ref().map_or(0, Record::version);
    let record_type = draft.after.record_type.clone();
    plan.records.push(RecordPlan { record_type, id: draft.after.id, expected, entries: vec![entry], external: None });
}
