//! An organisation in memory's reach, and a browser without script that walks through it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use conformity::{Conformity, Library};
use engine::identity::{self, Passwords};
use engine::{Act, Channel, Command, Engine, ManualClock, Options, Principal, SystemEntropy};
use serde_json::{Value as Json, json};
use store::Location;
use tower::ServiceExt as _;
use web::App;

/// 24 November 2026, 10:42 UTC, a Tuesday.
pub const NOW: i64 = 1_795_516_920_000_000;
pub const PASSWORD: &str = "correct horse battery";

pub struct House {
    pub engine: Arc<Engine>,
    pub clock: Arc<ManualClock>,
    pub router: Router,
    pub conformity: Arc<Conformity>,
    _folder: tempfile::TempDir,
}

impl House {
    /// An organisation with one service manager, `mira@example.org`.
    pub fn new() -> Self {
        Self::at("http://127.0.0.1:8020")
    }

    pub fn at(base_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = processes::model_files();
        let model = Arc::new(model::load::load(&files).unwrap());
        let clock = Arc::new(ManualClock::at(NOW));
        let engine = Engine::open(Options {
            location: Location::SqliteScratch(folder.path().join("vouch.db")),
            signer: Some(folder.path().join("signer")),
            model: model.clone(),
            model_text: String::new(),
            behaviours: processes::behaviours(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            demonstration: false,
        });
        let engine = Arc::new(engine.unwrap());
        let own = ("own_settings.toml", processes::own_settings());
        let library = Library::load(&model, own, &processes::check_files()).unwrap();
        let conformity = Arc::new(Conformity::open(engine.clone(), library));
        let router = App::new(engine.clone(), conformity.clone(), &[7; 32], base_url.to_owned()).router();
        let house = Self { engine, clock, router, conformity, _folder: folder };
        house.person("Mira Okafor", "mira@example.org", &["service-manager"], None);
        house
    }

    pub fn make(&self, record_type: &str, input: Json) -> String {
        let input = input.as_object().unwrap().clone();
        let act = Act::Create { record_type: record_type.to_owned(), input };
        let command = Command::new(Arc::new(Principal::system()), Channel::CommandLine, act);
        self.engine.run(&command).unwrap().number
    }

    /// Somebody who may sign in with [`PASSWORD`]; the number of the person.
    pub fn person(&self, name: &str, email: &str, roles: &[&str], customer: Option<&str>) -> String {
        let number = self.make("person", json!({ "name": name, "email": email, "customer": customer }));
        for role in roles {
            self.make("role_assignment", json!({ "person": number, "role": role, "customer": customer }));
        }
        let (id, _) = engine::find(&mut *self.engine.reader().unwrap(), &number).unwrap().unwrap();
        identity::add_account(&self.engine, id, email).unwrap();
        identity::set_password(&self.engine, id, Passwords::default().hash(PASSWORD).unwrap()).unwrap();
        number
    }

    pub fn once_link(&self, number: &str) -> String {
        let (id, _) = engine::find(&mut *self.engine.reader().unwrap(), number).unwrap().unwrap();
        format!("/signin/once/{}", identity::once_link(&self.engine, id).unwrap().reveal())
    }

    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new() }
    }

    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        browser.get("/signin").await;
        let page = browser.submit("/signin", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{email} signs in");
        browser
    }
}

/// Keeps cookies, sends forms with the token of the page that it saw last.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
}

pub struct Page {
    pub status: StatusCode,
    pub to: String,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Page {
    /// What stands between `<main` and its end.
    pub fn main(&self) -> &str {
        let start = self.body.find("<main").unwrap_or(0);
        let end = self.body.find("</main>").unwrap_or(self.body.len());
        &self.body[start..end]
    }

    pub fn hidden(&self, name: &str) -> String {
        let wanted = format!("name=\"{name}\" value=\"");
        let start = self.body.find(&wanted).map_or(self.body.len(), |at| at + wanted.len());
        let rest = &self.body[start..];
        rest[..rest.find('"').unwrap_or(0)].replace("&#38;", "&").replace("&amp;", "&")
    }

    /// All hidden fields of the form with this id.
    pub fn form(&self, id: &str) -> Vec<(String, String)> {
        let form = self.body.split(&format!("<form id=\"{id}\"")).nth(1).unwrap().split("</form>").next().unwrap();
        let inputs = form.split("<input type=\"hidden\" ").skip(1);
        let value = |input: &str, name: &str| {
            let rest = input.split(&format!("{name}=\"")).nth(1).unwrap();
            rest.split('"').next().unwrap().replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&")
        };
        inputs.map(|input| (value(input, "name"), value(input, "value"))).collect()
    }
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, String::new(), &[]).await
    }

    /// Posts a form with the right token.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = if self.cookies.contains_key("vouch_session") { "/my-work" } else { "/signin" };
        let token = self.get(page).await.hidden("csrf");
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    /// Posts exactly these fields.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        self.send(Method::POST, path, pairs.join("&"), &[]).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: String, more: &[(&str, &str)]) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, cookies.join("; "));
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let to = headers.get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = String::from_utf8(to_bytes(response.into_body(), 8_000_000).await.unwrap().to_vec()).unwrap();
        Page { status, to, headers, body }
    }
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
