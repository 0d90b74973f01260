//! What the examples share: the shell of Larkfield, its people, and a few short hands.

use askama::Template;
use web::view::{parts::*, shell::*};

use crate::Page;

pub const CSRF: &str = "t0ken";

/// A template, rendered, under the name of its file.
#[expect(clippy::unwrap_used, reason = "an example that does not render is a failed test")]
pub fn page(name: &'static str, template: &impl Template) -> Page {
    (name, template.render().unwrap())
}

pub fn s(text: &str) -> String {
    text.to_owned()
}

pub fn link(label: &str, href: &str) -> Link {
    Link::new(label, href)
}

pub fn at(text: &str) -> Time {
    Time::new(text, "2026-11-24T10:42:00Z", format!("24 November 2026, {text}"))
}

pub fn person(name: &str) -> Person {
    let kind = if name == "Mira Okafor" { PersonKind::Me } else { PersonKind::Other };
    Person::new(name, kind)
}

pub fn record(number: &str, name: &str) -> RecordLink {
    let name = (!name.is_empty()).then(|| s(name));
    RecordLink { number: s(number), name, href: Some(format!("/records/{number}")) }
}

pub fn strong(text: &str) -> Word {
    Word::Strong(s(text))
}

pub fn plain(text: &str) -> Word {
    Word::Plain(s(text))
}

pub fn status(mark: Mark, label: &str) -> Status {
    Status::new(mark, label)
}

pub fn user() -> User {
    User {
        number: s("PER-000007"),
        name: s("Mira Okafor"),
        initials: s("MO"),
        email: s("mira.okafor@larkfield.example"),
        roles: s("Agent, Process owner"),
        href: s("/people/PER-000007"),
    }
}

/// The shell of a page under `area`, called `here`.
pub fn shell(title: &str, area: &str, crumbs: Vec<Link>, here: &str) -> Shell {
    let mut nav = navigation(area, NavRights { staff: true, conformity: true, admin: true });
    for item in &mut nav {
        for entry in &mut item.links {
            entry.tally = match entry.href {
                "/incidents" => Some(Tally { text: s("184"), hot: false }),
                "/conformity" => Some(Tally { text: s("11"), hot: true }),
                _ => None,
            };
        }
    }
    Shell {
        title: s(title),
        organisation: s("Larkfield Managed IT"),
        csrf: s(CSRF),
        user: Some(user()),
        nav,
        crumbs,
        here: s(here),
        create: vec![link("Incident", "/incidents/new"), link("Configuration item", "/configuration-items/new")],
        now: s("2026-11-24T10:42:00Z"),
        address: s(area),
        ..Shell::default()
    }
}

pub fn clause(shell: Shell, number: &str) -> Shell {
    Shell { clause: Some(link(&format!("Clause {number}"), &format!("/conformity/{number}"))), ..shell }
}

/// The same shell, seen from 30 September.
pub fn past(shell: Shell) -> Shell {
    let as_at = AsAt {
        when: s("30 September 2026, 23:59"),
        known: s("as known then"),
        then_href: s("?at=2026-09-30T23:59&known=then"),
        now_href: s("?at=2026-09-30T23:59&known=now"),
        known_then: true,
        back_href: s("?"),
    };
    Shell { as_at: Some(as_at), create: vec![], events: None, ..shell }
}

pub fn at_control(action: &str) -> AtControl {
    AtControl {
        action: s(action),
        hidden: vec![(s("view"), s("open"))],
        label: s("As at: now"),
        value: String::new(),
        known_now: false,
        zone: s("Europe/London"),
        suggestions: vec![link("30 Sep 2026, end of the quarter", "?at=2026-09-30T23:59")],
    }
}
