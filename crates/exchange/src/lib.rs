//! Reads what other tools export, as histories of records.
//!
//! Files and a mapping go in, [`SourceCase`]s come out: for each case its rows in the order in which things happened,
//! each with the values that hold after it. Reading ([`Log`]) knows neither the model nor the database nor the time of
//! day; [`import`] hands the cases to the engine, which replays them, decides what changed and writes the ledger. What a
//! row says about the future of its case (the source's final columns) never gets through, see [`SourceRow::fields`].
//!
//! A case is taken whole or refused whole. What is wrong with the file as a whole is an [`ExchangeError`].

mod build_case;
mod case;
pub mod cells;
mod clock;
mod column;
mod convert;
mod csv_file;
mod error;
pub mod export;
mod fold;
mod import;
mod log;
mod mapping;
mod records;
mod report;
mod source;
mod table;
pub mod text;
mod totals;
mod xes;

pub use case::{Case, Problem, ProblemKind, RowIdentity, SourceCase, SourceRow};
pub use convert::{PersonKey, PersonOf, Reference, SourceValue};
pub use error::ExchangeError;
pub use fold::{Final, effective, state_at};
pub use import::{ImportError, ImportOptions, Progress, import};
pub use log::{Format, Log, Options};
pub use mapping::{By, Direction, LinkRule, Mapping, OrderKind, Unit, Unknown};
pub use report::{Differing, FinalReport, Flagged, FunctionReport, FunctionRow, Report, ReportBuilder, ValueCount};
pub use source::{FileFacts, Limits};
pub use table::Refused;
pub use totals::{Spread, Totals};
