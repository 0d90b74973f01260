//! A record's own page: head, story, what is known of it, and the acts that this reader may do now.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use engine::read::entries::{self, Entry};
use engine::read::fill;
use engine::read::names::{self, Names};
use engine::{Record, Time};
use model::{RecordType, Value};

use super::frame::version;
use super::refused::Answer;
use super::show::Showing;
use super::visit::Visit;
use super::{aside, change, comment, evidence, find, head, html, related, story};
use crate::view::form::Form;
use crate::view::parts::{Link, Sentence, Word};
use crate::view::record::{LongText, ProofLine, RecordPage};
use crate::view::shell::Shell;
use crate::view::timeline::Composer;
use crate::view::words;

/// All that a page about one record is made of.
pub struct Subject {
    pub visit: Visit,
    pub record_type: Arc<RecordType>,
    pub record: Record,
    pub time: Time,
    pub entries: Vec<Entry>,
    pub related: related::Related,
    pub names: Names,
}

impl Subject {
    pub fn load(visit: Visit, path: &str, number: &str, time: Time) -> Answer<Self> {
        let visit = visit.at(time);
        let record_type = visit.collection(path)?;
        let mut record = visit.record(&record_type, number, time)?;
        let engine = &visit.app.engine;
        let related = related::of(&visit, &record, time)?;
        let mut reader = engine.reader()?;
        fill::fill(&mut *reader, std::slice::from_mut(&mut record), time)?;
        let entries = entries::of(&mut *reader, &visit.principal, &record, time)?;
        let mut ids = BTreeSet::new();
        names::linked_ids(&record, &mut ids);
        for entry in &entries {
            ids.extend(entry.actor.into_iter().chain(entry.on_behalf));
            for change in &entry.changes {
                ids.extend([&change.from, &change.to].into_iter().filter_map(link_id));
                ids.extend(story::ids_of(change));
            }
        }
        related.ids(&mut ids);
        let names = names::of_ids(&mut *reader, engine.model(), &visit.principal, &ids)?;
        drop(reader);
        Ok(Self { visit, record_type, record, time, entries, related, names })
    }

    pub fn showing(&self) -> Showing<'_> {
        Showing { visit: &self.visit, names: &self.names }
    }

    /// `/incidents/INC-000042`.
    pub fn href(&self) -> String {
        format!("/{}/{}", self.record_type.path, self.record.number())
    }

    pub fn noun(&self) -> String {
        self.record_type.label.to_lowercase()
    }

    pub fn title(&self) -> String {
        let title = self.record.title();
        if title.is_empty() { self.record.number().to_owned() } else { title.to_owned() }
    }

    pub fn is_live(&self) -> bool {
        self.time == Time::Live
    }

    /// The frame of this record's page, or of one about it.
    pub fn shell(&self, here: &str) -> Shell {
        let mut shell = self.visit.shell_of(&self.record_type, here);
        if here != self.record.number() {
            shell.crumbs.push(Link::new(self.record.number(), self.href()));
        }
        shell.title = format!("{} {}", self.record.number(), self.record.title());
        self.visit.marked(shell, self.time)
    }

    pub fn small(&self) -> crate::view::record::Subject {
        crate::view::record::Subject {
            number: self.record.number().to_owned(),
            title: self.record.title().to_owned(),
            href: self.href(),
        }
    }

    /// Whether this reader's roles let him write fields of the record at all; the pipeline has the last word.
    pub fn may_change(&self) -> bool {
        let principal = &self.visit.principal;
        self.is_live()
            && principal.allowance.write
            && principal.permissions(&self.record_type).any(|(_, p)| p.change.is_some())
    }
}

fn link_id(value: &Value) -> Option<i64> {
    if let Value::Link(id) = value { Some(*id) } else { None }
}

pub async fn show(visit: Visit, Path((path, number)): Path<(String, String)>) -> Answer {
    let record_type = visit.collection(&path)?;
    if let Some(address) = find::elsewhere(&visit, &record_type, &number)? {
        return Ok(Redirect::temporary(&visit.address.at(address).to_string()).into_response());
    }
    let (time, edits) = (visit.time()?, visit.address.has("edit"));
    let subject = Subject::load(visit, &path, &number, time)?;
    let form = if edits && subject.may_change() { Some(change::form(&subject)?) } else { None };
    html(StatusCode::OK, &page(&subject, Returned { edit: form, ..Returned::default() })?)
}

/// Forms of the page that came back with errors, or were opened.
#[derive(Default)]
pub struct Returned {
    pub edit: Option<Form>,
    pub link: Option<Form>,
    pub composer: Option<Composer>,
}

pub fn page(subject: &Subject, returned: Returned) -> Answer<RecordPage> {
    let (visit, record_type, record) = (&subject.visit, &subject.record_type, &subject.record);
    let public_only = visit.principal.public_only(record_type);
    let shell =
        Shell { events: visit.events(record_type).filter(|_| subject.is_live()), ..subject.shell(record.number()) };
    let edit_href = subject.may_change().then(|| visit.address.with("edit", Some("1")).to_string());
    let link_form = match returned.link {
        Some(form) => Some(form),
        None => super::links::form(subject),
    };
    Ok(RecordPage {
        shell,
        head: head::of(subject),
        version: version(record),
        callout: None,
        deviations: deviations(subject),
        texts: texts(subject),
        timeline: story::timeline(subject),
        composer: returned.composer.or_else(|| comment::composer(subject)),
        clocks: aside::clocks(subject),
        facts: aside::facts(subject),
        edit_href: edit_href.filter(|_| returned.edit.is_none()),
        edit_form: returned.edit,
        times: aside::times(subject),
        links: aside::links(subject),
        link_form,
        tables: aside::tables(subject),
        evidence: evidence::of(subject)?,
        proof: (!public_only).then(|| proof(subject)),
        at: Some(visit.at_control(subject.time)),
    })
}

fn deviations(subject: &Subject) -> Vec<Sentence> {
    let wall = &subject.visit.wall;
    let deviating = subject.entries.iter().filter_map(|entry| Some((entry, entry.deviates.as_ref()?)));
    deviating
        .map(|(entry, why)| {
            Sentence(vec![
                Word::Muted(format!("{}: ", wall.long(entry.happened_at))),
                Word::Plain(super::refused::sentence(why)),
            ])
        })
        .collect()
}

fn texts(subject: &Subject) -> Vec<LongText> {
    let hidden = subject.visit.principal.hidden(&subject.record_type);
    let fields = subject
        .record_type
        .fields
        .iter()
        .enumerate()
        .filter(|(slot, field)| field.kind.is_long_text() && !hidden.contains(slot));
    let texts = fields.filter_map(|(slot, field)| Some((field, subject.record.get(slot).as_text()?)));
    let showing = subject.showing();
    texts.map(|(field, text)| LongText { label: field.label.clone(), body: showing.prose(text) }).collect()
}

fn proof(subject: &Subject) -> ProofLine {
    let count = words::count(u64::try_from(subject.entries.len()).unwrap_or(0), "entry", "entries");
    let last = subject.entries.iter().rev().find_map(|entry| entry.leaf);
    let text = match last {
        Some(leaf) => format!("{count} in the ledger · last leaf {}", words::number(u64::try_from(leaf).unwrap_or(0))),
        None => format!("{count}, not in the ledger yet"),
    };
    let query = if subject.is_live() { String::new() } else { past(&subject.visit) };
    ProofLine {
        text,
        href: format!("{}/proof{query}", subject.href()),
        history_href: format!("{}/history{query}", subject.href()),
    }
}

/// `?at=…&known=…`, to stay in the past.
pub fn past(visit: &Visit) -> String {
    let mut address = super::address::Address::default();
    for name in ["at", "known"] {
        if let Some(value) = visit.address.get(name) {
            address = address.with(name, Some(value));
        }
    }
    address.to_string()
}
