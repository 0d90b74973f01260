//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(
    name = "vouch",
    version,
    about = "Runs a service management system to ISO/IEC 20000-1:2018, every record its evidence",
    before_help = "Two commands to begin with:\n  vouch demo      a demonstration organisation, in your browser in seconds\n  vouch serve     your own organisation, kept in ./vouch-data",
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Start a demonstration organisation on a throw-away database
    Demo(Demo),
    /// Start the server
    Serve(Serve),
    /// Bring another tool's records in, with their history
    Import(Import),
    /// Write everything out again, so that nobody is locked in
    Export(Export),
    /// Report how far another tool's export shows conformity; nothing is kept
    Assess(Assess),
    /// Show live conformity; exit code 1 when under the bar
    Check(Check),
    /// Check the whole ledger and the records against it
    Verify(Verify),
    /// Validate and explain the model of records
    Model(Model),
    /// Decide what the standard leaves to the organisation
    Setting(Setting),
    /// Add people who may sign in
    User(User),
    /// Make tokens for programs
    Token(Token),
}

/// Where the organisation's records lie.
#[derive(Args, Clone)]
pub struct Data {
    /// Folder of the data (mode 0700)
    #[arg(long, value_name = "DIR", default_value = "vouch-data")]
    pub data: PathBuf,
    /// PostgreSQL URL instead of the SQLite file in the data folder
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

#[derive(Args)]
pub struct Demo {
    /// Keep the demonstration in this folder instead of throwing it away
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address to listen on; otherwise the first free port from 8020
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Another organisation for each number
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The instant at which the demonstration's year ends (RFC 3339); now unless given
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub data: Data,
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8020")]
    pub listen: String,
    /// What links begin with, when people reach the server under another address
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    Table,
    Json,
}

#[derive(Args)]
pub struct Import {
    /// csv with --map, xes with or without, or servicenow-log
    #[arg(value_name = "FORMAT")]
    pub source_format: String,
    /// Files: plain, .gz, or a zip with one file
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub data: Data,
    /// Name of the source; two exports of one tool share it
    #[arg(long)]
    pub source: Option<String>,
    /// Mapping file (TOML)
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Time zone of the source's times (IANA name, or UTC)
    #[arg(long)]
    pub zone: Option<String>,
    /// Say what would happen, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on after an interrupted run
    #[arg(long)]
    pub resume: bool,
    /// Form of the closing report
    #[arg(long = "format", value_enum, default_value_t = Format::Text)]
    pub report_format: Format,
}

#[derive(Args)]
pub struct Export {
    /// csv: each record type with its history beside it; xes: event logs
    #[arg(value_enum, value_name = "FORMAT")]
    pub form: ExportForm,
    /// Folder to write to: new, or empty
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    #[command(flatten)]
    pub data: Data,
    /// As it was at this instant
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// As it was known then, now, or at an instant
    #[arg(long, value_name = "then|now|TIME")]
    pub known: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    Csv,
    Xes,
}

#[derive(Args)]
pub struct Assess {
    /// csv with --map, xes with or without, or servicenow-log
    #[arg(value_name = "FORMAT")]
    pub source_format: String,
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    #[arg(long)]
    pub zone: Option<String>,
    /// What was in force, as TOML: key = { value, from }
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Only this clause
    #[arg(long)]
    pub clause: Option<String>,
    /// Where to write the report: .html or .json; may be given several times
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
}

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    pub data: Data,
    #[arg(long)]
    pub clause: Option<String>,
    /// First local day of the period
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// First local day after the period
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// As it was at this instant
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// As it was known then, now, or at an instant
    #[arg(long, value_name = "then|now|TIME")]
    pub known: Option<String>,
    /// Judge by the rules of that time, or of now
    #[arg(long, value_name = "then|now")]
    pub rules: Option<String>,
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
    /// Exit with 1 when fewer than this per cent of the requirements are met
    #[arg(long, value_name = "N")]
    pub fail_under: Option<f64>,
}

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    pub data: Data,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Args)]
pub struct Model {
    #[command(subcommand)]
    pub command: ModelCommand,
}

#[derive(Subcommand)]
pub enum ModelCommand {
    /// Validate the organisation's own files in a folder: record types, fields, checks
    Check { dir: PathBuf },
    /// Show what the files in a folder would change, in the model and in the database
    Plan {
        dir: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Put the files in a folder in force; a running server takes them over within a second
    Apply {
        dir: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Say who writes a field, who may see it, which clause, which file and line
    Explain {
        /// TYPE.FIELD, such as incident.priority
        what: String,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Args)]
pub struct Setting {
    #[command(subcommand)]
    pub command: SettingCommand,
}

#[derive(Subcommand)]
pub enum SettingCommand {
    /// Decide a setting
    Set {
        key: String,
        /// JSON, or plain text for intervals, durations and conditions
        value: String,
        #[command(flatten)]
        data: Data,
        /// First day on which it holds; from now on unless given
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        #[arg(long)]
        reason: String,
    },
    /// List what is decided and what is not
    List {
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Args)]
pub struct User {
    #[command(subcommand)]
    pub command: UserCommand,
}

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a person with a role, and print a one-time sign-in link
    Add {
        #[command(flatten)]
        data: Data,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        /// May be given several times
        #[arg(long, required = true)]
        role: Vec<String>,
        /// Customer (number) whose records the role customer sees
        #[arg(long)]
        customer: Option<String>,
        /// Read a password from standard input instead of making a link
        #[arg(long)]
        password_stdin: bool,
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8020")]
        base_url: String,
    },
    /// Make a new one-time sign-in link
    Link {
        #[command(flatten)]
        data: Data,
        #[arg(long = "user", value_name = "EMAIL")]
        email: String,
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8020")]
        base_url: String,
    },
}

#[derive(Args)]
pub struct Token {
    #[command(subcommand)]
    pub command: TokenCommand,
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it alone on standard output
    Create {
        #[command(flatten)]
        data: Data,
        #[arg(long = "user", value_name = "EMAIL")]
        email: String,
        /// read, write, import, admin; read and write unless given
        #[arg(long, value_delimiter = ',')]
        scope: Vec<String>,
        /// Life of the token: 30d, 12h
        #[arg(long, default_value = "30d")]
        expires: String,
    },
}
