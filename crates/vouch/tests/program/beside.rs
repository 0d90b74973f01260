//! Other processes work beside a loaded server: people and tokens are made, settings decided, a log imported, conformity
//! asked, the ledger verified. The one order has neither gap nor fork, and numbers stay unique.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::place::Place;
use serde_json::json;

const CLIENTS: usize = 16;
const CASES: usize = 40;

/// Another tool's export: cases of three rows.
fn log() -> String {
    let columns = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,\
                   opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,\
                   subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,\
                   u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at";
    let mut text = format!("{columns}\n");
    for case in 0..CASES {
        for (counter, (state, time)) in
            [("New", "08:00"), ("Active", "09:00"), ("Resolved", "10:00")].iter().enumerate()
        {
            text.push_str(&format!(
                "INC9{case:05},{state},true,0,0,{counter},true,Caller {case},Ana,1/3/2016 08:00,Ana,1/3/2016 08:00,Ben,\
                 1/3/2016 {time},Phone,?,Network,?,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 1,?,true,false,x,?,?,?,?,\
                 code 5,Ben,?,?\n"
            ));
        }
    }
    text
}

#[test]
fn commands_run_beside_a_loaded_server() {
    let place = Place::new();
    let server = place.serve();
    let agent = server.client.bearer(&place.somebody("agent"));
    let file = place.folder.path().join("log.csv");
    fs::write(&file, log()).unwrap();
    let (stop, numbers) = (AtomicBool::new(false), Mutex::new(Vec::<String>::new()));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let made = agent.post("/api/v1/incidents", &json!({ "title": "busy" })).expect(201);
                    numbers.lock().unwrap().push(made["number"].as_str().unwrap().to_owned());
                }
            });
        }
        for n in 0..3 {
            let email = format!("p{n}@example.org");
            place.does(&["user", "add", "--name", "P", "--email", &email, "--role", "internal-auditor"]);
            let token = place.does(&["token", "create", "--user", &email]);
            let auditor = server.client.bearer(token.trim());
            auditor.get("/api/v1/requirements/8.6.1-a").expect(200);
        }
        place.does(&["setting", "set", "incident.closure_wait", "P5D", "--reason", "agreed"]);
        let report =
            place.does(&["import", "servicenow-log", file.to_str().unwrap(), "--zone", "UTC", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(report.trim()).unwrap();
        assert_eq!((&report["created"], &report["refused"]), (&json!(CASES), &json!([])));
        place.does(&["check", "--clause", "8.6.1", "--format", "json"]);
        assert!(place.does(&["verify"]).starts_with("nothing was altered"), "while others write");
        stop.store(true, Ordering::Relaxed);
    });
    let numbers = numbers.into_inner().unwrap();
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "a number was given twice");
    assert!(numbers.len() > 50, "only {} writes", numbers.len());
    let imported = agent.get("/api/v1/incidents/INC900007").header("location").is_some();
    assert!(imported, "the imported ones are found by their source's number");
    drop(server);
    let verified = place.does(&["verify", "--format", "json"]);
    assert!(verified.contains("\"ok\": true"), "{verified}");
}
