//! Settings, ledger, conformity, and every page of every record type.

use axum::http::StatusCode;
use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn every_record_type_has_its_pages() {
    let house = House::new();
    house.person("Root", "root@example.org", &["administrator", "process-owner"], None);
    let mut browser = house.signed_in("root@example.org").await;
    for record_type in house.engine.model().types() {
        let path = format!("/{}", record_type.path);
        let list = browser.get(&path).await;
        assert_eq!(list.status, StatusCode::OK, "{path}: {}", list.main());
        let principal_may = list.body.contains(&format!("href=\"{path}/new\""));
        let form = browser.get(&format!("{path}/new")).await;
        // Settings are decided on pages of their own.
        let expected =
            if form.status == StatusCode::OK || path == "/settings" { form.status } else { StatusCode::FORBIDDEN };
        assert!(
            form.status == expected && (form.status == StatusCode::OK || !principal_may),
            "{path}/new: {}",
            form.status
        );
    }
}

#[tokio::test]
async fn a_setting_is_decided_with_its_reason_and_keeps_its_history() {
    let house = House::new();
    let mut browser = house.signed_in("mira@example.org").await;
    let list = browser.get("/settings").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.body.contains("/settings/incident.closure_wait") && list.body.contains("organization.zone"));
    let wrong = browser.submit("/settings/incident.closure_wait", &[("value", "five days"), ("reason", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("value=\"five days\"") && wrong.body.contains("id=\"decide-reason-e\""));
    let right =
        browser.submit("/settings/incident.closure_wait", &[("value", "P5D"), ("reason", "As agreed in May")]).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.main());
    let page = browser.get("/settings/incident.closure_wait").await;
    assert!(page.body.contains("As agreed in May") && page.body.contains("decided by Mira Okafor"));
    let cells: Vec<(String, &str)> = (0..3)
        .flat_map(|r| {
            (0..3).map(move |c| (format!("value.{r}.{c}"), ["1", "2", "3", "4"][(r + c) / 2 + usize::from(r + c > 3)]))
        })
        .collect();
    let mut fields: Vec<(&str, &str)> = cells.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    fields.push(("reason", "The usual one"));
    let page = browser.submit("/settings/incident.priority_rule", &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.main());
    house.person("Ada Auditor", "ada@example.org", &["internal-auditor"], None);
    let mut ada = house.signed_in("ada@example.org").await;
    assert!(!ada.get("/settings/incident.closure_wait").await.main().contains("method=\"post\""));
    assert_eq!(
        ada.submit("/settings/incident.closure_wait", &[("value", "P9D"), ("reason", "x")]).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn conformity_leads_from_the_whole_to_the_record() {
    let house = House::new();
    let mut mira = house.signed_in("mira@example.org").await;
    let rule = [("value", r#"{"matrix":[[1,2,3],[2,3,4],[3,4,4]]}"#), ("reason", "The usual one")];
    assert_eq!(mira.submit("/settings/incident.priority_rule", &rule).await.status, StatusCode::SEE_OTHER);
    house.clock.set(crate::house::NOW + 60_000_000);
    house.make("incident", json!({ "title": "Never classified" }));
    house.clock.set(crate::house::NOW + 120_000_000);
    house.person("Sofia Marques", "sofia@example.org", &["internal-auditor"], None);
    let mut browser = house.signed_in("sofia@example.org").await;
    let overview = browser.get("/conformity").await;
    assert_eq!(overview.status, StatusCode::OK);
    assert!(overview.body.contains("href=\"/conformity/8.6.1\""));
    let clause = browser.get("/conformity/8.6.1").await;
    assert!(clause.body.contains("href=\"/requirements/8.6.1-b\""), "{}", clause.main());
    let requirement = browser.get("/requirements/8.6.1-b").await;
    assert_eq!(requirement.status, StatusCode::OK);
    assert!(requirement.body.contains("/incidents/INC-000001"), "exceptions stand by name: {}", requirement.main());
    assert_eq!(browser.get("/requirements").await.status, StatusCode::OK);
    assert_eq!(browser.get("/requirements?status=not-assessed&clause=5").await.status, StatusCode::OK);
    assert_eq!(browser.get("/requirements/8.6.1-zz").await.status, StatusCode::NOT_FOUND);
    let past = browser.get("/requirements/8.6.1-b?at=2026-11-24T10:44&known=then").await;
    assert!(!past.main().contains("method=\"post\""));
}

#[tokio::test]
async fn a_record_says_what_it_is_evidence_of_to_those_who_may_know() {
    let house = House::new();
    let customer = house.make("customer", json!({ "name": "Ostrand" }));
    house.person("Kim Lund", "kim@example.org", &["customer"], Some(&customer));
    let number = house.make("incident", json!({ "title": "Never classified", "customer": customer }));
    house.clock.set(crate::house::NOW + 60_000_000);
    house.conformity.catch_up().unwrap();
    let path = format!("/incidents/{number}");
    let mut mira = house.signed_in("mira@example.org").await;
    let page = mira.get(&path).await;
    assert!(page.body.contains("As evidence"), "{}", page.main());
    assert!(page.body.contains("href=\"/requirements/8.6.1-a#check-8.6.1-a\""), "{}", page.main());
    assert!(mira.get("/requirements/8.6.1-a").await.body.contains("id=\"check-8.6.1-a\""), "the link leads somewhere");
    let past = mira.get(&format!("{path}?at=2026-11-24T10:42:30")).await;
    assert!(past.status == StatusCode::OK && !past.body.contains("As evidence"), "verdicts are kept for now only");
    let mut kim = house.signed_in("kim@example.org").await;
    let hers = kim.get(&path).await;
    assert!(hers.status == StatusCode::OK && !hers.body.contains("As evidence"), "{}", hers.main());
    // Two years later it counts no more in the page's own year: the link asks for the month in which it did.
    house.clock.set(crate::house::NOW + 2 * 366 * 86_400_000_000);
    let later = house.signed_in("mira@example.org").await.get(&path).await;
    let month = "/requirements/8.6.1-a?from=2026-11-01&#38;to=2026-12-01#check-8.6.1-a";
    assert!(later.body.contains(month), "{}", later.main());
}

#[tokio::test]
async fn a_requirement_is_judged_once_for_what_was_shown() {
    let house = House::new();
    house.person("Sofia Marques", "sofia@example.org", &["internal-auditor"], None);
    let mut browser = house.signed_in("sofia@example.org").await;
    let page = browser.get("/requirements/5.1-a").await;
    let shown = page.hidden("shown");
    assert!(!shown.is_empty(), "{}", page.main());
    let path = "/requirements/5.1-a/assessments";
    let fields = [
        ("grade", "conforming"),
        ("reason", "I have seen it"),
        ("expires_on", "2027-06-30"),
        ("shown", shown.as_str()),
    ];
    let incomplete = browser
        .submit(path, &[("grade", "conforming"), ("reason", ""), ("expires_on", "2027-06-30"), ("shown", &shown)])
        .await;
    assert_eq!(incomplete.status, StatusCode::UNPROCESSABLE_ENTITY);
    let judged = browser.submit(path, &fields).await;
    assert_eq!(judged.status, StatusCode::SEE_OTHER, "{}", judged.main());
    assert!(browser.get("/requirements/5.1-a").await.body.contains("I have seen it"));
    let stale = browser
        .submit(path, &[("grade", "partly"), ("reason", "Old page"), ("expires_on", "2027-06-30"), ("shown", "0000")])
        .await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.body.contains("Old page"));
}

#[tokio::test]
async fn proof_and_ledger_speak_of_what_is_signed() {
    let house = House::new();
    let number = house.make("incident", json!({ "title": "Sealed" }));
    house.engine.sign().unwrap();
    let mut browser = house.signed_in("mira@example.org").await;
    let page = browser.get(&format!("/incidents/{number}/proof")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("unaltered and signed"), "{}", page.main());
    assert!(page.body.contains("Sealed"), "openings are shown");
    let ledger = browser.get("/ledger").await;
    assert!(ledger.body.contains("all signed"), "{}", ledger.main());
    assert!(browser.get("/ledger/checkpoint").await.body.starts_with("vouch/"));
    let json = browser.get(&format!("/incidents/{number}/proof.json")).await;
    assert!(json.body.contains("\"leaves\""));
}
