//! Creating, viewing, changing, moving and commenting, all by plain forms.

use axum::http::StatusCode;
use serde_json::json;

use crate::house::{Browser, House};

async fn house() -> (House, Browser) {
    let house = House::new();
    let browser = house.signed_in("mira@example.org").await;
    (house, browser)
}

#[tokio::test]
async fn an_incident_goes_its_way_without_script() {
    let (house, mut browser) = house().await;
    house.make("customer", json!({ "name": "Brightwater" }));
    let form = browser.get("/incidents/new").await;
    assert!(form.body.contains("name=\"title\"") && form.body.contains("name=\"impact\""));
    let fields = [
        ("title", "VPN drops"),
        ("impact", "1"),
        ("urgency", "2"),
        ("customer", "Brightwater · CUS-000001"),
        ("occurred_at", "2026-11-24T09:30"),
    ];
    let made = browser.submit("/incidents/new", &fields).await;
    assert_eq!((made.status, made.to.as_str()), (StatusCode::SEE_OTHER, "/incidents/INC-000001"));
    let page = browser.get(&made.to).await;
    assert!(page.body.contains("INC-000001 is recorded"), "a notice says so once");
    assert!(
        page.body.contains("VPN drops")
            && page.body.contains("Brightwater")
            && page.body.contains("24 Nov 2026, 09:30")
    );
    assert!(!browser.get(&made.to).await.body.contains("is recorded."), "and once only");

    let said = browser
        .submit("/incidents/INC-1/comments", &[("text", "See INC-1 and https://example.org"), ("public", "false")])
        .await;
    assert_eq!(said.to, "/incidents/INC-000001#entry-2");
    let page = browser.get("/incidents/INC-000001").await;
    assert!(page.body.contains("class=\"note internal\"") && page.body.contains("id=\"entry-2\""));
    assert!(page.body.contains("href=\"/incidents/INC-1\""));

    let start = browser.get("/incidents/INC-000001/start").await;
    assert!(start.body.contains("action=\"/incidents/INC-000001/start\""));
    assert_eq!(browser.submit("/incidents/INC-000001/start", &[]).await.status, StatusCode::SEE_OTHER);

    let refused = browser.submit("/incidents/INC-000001/resolve", &[("solution", "  ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"move-solution-e\""), "the error stands by its field");
    let resolved = browser.submit("/incidents/INC-000001/resolve", &[("solution", "Replaced the gateway")]).await;
    assert_eq!(resolved.status, StatusCode::SEE_OTHER);
    let again = browser.submit("/incidents/INC-000001/resolve", &[("solution", "Typed for nothing")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("Typed for nothing"), "what was typed is given back");
    assert!(again.body.contains("/incidents/INC-000001/close"), "the open moves are named");
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed() {
    let (_house, mut browser) = house().await;
    let fields = [
        ("title", ""),
        ("description", "two\nlines <b>"),
        ("impact", "2"),
        ("caller", "Nobody Known"),
        ("occurred_at", "2026-11-24T09:30"),
    ];
    let page = browser.submit("/incidents/new", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("two\nlines &#60;b&#62;"), "{}", page.main());
    assert!(page.body.contains("value=\"Nobody Known\"") && page.body.contains("value=\"2026-11-24T09:30\""));
    assert!(page.body.contains("value=\"2\" checked"));
    assert!(page.body.contains("href=\"#new-caller\""), "the summary leads to the field");
}

#[tokio::test]
async fn only_what_was_changed_is_saved() {
    let (house, mut browser) = house().await;
    let number = house.make(
        "incident",
        json!({ "title": "Slow", "description": "Since noon", "occurred_at": "2026-11-24T09:30:17Z" }),
    );
    let path = format!("/incidents/{number}");
    let form = browser.get(&format!("{path}?edit=1")).await;
    let hidden = form.form("edit");
    let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("title", "Very slow"), ("description", "Since noon"), ("occurred_at", "2026-11-24T09:30")]);
    assert_eq!(browser.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
    let history = browser.get(&format!("{path}/history")).await;
    assert!(history.body.contains("Very slow"));
    assert_eq!(history.main().matches("<dt>Title</dt>").count(), 2);
    assert_eq!(
        history.main().matches("Occurred at</dt>").count(),
        1,
        "the seconds that no form shows are not a change"
    );
}

#[tokio::test]
async fn who_saves_second_sees_both_sides() {
    let (house, mut mira) = house().await;
    house.person("Tom Lindqvist", "tom@example.org", &["agent"], None);
    let mut tom = house.signed_in("tom@example.org").await;
    let number = house.make("incident", json!({ "title": "Slow", "impact": 2, "urgency": 2 }));
    let path = format!("/incidents/{number}");
    let mine = mira.get(&format!("{path}?edit=1")).await.form("edit");
    let theirs = tom.get(&format!("{path}?edit=1")).await.form("edit");
    let with = |hidden: &[(String, String)], more: &[(&str, &str)]| {
        let mut all = hidden.to_vec();
        all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        all
    };
    let theirs = with(&theirs, &[("title", "Slow since nine"), ("impact", "1")]);
    let pairs: Vec<(&str, &str)> = theirs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(tom.post(&path, &pairs).await.status, StatusCode::SEE_OTHER);

    let mine = with(&mine, &[("title", "Slow for everybody"), ("urgency", "1")]);
    let pairs: Vec<(&str, &str)> = mine.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let page = mira.post(&path, &pairs).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    for text in [
        "Slow since nine",
        "Slow for everybody",
        "Tom Lindqvist",
        "Both changed it",
        "Only they changed it",
        "Only you changed it",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    let version = page.hidden("version");
    assert_eq!(version, "2");
    let csrf = page.hidden("csrf");
    let chosen = [
        ("csrf", csrf.as_str()),
        ("version", "2"),
        ("title", "Slow for everybody"),
        ("was.title", "Slow since nine"),
        ("keep.title", "mine"),
        ("impact", "2"),
        ("was.impact", "1"),
        ("keep.impact", "theirs"),
        ("urgency", "1"),
        ("was.urgency", "2"),
        ("keep.urgency", "mine"),
    ];
    assert_eq!(mira.post(&path, &chosen).await.status, StatusCode::SEE_OTHER);
    let form = mira.get(&format!("{path}?edit=1")).await.form("edit");
    let stood = |key: &str| form.iter().find(|(name, _)| *name == format!("was.{key}")).unwrap().1.clone();
    assert_eq!(
        (stood("title").as_str(), stood("impact").as_str(), stood("urgency").as_str()),
        ("Slow for everybody", "1", "1")
    );
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let (house, mut browser) = house().await;
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'";
    let number = house
        .make("incident", json!({ "title": hostile, "description": format!("{hostile} [x](javascript:alert(3))") }));
    let path = format!("/incidents/{number}");
    browser.submit(&format!("{path}/comments"), &[("text", hostile), ("public", "true")]).await;
    let pages = [
        path.clone(),
        format!("{path}?edit=1"),
        format!("{path}/history"),
        format!("{path}/proof"),
        "/incidents?view=all".to_owned(),
        "/search?q=%3Cscript%3E".to_owned(),
        "/palette?q=%3Cscript%3E".to_owned(),
        format!("{path}/resolve"),
        "/incidents?filter=%3Cscript%3E".to_owned(),
        "/my-work".to_owned(),
        "/%3Cscript%3E".to_owned(),
    ];
    for path in pages {
        let page = browser.get(&path).await;
        assert!(!page.body.contains("<script>"), "{path}");
        assert!(!page.body.contains("<img"), "{path}");
        assert!(!page.body.contains("href=\"javascript"), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_the_past_offers_nothing_that_writes() {
    let (house, mut browser) = house().await;
    let number = house.make("incident", json!({ "title": "Before" }));
    house.clock.set(crate::house::NOW + 3_600_000_000);
    browser.submit(&format!("/incidents/{number}/comments"), &[("text", "after that"), ("public", "false")]).await;
    let page = browser.get(&format!("/incidents/{number}?at=2026-11-24T10:50&known=then")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.main().contains("class=\"as-at\"") && !page.main().contains("method=\"post\""));
    assert!(!page.body.contains("after that") && !page.body.contains("data-events"));
    let list = browser.get("/incidents?view=all&at=2026-11-24T10:50").await;
    assert!(list.main().contains("Before") && !list.main().contains("method=\"post\""));
    assert_eq!(browser.get(&format!("/incidents/{number}?at=2026-11-24T10:00")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        browser.get(&format!("/incidents/{number}?at=2027-01-01")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_customer_sees_the_public_part_of_his_own() {
    let (house, mut mira) = house().await;
    let ours = house.make("customer", json!({ "name": "Brightwater" }));
    let other = house.make("customer", json!({ "name": "Castell" }));
    house.person("Karin Holt", "karin@example.org", &["customer"], Some(&ours));
    let own = house.make("incident", json!({ "title": "Own trouble", "customer": ours }));
    let foreign = house.make("incident", json!({ "title": "Foreign trouble", "customer": other }));
    mira.submit(&format!("/incidents/{own}/comments"), &[("text", "inside only"), ("public", "false")]).await;
    mira.submit(&format!("/incidents/{own}/comments"), &[("text", "for you"), ("public", "true")]).await;
    let mut karin = house.signed_in("karin@example.org").await;
    let page = karin.get(&format!("/incidents/{own}")).await;
    assert!(
        page.body.contains("for you") && !page.body.contains("inside only") && !page.main().contains("Internal note")
    );
    for path in [
        format!("/incidents/{foreign}"),
        format!("/incidents/{own}/proof"),
        "/conformity".to_owned(),
        "/ledger".to_owned(),
        "/people".to_owned(),
    ] {
        assert_eq!(karin.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let list = karin.get("/incidents?view=all").await;
    assert!(list.body.contains("Own trouble") && !list.body.contains("Foreign trouble"));
    assert!(!karin.get("/search?q=Foreign").await.body.contains("Foreign trouble"));
    let page = karin.submit(&format!("/incidents/{own}/comments"), &[("text", "thanks"), ("public", "false")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(
        karin.submit(&format!("/incidents/{foreign}/comments"), &[("text", "x"), ("public", "true")]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn who_may_not_write_is_told_so_and_offered_nothing() {
    let (house, _) = house().await;
    house.person("Ada Auditor", "ada@example.org", &["internal-auditor"], None);
    let number = house.make("incident", json!({ "title": "To be looked at" }));
    let mut ada = house.signed_in("ada@example.org").await;
    let page = ada.get(&format!("/incidents/{number}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.main().contains("method=\"post\""));
    assert_eq!(ada.get("/incidents/new").await.status, StatusCode::FORBIDDEN);
    let refused = ada.submit("/incidents/new", &[("title", "Mine")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(ada.get(&format!("/incidents/{number}/resolve")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn lines_and_links_are_added_by_forms() {
    let (house, mut browser) = house().await;
    let (a, b) =
        (house.make("incident", json!({ "title": "First" })), house.make("incident", json!({ "title": "Second" })));
    let path = format!("/incidents/{a}");
    let form = browser.get(&format!("{path}/escalations")).await;
    assert!(form.body.contains("name=\"kind\"") && form.body.contains("name=\"person\""));
    let wrong = browser.submit(&format!("{path}/escalations"), &[("reason", "late")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"line-kind-e\"") && wrong.body.contains("late"));
    let fields = [("kind", "functional"), ("person", "Mira Okafor"), ("reason", "late")];
    assert_eq!(browser.submit(&format!("{path}/escalations"), &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        browser
            .submit(&format!("{path}/links"), &[("kind", "children"), ("to", &format!("Second · {b}"))])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    let page = browser.get(&path).await;
    assert!(page.body.contains("Functional") && page.body.contains(&format!("/incidents/{b}")));
    let wrong = browser.submit(&format!("{path}/links"), &[("kind", "children"), ("to", "INC-77")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("INC-77"));
}
