//! Lists: the address is the state.

use axum::http::StatusCode;
use serde_json::json;

use crate::house::{Browser, House};

async fn house() -> (House, Browser) {
    let house = House::new();
    for n in 1..=60 {
        house.make("incident", json!({ "title": format!("Trouble {n:02}"), "impact": 1 + n % 3, "urgency": 2 }));
    }
    let browser = house.signed_in("mira@example.org").await;
    (house, browser)
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped() {
    let (_house, mut browser) = house().await;
    let first = browser.get("/incidents?view=all").await;
    let numbers = |body: &str| body.matches("<tr data-number=").count();
    assert_eq!(numbers(&first.body), 50);
    let next = first.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    assert_eq!(numbers(&browser.get(&next).await.body), 10);
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_shown_at_its_place() {
    let (_house, mut browser) = house().await;
    let page = browser.get("/incidents?filter=prio+%3D%3D+1").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("<mark>prio</mark>"), "{}", page.main());
    assert!(page.body.contains("value=\"prio == 1\""), "the text stays");
    let page = browser.get("/incidents?filter=impact+%3D%3D+1").await;
    assert_eq!(page.body.matches("<tr data-number=").count(), 20);
}

#[tokio::test]
async fn a_facet_is_a_link_that_writes_the_filter() {
    let (_house, mut browser) = house().await;
    let page = browser.get("/incidents?view=all").await;
    assert!(page.body.contains("filter=state%20%3D%3D%20%27new%27"));
    let facets = browser.get("/incidents/facets?view=all").await;
    assert!(facets.body.contains("data-count=\"facet:state:new\">60<"), "{}", facets.body);
    let counts = browser.get("/incidents/counts?view=queue").await;
    assert!(counts.body.contains("<data value=\"view:all\">60</data>"), "{}", counts.body);
    assert!(counts.body.contains("<data value=\"group:none\">60</data>"), "{}", counts.body);
}

#[tokio::test]
async fn columns_and_sort_stand_in_the_address() {
    let (_house, mut browser) = house().await;
    let page = browser.get("/incidents?view=all&columns=impact&columns=updated_at&sort=-number").await;
    assert!(page.body.contains("Impact") && !page.main().contains(">Service</th>"));
    let first = page.body.split("<tr data-number=\"").nth(1).unwrap();
    assert!(first.starts_with("INC-000060"), "{}", &first[..20]);
    assert_eq!(browser.get("/incidents?sort=description").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn several_records_are_assigned_at_once_and_each_by_itself() {
    let (house, mut browser) = house().await;
    let aisha = house.person("Aisha Rahman", "aisha@example.org", &["agent"], None);
    let page = browser.get("/incidents").await;
    assert!(page.body.contains("action=\"/incidents/assign\"") && page.body.contains("Me (Mira Okafor)"));
    let fields = [
        ("pick", "INC-000001:1"),
        ("pick", "INC-000002:1"),
        ("assigned_to", aisha.as_str()),
        ("return", "/incidents?view=all"),
    ];
    let page = browser.submit("/incidents/assign", &fields).await;
    assert_eq!((page.status, page.to.as_str()), (StatusCode::SEE_OTHER, "/incidents?view=all"));
    assert!(browser.get(&page.to).await.body.contains("2 incidents assigned."));
    assert!(browser.get("/incidents/INC-000001").await.body.contains("moved it to Assigned"));
    let fields = [("pick", "INC-000001:1"), ("pick", "INC-000003:1"), ("assigned_to", aisha.as_str())];
    let page = browser.submit("/incidents/assign", &fields).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "what was overtaken is refused, the rest is done");
    assert!(page.body.contains("1 incident assigned") && page.body.contains("INC-000001:"));
    let page = browser.submit("/incidents/assign", &[("assigned_to", aisha.as_str())]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_list_is_a_file_as_well() {
    let (_house, mut browser) = house().await;
    let page = browser.get("/incidents?view=all&format=csv").await;
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert_eq!(page.body.lines().count(), 61);
}

#[tokio::test]
async fn a_record_is_found_by_its_number_or_its_words() {
    let (_house, mut browser) = house().await;
    assert_eq!(browser.get("/search?q=inc-7").await.to, "/incidents/INC-000007");
    assert!(browser.get("/search?q=trouble+10").await.body.contains("/incidents/INC-000010"));
    assert_eq!(browser.get("/incidents/INC-7").await.to, "/incidents/INC-000007");
    let palette = browser.get("/palette?q=inc-7&on=INC-000001").await;
    assert!(palette.body.contains("data-href=\"/incidents/INC-000007\""));
    let palette = browser.get("/palette?q=resol&on=INC-000001").await;
    assert!(palette.body.contains("data-href=\"/incidents/INC-000001/resolve\""));
    let suggested = browser.get("/suggest/person?q=oka").await;
    assert!(suggested.body.contains("Mira Okafor · PER-000001"));
}
