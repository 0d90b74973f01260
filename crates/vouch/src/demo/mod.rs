//! `vouch demo`: an organisation of its own, with a year behind it. Everything is recorded by the ordinary way under a
//! clock that is moved through the year; the log names itself a demonstration, so that nobody takes it for evidence.

mod assurance;
mod case;
mod decisions;
mod deeds;
mod dice;
mod ending;
mod founding;
mod hours;
mod majors;
mod make;
mod people;
mod plan;
mod services;
mod stories;
#[cfg(test)]
mod tests;
mod world;
mod year;

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use engine::Engine;
use engine::identity;
use tempfile::TempDir;

use crate::cli::Demo;
use crate::organisation::{at, key};
use crate::{serve, users};

/// Ports that are tried, from 8020 on, while none is asked for.
const PORTS: std::ops::Range<u16> = 8020..8120;

pub fn run(options: &Demo) -> anyhow::Result<ExitCode> {
    let wanted = make::Wanted::of(options)?;
    // Before anything is made: a port in use shall not cost a year.
    let listener = listen(options.listen.as_deref())?;
    let folder = Folder::of(options.data.clone())?;
    let data = at(folder.path());
    let throw_away = options.data.is_none();
    let engine = if make::stands_in(&data) {
        make::open_again(&data, options.now.is_some())?
    } else {
        make::make(&data, &wanted, throw_away)?
    };
    let base_url = format!("http://{}", listener.local_addr().context("asking for the address")?);
    let cursor_key = key(&data.data, "cursors", engine.entropy())?;
    let greeting = greeting(&engine, &base_url)?;
    engine.sign()?;
    let mut out = std::io::stdout().lock();
    out.write_all(greeting.as_bytes()).and_then(|()| out.flush()).context("writing where it is ready")?;
    drop(out);
    let door = serve::Door { listener, cursor_key, base_url };
    let served = serve::serve(engine, &door, &|| make::open_again(&data, false));
    drop(folder);
    served
}

/// Where it is ready, and a link for each role.
fn greeting(engine: &Engine, base_url: &str) -> anyhow::Result<String> {
    let mut lines = format!("ready {base_url}\n");
    for (role, key) in people::DOORS {
        let email = people::somebody(key).map_or("", |person| person.email);
        let account = identity::by_email(&mut *engine.reader()?, email)?;
        let person = account.with_context(|| format!("{email} does not sign in here"))?.person;
        writeln!(lines, "{role}\t{email}\t{}", users::link(engine, person, base_url)?)?;
    }
    Ok(lines)
}

/// Whoever reaches it may sign in by the links, so it is reached from this machine only.
fn listen(wanted: Option<&str>) -> anyhow::Result<TcpListener> {
    let Some(wanted) = wanted else {
        let free = PORTS.into_iter().find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
        return free.with_context(|| format!("no port from {} to {} is free", PORTS.start, PORTS.end - 1));
    };
    let address: SocketAddr =
        wanted.parse().with_context(|| format!("--listen {wanted}: expected ADDRESS:PORT, such as 127.0.0.1:8020"))?;
    if !address.ip().is_loopback() {
        bail!(
            "--listen {wanted}: a demonstration lets people in by the links that it prints, so it is for this machine \
             only: expected a loopback address, such as 127.0.0.1:8020 or [::1]:8020"
        );
    }
    TcpListener::bind(address).with_context(|| format!("listening on {address}"))
}

/// Where it lies: a place to keep, or one that goes when the server ends.
enum Folder {
    Kept(PathBuf),
    ThrownAway(TempDir),
}

impl Folder {
    fn of(kept: Option<PathBuf>) -> anyhow::Result<Self> {
        Ok(match kept {
            Some(path) => Self::Kept(path),
            None => {
                let made = tempfile::Builder::new().prefix("vouch-demo-").tempdir();
                Self::ThrownAway(made.context("making a throw-away folder")?)
            }
        })
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Kept(path) => path.clone(),
            Self::ThrownAway(folder) => folder.path().to_owned(),
        }
    }
}
