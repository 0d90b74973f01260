//! An organisation's own files, put in force beside a running server: a record type with a life-cycle, a field of
//! incidents, a check over steps and one over occasions, used by REST, pages, CSV and as-at, without a build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::place::{Place, text};
use serde_json::{Value as Json, json};
use testkit::Client;

const INCIDENT: &str = r#"
[record]
name = "incident"

[fields.building]
kind = "choice"
choices = ["north", "south"]
help = "Where somebody has to go"

[fields.vendor_ticket]
kind = "text"
max = 40
sort = true

[fields.gate]
kind = "text"

[permissions.internal-auditor]
hide = ["vendor_ticket"]
"#;

const INSPECTION: &str = r#"
[record]
name = "inspection"
plural = "inspections"
prefix = "INSP"
mixins = ["read_by_staff"]

[fields]
title = { kind = "text", required = true }
found = { kind = "long_text" }

[lifecycle]
initial = "planned"
states.planned = { category = "open" }
states.done = { category = "final" }
transitions.finish = { from = ["planned"], to = "done", needs = ["found"] }

[permissions.agent]
create = "true"
change = "true"
do = ["*"]

[views.all]
columns = ["number", "title", "state"]
sort = ["-raised_at"]
facets = ["state"]
"#;

const CHECKS: &str = r#"
[[check]]
id = "8.2.6-i.found"
requirement = "8.2.6-i"
over = "inspection.step"
when = "step.to == 'done' && step.at in period"
pass = "record.found != 'nothing'"
proves = "indicator"

[[check]]
id = "8.2.6-i.due"
requirement = "8.2.6-i"
over = 'duty("inspection").occasion'
when = "in_or_latest(due_on, period)"
pass = "fulfilled_by != null && fulfilled_at <= due_end"
proves = "necessary"
"#;

/// Where an organisation keeps its own files.
fn own(place: &Place) -> PathBuf {
    place.folder.path().join("own")
}

fn write(place: &Place, name: &str, text: &str) {
    let path = own(place).join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn items(answer: &Json) -> Vec<String> {
    let items = answer["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["number"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_an_organisation_declares_works_beside_a_running_server() {
    let place = Place::new();
    let server = place.serve();
    let agent = server.client.bearer(&place.somebody("agent"));
    let auditor = server.client.bearer(&place.somebody("internal-auditor"));
    let owner = server.client.bearer(&place.somebody("process-owner"));
    agent.post("/api/v1/incidents", &json!({ "title": "Before" })).expect(201);
    agent.get("/api/v1/inspections").expect(404);
    write(&place, "incident/incident.toml", INCIDENT);
    write(&place, "inspection.toml", INSPECTION);
    write(&place, "checks.toml", CHECKS);
    let own = own(&place).to_str().unwrap().to_owned();
    assert_eq!(text(&alone(&place, &["model", "check", &own]).stdout).trim(), "3 files are sound");
    let plan = place.does(&["model", "plan", &own]);
    for line in [
        "+ incident.building (one of north, south)",
        "+ inspection (Inspections)",
        "make column incident.building",
        "make column incident_v.vendor_ticket",
        "make index incident_by_vendor_ticket_id",
        "make table inspection",
    ] {
        assert!(plan.lines().any(|found| found == line), "{line} in:\n{plan}");
    }
    agent.get("/api/v1/inspections").expect(404);
    place.does(&["model", "apply", &own]);
    // The running server takes the files over by itself.
    for _ in 0..100 {
        if agent.get("/api/v1/inspections").status == 200 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    the_field_is_like_any_other(&agent, &auditor);
    the_type_is_like_any_other(&agent, &owner, &auditor);
    assert!(place.does(&["model", "plan", &own]).starts_with("nothing to do"));
    let explained = place.does(&["model", "explain", "incident.vendor_ticket"]);
    assert!(explained.contains("declared  incident/incident.toml:10:9"), "{explained}");
    drop(server);
    assert!(place.does(&["verify"]).starts_with("nothing was altered"));
}

/// A command that needs no organisation.
fn alone(place: &Place, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vouch")).args(args).current_dir(place.folder.path()).output().unwrap()
}

fn the_field_is_like_any_other(agent: &Client, auditor: &Client) {
    let made = agent
        .post(
            "/api/v1/incidents",
            &json!({ "title": "Lift stuck", "building": "north", "vendor_ticket": "V-7", "gate": "Hafentor" }),
        )
        .expect(201);
    let number = made["number"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{number}");
    assert_eq!((&made["building"], &made["vendor_ticket"]), (&json!("north"), &json!("V-7")));
    let wrong = agent.patch(&path, &json!({ "building": "west" })).expect(422);
    assert_eq!(wrong["errors"][0]["field"], "building");
    let found = agent.get("/api/v1/incidents?filter=building%20%3D%3D%20%22north%22&sort=-vendor_ticket").expect(200);
    assert_eq!(items(&found), std::slice::from_ref(&number));
    assert!(agent.get("/api/v1/incidents").expect(200)["items"][1]["building"].is_null(), "older ones have none");
    assert_eq!(auditor.get(&path).expect(200)["vendor_ticket"], Json::Null, "hidden from this role");
    auditor.get("/api/v1/incidents?sort=vendor_ticket").expect(422);
    let then = made["updated_at"].as_str().unwrap().to_owned();
    std::thread::sleep(Duration::from_millis(5));
    agent.patch(&path, &json!({ "building": "south" })).expect(200);
    let was = agent.get(&format!("{path}?at={then}")).expect(200);
    assert_eq!(was["building"], "north");
    let csv = agent.with("Accept", "text/csv").get("/api/v1/incidents");
    assert!(csv.text().lines().next().unwrap().contains("vendor_ticket"), "{}", csv.text());
    assert_eq!(items(&auditor.get("/api/v1/search?q=hafentor").expect(200)), std::slice::from_ref(&number));
    assert!(items(&auditor.get("/api/v1/search?q=V-7").expect(200)).is_empty(), "hidden, so not found either");
    let history = agent.get(&format!("{path}/history")).expect(200);
    assert!(history.to_string().contains("\"field\":\"building\",\"from\":\"north\",\"to\":\"south\""), "{history}");
}

fn the_type_is_like_any_other(agent: &Client, owner: &Client, auditor: &Client) {
    let duty = json!({ "title": "Inspect the lifts", "kind": "inspection", "every": "P1M",
        "fulfilled_by": "inspection", "fulfilled_when": "state == 'done'" });
    owner.post("/api/v1/duties", &duty).expect(201);
    agent.post("/api/v1/inspections", &json!({ "title": "Lift 1" })).expect(201);
    agent.post("/api/v1/inspections/INSP-1/finish", &json!({})).expect(422);
    agent.post("/api/v1/inspections/INSP-1/finish", &json!({ "found": "nothing" })).expect(200);
    let occasion = &agent.get("/api/v1/occasions/OCC-1").expect(200);
    assert_eq!((&occasion["state"], &occasion["fulfilled_by"]["number"]), (&json!("fulfilled"), &json!("INSP-000001")));
    let check = |id: &str| auditor.get(&format!("/api/v1/checks/{id}")).expect(200);
    let steps = check("8.2.6-i.found");
    assert_eq!((&steps["population"], &steps["failed"], &steps["status"]), (&json!(1), &json!(1), &json!("fail")));
    let exceptions = auditor.get("/api/v1/checks/8.2.6-i.found/exceptions").expect(200);
    assert_eq!(items(&exceptions), ["INSP-000001"]);
    assert!(steps["months"].as_array().is_some_and(|months| months.len() >= 12), "a trend");
    // Its date lies in the next month, so it counts from then on: here it is only seen that the check can be asked.
    assert_eq!(check("8.2.6-i.due")["status"], "no-evidence");
}

#[test]
fn files_that_contradict_what_was_recorded_are_refused_and_change_nothing() {
    let place = Place::new();
    write(&place, "incident.toml", INCIDENT);
    let server = place.serve();
    let token = place.somebody("agent");
    let own = own(&place).to_str().unwrap().to_owned();
    place.does(&["model", "apply", &own]);
    let agent = server.client.bearer(&token);
    let body = json!({ "title": "x", "building": "north" });
    for _ in 0..100 {
        if agent.post("/api/v1/incidents", &body).status == 201 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let refused = |args: &[&str]| {
        let output = place.run(args);
        assert!(!output.status.success(), "{args:?} went through");
        text(&output.stdout) + &text(&output.stderr)
    };
    let shrunk = INCIDENT.replace("[fields.building]", "[fields.house]");
    write(&place, "incident.toml", &shrunk);
    let why = refused(&["model", "apply", &own]);
    assert!(why.contains("refused: incident.building has been set in 1 records"), "{why}");
    let other_kind = INCIDENT.replace("kind = \"text\"\nmax = 40\nsort = true", "kind = \"boolean\"");
    write(&place, "incident.toml", &other_kind);
    let why = refused(&["model", "plan", &own]);
    assert!(
        why.contains("incident.vendor_ticket was text") && why.contains("expected a field of another name"),
        "{why}"
    );
    write(&place, "incident.toml", &INCIDENT.replace("\"choice\"", "\"choise\""));
    let why = refused(&["model", "apply", &own]);
    assert!(why.contains("incident.toml:6:8"), "{why}");
    write(&place, "incident.toml", INCIDENT);
    write(&place, "notes.d/readme.toml", "x = 1");
    let why = refused(&["model", "plan", &own]);
    assert!(why.contains("notes.d/readme.toml: expected TYPE.toml"), "{why}");
    assert_eq!(agent.get("/api/v1/incidents/INC-1").expect(200)["building"], "north");
    assert!(folder_is_private(&place.data()));
}

fn folder_is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}
