//! Story: records and lists as they were, as known then and as known now; late knowledge changes only what is known now.

use serde_json::json;
use testkit::TestApp;

type Outcome = anyhow::Result<()>;

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_record_is_shown_as_it_was() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    app.wait(HOUR);
    agent.client.post("/api/v1/incidents", &json!({ "title": "First words", "description": "long" })).expect(201);
    app.wait(HOUR);
    agent
        .client
        .patch("/api/v1/incidents/INC-1", &json!({ "title": "Second words", "description": "longer" }))
        .expect(200);
    app.wait(HOUR);
    agent.client.post("/api/v1/incidents/INC-1/resolve", &json!({ "solution": "done" })).expect(200);
    app.wait(HOUR);
    let at = |time: &str| agent.client.get(&format!("/api/v1/incidents/INC-1?at={time}"));
    at("2026-03-02T12:30:00Z").expect(404);
    let first = at("2026-03-02T13:30:00Z").expect(200);
    assert_eq!(
        (&first["title"], &first["description"], &first["resolved_at"]),
        (&json!("First words"), &json!("long"), &json!(null))
    );
    let second = at("2026-03-02T14:30:00Z").expect(200);
    assert_eq!(
        (&second["title"], &second["description"], &second["state"]),
        (&json!("Second words"), &json!("longer"), &json!("new"))
    );
    assert_eq!(at("2026-03-02T15:30:00Z").expect(200)["state"], "resolved");
    at("2030-01-01T00:00:00Z").expect(422);
    agent.client.get("/api/v1/incidents/INC-1?at=2026-03-02T14:30:00Z&known=2026-03-02T13:30:00Z").expect(422);
    let list = agent
        .client
        .get("/api/v1/incidents?at=2026-03-02T14:30:00Z&filter=state%20%3D%3D%20%22new%22&count=true")
        .expect(200);
    assert_eq!((&list["total"], &list["items"][0]["title"]), (&json!(1), &json!("Second words")));
    Ok(())
}

#[test]
fn a_late_entry_changes_what_is_known_now_and_not_what_was_known_then() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("service-manager")?;
    agent.client.post("/api/v1/incidents", &json!({ "title": "Outage", "impact": 3 })).expect(201);
    app.wait(4 * HOUR);
    let late = agent.client.with("Vouch-Happened-At", "2026-03-02T13:00:00Z");
    late.patch("/api/v1/incidents/INC-1", &json!({ "impact": 1 })).expect(200);
    app.wait(HOUR);
    let impact =
        |query: &str| agent.client.get(&format!("/api/v1/incidents/INC-1?{query}")).expect(200)["impact"].clone();
    assert_eq!(impact("at=2026-03-02T12:30:00Z"), 3);
    assert_eq!(impact("at=2026-03-02T14:00:00Z"), 1, "as known now");
    assert_eq!(impact("at=2026-03-02T14:00:00Z&known=then"), 3, "as known then");
    assert_eq!(impact("at=2026-03-02T14:00:00Z&known=2026-03-02T16:30:00Z"), 1);
    assert_eq!(impact(""), 1);
    let plain = app.actor("agent")?;
    plain
        .client
        .with("Vouch-Happened-At", "2026-03-02T13:00:00Z")
        .patch("/api/v1/incidents/INC-1", &json!({ "impact": 2 }))
        .expect(403);
    Ok(())
}
