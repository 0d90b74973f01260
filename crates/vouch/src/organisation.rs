//! Opens an organisation: its folder, its database, its model.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use conformity::{Conformity, Library, Overlay};
use engine::{Clock, Engine, Entropy, Options, SystemClock, SystemEntropy};
use model::Model;
use store::Location;

use crate::cli::Data;
use crate::overlay;

/// The model with the organisation's own files over the program's; with its text.
///
/// # Errors
/// All that is wrong with the files, each with its place.
pub fn model(overlay: &Overlay) -> anyhow::Result<(Arc<Model>, String)> {
    let (core, own) = (processes::model_files(), overlay::model_files(overlay));
    let report = model::load::check(&model::load::Source::core(&core).overlay(&own));
    let Some(model) = report.model else {
        let all: Vec<String> = report.errors.iter().map(ToString::to_string).collect();
        bail!("the model does not load:\n{}", all.join("\n"));
    };
    let core = core.iter().map(|(path, body)| (*path, *body));
    let own = own.iter().map(|(path, body)| (path.as_str(), body.as_str()));
    let text = core.chain(own).fold(String::new(), |text, (path, body)| text + "# " + path + "\n" + body);
    Ok((Arc::new(model), text))
}

/// The keys of settings, without anything else being opened.
pub fn registry() -> anyhow::Result<conformity::settings::Registry> {
    conformity::registry(own_settings()).map_err(|e| anyhow::anyhow!("{e}"))
}

/// The built-in catalogue, the rooms' checks and the organisation's own.
pub fn library(model: &Model, overlay: Overlay) -> anyhow::Result<Library> {
    let rooms = processes::check_files().into_iter().map(|(path, text)| (path.to_owned(), text.to_owned()));
    let checks: Vec<(String, String)> = rooms.chain(overlay::check_files(&overlay)).collect();
    let library =
        Library::load(model, own_settings(), &checks).map_err(|e| anyhow::anyhow!("the checks do not load: {e}"))?;
    Ok(library.with_overlay(overlay))
}

/// Conformity over an open organisation, by the rules that it was opened with: from now on they are those in force.
pub fn conformity(engine: &Arc<Engine>) -> anyhow::Result<Arc<Conformity>> {
    let overlay = Overlay::in_force(&mut *engine.reader()?)?;
    judging(engine, overlay)
}

/// The same with these files, which are in force from now on.
pub fn judging(engine: &Arc<Engine>, overlay: Overlay) -> anyhow::Result<Arc<Conformity>> {
    let conformity = Conformity::open(engine.clone(), library(engine.model(), overlay)?);
    conformity.keep_rules()?;
    Ok(Arc::new(conformity))
}

fn own_settings() -> (&'static str, &'static str) {
    ("processes/shared/setting/own_settings.toml", processes::own_settings())
}

/// Whether the folder must hold an organisation already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Existing,
    NewOrExisting,
}

/// How an organisation is opened, beside where.
pub struct Opening {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub demonstration: bool,
    /// Nothing is flushed to disk; only for what is thrown away.
    pub scratch: bool,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(SystemEntropy),
            demonstration: false,
            scratch: false,
        }
    }
}

pub fn open(data: &Data, expect: Expect, opening: Opening) -> anyhow::Result<Arc<Engine>> {
    let location = location(data, expect, opening.scratch)?;
    let overlay = Overlay::in_force(&mut *location.open()?)?;
    open_with(data, location, &overlay, opening)
}

/// Where the records lie; the folder is made where it is missing.
pub fn location(data: &Data, expect: Expect, scratch: bool) -> anyhow::Result<Location> {
    let file = data.data.join("vouch.db");
    if expect == Expect::Existing && data.database.is_none() && !file.exists() {
        bail!("there is no organisation in {}: expected {}", data.data.display(), file.display());
    }
    private_folder(&data.data)?;
    Ok(match &data.database {
        Some(url) => Location::Postgres { url: url.clone(), schema: None },
        None if scratch => Location::SqliteScratch(file),
        None => Location::Sqlite(file),
    })
}

/// Opens it with these files over the model, whether they are in force already or not.
pub fn open_with(data: &Data, location: Location, overlay: &Overlay, opening: Opening) -> anyhow::Result<Arc<Engine>> {
    let (model, model_text) = model(overlay)?;
    let engine = Engine::open(Options {
        location,
        signer: Some(data.data.join("signer")),
        model,
        model_text,
        behaviours: processes::behaviours(),
        clock: opening.clock,
        entropy: opening.entropy,
        demonstration: opening.demonstration,
    })?;
    Ok(Arc::new(engine))
}

/// The key of this name in the data folder, made at first use.
pub fn key(data: &Path, name: &str, entropy: &dyn Entropy) -> anyhow::Result<[u8; 32]> {
    let folder = data.join("keys");
    private_folder(&folder)?;
    let path = folder.join(name);
    if let Ok(bytes) = fs::read(&path) {
        return bytes.try_into().map_err(|_| anyhow::anyhow!("{}: expected 32 bytes", path.display()));
    }
    let key = entropy.bytes32()?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("making {}", path.display()))?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

/// Makes a folder that nobody else may look into.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    if !path.is_dir() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("making {}", path.display()))?;
    }
    Ok(())
}

/// Waits until a note covers what was written, at most five seconds; says so when it is not.
pub fn signed(engine: &Engine) -> anyhow::Result<()> {
    if engine.sign()?.is_none() && engine.read_only().is_none() {
        eprintln!("the running server signs what was written within a second");
    }
    Ok(())
}

/// The data folder of a throw-away, or of the given place.
pub fn at(path: PathBuf) -> Data {
    Data { data: path, database: None }
}
