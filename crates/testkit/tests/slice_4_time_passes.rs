//! Story: clocks run by what was decided; a due instant that passes with no write is a step at that instant.

use serde_json::json;
use testkit::TestApp;

type Outcome = anyhow::Result<()>;

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_due_instant_passes_and_nobody_writes() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    app.decide("incident.priority_rule", json!({ "matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]] }))?;
    app.decide("incident.resolution_target", json!({ "1": "PT2H", "*": "PT8H" }))?;
    app.decide("incident.escalation_thresholds", json!({ "*": { "share": 0.5, "grace": "PT15M" } }))?;
    app.wait(1);
    let made =
        agent.client.post("/api/v1/incidents", &json!({ "title": "Down", "impact": 1, "urgency": 1 })).expect(201);
    assert_eq!((&made["priority"], &made["due_at"]), (&json!(1), &json!("2026-03-02T14:00:00.000001Z")));
    let clock = || agent.client.get("/api/v1/incidents/INC-1/clocks").expect(200)["items"][0].clone();
    assert_eq!(clock()["state"], "running");
    app.wait(HOUR + HOUR / 2);
    engine::timers::run_due(&app.engine).map_err(|e| anyhow::anyhow!("{e}"))?;
    assert_eq!(clock()["state"], "escalation_due");
    app.wait(10 * HOUR);
    engine::timers::run_due(&app.engine).map_err(|e| anyhow::anyhow!("{e}"))?;
    assert_eq!(clock()["state"], "missed");
    let number = clock()["number"].as_str().unwrap_or_default().to_owned();
    let history = agent.client.get(&format!("/api/v1/clocks/{number}/history")).expect(200);
    let missed = history["items"].as_array().and_then(|items| items.last()).cloned().unwrap_or_default();
    assert_eq!(
        missed["happened_at"], "2026-03-02T14:00:00.000001Z",
        "happened when it was due, recorded when we looked"
    );
    agent.client.post("/api/v1/incidents/INC-1/resolve", &json!({ "solution": "x" })).expect(200);
    assert_eq!(clock()["state"], "missed", "a later stop of a missed clock counts once");
    agent.client.post(&format!("/api/v1/clocks/{number}/miss"), &json!({})).expect(404);
    Ok(())
}

#[test]
fn priority_follows_the_rule_unless_somebody_says_why_not() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    app.decide("incident.priority_rule", json!({ "matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]] }))?;
    app.wait(1);
    let made = agent.client.post("/api/v1/incidents", &json!({ "title": "x", "impact": 2, "urgency": 2 })).expect(201);
    assert_eq!((&made["priority"], &made["rule_priority"]), (&json!(3), &json!(3)));
    agent.client.patch("/api/v1/incidents/INC-1", &json!({ "priority": 1 })).expect(422);
    let changed = agent
        .client
        .patch("/api/v1/incidents/INC-1", &json!({ "priority": 1, "override_reason": "the board meets" }))
        .expect(200);
    assert_eq!((&changed["priority"], &changed["rule_priority"]), (&json!(1), &json!(3)));
    Ok(())
}

#[test]
fn yesterdays_rule_is_not_set_today() -> Outcome {
    let app = TestApp::start()?;
    let manager = app.actor("service-manager")?;
    app.wait(24 * HOUR);
    let put = |from: &str| {
        manager
            .client
            .put("/api/v1/settings/incident.closure_wait", &json!({ "value": "P5D", "from": from, "reason": "agreed" }))
    };
    put("2026-03-02T18:00:00Z").expect(422);
    put("2020-01-01").expect(200);
    manager
        .client
        .put("/api/v1/settings/incident.closure_wait", &json!({ "value": "soon", "reason": "agreed" }))
        .expect(422);
    manager.client.put("/api/v1/settings/incident.closure_wait", &json!({ "value": "P5D" })).expect(422);
    let agent = app.actor("agent")?;
    agent.client.put("/api/v1/settings/incident.closure_wait", &json!({ "value": "P9D", "reason": "x" })).expect(403);
    let shown = manager.client.get("/api/v1/settings/incident.closure_wait").expect(200);
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[test]
fn the_rules_of_then_are_asked_for_by_address() -> Outcome {
    let app = TestApp::start()?;
    let auditor = app.actor("internal-auditor")?;
    app.wait(HOUR);
    app.conformity.keep_rules()?;
    app.wait(HOUR);
    let row = |query: &str| auditor.client.get(&format!("/api/v1/requirements/8.6.1-a{query}"));
    assert_eq!(row("?at=2026-03-02T13:30:00Z&rules=then").expect(200)["requirement"], "8.6.1-a");
    let early = row("?at=2026-03-02T12:30:00Z&rules=then").expect(422);
    assert!(early["detail"].as_str().is_some_and(|why| why.contains("before 2026-03-02T13:00:00Z")), "{early}");
    row("?rules=then").expect(422);
    row("?rules=mine").expect(422);
    Ok(())
}
