//! `vouch export`: everything out again.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use exchange::export::{ExportOptions, Form, export};

use crate::check::as_at;
use crate::cli::{Export, ExportForm};
use crate::organisation::{Expect, Opening, open, signed};

/// How many records go by between two words about them, where nobody looks at a terminal.
const STEP: u64 = 50_000;

pub fn run(options: &Export) -> anyhow::Result<ExitCode> {
    let engine = open(&options.data, Expect::Existing, Opening::default())?;
    signed(&engine)?;
    let form = match options.form {
        ExportForm::Csv => Form::Csv,
        ExportForm::Xes => Form::Xes,
    };
    let time = as_at(&engine, options.at.as_deref(), options.known.as_deref())?;
    let chosen = ExportOptions { folder: options.output.clone(), time, form };
    let terminal = std::io::stderr().is_terminal();
    let mut last = 0;
    let done = export(&engine, &chosen, &mut |records| {
        if terminal {
            eprint!("exported {records} records\r");
        } else if records / STEP > last / STEP {
            eprintln!("exported {records} records");
        }
        last = records;
    })?;
    println!(
        "{} files in {}: {} records, {} entries of their histories",
        done.files,
        options.output.display(),
        done.records,
        done.entries
    );
    Ok(ExitCode::SUCCESS)
}
