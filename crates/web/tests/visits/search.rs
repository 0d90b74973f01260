//! Full-text search as a page, in the palette and by REST.

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::house::{Browser, House};

async fn house() -> (House, Browser) {
    let house = House::new();
    for n in 1..=30 {
        house.make(
            "incident",
            json!({ "title": format!("Scanner {n} offline"), "description": "It blinks <b>orange</b>." }),
        );
    }
    house.make("service", json!({ "name": "Scanner pool" }));
    let browser = house.signed_in("mira@example.org").await;
    (house, browser)
}

/// REST as the page's own script would ask.
async fn api(browser: &mut Browser, query: &str) -> (StatusCode, Json) {
    let csrf = browser.get("/my-work").await.hidden("csrf");
    let path = format!("/api/v1/search?{query}");
    let page = browser.send(Method::GET, &path, String::new(), &[("x-csrf-token", &csrf)]).await;
    (page.status, serde_json::from_str(&page.body).unwrap_or(Json::Null))
}

#[tokio::test]
async fn the_page_shows_what_it_found_by_kind_and_page() {
    let (_house, mut browser) = house().await;
    let page = browser.get("/search?q=scanner+orange").await;
    assert_eq!(page.status, StatusCode::OK);
    let main = page.main();
    assert!(main.contains("30 records for “scanner orange”") && main.contains("value=\"scanner orange\""));
    assert!(main.contains("<mark>Scanner</mark> 30 offline"), "the words are marked");
    assert!(main.contains("It blinks &#60;b&#62;<mark>orange</mark>&#60;/b&#62;."), "and what people wrote stays text");
    assert_eq!(main.matches("<li data-row>").count(), 25);
    let next = main.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    assert_eq!(browser.get(&next).await.main().matches("<li data-row>").count(), 5);
    // Tabs by kind, the chosen one marked; the others keep their counts.
    let page = browser.get("/search?q=scanner&type=service").await;
    let tabs = page.main().split("<nav class=\"views\"").nth(1).unwrap().split("</nav>").next().unwrap().to_owned();
    assert!(tabs.contains("Incidents <span class=\"n\">30</span>"), "{tabs}");
    assert!(tabs.contains("aria-current=\"page\">Services <span class=\"n\">1</span>"), "{tabs}");
    assert!(page.body.contains("/services/SVC-000001") && !page.main().contains("/incidents/INC"));
}

#[tokio::test]
async fn a_question_is_helped_corrected_or_refused_in_place() {
    let (_house, mut browser) = house().await;
    assert!(browser.get("/search").await.main().contains("search-help"));
    let page = browser.get("/search?q=scaner+oragne").await;
    assert!(page.main().contains("<b>scanner</b> for “scaner”") && page.main().contains("<b>orange</b> for “oragne”"));
    let page = browser.get("/search?q=nothinglikethis").await;
    assert!(page.main().contains("Nothing found for <b>nothinglikethis</b>"));
    for (query, status) in [("%28%28%28", 422), ("%00", 422), ("a%22%27%3B--%2A", 200), ("x&type=nothing", 422)] {
        let page = browser.get(&format!("/search?q={query}")).await;
        assert_eq!(page.status.as_u16(), status, "{query}");
        assert_eq!(page.main().contains("This cannot be searched for"), status == 422, "{query}");
    }
    assert_eq!(browser.get(&format!("/search?q={}", "x%20".repeat(3_000))).await.status.as_u16(), 422);
    assert_eq!(browser.get("/search?q=scanner&at=2026-03-01").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.get("/search?q=scanner&cursor=forged").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn rest_answers_with_marked_stretches_and_a_cursor() {
    let (_house, mut browser) = house().await;
    let (status, found) = api(&mut browser, "q=scanner%20orange&limit=20&type=incident").await;
    assert_eq!(status, StatusCode::OK);
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 20);
    assert_eq!((&items[0]["type"], &items[0]["number"]), (&json!("incident"), &json!("INC-000030")));
    assert_eq!(items[0]["title"], "Scanner 30 offline");
    let expected = json!({ "field": "Description", "parts": [
        { "text": "It blinks <b>", "match": false }, { "text": "orange", "match": true }, { "text": "</b>.", "match": false },
    ] });
    assert_eq!(items[0]["snippet"], expected);
    assert!(items[0]["updated_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&found["ranked_back_to"], &found["indexed_percent"]), (&Json::Null, &json!(100)));
    let cursor = found["next_cursor"].as_str().unwrap();
    let (_, rest) = api(&mut browser, &format!("q=scanner%20orange&limit=20&type=incident&cursor={cursor}")).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (10, &Json::Null));
    let (_, found) = api(&mut browser, "q=scaner").await;
    assert_eq!(found["corrected"], json!([{ "typed": "scaner", "found": "scanner" }]));
    for query in
        ["", "q=", "q=%22", "q=a&limit=0", "q=a&limit=x", "q=a&type=nothing", "q=a&at=2026-03-01", "q=a&cursor=x"]
    {
        let (status, problem) = api(&mut browser, query).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {problem}");
    }
    let (status, _) = api(&mut browser, "q=a%00b&type=incident,service").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_customer_finds_his_own_public_part() {
    let (house, mut mira) = house().await;
    let (mine, theirs) =
        (house.make("customer", json!({ "name": "Mine" })), house.make("customer", json!({ "name": "Theirs" })));
    house.person("Karin Holt", "karin@example.org", &["customer"], Some(&mine));
    let own =
        house.make("incident", json!({ "title": "Scanner of ours", "customer": mine, "override_reason": "grumbling" }));
    house.make("incident", json!({ "title": "Scanner foreignmarker", "customer": theirs }));
    mira.submit(&format!("/incidents/{own}/comments"), &[("text", "insidemarker"), ("public", "false")]).await;
    mira.submit(&format!("/incidents/{own}/comments"), &[("text", "outsidemarker"), ("public", "true")]).await;
    let mut karin = house.signed_in("karin@example.org").await;
    let (_, found) = api(&mut karin, "q=scanner").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(api(&mut karin, "q=outsidemarker").await.1["items"][0]["number"], json!(own));
    for hidden in ["insidemarker", "foreignmarker", "grumbling", "pool", "insidemarkr", "mira"] {
        let (_, found) = api(&mut karin, &format!("q={hidden}")).await;
        assert_eq!(
            found,
            json!({
                "items": [], "next_cursor": null, "ranked_back_to": null, "corrected": [], "indexed_percent": 100,
            }),
            "{hidden}"
        );
        for path in [format!("/search?q={hidden}"), format!("/palette?q={hidden}"), format!("/suggest/any?q={hidden}")]
        {
            let page = karin.get(&path).await;
            assert!(!page.body.contains("INC-0") && !page.body.contains("SVC-0"), "{path}: {}", page.body);
        }
        assert!(!api(&mut mira, &format!("q={hidden}")).await.1["items"].as_array().unwrap().is_empty(), "{hidden}");
    }
}

#[tokio::test]
async fn the_palette_finds_by_words_and_leads_to_all() {
    let (_house, mut browser) = house().await;
    let palette = browser.get("/palette?q=scanner").await;
    assert!(
        palette.body.contains("<mark>Scanner</mark>") && palette.body.contains("data-href=\"/services/SVC-000001\"")
    );
    assert!(palette.body.contains("data-href=\"/search?q=scanner\""));
    let palette = browser.get("/palette?q=inc-7").await;
    assert_eq!(palette.body.matches("/incidents/INC-000007").count(), 1, "the number once");
    let palette = browser.get("/palette?q=%22").await;
    assert_eq!(palette.status, StatusCode::OK);
    let suggested = browser.get("/suggest/service?q=SVC-1").await;
    assert_eq!(suggested.body.matches("SVC-000001").count(), 1);
}
