//! The tools that tests use besides Rust: each is looked for first, installed by the system's own package manager only
//! where it is missing and we may, and named where we may not.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Pinned, so that a new rule of the checker is our decision and not a red build overnight.
const AXE: &str = "4.14.1";

/// Where each tool was found.
pub struct Tools {
    /// The folder of `initdb` and `postgres`.
    pub postgres: PathBuf,
    pub python: PathBuf,
    pub browser: PathBuf,
    pub driver: PathBuf,
    /// The accessibility checker, a script that is injected into pages under test.
    pub axe: PathBuf,
}

/// Debian's package and how to see that it is not needed.
type Need = (&'static str, fn() -> bool);

const NEEDS: [Need; 6] = [
    ("postgresql", || postgres_folder().is_some()),
    ("chromium", || browser().is_some()),
    ("chromium-driver", || on_path("chromedriver").is_some()),
    ("npm", || on_path("npm").is_some()),
    ("python3-venv", || python().is_some_and(|python| imports(&python, "venv, ensurepip"))),
    ("python3-cryptography", || python().is_some()),
];

/// Finds everything, after installing what is missing.
pub fn ready() -> Result<Tools> {
    let missing: Vec<_> = NEEDS.iter().filter(|(_, found)| !found()).map(|(package, _)| *package).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    Ok(Tools {
        postgres: postgres_folder().context("no initdb and postgres after installing postgresql")?,
        python: python().context("no python3 that has cryptography after installing python3-cryptography")?,
        browser: browser().context("no browser after installing chromium")?,
        driver: on_path("chromedriver").context("no chromedriver after installing chromium-driver")?,
        axe: axe()?,
    })
}

fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_root() || on_path("apt-get").is_none() {
        bail!("the tests need {names}: install these (apt-get install {names}) and run again");
    }
    println!("installing {names}");
    let apt = |args: &[&str]| run(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(args));
    apt(&["-qq", "update"])?;
    apt(&[&["-qq", "-y", "--no-install-recommends", "install"], packages].concat())?;
    let still: Vec<_> = NEEDS.iter().filter(|(_, found)| !found()).map(|(package, _)| *package).collect();
    ensure!(still.is_empty(), "installed, yet not found: {}", still.join(" "));
    Ok(())
}

fn axe() -> Result<PathBuf> {
    let folder = crate::target().join("axe");
    let package = folder.join("node_modules").join("axe-core");
    let manifest = std::fs::read_to_string(package.join("package.json")).unwrap_or_default();
    if !manifest.contains(&format!("\"version\": \"{AXE}\"")) {
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        println!("fetching axe-core {AXE}");
        let npm =
            ["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error", "--prefix"];
        run(Command::new("npm").args(npm).arg(&folder).arg(format!("axe-core@{AXE}")).current_dir(&folder))?;
    }
    let script = package.join("axe.min.js");
    ensure!(script.is_file(), "npm installed axe-core {AXE} without {}", script.display());
    Ok(script)
}

/// The newest PostgreSQL whose `initdb` and `postgres` lie in one folder: Debian keeps them off the path.
fn postgres_folder() -> Option<PathBuf> {
    let versions = |parent: &str| {
        let mut found: Vec<_> =
            std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
        found.sort_by_key(version);
        found.into_iter().rev().map(|path| path.join("bin"))
    };
    let fixed = ["/usr/local/pgsql/bin", "/usr/local/bin"].map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions("/usr/lib/postgresql")
        .chain(fixed)
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

fn browser() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)
}

/// The first Python that can check signatures: what is first on the path need not be the one that packages belong to.
fn python() -> Option<PathBuf> {
    let all = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&all).map(|folder| folder.join("python3")).filter(|path| path.is_file());
    found.into_iter().find(|python| imports(python, "cryptography"))
}

/// The search path on which `python3` is this one. A folder with a link, and not Python's own in front: that would
/// change which other programs are found.
pub fn path_with(python: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if on_path("python3").as_deref() == Some(python) {
        return Ok(path);
    }
    let folder = crate::target().join("bin");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let link = folder.join("python3");
    if link.is_symlink() {
        std::fs::remove_file(&link)?;
    }
    std::os::unix::fs::symlink(python, &link).with_context(|| format!("linking {}", link.display()))?;
    Ok(std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))?)
}

fn imports(python: &Path, modules: &str) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", &format!("import {modules}")]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Runs to the end; an error names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
