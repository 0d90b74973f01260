//! What every handler shares, and the router of pages and REST.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use conformity::Conformity;
use conformity::settings::Registry;
use engine::Engine;
use engine::identity::Passwords;
use engine::read::cursor::CursorKey;

use crate::live::Live;
use crate::pages::{self, Pages};

/// Largest body of a request, in bytes. Attachments will have a limit of their own.
pub const BODY_MAX: usize = 1024 * 1024;

#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub engine: Arc<Engine>,
    pub conformity: Arc<Conformity>,
    /// What can be decided.
    pub registry: Arc<Registry>,
    pub cursors: CursorKey,
    pub passwords: Passwords,
    pub live: Live,
    pub pages: Pages,
    /// `http://127.0.0.1:8020`: what links begin with, never the request's own `Host`.
    pub base_url: String,
}

impl App {
    pub fn new(engine: Arc<Engine>, conformity: Arc<Conformity>, cursor_key: &[u8; 32], base_url: String) -> Self {
        let live = Live::start(engine.clone());
        let registry = conformity.library().settings.clone();
        let inner = Inner {
            conformity,
            cursors: CursorKey::new(cursor_key),
            passwords: Passwords::default(),
            pages: Pages::default(),
            live,
            base_url,
            registry,
            engine,
        };
        Self(Arc::new(inner))
    }

    /// All routes, with the limits and headers that hold for each.
    pub fn router(self) -> Router {
        Router::new()
            .merge(crate::api::router())
            .merge(pages::router(self.clone()))
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .layer(middleware::from_fn_with_state(self.clone(), pages::secure::headers))
            .layer(middleware::from_fn(timed))
            .with_state(self)
    }
}

/// Says in each answer how long the server took, so that a load driver need not guess.
#[expect(clippy::disallowed_methods, reason = "measuring only; nothing depends on it")]
async fn timed(request: Request, next: Next) -> Response {
    let begin = std::time::Instant::now();
    let mut response = next.run(request).await;
    let took = format!("total;dur={:.3}", begin.elapsed().as_secs_f64() * 1000.0);
    if let Ok(value) = took.parse() {
        response.headers_mut().insert("server-timing", value);
    }
    response
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
