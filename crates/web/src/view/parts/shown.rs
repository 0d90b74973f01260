//! Values.
#![expect(unused_qualifications, reason = "the derive for an enum writes its paths out")]

use askama::Template;

use super::{Clock, Link, Person, Pill, Prio, RecordLink, Status, Time, Title};
use crate::view::prose::Prose;

/// A value as it is shown in a cell or beside a label.
#[derive(Clone, Debug, PartialEq, Template)]
#[template(path = "parts/shown.html")]
pub enum Shown {
    /// Null: drawn as a dash, named "empty" for those who listen.
    Empty,
    /// The origin never supplied it: not the same as empty.
    Absent,
    Text(String),
    Muted(String),
    Code(String),
    Number(String),
    Prio(Prio),
    Clock(Clock),
    Status(Status),
    Person(Person),
    Record(RecordLink),
    Link(Link),
    Time(Time),
    Pill(Pill),
    Prose(Prose),
    Title(Title),
}
