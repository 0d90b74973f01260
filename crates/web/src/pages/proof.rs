//! A record's proof: recomputed now, said in plain words first and in hashes after.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use engine::ledger_view::{self, ProofLine, ProofView};
use serde_json::Value as Json;

use super::html;
use super::record::Subject;
use super::refused::{Answer, Refused};
use super::story;
use crate::view::parts::{Link, Mark, Status};
use crate::view::proof::{Leaf, ProofPage, ProofStep};
use crate::view::words;

/// Leaves that are shown with their paths.
const SHOWN_MAX: usize = 50;

/// Openings by leaf: key, and value as the ledger holds it.
type Openings = BTreeMap<i64, Vec<(String, Json)>>;

pub fn show(subject: Subject) -> Answer {
    let (visit, record) = (&subject.visit, &subject.record);
    if visit.principal.public_only(&subject.record_type) {
        return Err(Refused::not_found());
    }
    let mut reader = visit.app.engine.reader()?;
    let view = ledger_view::proof_in_words(&mut *reader, &visit.principal, record)?;
    let opened = openings(&ledger_view::record_proof(&mut *reader, &visit.principal, record)?);
    let checkpoint = ledger_view::checkpoint(&mut *reader)?.unwrap_or_default();
    let mut leaves = Vec::new();
    for line in view.leaves.iter().rev().take(SHOWN_MAX).rev() {
        let path = match &view.checkpoint {
            Some((size, _)) if line.covered => {
                let (index, size) = (u64::try_from(line.leaf).unwrap_or(0), u64::try_from(*size).unwrap_or(0));
                let (hash, path) = ledger_view::inclusion(&mut *reader, index, size)?;
                Some((hash.to_base64(), path.iter().map(|hash| hash.to_base64()).collect()))
            }
            _ => None,
        };
        leaves.push(leaf(&subject, line, &view, &opened, path));
    }
    drop(reader);
    let (status, verdict) = verdict(&view);
    let page = ProofPage {
        shell: subject.shell("Proof"),
        subject: subject.small(),
        status: Some(status),
        verdict,
        meaning: meaning().to_owned(),
        steps: steps(&view),
        leaves,
        next_href: None,
        checkpoint,
        downloads: downloads(&subject),
        commands: commands(&visit.app.base_url, &subject),
    };
    html(StatusCode::OK, &page)
}

fn verdict(view: &ProofView) -> (Status, String) {
    let count = i64::try_from(view.leaves.len()).unwrap_or(0) + view.earlier;
    let entries = words::count(u64::try_from(count).unwrap_or(0), "entry", "entries");
    let uncovered = view.leaves.iter().filter(|line| !line.covered).count();
    match () {
        () if !view.holds => (Status::new(Mark::Bad, "Altered"), "Something differs from what was sealed.".to_owned()),
        () if uncovered > 0 => (
            Status::new(Mark::Half, "Partly signed"),
            format!("{entries} are sealed and unaltered; the last {uncovered} will be signed within a second."),
        ),
        () if count == 1 => {
            (Status::new(Mark::Ok, "Proven"), "Its one entry is in the ledger, unaltered and signed.".to_owned())
        }
        () => (Status::new(Mark::Ok, "Proven"), format!("All {entries} are in the ledger, unaltered and signed.")),
    }
}

fn meaning() -> &'static str {
    "Each act on this record was sealed when it was recorded: who, when, and every value, as a hash that nobody can make \
     again from other values. The leaves hang together in one tree, whose root is signed. If one letter had been changed \
     since, a hash below would not fit. That what was written was also true is not proven by this."
}

fn steps(view: &ProofView) -> Vec<ProofStep> {
    let (mark, said) = if view.holds { (Mark::Ok, "holds") } else { (Mark::Bad, "does not hold") };
    let step = |label: &str, text: String, mark, said: &str| ProofStep {
        mark,
        label: label.to_owned(),
        text,
        said: said.to_owned(),
    };
    let covered = view.leaves.iter().filter(|line| line.covered).count();
    let signed = match &view.checkpoint {
        Some((size, root)) => {
            let size = words::number(u64::try_from(*size).unwrap_or(0));
            (
                format!(
                    "The signed checkpoint is of {size} leaves, its root begins with {root}. It covers {covered} of the leaves below."
                ),
                mark,
                said,
            )
        }
        None => ("No checkpoint has been signed yet.".to_owned(), Mark::Half, "is still to come"),
    };
    vec![
        step(
            "Values",
            "Every value that is kept was hashed again and compared with what its leaf commits to.".to_owned(),
            mark,
            said,
        ),
        step(
            "Chain",
            "Each leaf names the leaf of this record before it; none is missing and none was put in between."
                .to_owned(),
            mark,
            said,
        ),
        step("Tree", "From each leaf the hashes lead up to the root of the whole ledger.".to_owned(), mark, said),
        step("Signature", signed.0, signed.1, signed.2),
    ]
}

fn openings(proof: &Json) -> Openings {
    let leaves = proof.get("leaves").and_then(Json::as_array).into_iter().flatten();
    let opened = |leaf: &Json| {
        let openings = leaf.get("openings").and_then(Json::as_array).into_iter().flatten();
        openings.filter_map(|o| Some((o.get("key")?.as_str()?.to_owned(), o.get("value")?.clone()))).collect()
    };
    leaves.filter_map(|leaf| Some((leaf.get("index")?.as_i64()?, opened(leaf)))).collect()
}

fn leaf(
    subject: &Subject,
    line: &ProofLine,
    view: &ProofView,
    opened: &Openings,
    path: Option<(String, Vec<String>)>,
) -> Leaf {
    let entry = subject.entries.iter().find(|entry| entry.version == line.version);
    let what = entry.map_or_else(|| line.kind.clone(), |entry| plain(&story::told(subject, entry).1));
    let covered_by = match &view.checkpoint {
        Some((size, _)) if line.covered => {
            format!("checkpoint of {} leaves", words::number(u64::try_from(*size).unwrap_or(0)))
        }
        _ => String::new(),
    };
    let (mark, said) = match (line.holds, line.covered) {
        (false, _) => (Mark::Bad, "differs"),
        (true, false) => (Mark::Half, "sealed, not signed yet"),
        (true, true) => (Mark::Ok, "holds"),
    };
    let (leaf_hash, path) = path.unwrap_or_default();
    Leaf {
        index: words::number(u64::try_from(line.leaf).unwrap_or(0)),
        version: u64::try_from(line.version).unwrap_or(0),
        what,
        when: subject.visit.wall.full(line.recorded_at),
        covered_by,
        mark,
        said: said.to_owned(),
        leaf_hash,
        openings: opened.get(&line.leaf).map(|list| named(subject, list)).unwrap_or_default(),
        closed: 0,
        path,
    }
}

fn plain(sentence: &crate::view::parts::Sentence) -> String {
    use crate::view::parts::Word;
    let words = sentence.0.iter().map(|word| match word {
        Word::Plain(text) | Word::Strong(text) | Word::Muted(text) => text.as_str(),
        _ => "",
    });
    words.collect()
}

/// Labels and values in words.
fn named(subject: &Subject, list: &[(String, Json)]) -> Vec<(String, String)> {
    let showing = subject.showing();
    let said = |(key, json): &(String, Json)| match subject.record_type.field(key) {
        Some(field) => (field.label.clone(), showing.text(&engine::from_json(json, &field.kind), field)),
        None => {
            let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            (key.trim_start_matches(':').replace('_', " "), text)
        }
    };
    list.iter().map(said).filter(|(_, value)| !value.is_empty()).collect()
}

fn downloads(subject: &Subject) -> Vec<Link> {
    let link = |label: &str, verb: &str| Link::new(label, format!("{}/{verb}", subject.href()));
    vec![
        link("Proof of this record", "proof.json"),
        Link::new("Checkpoint", "/ledger/checkpoint"),
        Link::new("Key", "/ledger/key"),
    ]
}

fn commands(base: &str, subject: &Subject) -> String {
    let number = subject.record.number();
    let path = &subject.record_type.path;
    format!(
        "curl -H 'Authorization: Bearer TOKEN' {base}/api/v1/{path}/{number}/proof\n\
         curl -H 'Authorization: Bearer TOKEN' {base}/api/v1/ledger/checkpoint\n\
         vouch verify --data DIR"
    )
}

/// `GET /incidents/INC-000042/proof.json`: the leaves with those openings that this reader may see.
pub fn file(subject: &Subject) -> Answer {
    use axum::response::IntoResponse as _;
    let (visit, record) = (&subject.visit, &subject.record);
    if visit.principal.public_only(&subject.record_type) {
        return Err(Refused::not_found());
    }
    let proof = ledger_view::record_proof(&mut *visit.app.engine.reader()?, &visit.principal, record)?;
    let name = format!("attachment; filename=\"{}-proof.json\"", record.number());
    Ok(([(axum::http::header::CONTENT_DISPOSITION, name)], axum::Json(proof)).into_response())
}
