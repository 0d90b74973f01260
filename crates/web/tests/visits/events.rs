//! What somebody else changed is told to open pages.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::house::House;

#[tokio::test]
async fn an_open_page_hears_of_a_change() {
    let house = House::new();
    let mut browser = house.signed_in("mira@example.org").await;
    let number = house.make("incident", json!({ "title": "Watched" }));
    let page = browser.get(&format!("/incidents/{number}")).await;
    let address = page
        .body
        .split("data-events=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    assert!(address.starts_with("/events?watch=incident&since="), "{address}");
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request =
        Request::builder().uri(&address).header(header::COOKIE, cookies.join("; ")).body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut stream = response.into_body().into_data_stream();
    house.make("team", json!({ "name": "Not watched" }));
    browser.submit(&format!("/incidents/{number}/comments"), &[("text", "moved"), ("public", "false")]).await;
    let next = tokio::time::timeout(Duration::from_secs(5), stream.next()).await.unwrap().unwrap().unwrap();
    let told = String::from_utf8(next.to_vec()).unwrap();
    assert!(told.contains("event: change") && told.contains(&number) && !told.contains("TEAM"), "{told}");
}
