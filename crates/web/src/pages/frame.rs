//! What surrounds a page: rail, crumbs, the past's strip, what may be created.

use engine::{Time, slot};
use model::RecordType;

use super::address::Address;
use super::visit::Visit;
use crate::api::json::instant;
use crate::view::parts::Link;
use crate::view::shell::{AsAt, AtControl, NavRights, Notice, Shell, User, navigation};
use crate::view::words;

/// Records of these types are made on pages of their own, not from the menu.
const OWN_PAGES: [&str; 3] = ["setting", "assessment", "nil_return"];
/// Addresses of the rail that are no collections.
const PLACES: [&str; 5] = ["/my-work", "/conformity", "/requirements", "/settings", "/ledger"];

const DEMONSTRATION: &str =
    "People, customers and events are made up, and its clock is simulated. Nothing here is evidence of anything.";

/// The frame where nobody is signed in.
pub fn bare(title: &str) -> Shell {
    Shell { title: title.to_owned(), here: title.to_owned(), ..Shell::default() }
}

impl Visit {
    /// The frame of a page of the area `area`, with `here` as its title and last crumb.
    pub fn shell(&self, area: &str, here: &str) -> Shell {
        let demonstration = self.app.engine.is_demonstration().then(|| DEMONSTRATION.to_owned());
        Shell {
            title: here.to_owned(),
            here: here.to_owned(),
            theme: self.theme,
            csrf: self.csrf.clone(),
            user: Some(self.user()),
            nav: self.navigation(area),
            create: self.creates(),
            demo: demonstration,
            notice: self.notice.clone().map(|text| Notice { text, link: None }),
            now: instant(self.wall.now),
            address: self.address.to_string(),
            ..Shell::default()
        }
    }

    /// The frame of a page about records of a type.
    pub fn shell_of(&self, record_type: &RecordType, here: &str) -> Shell {
        let path = format!("/{}", record_type.path);
        let shell = self.shell(&path, here);
        let own = shell.here == record_type.label_plural;
        let crumbs = if own { Vec::new() } else { vec![Link::new(record_type.label_plural.clone(), path)] };
        Shell { crumbs, clause: self.clause(record_type), ..shell }
    }

    fn clause(&self, record_type: &RecordType) -> Option<Link> {
        let clause = record_type.clause.as_ref().filter(|_| self.is_staff())?;
        Some(Link::new(format!("Clause {clause}"), format!("/conformity/{clause}")))
    }

    fn user(&self) -> User {
        let principal = &self.principal;
        let record_type =
            principal.number.split_once('-').and_then(|(prefix, _)| self.app.engine.model().by_prefix(prefix));
        let roles: Vec<String> = principal.held.iter().map(|held| role(&held.role)).collect();
        User {
            number: principal.number.clone(),
            name: principal.name.clone(),
            initials: words::initials(&principal.name),
            email: self.email(record_type).unwrap_or_default(),
            roles: roles.join(", "),
            // Customers may not read people, themselves among them.
            href: record_type
                .filter(|found| principal.may_read(found))
                .map_or_else(String::new, |found| format!("/{}/{}", found.path, principal.number)),
        }
    }

    fn email(&self, record_type: Option<&RecordType>) -> Option<String> {
        let shared = self.app.engine.model().shared(&record_type?.name)?;
        let mut reader = self.app.engine.reader().ok()?;
        let person = engine::load(&mut *reader, shared, self.person, Time::Live).ok()??;
        person.by_key("email").as_text().map(str::to_owned)
    }

    fn navigation(&self, area: &str) -> Vec<crate::view::shell::NavItem> {
        let model = self.app.engine.model();
        let settings = model.by_path("settings").is_some_and(|found| self.principal.may_read(found));
        let staff = self.is_staff();
        let mut items = navigation(area, NavRights { staff, conformity: staff, admin: settings });
        for item in &mut items {
            item.links.retain(|link| {
                let collection = model.by_path(link.href.trim_start_matches('/'));
                PLACES.contains(&link.href) || collection.is_some_and(|found| self.principal.may_read(found))
            });
        }
        items.retain(|item| item.href.is_some() || !item.links.is_empty());
        items
    }

    /// What this reader may create: work first.
    fn creates(&self) -> Vec<Link> {
        let model = self.app.engine.model();
        let may = |found: &&RecordType| self.principal.may_create(found) && !OWN_PAGES.contains(&found.name.as_str());
        let mut types: Vec<&RecordType> = model.types().iter().map(|found| &**found).filter(may).collect();
        types.sort_by_key(|found| (found.scope.is_none() || found.lifecycle.is_none(), found.label.clone()));
        types.into_iter().map(|found| Link::new(found.label.clone(), format!("/{}/new", found.path))).collect()
    }

    /// Marks a page of the past: nothing is offered that writes.
    pub fn marked(&self, shell: Shell, time: Time) -> Shell {
        let Time::At { valid, known } = time else { return shell };
        let now = Address::without(&self.address, &["at", "known"]);
        let knew = match () {
            () if known == valid => "as known then".to_owned(),
            () if self.knows_now() => "as known now".to_owned(),
            () => format!("as known on {}", self.wall.long(known)),
        };
        let as_at = AsAt {
            when: self.wall.long(valid),
            known: knew,
            then_href: self.address.with("known", Some("then")).to_string(),
            now_href: self.address.with("known", Some("now")).to_string(),
            known_then: known == valid,
            back_href: now.to_string(),
        };
        Shell { as_at: Some(as_at), create: Vec::new(), events: None, ..shell }
    }

    fn knows_now(&self) -> bool {
        self.address.get("known").is_none_or(|known| known == "now")
    }

    /// The control by which a reader goes to another time.
    pub fn at_control(&self, time: Time) -> AtControl {
        let (label, value) = match time {
            Time::Live => ("As at: now".to_owned(), String::new()),
            Time::At { valid, .. } => (format!("As at: {}", self.wall.narrow(valid)), self.wall.typed(valid)),
        };
        AtControl {
            action: self.address.path.clone(),
            hidden: self.address.hidden(&["at", "known", "cursor", "edit"]),
            label,
            value,
            known_now: time != Time::Live && self.knows_now(),
            zone: self.wall.zone.name().to_owned(),
            suggestions: Vec::new(),
        }
    }

    /// Where a page hears of changes after this moment.
    pub fn events(&self, record_type: &RecordType) -> Option<String> {
        let leaves = self.app.engine.leaves().ok()?;
        Some(format!("/events?watch={}&since={leaves}", record_type.name))
    }
}

/// `service-manager` as people say it.
pub fn role(key: &str) -> String {
    let mut chars = key.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars.map(|c| if c == '-' { ' ' } else { c })).collect()
}

/// The version that a page shows, for forms that must not overwrite what came later.
pub fn version(record: &engine::Record) -> u64 {
    u64::try_from(record.get(slot::VERSION).as_int().unwrap_or(0)).unwrap_or(0)
}
