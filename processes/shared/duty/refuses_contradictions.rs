//! A duty names what decides its interval, once and readably, and keeps the kind that checks ask for.

use calendar::Span;
use engine::{Behaviour, Draft, Error, Mode, Surroundings};

pub(super) struct RefusesContradictions;

impl Behaviour for RefusesContradictions {
    fn name(&self) -> &'static str {
        "refuses_contradictions"
    }

    fn record_type(&self) -> &'static str {
        "duty"
    }

    fn writes(&self) -> &'static [&'static str] {
        &[]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay {
            return Ok(());
        }
        let text = |key: &str| draft.get(key).as_text().map(str::to_owned);
        let (kind, setting, every) = (text("kind"), text("setting"), text("every"));
        let (by, when) = (text("fulfilled_by"), text("fulfilled_when"));
        if let Some(kind) = &kind
            && draft.changed("kind")
        {
            if !draft.is_new() {
                draft.refuse("kind", "fixed", "checks count its occasions by this name: end the duty and make another");
            } else if !kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                draft.refuse("kind", "bad_name", format!("{kind}: expected small letters, digits and _"));
            }
        }
        match (&setting, &every) {
            (None, None) => draft.refuse("every", "required", "say an interval, or the setting that decides it"),
            (Some(_), Some(_)) => draft.refuse("every", "contradicts", "a setting decides the interval already"),
            _ => {}
        }
        if let Some(Err(error)) = every.as_deref().map(str::parse::<Span>) {
            draft.refuse("every", "bad_duration", error.to_string());
        }
        match (by, when) {
            (None, Some(_)) => draft.refuse("fulfilled_by", "required", "say which type the condition is asked of"),
            (Some(by), when) => {
                if let Some(fault) = cx.fault_in(&by, when.as_deref().unwrap_or("true")) {
                    draft.refuse("fulfilled_when", "bad_condition", fault);
                }
            }
            (None, None) => {}
        }
        Ok(())
    }
}
