//! Settings: the rules that the standard leaves to the organisation, and who decided them.

use askama::Template;

use super::{
    filters,
    form::Form,
    list::MenuItem,
    parts::{Link, Mark, Person, Status, Time},
    shell::Shell,
};

/// `/settings`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "admin/settings.html")]
pub struct SettingsPage {
    pub shell: Shell,
    /// `12 of 83 are decided. 9 that checks need today are not.`
    pub verdict: String,
    /// All, Needed now, Decided, Not decided.
    pub tabs: Vec<MenuItem>,
    pub groups: Vec<SettingGroup>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingGroup {
    pub heading: String,
    pub rows: Vec<SettingRow>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SettingRow {
    pub key: String,
    pub label: String,
    pub href: String,
    /// `None`: not decided.
    pub value: Option<String>,
    /// Decided; not decided though a check needs it; not needed yet.
    pub status: Status,
    /// `since 1 Mar 2026, Tom Lindqvist`.
    pub note: String,
    /// Requirements that need it.
    pub used_by: Vec<Link>,
}

/// `/settings/incident.closure_wait`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "admin/setting.html")]
pub struct SettingPage {
    pub shell: Shell,
    pub key: String,
    pub label: String,
    /// The value in words; `None`: not decided.
    pub value: Option<String>,
    /// `since 1 March 2026, decided by Tom Lindqvist`.
    pub since: String,
    /// For per-X settings: of what, and the value.
    pub by_subject: Vec<(String, String)>,
    /// `business duration`, `PT0H to P30D`, `organisation`.
    pub unit: String,
    pub allowed: String,
    pub scope: String,
    /// The role that decides.
    pub decided_by: String,
    pub used_by: Vec<Link>,
    /// A starting point from practice, in words; never applied by itself.
    pub suggestion: String,
    pub small: String,
    pub large: String,
    /// `POST /settings/KEY`: `value`, `from`, `reason`. `None`: this reader may not decide.
    pub form: Option<Form>,
    /// The newest first.
    pub history: Vec<Decision>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub who: Person,
    pub time: Time,
    pub value: String,
    /// `in force from 1 March 2026`.
    pub from: String,
    pub reason: String,
}
