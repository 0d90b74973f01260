//! Settings: what the standard leaves to the organisation, who decided it, why, and from when.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::StatusCode;
use conformity::decide::{Decision as Decided, decide as decided};
use conformity::settings::{Scope, Setting, Unit};
use engine::read::list::{self, Query};
use engine::read::names::{self, Names};
use engine::{Channel, Record, Settings, Time, slot};
use serde_json::Value as Json;

use super::posted::{Fields, Posted, done};
use super::refused::{Answer, Refused};
use super::visit::Visit;
use super::{aside, blocking, forms, html, terms};
use crate::view::form::{Control, Field, Form, Group, MatrixRow};
use crate::view::list::MenuItem;
use crate::view::parts::{Link, Mark, Status};
use crate::view::settings::{Decision, SettingGroup, SettingPage, SettingRow, SettingsPage};

/// The record type in which decisions are kept.
const DECISIONS: &str = "settings";
const REASON_MAX: u32 = 4_000;
const VALUE_MAX: u32 = 60_000;
/// The rule that is typed as a square of numbers.
const MATRIX: usize = 3;

fn readable(visit: &Visit) -> Answer<()> {
    visit.collection(DECISIONS).map(drop)
}

fn may_decide(visit: &Visit) -> bool {
    visit.collection(DECISIONS).is_ok_and(|found| visit.principal.may_create(&found))
}

pub async fn show(visit: Visit) -> Answer {
    readable(&visit)?;
    let engine = &visit.app.engine;
    let in_force = engine.settings(&mut *engine.reader()?)?;
    let which = visit.address.get("show").unwrap_or("all").to_owned();
    let settings = visit.app.registry.settings();
    let now = visit.wall.now;
    let is_decided = |setting: &Setting| in_force.in_force(&setting.key, now).is_some();
    let of_standard = settings.iter().filter(|setting| setting.of_the_standard);
    let all = of_standard.clone().count();
    let count = of_standard.clone().filter(|setting| is_decided(setting)).count();
    let needed = of_standard.filter(|setting| !setting.used_by.is_empty() && !is_decided(setting)).count();
    let mut groups: BTreeMap<String, Vec<SettingRow>> = BTreeMap::new();
    for setting in settings {
        let fits = match which.as_str() {
            "needed" => !setting.used_by.is_empty() && !is_decided(setting),
            "decided" => is_decided(setting),
            "open" => !is_decided(setting),
            _ => true,
        };
        if fits {
            groups.entry(area(&setting.key)).or_default().push(row(&visit, setting, &in_force));
        }
    }
    let tab = |key: &str, label: &str| MenuItem {
        label: label.to_owned(),
        href: visit.address.with("show", (key != "all").then_some(key)).to_string(),
        current: which == key,
    };
    let page = SettingsPage {
        shell: visit.shell("/settings", "Settings"),
        verdict: format!("{count} of {all} are decided. {needed} of the others are needed by checks."),
        tabs: vec![
            tab("all", "All"),
            tab("needed", "Needed by checks"),
            tab("decided", "Decided"),
            tab("open", "Not decided"),
        ],
        groups: groups.into_iter().map(|(heading, rows)| SettingGroup { heading, rows }).collect(),
    };
    html(StatusCode::OK, &page)
}

/// `incident` of `incident.closure_wait`, as a heading.
fn area(key: &str) -> String {
    aside::capital(&key.split('.').next().unwrap_or(key).replace('_', " "))
}

fn row(visit: &Visit, setting: &Setting, in_force: &Settings) -> SettingRow {
    let decision = in_force.decision(&setting.key, visit.wall.now).filter(|decision| !decision.value.is_null());
    let status = match (decision, &setting.default, setting.used_by.is_empty()) {
        (Some(_), ..) => Status::new(Mark::Ok, "Decided"),
        (None, Some(_), _) => Status::new(Mark::None, "As it came"),
        (None, None, false) => Status::new(Mark::Warn, "Not decided, needed"),
        (None, None, true) => Status::new(Mark::None, "Not decided"),
    };
    let value = decision.map(|decision| &decision.value).or(setting.default.as_ref());
    SettingRow {
        key: setting.key.clone(),
        label: setting.label.clone(),
        href: format!("/settings/{}", setting.key),
        value: value.map(|value| said(setting, value)),
        status,
        note: decision.map(|decision| format!("since {}", visit.wall.short(decision.from))).unwrap_or_default(),
        used_by: needed_by(setting),
    }
}

fn needed_by(setting: &Setting) -> Vec<Link> {
    setting.used_by.iter().map(|id| Link::new(id.clone(), format!("/requirements/{id}"))).collect()
}

/// A value in words where it is short, else what kind of table it is.
pub fn said(setting: &Setting, value: &Json) -> String {
    match (value, setting.unit) {
        (Json::String(text), _) if text == "24x7" => "round the clock".to_owned(),
        (Json::String(text), _) => text.clone(),
        (Json::Number(number), Unit::Share) => {
            number.as_f64().map_or_else(|| number.to_string(), |share| format!("{} %", (share * 1000.0).round() / 10.0))
        }
        (Json::Array(items), _) if items.is_empty() => "none".to_owned(),
        (Json::Object(object), _) if object.contains_key("matrix") => matrix_said(value),
        (Json::Object(object), _) => {
            let parts: Vec<String> =
                object.iter().map(|(subject, value)| format!("{}: {}", subject_said(subject), plain(value))).collect();
            parts.join(" · ")
        }
        (other, _) => plain(other),
    }
}

fn matrix_said(value: &Json) -> String {
    let rows = value.get("matrix").and_then(Json::as_array).into_iter().flatten();
    let rows: Vec<String> = rows
        .map(|row| row.as_array().into_iter().flatten().map(Json::to_string).collect::<Vec<_>>().join(" "))
        .collect();
    format!("matrix {}", rows.join(" / "))
}

fn subject_said(subject: &str) -> &str {
    if subject == "*" { "all" } else { subject }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub async fn one(visit: Visit, Path(key): Path<String>) -> Answer {
    readable(&visit)?;
    // A decision itself is a record with an address of its own.
    if engine::padded_number(&key).is_some() {
        return super::record::show(visit, Path((DECISIONS.to_owned(), key))).await;
    }
    html(StatusCode::OK, &page(&visit, &key, None)?)
}

fn page(visit: &Visit, key: &str, posted: Option<&Fields>) -> Answer<SettingPage> {
    let setting = visit.app.registry.get(key).ok_or_else(Refused::not_found)?;
    let in_force = visit.app.engine.settings(&mut *visit.app.engine.reader()?)?;
    let decision = in_force.decision(key, visit.wall.now).filter(|decision| !decision.value.is_null());
    let value = decision.map(|decision| &decision.value).or(setting.default.as_ref());
    let history = history(visit, setting)?;
    let since =
        match (decision, history.iter().find(|made| Some(made.number.as_str()) == decision.map(|d| d.number.as_str())))
        {
            (Some(decision), Some(made)) => {
                format!("since {}, decided by {}", visit.wall.day(decision.from), made.shown.who.name)
            }
            (Some(decision), None) => format!("since {}", visit.wall.day(decision.from)),
            (None, _) if value.is_some() => "as it came; nobody has decided otherwise".to_owned(),
            (None, _) => String::new(),
        };
    let per = if let (Scope::Per(_), Some(Json::Object(each))) = (&setting.scope, value) { Some(each) } else { None };
    let by_subject =
        per.into_iter().flatten().map(|(subject, value)| (subject_said(subject).to_owned(), plain(value))).collect();
    let mut shell = visit.shell("/settings", &setting.label);
    shell.crumbs = vec![Link::new("Settings", "/settings")];
    shell.here.clone_from(&setting.key);
    let form = if may_decide(visit) { Some(form(visit, setting, value, posted)) } else { None };
    Ok(SettingPage {
        shell,
        key: setting.key.clone(),
        label: setting.label.clone(),
        value: value.map(|value| said(setting, value)),
        since,
        by_subject,
        unit: unit(setting.unit).to_owned(),
        allowed: setting.allowed.clone(),
        scope: scope(&setting.scope),
        decided_by: setting.decided_by.clone(),
        used_by: needed_by(setting),
        suggestion: setting.suggestion.clone().unwrap_or_default(),
        small: setting.small.clone().unwrap_or_default(),
        large: setting.large.clone().unwrap_or_default(),
        form,
        history: history.into_iter().map(|made| made.shown).collect(),
    })
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Interval => "interval",
        Unit::Duration => "duration",
        Unit::BusinessDuration => "business duration",
        Unit::Share => "share, 0 to 1",
        Unit::Rule => "rule",
        Unit::Condition => "condition",
        Unit::List => "list",
        Unit::Zone => "time zone",
        Unit::Week => "week",
        Unit::Holidays => "days",
    }
}

fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Organization => "the organisation".to_owned(),
        Scope::Per(subject) => format!("each {subject}, with one value for all as fall-back"),
    }
}

/// Whether the rule is a square of numbers, as far as can be told from its key.
fn is_matrix(setting: &Setting) -> bool {
    setting.unit == Unit::Rule && setting.key.ends_with("priority_rule")
}

fn form(visit: &Visit, setting: &Setting, value: Option<&Json>, posted: Option<&Fields>) -> Form {
    let stood = |key: &str| {
        if key == "value" { value.map(|value| typed(setting, value)).unwrap_or_default() } else { String::new() }
    };
    let typed = forms::typed_or(posted, &stood);
    let table = matches!(setting.scope, Scope::Per(_))
        || matches!(setting.unit, Unit::Rule | Unit::List | Unit::Week | Unit::Holidays);
    let control = match setting.unit {
        _ if is_matrix(setting) => matrix(value, posted),
        _ if table => Control::LongText { value: typed("value"), max: VALUE_MAX, rows: 5, code: true },
        Unit::Condition => Control::LongText { value: typed("value"), max: VALUE_MAX, rows: 3, code: true },
        Unit::Interval | Unit::Duration | Unit::BusinessDuration => Control::Duration { value: typed("value") },
        _ => Control::Text { value: typed("value"), max: 200, kind: "text" },
    };
    let help =
        if table && !is_matrix(setting) { format!("{} As JSON.", setting.allowed) } else { setting.allowed.clone() };
    let zone = visit.wall.zone.name().to_owned();
    let fields = vec![
        Field { help, required: true, wide: true, ..Field::new("value", "Value", control) },
        Field {
            help: "Empty: from now on.".to_owned(),
            ..Field::new("from", "In force from", Control::Instant { value: typed("from"), zone })
        },
        Field {
            required: true,
            wide: true,
            ..Field::new(
                "reason",
                "Why",
                Control::LongText { value: typed("reason"), max: REASON_MAX, rows: 3, code: false },
            )
        },
    ];
    Form {
        id: "decide".to_owned(),
        action: format!("/settings/{}", setting.key),
        csrf: visit.csrf.clone(),
        groups: vec![Group { fields, ..Group::default() }],
        submit: "Decide it".to_owned(),
        draft: format!("setting:{}", setting.key),
        ..Form::default()
    }
}

/// A value as it is typed: text plain, everything else as JSON.
fn typed(setting: &Setting, value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other if matches!(setting.unit, Unit::Share) && !other.is_object() => other.to_string(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

fn matrix(value: Option<&Json>, posted: Option<&Fields>) -> Control {
    let stood = |r: usize, c: usize| {
        let cell = value.and_then(|value| value.get("matrix")?.get(r)?.get(c)?.as_i64());
        cell.map(|n| n.to_string()).unwrap_or_default()
    };
    let cell = |r: usize, c: usize| match posted {
        Some(posted) => posted.text(&format!("value.{r}.{c}")).to_owned(),
        None => stood(r, c),
    };
    let label =
        |what: &str, n: usize| if n == 0 { format!("{what} 1, the highest") } else { format!("{what} {}", n + 1) };
    let row = |r: usize| MatrixRow {
        label: label("Impact", r),
        cells: (0..MATRIX).map(|c| (label("urgency", c), cell(r, c))).collect(),
    };
    Control::Matrix {
        corner: "Priority by impact and urgency".to_owned(),
        columns: (0..MATRIX).map(|c| aside::capital(&label("urgency", c))).collect(),
        rows: (0..MATRIX).map(row).collect(),
    }
}

fn value_of(setting: &Setting, posted: &Fields) -> Json {
    if is_matrix(setting) && !posted.has("value") {
        let cell = |r: usize, c: usize| {
            let text = posted.text(&format!("value.{r}.{c}")).trim();
            text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from)
        };
        let rows: Vec<Json> = (0..MATRIX).map(|r| (0..MATRIX).map(|c| cell(r, c)).collect()).collect();
        return serde_json::json!({ "matrix": rows });
    }
    let text = posted.text("value").trim();
    // A condition is text even where it begins with a brace; a table of them is not.
    if matches!(setting.scope, Scope::Per(_)) && text.starts_with('{') {
        return serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
    }
    if text.is_empty() { Json::Null } else { setting.typed(text) }
}

pub async fn decide(Path(key): Path<String>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    readable(&visit)?;
    if engine::padded_number(&key).is_some() {
        return super::change::send(Path((DECISIONS.to_owned(), key)), Posted { visit, fields }).await;
    }
    let setting = visit.app.registry.get(&key).ok_or_else(Refused::not_found)?;
    let from = match fields.text("from").trim() {
        "" => None,
        text => Some(visit.wall.read(text).ok_or_else(|| {
            Refused::from(crate::api::problem::Problem::unprocessable(
                "from",
                "wrong_type",
                "expected a day and a time",
            ))
        })?),
    };
    let decision = Decided {
        key: key.clone(),
        value: value_of(setting, &fields),
        from,
        reason: fields.text("reason").trim().to_owned(),
    };
    if decision.value.is_null() {
        let empty = crate::api::problem::Problem::unprocessable("value", "required", "say what is decided");
        return again(&visit, &key, &fields, &Refused::from(empty));
    }
    let principal = visit.principal.clone();
    let made =
        blocking(&visit.app, move |app| Ok(decided(&app.engine, &app.registry, &principal, Channel::Page, &decision)?))
            .await;
    match made {
        Ok(_) => Ok(done(&format!("/settings/{key}"), "It is decided.")),
        Err(refused) if refused.status() == StatusCode::UNPROCESSABLE_ENTITY => again(&visit, &key, &fields, &refused),
        Err(refused) => Err(refused.with_typed(fields.typed())),
    }
}

fn again(visit: &Visit, key: &str, fields: &Fields, refused: &Refused) -> Answer {
    let page = page(visit, key, Some(fields))?;
    let form = page.form.map(|form| forms::with_errors(form, refused));
    html(StatusCode::UNPROCESSABLE_ENTITY, &SettingPage { form, ..page })
}

/// A decision with the number of its record.
struct Made {
    number: String,
    shown: Decision,
}

/// All decisions about a key, the newest first.
fn history(visit: &Visit, setting: &Setting) -> Answer<Vec<Made>> {
    let record_type = visit.collection(DECISIONS)?;
    let query = Query {
        filter: Some(format!("key == {}", terms::quoted(&setting.key))),
        sort: vec![(slot::RAISED_AT, true)],
        limit: list::LIMIT_MAX,
        cursor: None,
        time: Time::Live,
        record_type,
    };
    let records = list::page(&visit.app.engine, &visit.principal, &query, &visit.app.cursors)?.items;
    let mut ids = std::collections::BTreeSet::new();
    for record in &records {
        names::linked_ids(record, &mut ids);
    }
    let names = names::of_ids(&mut *visit.app.engine.reader()?, visit.app.engine.model(), &visit.principal, &ids)?;
    Ok(records.iter().map(|record| made(visit, setting, record, &names)).collect())
}

fn made(visit: &Visit, setting: &Setting, record: &Record, names: &Names) -> Made {
    let by = record.by_key("decided_by").as_int().or(record.get(slot::CREATED_BY).as_int());
    let value = record.by_key("value").as_text().and_then(|text| serde_json::from_str::<Json>(text).ok());
    let raised = record.get(slot::RAISED_AT).as_int().unwrap_or(0);
    let from = record.by_key("from").as_int().unwrap_or(raised);
    let shown = Decision {
        who: visit.actor(by, names),
        time: visit.wall.long_time(raised),
        value: value.map_or_else(|| "No value any more".to_owned(), |value| said(setting, &value)),
        from: format!("in force from {}", visit.wall.long(from)),
        reason: record.by_key("reason").as_text().unwrap_or_default().to_owned(),
    };
    Made { number: record.number().to_owned(), shown }
}
