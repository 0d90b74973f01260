//! Story: classes of configuration items stand among the items, and the major side of an incident goes with it.

use serde_json::{Value as Json, json};
use testkit::TestApp;

type Outcome = anyhow::Result<()>;

const MINUTE: i64 = 60_000_000;

fn numbers(answer: &Json) -> Vec<&str> {
    let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| item["number"].as_str()).collect()
}

#[test]
fn hardware_is_a_configuration_item_with_more_to_say() -> Outcome {
    let app = TestApp::start()?;
    let owner = app.actor("process-owner")?.client;
    let agent = app.actor("agent")?.client;
    owner.post("/api/v1/sites", &json!({ "name": "Harbour office" })).expect(201);
    owner.post("/api/v1/configuration-items", &json!({ "name": "Rack" })).expect(201);
    let server = json!({ "name": "Mail server", "serial_number": "S-77", "site": "SITE-1" });
    let made = owner.post("/api/v1/hardware-items", &server).expect(201);
    assert_eq!((&made["number"], &made["state"]), (&json!("HW-000001"), &json!("planned")));
    let all = agent.get("/api/v1/configuration-items?sort=number").expect(200);
    assert_eq!(numbers(&all), ["CI-000001", "HW-000001"]);
    let at_site =
        agent.get("/api/v1/configuration-items?filter=site.name%20%3D%3D%20%22Harbour%20office%22").expect(200);
    assert_eq!(numbers(&at_site), ["HW-000001"]);
    assert_eq!(numbers(&agent.get("/api/v1/hardware-items?sort=-serial_number").expect(200)), ["HW-000001"]);
    // Seen as an item it says what all items say.
    let seen = agent.get("/api/v1/configuration-items/HW-1").expect(200);
    assert_eq!((&seen["name"], seen.get("serial_number")), (&json!("Mail server"), None));
    // A link to items may point at it; what is done by either way is done to the one record.
    let incident = json!({ "title": "Mail is slow", "configuration_item": "HW-1" });
    let incident = agent.post("/api/v1/incidents", &incident).expect(201);
    assert_eq!(incident["configuration_item"]["name"], "Mail server");
    let found = "/api/v1/incidents?filter=configuration_item.name%20%3D%3D%20%22Mail%20server%22";
    assert_eq!(numbers(&agent.get(found).expect(200)), ["INC-000001"]);
    let before = app.now();
    app.wait(MINUTE);
    owner.post("/api/v1/configuration-items/HW-1/launch", &json!({})).expect(200);
    assert_eq!(agent.get("/api/v1/hardware-items/HW-1").expect(200)["state"], "live");
    let then = agent.get(&format!("/api/v1/configuration-items?at={before}&filter=state%20%3D%3D%20%22live%22"));
    assert!(numbers(&then.expect(200)).is_empty(), "it was not live then");
    Ok(())
}

#[test]
fn the_major_side_begins_and_ends_with_its_incident() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    let (client, path) = (&agent.client, "/api/v1/major-incidents/MAJ-1");
    client.post("/api/v1/incidents", &json!({ "title": "All is dark" })).expect(201);
    client.get(path).expect(404);
    app.wait(MINUTE);
    client.patch("/api/v1/incidents/INC-1", &json!({ "major": true })).expect(200);
    let side = client.get(path).expect(200);
    assert_eq!((&side["state"], &side["title"]), (&json!("declared"), &json!("All is dark")));
    client.post("/api/v1/major-incidents/MAJ-1/manage", &json!({})).expect(422);
    client.post("/api/v1/major-incidents/MAJ-1/manage", &json!({ "manager": agent.number })).expect(200);
    app.wait(MINUTE);
    client.post("/api/v1/incidents/INC-1/resolve", &json!({ "solution": "The fuse." })).expect(200);
    let restored = client.get(path).expect(200);
    assert_eq!(restored["state"], "restored");
    assert!(restored["restored_at"].is_string());
    app.wait(MINUTE);
    client.post("/api/v1/incidents/INC-1/reopen", &json!({ "reason": "dark again" })).expect(200);
    assert_eq!(client.get(path).expect(200)["state"], "managing");
    app.wait(MINUTE);
    client.post("/api/v1/incidents/INC-1/resolve", &json!({ "solution": "Another fuse." })).expect(200);
    // Reported once there is a report, reviewed once a review was held.
    client.post("/api/v1/major-incidents/MAJ-1/report", &json!({})).expect(422);
    client.post("/api/v1/communications", &json!({ "title": "Report", "incident": "INC-1" })).expect(201);
    client.patch("/api/v1/incidents/INC-1", &json!({ "report": "COM-1" })).expect(200);
    client.post("/api/v1/major-incidents/MAJ-1/report", &json!({})).expect(200);
    client.post("/api/v1/major-incidents/MAJ-1/review", &json!({})).expect(422);
    let held = json!({ "title": "Why", "incident": "INC-1", "held_at": "2026-03-02T12:02:00Z" });
    client.post("/api/v1/major-incident-reviews", &held).expect(201);
    client.post("/api/v1/major-incidents/MAJ-1/review", &json!({})).expect(200);
    client.post("/api/v1/major-incidents/MAJ-1/close", &json!({})).expect(422);
    client.post("/api/v1/major-incidents/MAJ-1/close", &json!({ "continuity_invoked": false })).expect(200);
    // Another one is downgraded.
    client.post("/api/v1/incidents", &json!({ "title": "Half is dark", "major": true })).expect(201);
    app.wait(MINUTE);
    let why = json!({ "major": false });
    client.patch("/api/v1/incidents/INC-2", &why).expect(200);
    assert_eq!(client.get("/api/v1/major-incidents/MAJ-2").expect(200)["state"], "downgraded");
    Ok(())
}
