//! `vouch model`: validate customisations, explain fields.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::{Kind, RecordType};

use crate::cli::{Model, ModelCommand};
use crate::organisation::core_model;

pub fn run(options: &Model) -> anyhow::Result<ExitCode> {
    match &options.command {
        ModelCommand::Check { dir } => check(dir),
        ModelCommand::Explain { what } => explain(what),
    }
}

fn check(dir: &Path) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
    }
    let core = processes::model_files();
    let report = model::load::check(&model::load::Source::core(&core).overlay(&files));
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    for error in &report.errors {
        println!("{error}");
    }
    if report.errors.is_empty() {
        println!("{} files are sound", files.len());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(1))
}

fn explain(what: &str) -> anyhow::Result<ExitCode> {
    let (model, _) = core_model()?;
    let (type_name, key) = what.split_once('.').context("expected TYPE.FIELD, such as incident.priority")?;
    let Some(record_type) = model.get(type_name) else { bail!("there is no record type {type_name}") };
    let Some(slot) = record_type.slot(key) else { bail!("{type_name} has no field {key}") };
    let Some(field) = record_type.fields.get(slot) else { bail!("{type_name} has no field {key}") };
    println!("{type_name}.{key}: {}", field.label);
    if let Some(help) = &field.help {
        println!("  meaning   {help}");
    }
    println!("  kind      {}", kind(&field.kind));
    println!("  declared  {}", field.place);
    if let Some(clause) = field.clause.as_ref().or(record_type.clause.as_ref()) {
        println!("  clause    {clause}");
    }
    let writers: Vec<&str> = processes::behaviours()
        .iter()
        .filter(|b| b.record_type() == type_name && b.writes().contains(&key))
        .map(|b| b.name())
        .collect();
    let input = if field.derived || field.system {
        "nobody by hand".to_owned()
    } else {
        roles(record_type, |p| p.change.is_some() && !p.fixed.contains(&slot))
    };
    println!(
        "  written   {input}{}",
        if writers.is_empty() { String::new() } else { format!("; by {}", writers.join(", ")) }
    );
    println!("  seen by   {}", roles(record_type, |p| p.read.is_some() && !p.hide.contains(&slot)));
    if let Some(setting) = &field.needs_setting {
        println!("  needs     the setting {setting}");
    }
    Ok(ExitCode::SUCCESS)
}

fn roles(record_type: &RecordType, has: impl Fn(&model::Permission) -> bool) -> String {
    let found: Vec<&str> =
        record_type.permissions.iter().filter(|(_, p)| has(p)).map(|(role, _)| role.as_str()).collect();
    if found.is_empty() { "no role".to_owned() } else { found.join(", ") }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Integer { min, max } => format!("whole number, {min} to {max}"),
        Kind::Choice(choices) => {
            format!("one of {}", choices.iter().map(|c| c.key.as_str()).collect::<Vec<_>>().join(", "))
        }
        Kind::Link { to } => format!("link to {}", to.join(" or ")),
        Kind::ListValue { list } => format!("value of the list {list}"),
        Kind::Rows { columns, .. } => {
            format!("lines of {}", columns.iter().map(|c| c.key.as_str()).collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}").to_lowercase(),
    }
}
