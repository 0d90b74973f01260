//! A throw-away PostgreSQL cluster: made, used and removed by one run of the tests. It keeps nothing (no fsync), listens
//! on one random port of this machine, and asks for a password that only this run knows.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Another program may take the port between our asking for it and PostgreSQL's taking it.
const TRIES: usize = 3;
/// Polls of a tenth of a second: a loaded machine needs some seconds.
const POLLS: usize = 600;
const SETTINGS: [&str; 7] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    // The address is enough; a socket's path may be too long in a deep folder.
    "unix_socket_directories=",
    "max_connections=200",
    "log_min_messages=fatal",
];
/// Runs the server until its own standard input ends, which it does when we end, in whatever way; then tidies up.
const KEEPER: &str = "trap '' INT TERM; \"$@\" & read -r _; kill -INT $!; wait $!; rm -rf data";

/// A running cluster; dropping it stops it and removes its files.
pub struct Cluster {
    folder: PathBuf,
    keeper: Child,
    pub url: String,
}

impl Cluster {
    /// Starts one with the programs of a folder.
    pub fn start(programs: &Path) -> Result<Self> {
        let owner = Owner::choose()?;
        let folder = make_folder(&owner)?;
        let mut said = String::new();
        for _ in 0..TRIES {
            let password = initialise(programs, &folder, &owner)?;
            let (mut keeper, port) = serve(programs, &folder, &owner)?;
            if is_ready(&folder) {
                let url = format!("postgres://vouch:{password}@127.0.0.1:{port}/postgres");
                return Ok(Self { folder, keeper, url });
            }
            stop(&mut keeper);
            said = fs::read_to_string(folder.join("log")).unwrap_or_default();
        }
        bail!("PostgreSQL did not start in {}: {}", folder.display(), said.trim())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&mut self.keeper);
        // A folder that stays behind is a nuisance and no failure of the tests.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ends the keeper's input. It sends an interrupt, PostgreSQL's "fast shutdown", which ends sessions and its children.
fn stop(keeper: &mut Child) {
    drop(keeper.stdin.take());
    let _ = keeper.wait();
}

/// Who owns the cluster, by user and group: PostgreSQL refuses to run as root.
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn choose() -> Result<Self> {
        if !crate::tools::is_root() {
            return Ok(Self(None));
        }
        let users = fs::read_to_string("/etc/passwd").context("reading the users of this machine")?;
        let ids = |name: &str| {
            let user = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut ids = user.split(':').skip(2);
            Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
        };
        let ids = ids("postgres").or_else(|| ids("nobody"));
        Ok(Self(Some(ids.context("PostgreSQL does not run as root: expected a user postgres or nobody")?)))
    }

    fn own(&self, path: &Path) -> Result<()> {
        let Some((user, group)) = self.0 else { return Ok(()) };
        chown(path, Some(user), Some(group)).with_context(|| format!("giving {} to its owner", path.display()))
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).env_remove("PGDATA").env("LC_ALL", "C");
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

/// `target/pg`, or a folder for temporary files where the owner may not reach the tree (a home of root's, say).
fn make_folder(owner: &Owner) -> Result<PathBuf> {
    let name = std::process::id().to_string();
    let temporary = std::env::temp_dir().join(format!("vouch-pg-{name}"));
    for folder in [crate::target().join("pg").join(&name), temporary] {
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        owner.own(&folder)?;
        if owner.command(Path::new("true"), &folder).status().is_ok_and(|status| status.success()) {
            return Ok(folder);
        }
        fs::remove_dir_all(&folder)?;
    }
    bail!("no folder that PostgreSQL's user can reach: expected target/pg or the folder for temporary files")
}

/// Makes an empty cluster in `data` and answers its password.
fn initialise(programs: &Path, folder: &Path, owner: &Owner) -> Result<String> {
    let password = random_word()?;
    let file = folder.join("password");
    fs::write(&file, &password)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    owner.own(&file)?;
    let mut initdb = owner.command(&programs.join("initdb"), folder);
    initdb.args(["--no-sync", "--username=vouch", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
    initdb.args(["--pwfile=password", "--pgdata=data"]);
    let output = initdb.output().with_context(|| format!("starting {initdb:?}"))?;
    ensure!(output.status.success(), "{initdb:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    fs::remove_file(&file)?;
    Ok(password)
}

fn serve(programs: &Path, folder: &Path, owner: &Owner) -> Result<(Child, u16)> {
    let port =
        TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).context("asking for a port")?;
    let port = port.port();
    let log = fs::File::create(folder.join("log"))?;
    let mut keeper = owner.command(Path::new("sh"), folder);
    keeper.args(["-c", KEEPER, "sh"]).arg(programs.join("postgres")).args(["-D", "data", "-p", &port.to_string()]);
    keeper.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
    keeper.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    Ok((keeper.spawn().with_context(|| format!("starting {keeper:?}"))?, port))
}

/// The last line of its lock file says `ready` once it takes connections; when it does not start, the log says why.
fn is_ready(folder: &Path) -> bool {
    for _ in 0..POLLS {
        sleep(Duration::from_millis(100));
        let lock = fs::read_to_string(folder.join("data").join("postmaster.pid")).unwrap_or_default();
        if lock.lines().any(|line| line.trim() == "ready") {
            return true;
        }
        if fs::read_to_string(folder.join("log")).is_ok_and(|log| log.contains("FATAL")) {
            return false;
        }
    }
    false
}

fn random_word() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("making a password")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
