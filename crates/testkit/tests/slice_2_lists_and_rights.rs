//! Story: lists answer filters whole, page by cursor, and show nobody what he may not see.

use serde_json::{Value as Json, json};
use testkit::{Actor, TestApp};

type Outcome = anyhow::Result<()>;

fn numbers(list: &Json) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["number"].as_str().map(str::to_owned)).collect()
}

fn raise(actor: &Actor, input: Json) -> String {
    let made = actor.client.post("/api/v1/incidents", &input).expect(201);
    made["number"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn cursors_walk_every_record_once_in_each_sort() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    for n in 0..25 {
        app.wait(1_000_000);
        let mut input = json!({ "title": format!("Incident {n}") });
        if n % 3 == 0 {
            input["priority"] = json!(n % 4 + 1);
        }
        raise(&agent, input);
    }
    for sort in [
        "raised_at",
        "-raised_at",
        "number",
        "-number",
        "priority,raised_at",
        "-priority,-raised_at",
        "due_at",
        "-due_at",
    ] {
        for filter in ["", "&filter=title%20!%3D%20%22Incident%207%22"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            for _ in 0..50 {
                let page =
                    agent.client.get(&format!("/api/v1/incidents?limit=4&sort={sort}{filter}{cursor}")).expect(200);
                seen.extend(numbers(&page));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let count = seen.len();
            seen.sort();
            seen.dedup();
            assert_eq!(
                (count, seen.len()),
                if filter.is_empty() { (25, 25) } else { (24, 24) },
                "sort {sort} {filter}"
            );
        }
    }
    Ok(())
}

#[test]
fn filters_reach_through_links_and_say_where_they_are_wrong() -> Outcome {
    let app = TestApp::start()?;
    let (agent, manager) = (app.actor("agent")?, app.actor("service-manager")?);
    manager.client.post("/api/v1/services", &json!({ "name": "E-mail" })).expect(201);
    let mail = raise(&agent, json!({ "title": "Mail is slow", "service": "SVC-1" }));
    raise(&agent, json!({ "title": "Printer", "impact": 2 }));
    let found = |filter: &str| numbers(&agent.client.get(&format!("/api/v1/incidents?filter={filter}")).expect(200));
    assert_eq!(found("service.name%20%3D%3D%20%22E-mail%22"), std::slice::from_ref(&mail));
    assert_eq!(found("service%20%3D%3D%20%22SVC-1%22"), [mail]);
    let wrong = agent.client.get("/api/v1/incidents?filter=colour%20%3D%3D%203").expect(422);
    assert!(wrong["detail"].as_str().is_some_and(|detail| detail.contains("colour")));
    agent.client.get("/api/v1/incidents?sort=description").expect(422);
    agent.client.get("/api/v1/incidents?limit=0").expect(422);
    agent.client.get("/api/v1/incidents?cursor=AAAA").expect(422);
    Ok(())
}

#[test]
fn a_cursor_serves_only_its_owner_and_question() -> Outcome {
    let app = TestApp::start()?;
    let (agent, other) = (app.actor("agent")?, app.actor_of("Other", "agent", None)?);
    for n in 0..5 {
        raise(&agent, json!({ "title": format!("{n}") }));
    }
    let page = agent.client.get("/api/v1/incidents?limit=2").expect(200);
    let cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    other.client.get(&format!("/api/v1/incidents?limit=2&cursor={cursor}")).expect(422);
    agent.client.get(&format!("/api/v1/incidents?limit=2&sort=number&cursor={cursor}")).expect(422);
    agent.client.get(&format!("/api/v1/incidents?limit=2&cursor={cursor}")).expect(200);
    Ok(())
}

#[test]
fn a_customer_sees_his_own_and_learns_nothing_of_others() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    let (ours, theirs) =
        (app.create("customer", json!({ "name": "Ours" }))?, app.create("customer", json!({ "name": "Theirs" }))?);
    let karin = app.actor_of("Karin", "customer", Some(&ours.number))?;
    let mine = raise(&agent, json!({ "title": "Ours is down", "customer": ours.number }));
    let foreign = raise(&agent, json!({ "title": "Theirs is down", "customer": theirs.number }));
    let nobodys = raise(&agent, json!({ "title": "No customer" }));

    let list = karin.client.get("/api/v1/incidents?count=true").expect(200);
    assert_eq!((numbers(&list), &list["total"]), (vec![mine.clone()], &json!(1)));
    let missing = karin.client.get("/api/v1/incidents/INC-999").text();
    for number in [&foreign, &nobodys] {
        let answer = karin.client.get(&format!("/api/v1/incidents/{number}"));
        assert_eq!((answer.status, answer.text()), (404, missing.clone()), "not visible and not existing answer alike");
        karin
            .client
            .post(&format!("/api/v1/incidents/{number}/comments"), &json!({ "text": "x", "public": true }))
            .expect(404);
    }
    agent
        .client
        .post(&format!("/api/v1/incidents/{mine}/comments"), &json!({ "text": "secret", "public": false }))
        .expect(201);
    agent
        .client
        .post(&format!("/api/v1/incidents/{mine}/comments"), &json!({ "text": "hello", "public": true }))
        .expect(201);
    let comments = karin.client.get(&format!("/api/v1/incidents/{mine}/comments")).text();
    assert!(comments.contains("hello") && !comments.contains("secret"));
    assert!(!karin.client.get(&format!("/api/v1/incidents/{mine}/history")).text().contains("secret"));
    karin.client.get(&format!("/api/v1/incidents/{mine}/proof")).expect(404);
    karin.client.get("/api/v1/ledger/entries").expect(404);
    karin.client.get("/api/v1/people").expect(404);
    // A hidden field is no oracle: comparing it is unknown.
    assert!(numbers(&karin.client.get("/api/v1/incidents?filter=assignee%20%3D%3D%20null").expect(200)).is_empty());
    Ok(())
}

#[test]
fn the_auditor_reads_and_does_not_write() -> Outcome {
    let app = TestApp::start()?;
    let (agent, auditor) = (app.actor("agent")?, app.actor("certification-auditor")?);
    let number = raise(&agent, json!({ "title": "x" }));
    auditor.client.get(&format!("/api/v1/incidents/{number}")).expect(200);
    auditor.client.get(&format!("/api/v1/incidents/{number}/proof")).expect(200);
    auditor.client.post("/api/v1/incidents", &json!({ "title": "y" })).expect(403);
    auditor.client.patch(&format!("/api/v1/incidents/{number}"), &json!({ "title": "z" })).expect(403);
    auditor.client.post(&format!("/api/v1/incidents/{number}/comments"), &json!({ "text": "z" })).expect(403);
    auditor.client.post(&format!("/api/v1/incidents/{number}/start"), &json!({})).expect(403);
    Ok(())
}

#[test]
fn csv_is_whole_and_carries_no_formula() -> Outcome {
    let app = TestApp::start()?;
    let agent = app.actor("agent")?;
    raise(&agent, json!({ "title": "=HYPERLINK(\"http://evil\")" }));
    for n in 0..250 {
        raise(&agent, json!({ "title": format!("n{n}") }));
    }
    let csv = agent.client.with("Accept", "text/csv").get("/api/v1/incidents").text();
    assert_eq!(csv.lines().count(), 252);
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://evil\"\")\""));
    Ok(())
}
