//! The ledger: what has been sealed, and how anybody checks it.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use engine::ledger_view;

use super::html;
use super::refused::{Answer, Refused};
use super::visit::Visit;
use crate::view::ledger::{Figure, LedgerPage};
use crate::view::parts::{Link, Mark, Status};
use crate::view::words;

const MEANING: &str = "Every act on every record is a leaf of one tree, and the tree's root is signed. Whoever holds a copy \
                       of a signed checkpoint can prove later that nothing below it was altered, removed or put in between.";
const LIMITS: [&str; 4] = [
    "That what somebody wrote was true: only that it was written, by whom, and when.",
    "When something happened that was recorded later: both times stand in the leaf, and the second is our own.",
    "What came after the last checkpoint that somebody else holds: keep copies elsewhere.",
    "Anything in a demonstration, which names itself in its first leaf.",
];

/// The ledger speaks of all records alike, so it is closed to those who see a part only.
fn open_to(visit: &Visit) -> Answer<()> {
    visit.is_staff().then_some(()).ok_or_else(Refused::not_found)
}

pub async fn show(visit: Visit) -> Answer {
    open_to(&visit)?;
    let engine = &visit.app.engine;
    let note = ledger_view::checkpoint(&mut *engine.reader()?)?;
    let leaves = engine.leaves()?;
    let signed = note.as_deref().and_then(size).unwrap_or(0);
    let number = |n: i64| words::number(u64::try_from(n).unwrap_or(0));
    let (status, verdict) = match (engine.read_only(), leaves - signed) {
        (Some(_), _) => (
            Status::new(Mark::Bad, "Read only"),
            "Nothing is written: the ledger is shorter than it was signed.".to_owned(),
        ),
        (None, 0) => (Status::new(Mark::Ok, "All signed"), format!("{} entries, all signed.", number(leaves))),
        (None, open) => (
            Status::new(Mark::Half, "Being signed"),
            format!("{} entries; the last {} are not signed yet.", number(leaves), number(open)),
        ),
    };
    let figure =
        |label: &str, value: String, note: &str| Figure { label: label.to_owned(), value, note: note.to_owned() };
    let log = engine.log_id().to_owned();
    let page = LedgerPage {
        shell: visit.shell("/ledger", "Ledger"),
        status: Some(status),
        verdict,
        meaning: MEANING.to_owned(),
        figures: vec![
            figure("Entries", number(leaves), "leaves of the tree"),
            figure("Signed", number(signed), "covered by the newest checkpoint"),
            figure("Log", log, if engine.is_demonstration() { "a demonstration" } else { "named at its first start" }),
        ],
        checkpoint: note.unwrap_or_else(|| "Nothing is signed yet.".to_owned()),
        checkpoint_time: None,
        key: engine.verifier_key().unwrap_or_else(|| "The key is with the process that signs.".to_owned()),
        downloads: vec![Link::new("Checkpoint", "/ledger/checkpoint"), Link::new("Key", "/ledger/key")],
        commands: "vouch verify --data DIR\nvouch verify --data DIR --format json".to_owned(),
        limits: LIMITS.iter().map(|limit| (*limit).to_owned()).collect(),
        checkpoints: Vec::new(),
    };
    html(StatusCode::OK, &page)
}

/// The second line of a checkpoint is its size (C2SP).
fn size(note: &str) -> Option<i64> {
    note.lines().nth(1)?.parse().ok()
}

fn file(name: &str, body: String) -> Answer {
    let kept = format!("attachment; filename=\"{name}\"");
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, kept)], body)
        .into_response())
}

pub async fn checkpoint(visit: Visit) -> Answer {
    open_to(&visit)?;
    let note = ledger_view::checkpoint(&mut *visit.app.engine.reader()?)?.ok_or_else(Refused::not_found)?;
    file("checkpoint.txt", note)
}

pub async fn key(visit: Visit) -> Answer {
    open_to(&visit)?;
    let key = visit.app.engine.verifier_key().ok_or_else(Refused::not_found)?;
    file("verifier-key.txt", format!("{key}\n"))
}
