//! A record that meets what a duty asks for fulfils the duty's oldest open occasion: late where that was missed, early
//! where it lies ahead.

use engine::{Behaviour, Draft, EVERY_TYPE, Error, FollowUp, Mode, Record, Surroundings};
use model::Value;

pub(super) struct Fulfils;

/// Duties that one record type fulfils: a kind may be owed to each of many subjects.
const DUTIES_MAX: u32 = 1_000;
/// Occasions missed in a row; older ones come first.
const MISSED_MAX: u32 = 1_000;

impl Behaviour for Fulfils {
    fn name(&self) -> &'static str {
        "fulfils"
    }

    fn record_type(&self) -> &'static str {
        EVERY_TYPE
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay {
            return Ok(());
        }
        let by = Value::text(&draft.after.record_type.name);
        let asking = cx.find("duty", &[("fulfilled_by", by), ("state", Value::from("in_force"))], DUTIES_MAX)?;
        for duty in asking {
            if is_about(draft, &duty) && meets(cx, draft, &duty)? && !has_fulfilled(cx, draft, &duty)? {
                draft.also.extend(fulfil(cx, draft, &duty)?);
            }
        }
        Ok(())
    }
}

/// A duty towards a subject is fulfilled by a record that names it.
fn is_about(draft: &Draft, duty: &Record) -> bool {
    let subject = duty.by_key("subject");
    subject.is_null() || draft.after.id == subject.as_int().unwrap_or_default() || draft.after.values.contains(subject)
}

fn meets(cx: &mut dyn Surroundings, draft: &Draft, duty: &Record) -> Result<bool, Error> {
    cx.meets(duty.by_key("fulfilled_when").as_text().unwrap_or("true"), draft)
}

fn has_fulfilled(cx: &mut dyn Surroundings, draft: &Draft, duty: &Record) -> Result<bool, Error> {
    let by_it = [("fulfilled_by", Value::Link(draft.after.id)), ("duty", Value::Link(duty.id))];
    Ok(!cx.find("occasion", &by_it, 1)?.is_empty())
}

fn fulfil(cx: &mut dyn Surroundings, draft: &Draft, duty: &Record) -> Result<Option<FollowUp>, Error> {
    let mut open = Vec::new();
    for state in ["missed", "planned"] {
        open.extend(cx.find(
            "occasion",
            &[("duty", Value::Link(duty.id)), ("state", Value::from(state))],
            MISSED_MAX,
        )?);
    }
    let oldest = open.into_iter().min_by_key(|occasion| occasion.by_key("due_on").as_int());
    let values = vec![
        ("fulfilled_by".to_owned(), Value::Link(draft.after.id)),
        ("fulfilled_at".to_owned(), Value::Instant(draft.happened_at)),
    ];
    Ok(oldest.map(|occasion| FollowUp::Move { record: occasion.id, transition: "fulfil".to_owned(), values }))
}
