//! What surrounds every page: rail, bar, the past's strip and the notices.

use super::parts::Link;

/// Rail, bar and notices of a page for somebody who is signed in. Pages without a `user` show the brand alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shell {
    /// Of the document; ` · Vouch` follows.
    pub title: String,
    pub organisation: String,
    /// From the cookie `theme`; `None` follows the system.
    pub theme: Option<Theme>,
    /// Hidden in every form that posts.
    pub csrf: String,
    pub user: Option<User>,
    pub nav: Vec<NavItem>,
    /// The way here, outermost first, without this page.
    pub crumbs: Vec<Link>,
    /// This page, as the last crumb.
    pub here: String,
    /// The clause that this page serves: `Clause 8.6.1` and where it leads.
    pub clause: Option<Link>,
    /// What may be created by this reader; the first is what `c` opens when there is only one.
    pub create: Vec<Link>,
    /// The whole sentence of the demonstration's banner.
    pub demo: Option<String>,
    pub as_at: Option<AsAt>,
    /// What was just done.
    pub notice: Option<Notice>,
    /// `/events?watch=…&since=LEAF`: where this page hears of changes from that leaf on (event `changed`, id = leaf,
    /// data `{"type","number","version","by"?}`). `None` for pages of the past and those that nothing moves.
    pub events: Option<String>,
    /// RFC 3339: the server's own time, by which the page goes on counting (a demonstration's clock is not the browser's).
    pub now: String,
    /// The address of this page, to come back to after signing in or changing the theme.
    pub address: String,
    /// The page has the search box in itself, so the bar has none.
    pub own_search: bool,
}

impl Shell {
    pub(crate) fn has_theme(&self, key: &str) -> bool {
        self.theme.map_or("system", Theme::key) == key
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// As in the cookie and in `data-theme`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// `PER-000007`: keeps the drafts of two people on one machine apart.
    pub number: String,
    pub name: String,
    pub initials: String,
    pub email: String,
    /// `Service manager, Internal auditor`.
    pub roles: String,
    /// The person's own record.
    pub href: String,
}

/// The page shows another time than now. While it does, nothing that writes is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsAt {
    /// `30 September 2026, 23:59`.
    pub when: String,
    /// `as known then`, `as known now`, `as known on 3 October 2026`.
    pub known: String,
    /// Links that change the knowledge, with the chosen one marked.
    pub then_href: String,
    pub now_href: String,
    pub known_then: bool,
    pub back_href: String,
}

/// The control by which a reader chooses a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtControl {
    /// Address of the page, without `at` and `known`.
    pub action: String,
    /// The rest of the query, kept.
    pub hidden: Vec<(String, String)>,
    /// `As at: now`, `As at: 30 Sep 2026`.
    pub label: String,
    /// `2026-09-30T23:59`, local; empty for now.
    pub value: String,
    pub known_now: bool,
    /// The zone in which the value is read.
    pub zone: String,
    /// Days worth a look: the last quarter's end, an audit.
    pub suggestions: Vec<Link>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub link: Option<Link>,
}

/// An entry of the rail: a link, or a group of links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NavItem {
    pub label: &'static str,
    pub icon: &'static str,
    /// `None` for a group.
    pub href: Option<&'static str>,
    /// The second key after `g`.
    pub key: &'static str,
    pub current: bool,
    pub tally: Option<Tally>,
    pub links: Vec<NavLink>,
}

impl NavItem {
    pub(crate) fn open(&self) -> bool {
        self.links.iter().any(|link| link.current)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NavLink {
    pub label: &'static str,
    pub href: &'static str,
    pub key: &'static str,
    pub current: bool,
    pub tally: Option<Tally>,
}

/// A count at the end of an entry; `hot` is red: a major incident runs, a requirement does not conform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub text: String,
    pub hot: bool,
}

/// What of the rail a reader may open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NavRights {
    /// Everybody who works here; false for customers, who see their incidents only.
    pub staff: bool,
    pub conformity: bool,
    pub admin: bool,
}

type Entry = (&'static str, &'static str, &'static str);

/// Customers see the first only.
const DESK: [Entry; 2] = [("Incidents", "/incidents", "i"), ("Major incidents", "/major-incidents", "j")];
const SERVICES: [Entry; 7] = [
    ("Services", "/services", "s"),
    ("Configuration items", "/configuration-items", "k"),
    ("Hardware", "/hardware-items", "1"),
    ("Software", "/software-items", "2"),
    ("Network lines", "/network-lines", "3"),
    ("Sites", "/sites", "o"),
    ("Customers", "/customers", "u"),
];
const CONFORMITY: [Entry; 5] = [
    ("Overview", "/conformity", "c"),
    ("Requirements", "/requirements", "r"),
    ("What is due", "/occasions", "w"),
    ("Documents", "/documents", "d"),
    ("Improvement", "/improvements", "v"),
];
const PEOPLE: [Entry; 3] =
    [("People", "/people", "p"), ("Teams", "/teams", "t"), ("Roles held", "/role-assignments", "h")];
const ADMIN: [Entry; 2] = [("Settings", "/settings", "e"), ("Ledger", "/ledger", "l")];

/// The rail, with only those areas that exist and that this reader may open. `here` is the address of the area the
/// page belongs to (`/incidents` on an incident's own page).
pub fn navigation(here: &str, rights: NavRights) -> Vec<NavItem> {
    let group = |label, icon, entries: &[Entry]| NavItem {
        label,
        icon,
        links: entries
            .iter()
            .map(|&(label, href, key)| NavLink { label, href, key, current: href == here, tally: None })
            .collect(),
        ..NavItem::default()
    };
    let my_work = NavItem {
        label: "My work",
        icon: "person",
        href: Some("/my-work"),
        key: "m",
        current: here == "/my-work",
        ..NavItem::default()
    };
    let desk: &[Entry] = if rights.staff { &DESK } else { &DESK[..1] };
    let mut items = vec![my_work, group("Service desk", "desk", desk)];
    if rights.staff {
        items.push(group("Services", "layers", &SERVICES));
    }
    if rights.conformity {
        items.push(group("Conformity", "shield", &CONFORMITY));
    }
    if rights.staff {
        items.push(group("People & teams", "people", &PEOPLE));
    }
    if rights.admin || rights.conformity {
        items.push(group("Admin", "gear", &ADMIN));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_sees_no_area_of_the_provider() {
        let labels: Vec<_> = navigation("/incidents", NavRights::default()).iter().map(|item| item.label).collect();
        assert_eq!(labels, ["My work", "Service desk"]);
    }

    #[test]
    fn no_two_areas_share_a_key() {
        let rights = NavRights { staff: true, conformity: true, admin: true };
        let items = navigation("/incidents", rights);
        let mut keys: Vec<_> = items.iter().flat_map(|i| i.links.iter().map(|l| l.key).chain([i.key])).collect();
        keys.retain(|key| !key.is_empty());
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_eq!(items.iter().filter(|item| item.open()).count(), 1);
    }
}
