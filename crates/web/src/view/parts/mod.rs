//! The small things that every page is made of: marks, priorities, clocks, people, times and links.

mod mark;
mod shown;

pub use mark::Mark;
pub use shown::Shown;

use askama::Template;

use super::{markup, words};

/// A mark and its word, as in a table cell.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/status.html")]
pub struct Status {
    pub mark: Mark,
    pub label: String,
}

impl Status {
    pub fn new(mark: Mark, label: impl Into<String>) -> Self {
        Self { mark, label: label.into() }
    }
}

/// One short property (Major, In force). States in tables are [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/pill.html")]
pub struct Pill {
    pub label: String,
    pub mark: Option<Mark>,
}

/// Priority 1 (highest) to 4; what lies beyond is drawn as 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/prio.html")]
pub struct Prio(pub u8);

/// An instant, in words and for machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/time.html")]
pub struct Time {
    /// `10:42`, `24 Nov`: short, in the organisation's zone.
    pub text: String,
    /// RFC 3339, UTC.
    pub datetime: String,
    /// The whole of it (`24 November 2026, 10:42:07`), for a hovering pointer; empty for none.
    pub full: String,
}

impl Time {
    pub fn new(text: impl Into<String>, datetime: impl Into<String>, full: impl Into<String>) -> Self {
        Self { text: text.into(), datetime: datetime.into(), full: full.into() }
    }
}

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockKind {
    Run,
    /// Under a quarter of the target or under one hour.
    Soon,
    /// Running and missed.
    Over,
    Paused,
    Met,
    /// Stopped, too late.
    Missed,
    /// No target applies.
    None,
}

/// A dial that empties, and the time left in words.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/clock.html")]
pub struct Clock {
    pub kind: ClockKind,
    /// `18 min`, `41 min over`, `Paused · 6 h left`, `Met in 4 min`, `No target`.
    pub text: String,
    /// Words that follow the time (` left`, ` to resolve`), kept while the page counts on.
    pub suffix: String,
    /// RFC 3339: the page counts down to it. `None` for clocks that do not run.
    pub due: Option<String>,
    /// Share of the target that is left, in per cent.
    pub left: u8,
}

impl Clock {
    /// A clock that runs: `seconds` to the due instant (negative when it is past), `target` the whole target in
    /// seconds of wall-clock time. The browser goes on counting by the same rule (`clocks.js`).
    pub fn running(seconds: i64, target: i64, due: impl Into<String>) -> Self {
        let due = Some(due.into());
        if seconds < 0 {
            let text = format!("{} over", words::duration(-seconds));
            return Self { kind: ClockKind::Over, text, suffix: String::new(), due, left: 0 };
        }
        let soon = seconds < 3600 || seconds < target / 4;
        let left = u8::try_from((seconds * 100 / target.max(1)).clamp(0, 100)).unwrap_or(100);
        let kind = if soon { ClockKind::Soon } else { ClockKind::Run };
        Self { kind, text: words::duration(seconds), suffix: String::new(), due, left }
    }

    /// A clock that stands: paused, met, missed or no target.
    pub fn standing(kind: ClockKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), suffix: String::new(), due: None, left: 0 }
    }

    pub fn with_suffix(self, suffix: &str) -> Self {
        Self { suffix: suffix.to_owned(), ..self }
    }

    fn class(&self) -> &'static str {
        match self.kind {
            ClockKind::Run => "run",
            ClockKind::Soon => "soon",
            ClockKind::Over | ClockKind::Missed => "over",
            ClockKind::Paused => "paused",
            ClockKind::Met => "met",
            ClockKind::None => "off",
        }
    }

    /// Length of the dial's arc, of a circumference of 37.7.
    fn arc(&self) -> String {
        format!("{:.1}", f32::from(self.left) * 0.377)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonKind {
    Me,
    Other,
    Team,
    /// Vouch itself, a source or an automation.
    Machine,
    Nobody,
}

/// A person (or team) with their initials.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/person.html")]
pub struct Person {
    pub name: String,
    pub initials: String,
    pub kind: PersonKind,
}

impl Person {
    pub fn new(name: impl Into<String>, kind: PersonKind) -> Self {
        let name = name.into();
        let initials = words::initials(&name);
        Self { name, initials, kind }
    }

    pub fn nobody() -> Self {
        Self { name: "Nobody".into(), initials: "–".into(), kind: PersonKind::Nobody }
    }

    pub(crate) fn avatar(&self) -> &'static str {
        match self.kind {
            PersonKind::Me => "avatar me",
            PersonKind::Nobody => "avatar none",
            PersonKind::Team => "avatar team",
            PersonKind::Machine => "avatar machine",
            PersonKind::Other => "avatar",
        }
    }
}

/// A text in stretches, those that were asked for marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/marked.html")]
pub struct Marked(pub Vec<(String, bool)>);

impl From<&str> for Marked {
    fn from(text: &str) -> Self {
        Self(vec![(text.to_owned(), false)])
    }
}

/// A plain link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Link {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

/// A link to a record; shows its name, or its number where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/record_link.html")]
pub struct RecordLink {
    pub number: String,
    pub name: Option<String>,
    /// `None`: the reader may not see it.
    pub href: Option<String>,
}

/// A running sentence with names and links in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/sentence.html")]
pub struct Sentence(pub Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Plain(String),
    Strong(String),
    Muted(String),
    Record(RecordLink),
    Link(Link),
    Status(Status),
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        Self(vec![Word::Plain(text.to_owned())])
    }
}

/// The cell that names the record of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Title {
    pub text: String,
    pub href: String,
    pub number: String,
    /// What stands under the title after the number: customer, age.
    pub context: String,
    pub pills: Vec<Pill>,
}

/// One thing to know now; one a page.
#[derive(Clone, Debug, PartialEq, Template)]
#[template(path = "parts/callout.html")]
pub struct Callout {
    /// Info, Warn, Bad or Ok.
    pub mark: Mark,
    pub heading: String,
    pub text: Sentence,
    pub actions: Vec<Link>,
}

/// Label and value, as in the details of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub label: String,
    pub value: Shown,
    /// A few grey words after the value: `from the matrix`, `said by the caller`.
    pub note: String,
}

impl Fact {
    pub fn new(label: impl Into<String>, value: Shown) -> Self {
        Self { label: label.into(), value, note: String::new() }
    }

    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// What belongs on a page that has nothing yet, why, and the first step.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "parts/empty.html")]
pub struct Empty {
    pub heading: String,
    pub text: String,
    /// The clause that wants it.
    pub clause: Option<Link>,
    /// The first is the primary one.
    pub actions: Vec<Link>,
}

markup!(Mark, Status, Pill, Prio, Time, Clock, Person, RecordLink, Sentence, Shown, Callout, Empty, Marked);
