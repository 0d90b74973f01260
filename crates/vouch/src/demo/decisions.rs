//! What Larkfield decided when it began, and the documents by which it works.

use serde_json::{Value as Json, json};

use super::hours::{self, Hours, ZONE};
use super::people::{AUDITOR, PROCESS_OWNER, SERVICE_MANAGER};

pub const THRESHOLDS: &str = "incident.escalation_thresholds";
pub const WEEK: &str = "organization.week";
pub const HOLIDAYS: &str = "organization.holidays";

/// Minutes of desk time within which an incident of a priority is to be resolved, as `first` decides it.
pub fn target_minutes(priority: i64) -> i64 {
    match priority {
        1 => 4 * 60,
        2 => 8 * 60,
        3 => 30 * 60,
        _ => 50 * 60,
    }
}

/// The matrix of `incident.priority_rule`: row impact, column urgency.
pub fn priority(impact: i64, urgency: i64) -> i64 {
    match impact + urgency {
        ..=2 => 1,
        3 => 2,
        4 => 3,
        _ => 4,
    }
}

/// Key, value and reason of what is decided first.
pub fn first(hours: &Hours) -> Vec<(&'static str, Json, &'static str)> {
    vec![
        ("organization.zone", json!(ZONE), "Our desk and most of our customers are there."),
        (WEEK, hours::week(), "The hours that our agreements promise."),
        (HOLIDAYS, hours.holidays(), "Bank holidays, as our agreements exclude them."),
        (
            "incident.priority_rule",
            json!({ "matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]] }),
            "Agreed with all customers in the yearly reviews.",
        ),
        (
            "incident.resolution_target",
            json!({ "1": "PT4H", "2": "PT8H", "3": "PT30H", "4": "PT50H" }),
            "What the year before showed that we can keep.",
        ),
        (THRESHOLDS, thresholds("PT1H"), "Half of the time for what is urgent, three quarters for the rest."),
        ("incident.closure_wait", json!("P5D"), "A caller who was away for a week can still object."),
        (
            "incident.update_interval",
            json!({ "1": "PT2H", "2": "PT10H", "3": "P2D", "4": "P3D" }),
            "Nobody shall have to ring us up to hear whether we are still at it.",
        ),
        (
            "incident.major_criteria",
            json!("impact == 1 && urgency == 1"),
            "Many people cannot work now: then somebody has to take charge. Agreed with Ruth Callaghan.",
        ),
        ("major_incident.notice_time", json!("PT30M"), "Ruth Callaghan wants to hear it from us first."),
        ("major_incident.review_time", json!("P5D"), "Within a week, while people remember."),
    ]
}

/// `grace` for priority 2 is what the internal audit shortens in the middle of the year.
pub fn thresholds(grace: &str) -> Json {
    json!({
        "1": { "share": 0.5, "grace": "PT15M" },
        "2": { "share": 0.5, "grace": grace },
        "3": { "share": 0.75, "grace": "PT2H" },
        "4": { "share": 0.75, "grace": "PT4H" },
    })
}

pub const PROCEDURE: &str = "major";

/// Key, title and kind of each document.
pub const DOCUMENTS: [(&str, &str, &str); 5] = [
    (PROCEDURE, "Major incident procedure", "procedure"),
    ("incident", "Incident procedure", "procedure"),
    (ESCALATION_RULES, "Escalation rules", "instruction"),
    ("criteria", "Criteria for major incidents", "criteria"),
    ("policy", "Service management policy", "policy"),
];

pub const ESCALATION_RULES: &str = "escalation";

/// The steps of the major incident procedure that nobody may leave out; all of them come within the first hour.
pub const PROCEDURE_STEPS: [&str; 5] = ["assess", "manager", "management", "customers", "plan"];

/// What comes again and again, and the records that fulfil it.
pub struct Duty {
    pub title: &'static str,
    pub kind: &'static str,
    pub every: &'static str,
    pub owner: &'static str,
    pub fulfilled_by: Option<&'static str>,
    pub fulfilled_when: Option<&'static str>,
}

pub static DUTIES: [Duty; 3] = [
    Duty {
        title: "One improvement carried through",
        kind: "improvement_done",
        every: "P2M",
        owner: PROCESS_OWNER,
        fulfilled_by: Some("improvement"),
        fulfilled_when: Some("state == 'done'"),
    },
    Duty {
        title: "Internal audit of incident management",
        kind: "incident_audit",
        every: "P6M",
        owner: AUDITOR,
        fulfilled_by: Some("assessment"),
        fulfilled_when: Some("requirement == '8.6.1-a'"),
    },
    Duty {
        title: "Management review",
        kind: "management_review",
        every: "P1Y",
        owner: SERVICE_MANAGER,
        fulfilled_by: None,
        fulfilled_when: None,
    },
];
