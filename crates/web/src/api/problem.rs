//! The one place where refusals and faults become answers (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::{Error, Problem as FieldProblem, Refusal};
use serde_json::{Value, json};
use store::Fault;

/// An answer that is an error, ready to be sent.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    body: Value,
}

pub type Answer<T = Response> = Result<T, Problem>;

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": format!("urn:vouch:problem:{code}"), "title": title, "status": status.as_u16(), "code": code,
            "detail": detail.into(),
        });
        Self { status, body }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        if let Value::Object(object) = &mut self.body {
            object.insert(key.to_owned(), value);
        }
        self
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here, or nothing that you may see")
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "send a valid token: Authorization: Bearer …")
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    pub fn unprocessable(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::from(Error::Refused(Refusal::Invalid(vec![FieldProblem::new(field, code, message)])))
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is sent as JSON; pages say the same in a page.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::Forbidden { what, fields } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", format!("you may not do this: {what}"))
                    .with("fields", json!(fields))
            }
            Refusal::Invalid(problems) => {
                let errors: Vec<Value> = problems
                    .iter()
                    .map(|p| json!({ "field": p.field, "code": p.code, "message": p.message }))
                    .collect();
                let detail = problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>().join("; ");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with("errors", json!(errors))
            }
            Refusal::WrongState { state, transition, allowed } => Self::new(
                StatusCode::CONFLICT,
                "wrong_state",
                format!("{transition} is not possible in the state {state}; possible: {}", allowed.join(", ")),
            )
            .with("state", json!(state))
            .with("allowed", json!(allowed)),
            Refusal::Stale { expected, found } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                format!("the record is at version {found}, you looked at version {expected}: read it again"),
            )
            .with("version", json!(found)),
            Refusal::Contended => {
                Self::new(StatusCode::CONFLICT, "contended", "others changed what this rests on: try again")
            }
            Refusal::Changed(detail) => Self::new(StatusCode::CONFLICT, "changed", detail),
            Refusal::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key came before with another body",
            ),
            Refusal::BadQuery(detail) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_query", detail),
            Refusal::ReadOnly(why) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "read_only", why),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<conformity::Error> for Problem {
    fn from(error: conformity::Error) -> Self {
        match error {
            conformity::Error::Unknown { .. } => Self::not_found(),
            conformity::Error::Invalid(detail) => Refusal::BadQuery(detail).into(),
            conformity::Error::Engine(error) => error.into(),
            conformity::Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Budget => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_much",
                "this reads more than its time allows: narrow the filter, or leave the count out",
            ),
            Fault::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the database is busy: try again"),
            other => {
                tracing::error!(fault = %other, "a request ended in a fault");
                let detail = "something broke on our side; what you sent was not kept";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body.to_string()).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
