//! Signing in and out, and what every answer carries.

use axum::http::{Method, StatusCode};

use crate::house::{House, PASSWORD};

#[tokio::test]
async fn nobody_sees_a_page_before_signing_in() {
    let house = House::new();
    let mut browser = house.browser();
    for path in
        ["/", "/my-work", "/incidents", "/incidents/INC-1", "/settings", "/conformity", "/ledger", "/search?q=a"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.to.starts_with("/signin"), "{path}: {}", page.to);
    }
    assert_eq!(browser.get("/events").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/assets/vouch.css").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_leads_back_to_where_one_wanted() {
    let house = House::new();
    let mut browser = house.browser();
    let asked = browser.get("/incidents?view=mine").await;
    let form = browser.get(&asked.to).await;
    assert_eq!(form.hidden("return"), "/incidents?view=mine");
    let fields = [("email", "MIRA@example.org "), ("password", PASSWORD), ("return", "/incidents?view=mine")];
    let page = browser.submit("/signin", &fields).await;
    assert_eq!((page.status, page.to.as_str()), (StatusCode::SEE_OTHER, "/incidents?view=mine"));
    let cookie =
        page.headers.get_all("set-cookie").iter().find(|c| c.to_str().unwrap().starts_with("vouch_session")).unwrap();
    let cookie = cookie.to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    assert_eq!(browser.get("/my-work").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_never_leads_elsewhere() {
    let house = House::new();
    for hostile in
        ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/\t/evil.example"]
    {
        let mut browser = house.browser();
        let form = browser.get(&format!("/signin?next={}", hostile.replace('/', "%2F").replace('\t', "%09"))).await;
        assert!(!form.body.contains("evil"), "{hostile}");
        let page = browser
            .submit("/signin", &[("email", "mira@example.org"), ("password", PASSWORD), ("return", hostile)])
            .await;
        assert_eq!(page.to, "/my-work", "{hostile}");
    }
}

#[tokio::test]
async fn a_session_is_for_https_only_where_the_server_is() {
    let house = House::at("https://vouch.example");
    let mut browser = house.browser();
    let page = browser.submit("/signin", &[("email", "mira@example.org"), ("password", PASSWORD)]).await;
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(cookies.iter().all(|cookie| cookie.contains("; Secure")), "{cookies:?}");
    assert!(page.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn what_is_wrong_is_said_alike_for_everybody() {
    let house = House::new();
    let mut browser = house.browser();
    let known = browser.submit("/signin", &[("email", "mira@example.org"), ("password", "not the one at all")]).await;
    let unknown = browser.submit("/signin", &[("email", "nora@example.org"), ("password", "not the one at all")]).await;
    assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(known.body.replace("mira@", "nora@"), unknown.body);
    assert!(known.body.contains("value=\"mira@example.org\""), "the address stays");
    assert!(!browser.cookies.contains_key("vouch_session"));
}

#[tokio::test]
async fn after_ten_wrong_passwords_there_is_a_pause() {
    let house = House::new();
    let mut browser = house.browser();
    for _ in 0..10 {
        let page = browser.submit("/signin", &[("email", "mira@example.org"), ("password", "wrong wrong wrong")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = [("email", "mira@example.org"), ("password", PASSWORD)];
    let page = browser.submit("/signin", &right).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.body.contains("Too many tries"));
    assert_eq!(page.headers["retry-after"], "60");
    house.clock.set(crate::house::NOW + 61_000_000);
    assert_eq!(browser.submit("/signin", &right).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let house = House::new();
    let mut browser = house.browser();
    browser.get("/signin").await;
    let fields = [("email", "mira@example.org"), ("password", PASSWORD), ("csrf", "made up")];
    assert_eq!(browser.post("/signin", &fields).await.status, StatusCode::FORBIDDEN);
    let mut browser = house.signed_in("mira@example.org").await;
    for (path, field) in
        [("/incidents/new", "title"), ("/theme", "theme"), ("/signout", "x"), ("/incidents/assign", "pick")]
    {
        let page = browser.post(path, &[(field, "VPN drops again"), ("csrf", "made up")]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.body.contains("VPN drops again"), "{path}: what was typed stays");
    }
    let token = browser.get("/my-work").await.hidden("csrf");
    let body = format!("csrf={token}&title=From+elsewhere");
    let page = browser.send(Method::POST, "/incidents/new", body, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_link_of_one_use_is_used_by_its_button_only() {
    let house = House::new();
    let number = house.person("Aisha Rahman", "aisha@example.org", &["agent"], None);
    let link = house.once_link(&number);
    let mut browser = house.browser();
    for _ in 0..3 {
        let page = browser.get(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert!(page.body.contains("Welcome, Aisha Rahman") && !browser.cookies.contains_key("vouch_session"));
    }
    let page = browser.get(&link).await;
    let page = browser.post(&link, &[("csrf", &page.hidden("csrf"))]).await;
    assert_eq!((page.status, page.to.as_str()), (StatusCode::SEE_OTHER, "/signin/password"));
    let mut other = house.browser();
    assert_eq!(other.post(&link, &[]).await.status, StatusCode::GONE);
    assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND);
    let form = browser.get("/signin/password").await;
    let csrf = form.hidden("csrf");
    let short = browser.post("/signin/password", &[("csrf", &csrf), ("password", "elevenchars")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.body.contains("12"));
    let long = browser.post("/signin/password", &[("csrf", &csrf), ("password", "a few words that fit")]).await;
    assert_eq!((long.status, long.to.as_str()), (StatusCode::SEE_OTHER, "/my-work"));
    assert!(browser.get("/my-work").await.body.contains("Aisha"));
    let mut later = house.browser();
    let page = later.submit("/signin", &[("email", "aisha@example.org"), ("password", "a few words that fit")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_alone_changes_no_password() {
    let house = House::new();
    let mut browser = house.signed_in("mira@example.org").await;
    assert_eq!(browser.get("/signin/password").await.status, StatusCode::FORBIDDEN);
    let page = browser.submit("/signin/password", &[("password", "taken over by somebody")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let house = House::new();
    let mut browser = house.signed_in("mira@example.org").await;
    let kept = browser.clone();
    assert_eq!(browser.submit("/signout", &[]).await.to, "/signin");
    let mut thief = kept;
    assert_eq!(thief.get("/my-work").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_answer_forbids_what_is_not_ours() {
    let house = House::new();
    let mut browser = house.signed_in("mira@example.org").await;
    for path in [
        "/my-work",
        "/nothing/here",
        "/signin",
        "/assets/main.js",
        "/api/v1/incidents",
        "/healthz",
        "/incidents?filter=((",
    ] {
        let page = browser.get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(page.headers["referrer-policy"], "same-origin", "{path}");
        let cache = page.headers["cache-control"].to_str().unwrap();
        assert_eq!(cache == "no-store", !path.starts_with("/assets/"), "{path}: {cache}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let house = House::new();
    let mut browser = house.signed_in("mira@example.org").await;
    for path in ["/nothing", "/incidents/INC-999", "/incidents/INC-1/nothing", "/nothing/at/all/here"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        assert!(page.body.contains("There is no"), "{path}");
    }
    let page = browser.get("/api/v2/incidents/x/y").await;
    assert_eq!(page.headers["content-type"], "application/problem+json");
    assert_eq!(
        browser.send(Method::DELETE, "/my-work", String::new(), &[]).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
