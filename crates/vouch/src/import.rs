//! `vouch import` and `vouch assess`: another tool's records, brought in or only judged.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assess::{Assessment, Rooms};
use conformity::Overlay;
use conformity::decide::condition;
use conformity::settings::{Setting, read_stated};
use engine::{Principal, SystemClock, SystemEntropy};
use exchange::{ImportOptions, Log, Mapping, Options, Progress, Report};

use crate::cli::{Assess, Format, Import};
use crate::organisation::{Expect, Opening, library, model, open, signed};

pub fn run(options: &Import) -> anyhow::Result<ExitCode> {
    let log = read(&options.source_format, &options.files, options.map.as_deref(), options.zone.as_deref())?;
    let engine = open(&options.data, Expect::NewOrExisting, Opening::default())?;
    let chosen = ImportOptions { source: options.source.clone(), dry_run: options.dry_run, resume: options.resume };
    let report = exchange::import(&engine, Arc::new(Principal::system()), &log, &chosen, &mut shown("imported"))?;
    if !options.dry_run {
        signed(&engine)?;
    }
    match options.report_format {
        Format::Json => println!("{}", serde_json::to_string(&report)?),
        Format::Text => told(&report, options.dry_run),
    }
    Ok(if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub fn assess(options: &Assess) -> anyhow::Result<ExitCode> {
    for path in &options.report {
        if !["html", "json"].iter().any(|known| path.extension().is_some_and(|e| e == *known)) {
            bail!("--report {}: expected a name that ends in .html or .json", path.display());
        }
    }
    let log = read(&options.source_format, &options.files, options.map.as_deref(), options.zone.as_deref())?;
    let (model, model_text) = model(&Overlay::default())?;
    let library = library(&model, Overlay::default())?;
    let stated = match &options.settings {
        None => Vec::new(),
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            let fits = |setting: &Setting, text: &str| condition(&model, setting, text);
            let read = read_stated(&path.display().to_string(), &text, &library.settings, &fits);
            read.map_err(|errors| {
                anyhow::anyhow!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            })?
        }
    };
    let behaviours = processes::behaviours();
    let rooms = Rooms { model, model_text, behaviours, library, entropy: Arc::new(SystemEntropy) };
    let asked = assess::Options { clause: options.clause.clone(), stated };
    let assessment = assess::assess(&rooms, &log, &asked, &mut shown("replayed"))?;
    if options.report.is_empty() {
        println!("{}", serde_json::to_string_pretty(&assessment)?);
    }
    for path in &options.report {
        write(&assessment, path)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(assessment: &Assessment, path: &Path) -> anyhow::Result<()> {
    let text = if path.extension().is_some_and(|e| e == "html") {
        assessment.html()?
    } else {
        serde_json::to_string_pretty(assessment)?
    };
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn read(format: &str, files: &[PathBuf], map: Option<&Path>, zone: Option<&str>) -> anyhow::Result<Log> {
    let mapping = match (map, format) {
        (Some(path), _) => {
            let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Mapping::parse(&path.display().to_string(), &text)?
        }
        (None, "csv") => bail!("csv needs --map FILE, which says what each column means"),
        (None, name) => Mapping::built_in(name)?,
    };
    let written = if format == "xes" { exchange::Format::Xes } else { exchange::Format::Csv };
    // A table says how things are when it is read.
    let as_of = Some(engine::Clock::now(&SystemClock::default()));
    let options = Options { format: written, zone: zone.map(str::to_owned), as_of, ..Options::default() };
    Ok(Log::read(files, mapping, &options, &mut |_| {})?)
}

/// A line that moves on a terminal, and one every so often elsewhere.
fn shown(what: &'static str) -> impl FnMut(Progress) {
    let mut last = 0;
    move |progress: Progress| {
        let percent = (progress.rows * 100).checked_div(progress.of).unwrap_or(100);
        let step = if std::io::stderr().is_terminal() { 1 } else { 20 };
        if percent >= last + step || (percent == 100 && last < 100) {
            last = percent;
            let end = if std::io::stderr().is_terminal() && percent < 100 { "\r" } else { "\n" };
            eprint!("{what} {} of {} rows ({percent} %){end}", progress.rows, progress.of);
        }
    }
}

fn told(report: &Report, dry_run: bool) {
    if dry_run {
        println!("nothing was written: this is what would happen");
    }
    println!("{} rows of {} cases", report.rows, report.cases);
    println!("  created    {}", report.created);
    println!("  changed    {}", report.changed);
    println!("  touches    {}", report.touches);
    println!("  unchanged  {}", report.unchanged);
    if report.told_again > 0 {
        println!("             {} of them told again, since rows came late", report.told_again);
    }
    println!("  deviations {}", report.deviations);
    for (record_type, made) in &report.named {
        println!("  named      {made} {record_type}");
    }
    for refused in &report.refused {
        println!(
            "  refused    {}:{} {}: {} ({})",
            refused.file, refused.row, refused.field, refused.message, refused.code
        );
    }
    println!("the source has no {}", report.absent.join(", "));
    println!("not taken: {}", report.not_taken.join(", "));
}
