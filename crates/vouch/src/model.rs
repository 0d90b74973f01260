//! `vouch model`: validate an organisation's own files, show and apply what they change, explain fields.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use conformity::Overlay;
use model::{Kind, Model, RecordType};
use store::schema::quoted;
use store::{Session, SessionExt as _};

use crate::cli::{self, Data, ModelCommand};
use crate::organisation::{Expect, Opening, judging, library, location, model, open_with, signed};
use crate::overlay;

pub fn run(options: &cli::Model) -> anyhow::Result<ExitCode> {
    match &options.command {
        ModelCommand::Check { dir } => check(dir),
        ModelCommand::Plan { dir, data } => plan(dir, data),
        ModelCommand::Apply { dir, data } => apply(dir, data),
        ModelCommand::Explain { what, data } => explain(what, data),
    }
}

fn check(dir: &Path) -> anyhow::Result<ExitCode> {
    let overlay = overlay::read(dir)?;
    let core = processes::model_files();
    let report = model::load::check(&model::load::Source::core(&core).overlay(&overlay::model_files(&overlay)));
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    for error in &report.errors {
        println!("{error}");
    }
    let Some(model) = report.model else { return Ok(ExitCode::from(1)) };
    let files = overlay.files.len();
    if let Err(error) = library(&model, overlay) {
        println!("{error:#}");
        return Ok(ExitCode::from(1));
    }
    println!("{files} files are sound");
    Ok(ExitCode::SUCCESS)
}

/// What other files over the model change, in the model's words and in the database's.
struct Change {
    /// Said of types and fields: `+ incident.colour (choice)`.
    model: Vec<String>,
    /// What is to be made in the database.
    steps: Vec<String>,
    /// Why it cannot be done.
    refused: Vec<String>,
}

impl Change {
    fn between(session: &mut dyn Session, before: &Model, after: &Model) -> anyhow::Result<Self> {
        let mut change = Self { model: Vec::new(), steps: store::schema::plan(session, after)?, refused: Vec::new() };
        for record_type in after.types() {
            let Some(earlier) = before.get(&record_type.name) else {
                change.model.push(format!("+ {} ({})", record_type.name, record_type.label_plural));
                continue;
            };
            for field in record_type.fields.iter().filter(|field| !field.system) {
                let name = format!("{}.{}", record_type.name, field.key);
                match earlier.field(&field.key) {
                    None => change.model.push(format!("+ {name} ({})", kind(&field.kind))),
                    Some(known) if std::mem::discriminant(&known.kind) != std::mem::discriminant(&field.kind) => {
                        let (was, is) = (kind(&known.kind), kind(&field.kind));
                        change
                            .refused
                            .push(format!("{name} was {was} and would be {is}: expected a field of another name"));
                    }
                    Some(known) if known != field => change.model.push(format!("~ {name}")),
                    Some(_) => {}
                }
            }
        }
        for record_type in before.types() {
            change.gone(session, record_type, after.get(&record_type.name))?;
        }
        Ok(change)
    }

    /// What is declared no more. Values that were set keep their place in history, so their field must stay declared.
    fn gone(
        &mut self,
        session: &mut dyn Session,
        before: &RecordType,
        after: Option<&RecordType>,
    ) -> anyhow::Result<()> {
        let table = quoted(&before.name);
        let Some(after) = after else {
            let records = session.one_int(&format!("SELECT count(*) FROM {table}"), &[])?;
            match records {
                0 => self.model.push(format!("- {}", before.name)),
                some => self.refused.push(format!("{} has {some} records: expected it to stay declared", before.name)),
            }
            return Ok(());
        };
        for field in before.fields.iter().filter(|field| after.field(&field.key).is_none()) {
            let ever = match field.kind {
                Kind::Rows { .. } => {
                    format!("SELECT count(*) FROM {}", quoted(&store::schema::rows_table(&before.name, &field.key)))
                }
                Kind::LongText { .. } => {
                    format!("SELECT count(*) FROM {table} WHERE {} IS NOT NULL", quoted(&field.key))
                }
                _ => format!(
                    "SELECT count(DISTINCT id) FROM {} WHERE {} IS NOT NULL",
                    quoted(&format!("{}_v", before.name)),
                    quoted(&field.key)
                ),
            };
            match session.one_int(&ever, &[])? {
                0 => self.model.push(format!("- {}.{}", before.name, field.key)),
                some => self.refused.push(format!(
                    "{}.{} has been set in {some} records: expected it to stay declared",
                    before.name, field.key
                )),
            }
        }
        Ok(())
    }

    fn is_nothing(&self) -> bool {
        self.model.is_empty() && self.steps.is_empty() && self.refused.is_empty()
    }

    fn told(&self) {
        for line in &self.model {
            println!("{line}");
        }
        for step in &self.steps {
            println!("make {step}");
        }
        for why in &self.refused {
            println!("refused: {why}");
        }
    }
}

/// The change that a folder's files make, over what is in force.
fn change(dir: &Path, data: &Data) -> anyhow::Result<(Overlay, Overlay, Change)> {
    let overlay = overlay::read(dir)?;
    let mut session = location(data, Expect::Existing, false)?.open()?;
    let in_force = Overlay::in_force(&mut *session)?;
    let (before, _) = model(&in_force)?;
    let (after, _) = model(&overlay)?;
    library(&after, overlay.clone())?;
    let change = Change::between(&mut *session, &before, &after)?;
    Ok((in_force, overlay, change))
}

fn plan(dir: &Path, data: &Data) -> anyhow::Result<ExitCode> {
    let (in_force, overlay, change) = change(dir, data)?;
    change.told();
    if change.is_nothing() {
        println!(
            "{}",
            if in_force == overlay {
                "nothing to do: these files are in force"
            } else {
                "no record type, field, table or index changes"
            }
        );
    }
    Ok(if change.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Makes what is missing in the database, then puts the files in force by an entry of the ledger. A running server takes
/// them over within a second.
fn apply(dir: &Path, data: &Data) -> anyhow::Result<ExitCode> {
    let (in_force, overlay, change) = change(dir, data)?;
    change.told();
    if !change.refused.is_empty() {
        return Ok(ExitCode::from(1));
    }
    if in_force == overlay {
        println!("nothing to do: these files are in force");
        return Ok(ExitCode::SUCCESS);
    }
    let files = overlay.files.len();
    let engine = open_with(data, location(data, Expect::Existing, false)?, &overlay, Opening::default())?;
    judging(&engine, overlay)?;
    signed(&engine)?;
    println!("{files} files are in force");
    Ok(ExitCode::SUCCESS)
}

fn explain(what: &str, data: &Data) -> anyhow::Result<ExitCode> {
    let overlay = match location(data, Expect::Existing, false) {
        Ok(location) => Overlay::in_force(&mut *location.open()?)?,
        // Without an organisation it is the program's own model that is explained.
        Err(_) => Overlay::default(),
    };
    let (model, _): (Arc<Model>, _) = model(&overlay)?;
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
        .filter(|b| model.is_a(type_name, b.record_type()) && b.writes().contains(&key))
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
        Kind::Text { max } => format!("text of up to {max} characters"),
        Kind::LongText { max } => format!("long text of up to {max} characters"),
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
