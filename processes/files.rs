//! The rooms' files, inside the binary. A test walks the folders and fails where one is missing here.

/// Paths relative to this folder, with their texts.
macro_rules! texts {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!($path))),*] };
}

type Files = &'static [(&'static str, &'static str)];

const MODEL: Files = texts![
    "improvement/improvement/improvement.toml",
    "operation/portfolio/configuration_item/configuration_item.toml",
    "operation/portfolio/network_line/network_line.toml",
    "operation/portfolio/hardware/hardware.toml",
    "operation/portfolio/service/service.toml",
    "operation/portfolio/software/software.toml",
    "operation/relationship/customer/customer.toml",
    "operation/resolution/incident/incident.toml",
    "operation/resolution/major_incident/major_incident.toml",
    "operation/resolution/major_incident_review/major_incident_review.toml",
    "shared/assessment/assessment.toml",
    "shared/clock/clock.toml",
    "shared/duty/duty.toml",
    "shared/import_batch/import_batch.toml",
    "shared/list_value/list_value.toml",
    "shared/mixins/kept_by_owners.toml",
    "shared/mixins/read_by_staff.toml",
    "shared/nil_return/nil_return.toml",
    "shared/occasion/occasion.toml",
    "shared/person/person.toml",
    "shared/role_assignment/role_assignment.toml",
    "shared/rule_set/rule_set.toml",
    "shared/setting/setting.toml",
    "shared/site/site.toml",
    "shared/team/team.toml",
    "support/communication/communication.toml",
    "support/document/document.toml",
];

const CHECKS: Files = texts!["operation/resolution/incident/checks.toml", "shared/clock/checks.toml"];

const EXAMPLES: Files = texts!["operation/resolution/incident/examples.toml", "shared/clock/examples.toml"];

/// The declarations of all record types and mixins, for `model::load`.
pub fn model_files() -> Vec<(&'static str, &'static str)> {
    MODEL.to_vec()
}

/// The checks of all rooms; each stands in the room of its population.
pub fn check_files() -> Vec<(&'static str, &'static str)> {
    CHECKS.to_vec()
}

/// Records on which each check passes, fails and cannot be determined; the incident room's explains the form.
pub fn example_files() -> Vec<(&'static str, &'static str)> {
    EXAMPLES.to_vec()
}

/// The settings of the organisation itself, in the form of the standard's.
pub fn own_settings() -> &'static str {
    include_str!("shared/setting/own_settings.toml")
}
