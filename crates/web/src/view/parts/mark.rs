//! Status marks.
#![expect(unused_qualifications, reason = "the derive for an enum writes its paths out")]

use askama::Template;

/// The shape of a state: shape first, then colour, then a word. Never shown without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/mark.html")]
pub enum Mark {
    /// Conforms, done, met.
    Ok,
    /// Evidence complete, judgement due.
    Due,
    /// Exceptions, at risk, late, evidence missing.
    Warn,
    /// Does not conform, missed.
    Bad,
    /// Not determinable, not assessed, no evidence, waiting for others.
    None,
    /// New, to do.
    Wait,
    /// In progress.
    Half,
    /// To know.
    Info,
}

impl Mark {
    /// The class that colours it; tiles, pills, bars and callouts use the same words.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Due => "due",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::None => "none",
            Self::Wait => "wait",
            Self::Half => "half",
            Self::Info => "info",
        }
    }
}
