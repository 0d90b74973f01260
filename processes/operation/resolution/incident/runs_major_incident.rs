//! Runs the major side of an incident (clause 8.6.1): it begins when the incident is declared major, is restored when the
//! incident is resolved, taken up again when that is reopened, and downgraded when it is major no more. A source's
//! history has no such side.

use engine::{Behaviour, Draft, Error, FollowUp, Mode, Surroundings};
use model::Value;

use crate::lifecycle::{entered, reopens};

pub(super) struct RunsMajorIncident;

impl Behaviour for RunsMajorIncident {
    fn name(&self) -> &'static str {
        "runs_major_incident"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        let is_major = *draft.get("major") == Value::Bool(true);
        let resolved = entered(draft) == Some("resolved");
        if draft.mode == Mode::Replay || !(draft.changed("major") || (is_major && (resolved || reopens(draft)))) {
            return Ok(());
        }
        let sides = if draft.is_new() {
            Vec::new()
        } else {
            cx.pointing_at("major_incident", "incident", draft.after.id, SIDES_MAX)?
        };
        let current = sides.iter().rfind(|side| !matches!(side.state(), Some("closed" | "downgraded")));
        let act = match current {
            None if is_major && draft.changed("major") => Some(declare(draft)),
            Some(side) if !is_major => Some(go(side.id, "downgrade", Vec::new())),
            Some(side) if resolved && matches!(side.state(), Some("declared" | "managing")) => {
                let at = ("restored_at".to_owned(), Value::Instant(draft.happened_at));
                Some(go(side.id, "restore", vec![at]))
            }
            Some(side) if reopens(draft) && side.state() != Some("managing") && side.state() != Some("declared") => {
                Some(go(side.id, "take-up", vec![("restored_at".to_owned(), Value::Null)]))
            }
            _ => None,
        };
        draft.also.extend(act);
        Ok(())
    }
}

/// Declared, downgraded and declared again so often.
const SIDES_MAX: u32 = 100;

fn declare(draft: &Draft) -> FollowUp {
    let title = draft.after.get(draft.after.record_type.title_slot()).clone();
    let values = vec![("incident".to_owned(), Value::Link(draft.after.id)), ("title".to_owned(), title)];
    FollowUp::Create { record_type: "major_incident".to_owned(), values }
}

fn go(side: i64, transition: &str, values: Vec<(String, Value)>) -> FollowUp {
    FollowUp::Move { record: side, transition: transition.to_owned(), values }
}
