//! `vouch verify`: 0 when all is well, 1 when something was altered, 2 when it could not be read.

use std::process::ExitCode;

use conformity::Overlay;

use crate::cli::{Format, Verify};
use crate::organisation::{Expect, location, model};

pub fn run(options: &Verify) -> anyhow::Result<ExitCode> {
    let mut session = location(&options.data, Expect::Existing, false)?.open()?;
    let (model, _) = model(&Overlay::in_force(&mut *session)?)?;
    let report = engine::verify::verify(&mut *session, &model, Some(&options.data.data.join("signer")))?;
    match options.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&report.to_json())?),
        Format::Text => {
            for warning in &report.warnings {
                println!("note: {warning}");
            }
            match &report.first_difference {
                None => println!("nothing was altered: {} entries, {} not yet signed", report.entries, report.unsigned),
                Some(difference) => println!("altered: {}", difference.to_json()),
            }
        }
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
