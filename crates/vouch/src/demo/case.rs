//! One incident of the story: what it is about, who has to do with it, and what they will do.

use super::plan::Oddity;
use super::stories::{Filling, Story};

pub struct Case {
    pub story: &'static Story,
    pub filling: Filling,
    pub title: String,
    pub said: String,
    pub source: &'static str,
    pub customer: &'static str,
    /// Nobody, where monitoring noticed it.
    pub caller: Option<&'static str>,
    /// Who opens the record.
    pub opener: &'static str,
    /// Who looks through new records, and who solves this one.
    pub desk: &'static str,
    pub solver: &'static str,
    pub team: &'static str,
    pub oddity: Oddity,
    /// What the solver will find, and what will be written when it is solved.
    pub note: &'static str,
    pub solution: &'static str,
    pub impact: i64,
    pub urgency: i64,
    /// Whether the first record already says what kind it is and how much it matters.
    pub complete: bool,
    /// Empty until it is recorded.
    pub number: String,
    pub record: i64,
    /// When it will be resolved, as far as is planned.
    pub resolves_at: i64,
    /// Whether what happens at the crossing of its threshold was settled.
    pub crossed: bool,
    pub done: bool,
}

/// What somebody does about an incident.
pub enum Deed {
    Raise,
    Classify,
    /// Gives it to a team and a person.
    Assign,
    Start,
    Note(String),
    /// What the solver writes to the caller, or the caller to us.
    Tell(String),
    Answer(String),
    Wait(&'static str),
    Resume,
    /// The clock was asked for: it may have crossed a threshold.
    Watch,
    Escalate,
    HandOver(&'static str),
    Override(i64, &'static str),
    Workaround(&'static str),
    NotMajor(&'static str),
    Resolve,
    Reopen(&'static str),
    Close,
    Cancel(&'static str),
    /// The same as the case with this index.
    Duplicate(usize),
    Major(Major),
}

/// What the procedure for major incidents asks for.
pub enum Major {
    Declare,
    Step(&'static str, String),
    /// A second manager takes over.
    Relieve(&'static str),
    /// A notice to top management; whether the carrier confirms that it arrived.
    Notice {
        subject: String,
        body: String,
        arrives: bool,
    },
    Report(String),
    Review {
        conclusions: &'static str,
        improvements: &'static [&'static str],
        held: bool,
    },
}

impl Case {
    pub fn is_p1(&self) -> bool {
        super::decisions::priority(self.impact, self.urgency) == 1
    }
}
