//! Pages that say no. What happened, what to do, nothing lost; no code without words.

use askama::Template;

use super::{
    filters,
    parts::{Link, Status},
    shell::Shell,
};

/// 403, 404, 409, 422 and 500. Works without anybody signed in (then the rail is empty).
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "error/error.html")]
pub struct ErrorPage {
    pub shell: Shell,
    pub code: u16,
    /// `There is no incident INC-084211.`
    pub heading: String,
    pub text: String,
    /// The particulars: what is missing, which moves are allowed.
    pub points: Vec<String>,
    /// Records or pages that may have been meant.
    pub suggestions: Vec<Suggestion>,
    /// The first stands out.
    pub actions: Vec<Link>,
    /// What was typed, to be copied: never lost with an error.
    pub typed: Vec<(String, String)>,
    /// For whoever looks into the logs.
    pub request_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub status: Option<Status>,
    pub link: Link,
    pub note: String,
}

impl ErrorPage {
    /// Not visible and not existing answer alike.
    pub fn not_found(shell: Shell, what: &str) -> Self {
        let text = "It was never here, or it is not yours to see: both answer alike. Numbers are never used twice, \
                    and records are never removed without a trace.";
        Self { shell, code: 404, heading: format!("There is no {what}."), text: text.into(), ..Self::default() }
    }

    /// `act`: `resolve this incident`; `who`: `agents, process owners and service managers`.
    pub fn forbidden(shell: Shell, act: &str, who: &str) -> Self {
        let text = format!("It is for {who}. If it should be for you too, ask an administrator; nothing was changed.");
        Self { shell, code: 403, heading: format!("You may not {act}."), text, ..Self::default() }
    }

    /// A move that this state does not allow; `moves` are those that it does.
    pub fn wrong_state(shell: Shell, heading: &str, moves: Vec<Link>) -> Self {
        let text = "Somebody may have moved it meanwhile. From where it stands now, these moves are open:";
        let text = if moves.is_empty() { "It is at its end: no move is open from here." } else { text };
        Self { shell, code: 409, heading: heading.into(), text: text.into(), actions: moves, ..Self::default() }
    }

    /// A request that cannot be understood or that a rule refuses, outside of a form.
    pub fn refused(shell: Shell, heading: &str, points: Vec<String>) -> Self {
        let text = "Nothing was changed.";
        Self { shell, code: 422, heading: heading.into(), text: text.into(), points, ..Self::default() }
    }

    /// `request_id` stands in the log.
    pub fn broken(shell: Shell, request_id: &str) -> Self {
        let text = "This is our fault, not yours. What you sent was not saved in part: a change is kept whole or not \
                    at all. Try again in a moment.";
        let heading = "Something went wrong here.".into();
        Self { shell, code: 500, heading, text: text.into(), request_id: request_id.into(), ..Self::default() }
    }
}
