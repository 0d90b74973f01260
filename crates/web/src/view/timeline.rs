//! The one story of a record: what was said and what was done, oldest first, the composer at its end.

use askama::Template;

use super::{
    filters, markup,
    parts::{Person, Sentence, Time},
    prose::Prose,
};

#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/timeline.html")]
pub struct Timeline {
    /// All, Public, Internal, Changes: addresses with `?show=`.
    pub tabs: Vec<super::list::MenuItem>,
    /// `times in Europe/London`.
    pub zone: String,
    /// Earlier entries that the page left out.
    pub older: Option<super::parts::Link>,
    pub days: Vec<Day>,
}

/// `Today, 24 November 2026`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    pub label: String,
    pub moments: Vec<Moment>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    Event(Event),
    Note(Note),
}

/// One quiet line: who did what, when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// `entry-7` (the version): where a redirect and a link lead.
    pub id: String,
    /// Name of a drawing: plus, flag, person, link, alert, check, pause, undo, pencil.
    pub icon: &'static str,
    /// Begins with who: `Mira Okafor` strong, then the rest.
    pub text: Sentence,
    pub time: Time,
    /// Fields that took a new value.
    pub changes: Vec<Change>,
    /// `recorded 26 Nov, 08:12 · claimed 24 Nov, 10:20`, where the three times differ.
    pub times: String,
    /// What the life-cycle did not foresee, in words: `closed without having been resolved`.
    pub deviation: String,
}

/// A comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub id: String,
    pub who: Person,
    /// Team, customer.
    pub role: String,
    pub time: Time,
    pub public: bool,
    /// `Public · e-mailed to Karin Holt`, `Internal · Larkfield only`.
    pub audience: String,
    pub body: Prose,
    pub times: String,
}

/// A field before and after, as text. An empty text is an empty field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub label: String,
    pub from: String,
    pub to: String,
}

/// Where one writes. Posts `text`, `public` (`true` or `false`), `csrf`; answers 303 to `#entry-N` of the new comment,
/// by which the browser knows that its draft arrived.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/composer.html")]
pub struct Composer {
    /// `POST /incidents/INC-000042/comments`.
    pub action: String,
    pub csrf: String,
    /// The record: drafts are kept by it.
    pub number: String,
    /// Who reads an internal note: `Only Larkfield staff read it`. `None`: this reader may write none.
    pub internal_reader: Option<String>,
    /// Who reads a public reply: `Karin Holt`. `None`: this reader may write none.
    pub public_reader: Option<String>,
    /// Opens with the public tab.
    pub opens_public: bool,
    /// Typed before, when it came back with an error.
    pub text: String,
    pub error: Option<String>,
}

markup!(Timeline, Composer);
