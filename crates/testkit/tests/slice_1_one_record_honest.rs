//! Story: a record is created, read, changed and moved by REST, and everything about it stands in the ledger.

use serde_json::{Value as Json, json};
use testkit::TestApp;

type Outcome = anyhow::Result<()>;

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

#[test]
fn an_incident_lives_from_report_to_closing() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    let made = agent.client.post("/api/v1/incidents", &json!({ "title": "Printer prints blank pages" }));
    assert_eq!(made.header("location"), Some("/api/v1/incidents/INC-000001"));
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.expect(201);
    assert_eq!((text(&made, "number"), text(&made, "state"), text(&made, "type")), ("INC-000001", "new", "incident"));
    assert!(made["solution"].is_null(), "every field is present, null when empty");

    agent.client.post("/api/v1/incidents/INC-1/start", &json!({})).expect(200);
    let refused = agent.client.post("/api/v1/incidents/INC-1/resolve", &json!({}));
    let refused = refused.expect(422);
    assert_eq!(refused["errors"][0]["field"], "solution");
    let done = agent.client.post("/api/v1/incidents/INC-1/resolve", &json!({ "solution": "New toner" })).expect(200);
    assert_eq!(text(&done, "state"), "resolved");
    assert!(done["allowed"].as_array().is_some_and(|moves| moves.contains(&json!("close"))));
    let closed = agent.client.post("/api/v1/incidents/INC-1/close", &json!({})).expect(200);
    assert_eq!(text(&closed, "end_kind"), "closed");

    let history = agent.client.get("/api/v1/incidents/INC-1/history").expect(200);
    let kinds: Vec<&str> = history["items"].as_array().into_iter().flatten().map(|e| text(e, "kind")).collect();
    assert_eq!(kinds, ["create", "step", "step", "step"]);
    Ok(())
}

#[test]
fn a_stale_version_is_refused_and_changes_nothing() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    agent.client.post("/api/v1/incidents", &json!({ "title": "One" })).expect(201);
    let first = agent.client.with("If-Match", "\"1\"");
    first.patch("/api/v1/incidents/INC-1", &json!({ "title": "Two" })).expect(200);
    first.patch("/api/v1/incidents/INC-1", &json!({ "title": "Three" })).expect(412);
    assert_eq!(text(&agent.client.get("/api/v1/incidents/INC-1").expect(200), "title"), "Two");
    Ok(())
}

#[test]
fn all_faults_of_an_input_are_said_at_once() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    let body = json!({ "title": "", "impact": 9, "urgency": "high", "colour": "red", "occurred_at": "yesterday", "caller": "PER-999" });
    let refused = agent.client.post("/api/v1/incidents", &body).expect(422);
    let mut fields: Vec<&str> = refused["errors"].as_array().into_iter().flatten().map(|e| text(e, "field")).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["caller", "colour", "impact", "occurred_at", "urgency"]);
    assert_eq!(agent.client.get("/api/v1/incidents?count=true").expect(200)["total"], 0);
    Ok(())
}

#[test]
fn derived_fields_are_not_written_by_hand() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    let body = json!({ "title": "x", "closed_at": "2026-01-01T00:00:00Z", "raised_at": "2026-01-01T00:00:00Z" });
    let refused = agent.client.post("/api/v1/incidents", &body).expect(403);
    assert_eq!(refused["fields"], json!(["closed_at", "raised_at"]));
    Ok(())
}

#[test]
fn an_idempotency_key_answers_the_same_and_refuses_another_body() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    let keyed = agent.client.with("Idempotency-Key", "abc");
    let first = keyed.post("/api/v1/incidents", &json!({ "title": "Once" })).expect(201);
    let again = keyed.post("/api/v1/incidents", &json!({ "title": "Once" })).expect(201);
    assert_eq!(first["number"], again["number"]);
    keyed.post("/api/v1/incidents", &json!({ "title": "Other" })).expect(422);
    let other = app.actor_of("Somebody Else", "agent", None)?;
    let theirs =
        other.client.with("Idempotency-Key", "abc").post("/api/v1/incidents", &json!({ "title": "Mine" })).expect(201);
    assert_ne!(first["number"], theirs["number"], "a key belongs to its owner");
    Ok(())
}

#[test]
fn moves_that_the_life_cycle_lacks_are_told_apart() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    agent.client.post("/api/v1/incidents", &json!({ "title": "x" })).expect(201);
    agent.client.post("/api/v1/incidents/INC-1/explode", &json!({})).expect(404);
    let conflict = agent.client.post("/api/v1/incidents/INC-1/close", &json!({})).expect(409);
    assert!(conflict["allowed"].as_array().is_some_and(|moves| moves.contains(&json!("start"))));
    Ok(())
}

#[test]
fn nobody_gets_in_without_a_valid_token() -> Outcome {
    let app = TestApp::start()?;
    assert_eq!(app.client.get("/api/v1/incidents").status, 401);
    assert_eq!(app.client.bearer("vouch_nonsense").get("/api/v1/incidents").status, 401);
    let actor = app.actor("agent")?;
    app.wait(31 * 24 * 3_600 * 1_000_000);
    assert_eq!(actor.client.get("/api/v1/incidents").status, 401, "a token expires");
    Ok(())
}

#[test]
fn verify_passes_on_what_the_product_wrote() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    for title in ["One", "Two", "Three"] {
        agent.client.post("/api/v1/incidents", &json!({ "title": title })).expect(201);
    }
    agent
        .client
        .post("/api/v1/incidents/INC-2/comments", &json!({ "text": "Called back", "public": true }))
        .expect(201);
    agent.client.post("/api/v1/incidents/INC-3/links", &json!({ "kind": "children", "to": "INC-1" })).expect(201);
    app.engine.sign()?;
    let mut reader = app.engine.reader()?;
    let report = engine::verify::verify(&mut *reader, app.engine.model(), Some(&app.folder.path().join("signer")))?;
    assert!(report.ok, "{:?}", report.first_difference);
    Ok(())
}
