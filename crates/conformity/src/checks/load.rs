//! Text to checks: conditions typed against the model, names against the catalogue and the settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::condition::{Anchor, Condition, Dependency, HostCall, Scope, SubjectKind, Type};
use model::{Kind, Model, RecordType, RelationSource};
use sha2::{Digest, Sha256};
use toml_edit::{Item, Table};

use super::{Basis, Check, Checks, OCCASION, Parts, Population, Probe, Share, terms};
use crate::catalogue::{Catalogue, Proves};
use crate::file::{Fields, LoadError, Source, only_these, tables};
use crate::settings::{Registry, Unit};

const PROVES: [(&str, Proves); 3] =
    [("sufficient", Proves::Sufficient), ("necessary", Proves::Necessary), ("indicator", Proves::Indicator)];
const BASIS: [(&str, Basis); 2] = [("required", Basis::Required), ("practice", Basis::Practice)];
const KINDS: &str = "T.record, T.step, T.change(field), duty(\"…\").occasion or values(\"…\")";

/// What checks are checked against.
#[derive(Clone, Copy)]
pub struct Against<'a> {
    pub model: &'a Model,
    pub catalogue: &'a Catalogue,
    pub settings: &'a Registry,
}

impl Checks {
    /// Reads files of checks, each a pair of name (for messages) and text.
    pub fn load<F: AsRef<str>, T: AsRef<str>>(files: &[(F, T)], against: Against<'_>) -> Result<Self, LoadError> {
        let types = setting_types(against.settings);
        let mut checks = Self::default();
        for (file, text) in files {
            let source = Source { file: file.as_ref(), text: text.as_ref() };
            let document = source.parse()?;
            only_these(source, document.as_table(), &["check", "figure"])?;
            for table in tables(document.as_table(), "check") {
                let check = read_check(source, table, against, &types)?;
                if checks.get(&check.id).is_some() {
                    return Err(source.error(table.span(), format!("check {}: the id stands twice", check.id)));
                }
                checks.by_id.insert(check.id.clone(), checks.checks.len());
                checks.checks.push(Arc::new(check));
            }
        }
        Ok(checks)
    }
}

fn setting_types(registry: &Registry) -> BTreeMap<String, Type> {
    let ty = |unit| match unit {
        Unit::Interval | Unit::Duration | Unit::BusinessDuration => Type::Duration,
        _ => Type::Setting,
    };
    registry.settings().iter().map(|setting| (setting.key.clone(), ty(setting.unit))).collect()
}

fn read_check(
    source: Source<'_>,
    table: &Table,
    against: Against<'_>,
    types: &BTreeMap<String, Type>,
) -> Result<Check, LoadError> {
    let mut fields = Fields::of(source, table, "check");
    let id = fields.text("id")?;
    fields.rename(format!("check {id}"));
    let requirement = fields.optional_text("requirement")?.unwrap_or_else(|| id.clone());
    let clause = match against.catalogue.requirement(&requirement) {
        Some(found) => found.clause.clone(),
        None => {
            let key = if fields.get("requirement").is_some() { "requirement" } else { "id" };
            return Err(fields.error_at(key, format!("no requirement {requirement:?} in the catalogue")));
        }
    };
    let over = fields.text("over")?;
    let population = read_population(&fields, &over, against.model)?;
    let scope = scope(against.model, &population).for_check().with_period().with_settings(types.clone());
    let when = of_the_duty(condition(&fields, "when", &scope)?, &population, &scope);
    let pass = condition(&fields, "pass", &scope)?;
    let needs = fields.texts("needs")?;
    let settings = fields.texts("setting")?;
    if let Some(key) = settings.iter().find(|key| !against.settings.contains(key)) {
        return Err(fields.error_at("setting", format!("no setting {key:?}")));
    }
    let parts = parts(&fields, against.model, &population, (&when, &pass, &needs), &scope)?;
    let place = fields.place();
    let mut check = Check {
        title: fields.optional_text("title")?,
        why: fields.optional_text("why")?,
        put_right: fields.optional_text("put_right")?,
        proves: fields.word("proves", &PROVES)?,
        basis: fields.optional_word("basis", &BASIS)?.unwrap_or(Basis::Required),
        nil_return: fields.flag("nil_return", false)?,
        recount: fields.flag("recount", false)?,
        share: read_share(&fields, against.settings)?,
        examples: read_examples(&fields)?,
        trap: fields.optional_text("trap")?,
        hash: [0; 32],
        place: format!("{}:{}:{}", place.file, place.line, place.column),
        id,
        requirement,
        clause,
        over,
        population,
        when,
        pass,
        needs,
        settings,
        parts,
    };
    check_sense(&fields, &check, against)?;
    fields.finish()?;
    check.hash = hash(&check);
    Ok(check)
}

fn check_sense(fields: &Fields<'_>, check: &Check, against: Against<'_>) -> Result<(), LoadError> {
    let allowed = against.catalogue.requirement(&check.requirement).is_some_and(|r| r.nil_return);
    if check.nil_return && !allowed {
        return Err(fields.error_at("nil_return", format!("{} knows no nil return", check.requirement)));
    }
    if matches!(check.population, Population::Values(_)) && check.settings.len() != 1 {
        return Err(fields.error_at("setting", "values(…) is the set that one setting holds, expected exactly one key"));
    }
    let decided = if check.when.uses_latest() {
        if !matches!((check.parts.anchors.as_slice(), check.record_type()), ([Anchor::AtOrLatest(_)], Some(_))) {
            return Err(
                fields.error_at("when", "in_or_latest() stands alone: no other instant or span ties to the period")
            );
        }
        check.parts.always.as_ref()
    } else {
        Some(&check.when)
    };
    match decided.map(Condition::pushable) {
        Some(Ok(())) => Ok(()),
        Some(Err(why)) => Err(fields.error_at("when", format!("when must be decided by the database: {why}"))),
        None => Err(fields.error_at("when", "in_or_latest() and the period's own beginning or end do not go together")),
    }
}

/// Of all occasions those of one duty.
fn of_the_duty(when: Condition, population: &Population, scope: &Scope<'_>) -> Condition {
    let Population::Occasion(duty) = population else { return when };
    let whole = format!("({}) && duty.kind == '{duty}'", when.text());
    Condition::parse(&whole, scope).unwrap_or(when)
}

fn read_population(fields: &Fields<'_>, over: &str, model: &Model) -> Result<Population, LoadError> {
    let bad = |message: String| Err(fields.error_at("over", message));
    let quoted = |rest: &str| rest.strip_prefix("(\"")?.split_once("\")").map(|(a, b)| (a.to_owned(), b.to_owned()));
    if let Some((list, rest)) = over.strip_prefix("values").and_then(quoted) {
        return if rest.is_empty() { Ok(Population::Values(list)) } else { bad(format!("{over:?}: expected {KINDS}")) };
    }
    if let Some((duty, rest)) = over.strip_prefix("duty").and_then(quoted) {
        let named = !duty.is_empty() && duty.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if rest != ".occasion" || !named {
            return bad(format!("{over:?}: expected {KINDS}, a duty's kind in small letters, digits and _"));
        }
        if model.get(OCCASION).is_none() {
            return bad(format!("{over:?}: this model has no record type {OCCASION:?}"));
        }
        return Ok(Population::Occasion(duty));
    }
    if over.starts_with("pairs(") || over.contains(".rows(") || over == "product" {
        return bad(format!("{over:?}: this kind of population is not yet supported, expected {KINDS}"));
    }
    let Some((name, kind)) = over.split_once('.') else { return bad(format!("{over:?}: expected {KINDS}")) };
    let Some(record_type) = model.get(name) else { return bad(format!("{over:?}: no record type {name:?}")) };
    if let Some(field) = kind.strip_prefix("change(").and_then(|rest| rest.strip_suffix(')')) {
        let plain = record_type.field(field).is_some_and(|f| f.kind.is_column() && !f.kind.is_long_text());
        let change = Population::Change(name.to_owned(), field.to_owned());
        return if plain { Ok(change) } else { bad(format!("{over:?}: {name} has no short field {field:?}")) };
    }
    match kind {
        "record" => Ok(Population::Record(name.to_owned())),
        "step" if record_type.lifecycle.is_some() => Ok(Population::Step(name.to_owned())),
        "step" => bad(format!("{over:?}: {name} has no life-cycle")),
        _ => bad(format!("{over:?}: expected {KINDS}")),
    }
}

fn scope<'m>(model: &'m Model, population: &Population) -> Scope<'m> {
    match population {
        Population::Record(t) => Scope::record(model, t),
        Population::Step(t) => Scope::step(model, t),
        Population::Change(t, field) => Scope::change(model, t, field),
        // A duty's occasions are records of a type of their own.
        Population::Occasion(_) => Scope::record(model, OCCASION),
        Population::Values(_) => Scope::values(model),
    }
}

fn condition(fields: &Fields<'_>, key: &'static str, scope: &Scope<'_>) -> Result<Condition, LoadError> {
    let text = fields.text(key)?;
    Condition::parse(&text, scope).map_err(|problems| match problems.first() {
        Some(problem) => fields.error_inside(key, problem.offset, format!("{key}: {}", problem.message)),
        None => fields.error_at(key, format!("{key}: no condition")),
    })
}

fn parts(
    fields: &Fields<'_>,
    model: &Model,
    population: &Population,
    (when, pass, needs): (&Condition, &Condition, &[String]),
    scope: &Scope<'_>,
) -> Result<Parts, LoadError> {
    let prefix = if matches!(when.subject(), SubjectKind::Step(_) | SubjectKind::Change(..)) { "record." } else { "" };
    let own = population.record_type();
    let probe = |name: &str| probe(model, own?, name, prefix, scope);
    let needed = needs.iter().map(|name| {
        probe(name)
            .ok_or_else(|| fields.error_at("needs", format!("{name:?} is no field, list or path of the subject")))
    });
    let needs = needed.collect::<Result<Vec<_>, _>>()?;
    let own_reads = when.dependencies().into_iter().filter(|d| d.back.is_empty() && !d.everything);
    let names = own_reads.filter(|d| Some(&*d.record_type) == own).flat_map(|d| d.fields);
    let read = names.filter_map(|name| probe(&name)).collect();
    let (pass_sql, pass_host) = pass.split_host();
    if let Some(host) = &pass_host
        && host.host_calls().contains(&HostCall::Fold)
    {
        return Err(fields.error_at("pass", "fold() belongs in filters, not in checks"));
    }
    let observed = own.map_or_else(Vec::new, |own| terms::observed(pass, model, own, prefix, scope));
    let terms = terms::terms(pass, scope, &observed);
    let (always, anchors) = (when.without_period(), when.anchors());
    let probes = needs.iter().chain(&read).map(|probe: &Probe| &probe.condition);
    let dependencies = all_dependencies([when, pass].into_iter().chain(probes));
    Ok(Parts { always, anchors, pass_sql, pass_host, needs, read, dependencies, terms, observed })
}

/// Those of several conditions, each once.
fn all_dependencies<'c>(conditions: impl Iterator<Item = &'c Condition>) -> Vec<Dependency> {
    let mut all: Vec<Dependency> = Vec::new();
    for dependency in conditions.flat_map(Condition::dependencies) {
        if !all.contains(&dependency) {
            all.push(dependency);
        }
    }
    all
}

/// A question that is unknown exactly where the field or list at this path is absent.
pub(super) fn probe(model: &Model, own: &str, written: &str, prefix: &str, scope: &Scope<'_>) -> Option<Probe> {
    let mut record_type = model.get(own)?;
    let mut names = written.split('.').peekable();
    while let Some(name) = names.next() {
        let field = record_type.field(name);
        if names.peek().is_some() {
            let Kind::Link { to } = &field?.kind else { return None };
            record_type = model.get(to.first()?)?;
            continue;
        }
        let list = match field {
            Some(field) => !field.kind.is_column(),
            None => record_type.relation(name).is_some(),
        };
        let path = format!("{prefix}{written}");
        let text = if list { format!("{path}.exists(x, true)") } else { format!("{path} == null") };
        return Some(Probe {
            record_type: record_type.name.clone(),
            name: name.to_owned(),
            written: written.to_owned(),
            needs_setting: field.and_then(|field| field.needs_setting.clone()),
            history: of_history(record_type, name),
            condition: Condition::parse(&text, scope).ok()?,
        });
    }
    None
}

fn of_history(record_type: &RecordType, name: &str) -> bool {
    let measured = |field: &model::Field| field.derived && field.kind == Kind::Duration;
    let entries = |relation: &model::Relation| matches!(relation.source, RelationSource::Entries { .. });
    record_type.field(name).map_or_else(|| record_type.relation(name).is_some_and(entries), measured)
}

/// Types that a relation shows: where a source has none of them, the relation is absent.
pub(crate) fn shown_by(source: &RelationSource) -> Option<&str> {
    match source {
        RelationSource::Inverse { record_type, .. } => Some(record_type),
        RelationSource::Links { to, .. } => match to.as_slice() {
            [one] if one != "any" => Some(one),
            _ => None,
        },
        RelationSource::Entries { .. } => None,
    }
}

fn read_share(fields: &Fields<'_>, settings: &Registry) -> Result<Option<Share>, LoadError> {
    let Some(item) = fields.get("share") else { return Ok(None) };
    if let Some(key) = item.as_str() {
        let known = settings.get(key).is_some_and(|setting| setting.unit == Unit::Share);
        return if known {
            Ok(Some(Share::Setting(key.to_owned())))
        } else {
            Err(fields.error_at("share", format!("no setting {key:?} that is a share")))
        };
    }
    let share = item.as_float().or_else(|| item.as_integer().map(|n| n as f64));
    match share.filter(|share| (0.0..=1.0).contains(share)) {
        Some(share) => Ok(Some(Share::Fixed(share))),
        None => Err(fields.error_at("share", "expected a number from 0 to 1, or the key of a setting that is one")),
    }
}

fn read_examples(fields: &Fields<'_>) -> Result<[Option<String>; 3], LoadError> {
    let Some(item) = fields.get("examples") else { return Ok([None, None, None]) };
    let expected = || fields.error_at("examples", "expected { pass = \"…\", fail = \"…\", unknown = \"…\" }");
    let table = item.as_table_like().ok_or_else(expected)?;
    let keys = ["pass", "fail", "unknown"];
    if table.iter().any(|(key, item)| !keys.contains(&key) || item.as_str().is_none()) {
        return Err(expected());
    }
    Ok(keys.map(|key| table.get(key).and_then(Item::as_str).map(str::to_owned)))
}

fn hash(check: &Check) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    };
    for text in [&check.id, &check.requirement, &check.over, check.when.text(), check.pass.text()] {
        put(text);
    }
    put(&check.needs.join("\n"));
    put(&check.settings.join("\n"));
    put(&format!("{:?} {:?} {:?} {}", check.proves, check.basis, check.share, check.nil_return));
    hash.finalize().into()
}
