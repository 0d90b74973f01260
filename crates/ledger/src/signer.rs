//! The signer: signs checkpoints, and never two that contradict each other.
//!
//! Its memory is one small file outside the database and outside every backup, so that a restored or truncated
//! database cannot make it forget what it signed. Order of a signature: database commit → this file → note handed out.
//! The file is written whole (temporary file, fsync, rename, fsync of the folder) before a note leaves; a crash in
//! between leaves the signer ahead of the notes that others have, never behind, and asking again for the same size
//! gives the same note.
//!
//! This is the only module of the crate that touches a disk. The key never leaves it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::checkpoint::{Checkpoint, LogId};
use crate::hash::Hash;
use crate::note::{SecretKey, VerifierKey};
use crate::proof::{BadProof, verify_consistency};

const STATE: &str = "state.json";
const STATE_TEMPORARY: &str = "state.json.new";
const LOCK: &str = "lock";

/// Version of the state file.
const FORMAT: i64 = 1;

/// Largest state file that is read; ours has about 300 bytes.
const STATE_BYTES_MAX: u64 = 16 * 1024;

/// The one process that may sign: whoever has this value holds the lock.
pub struct Signer {
    folder: PathBuf,
    state: State,
    key: SecretKey,
    /// Released by the operating system when the file is closed, also by a crash.
    _lock: File,
}

/// What anybody may know of a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerHead {
    pub log: LogId,
    /// Leaves under the last signature; 0 if nothing was signed.
    pub size: u64,
    pub root: Hash,
    pub key: VerifierKey,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error(
        "no signer state at {0}: whether the log was cut short cannot be told; a restored database needs a successor log"
    )]
    Missing(PathBuf),
    #[error("a signer state stands at {0} already: it is never overwritten")]
    Exists(PathBuf),
    #[error("signer state at {path} is corrupted: {why}")]
    Corrupted { path: PathBuf, why: &'static str },
    #[error("another process signs: it holds {0}")]
    Locked(PathBuf),
    #[error("the log has {asked} leaves but {signed} were signed: it was restored or truncated")]
    Behind { signed: u64, asked: u64 },
    #[error("the log of {asked} leaves does not continue the one of {signed} leaves that was signed")]
    Inconsistent { signed: u64, asked: u64, source: BadProof },
    #[error("log id {0} is the old log's: a successor needs its own")]
    SameLog(LogId),
    #[error("cannot {action} {path}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

/// What the file holds.
#[derive(Clone)]
struct State {
    log: LogId,
    seed: [u8; 32],
    size: u64,
    root: Hash,
}

impl Signer {
    /// Begins a log: makes the folder (0700) and the state file (0600). `seed` is 32 secret random bytes, the key.
    ///
    /// # Errors
    /// [`SignerError::Exists`] if a state file is there, [`SignerError::Locked`] if somebody signs.
    pub fn create(folder: &Path, log: LogId, seed: [u8; 32]) -> Result<Self, SignerError> {
        make_folder(folder)?;
        let lock = take_lock(folder)?;
        let path = folder.join(STATE);
        if path.try_exists().map_err(|source| failed("look for", &path, source))? {
            return Err(SignerError::Exists(path));
        }
        let state = State { log, seed, size: 0, root: Hash::empty_root() };
        replace(folder, &state, &mut |_| Ok(()))?;
        Self::with(folder, state, lock)
    }

    /// Takes the lock and reads the state.
    ///
    /// # Errors
    /// [`SignerError::Missing`], [`SignerError::Corrupted`], [`SignerError::Locked`].
    pub fn open(folder: &Path) -> Result<Self, SignerError> {
        // Before the lock file is made: a folder without a state stays as it is.
        read(folder)?;
        let lock = take_lock(folder)?;
        let state = read(folder)?;
        Self::with(folder, state, lock)
    }

    fn with(folder: &Path, state: State, lock: File) -> Result<Self, SignerError> {
        let key = state.key(&folder.join(STATE))?;
        Ok(Self { folder: folder.to_owned(), state, key, _lock: lock })
    }

    /// What was signed last, and by which key.
    pub fn head(&self) -> SignerHead {
        SignerHead {
            log: self.state.log.clone(),
            size: self.state.size,
            root: self.state.root,
            key: self.key.verifier().clone(),
        }
    }

    /// The signed checkpoint for a committed tree. `proof` is the consistency proof from [`Signer::head`]'s size
    /// (empty when nothing was signed yet or the size is the same).
    ///
    /// # Errors
    /// [`SignerError::Behind`] for fewer leaves than signed, [`SignerError::Inconsistent`] for another history; neither
    /// changes anything. [`SignerError::Io`] when the state could not be kept: then no note is given.
    pub fn sign(&mut self, size: u64, root: Hash, proof: &[Hash]) -> Result<String, SignerError> {
        self.sign_watched(size, root, proof, &mut |_| Ok(()))
    }

    fn sign_watched(
        &mut self,
        size: u64,
        root: Hash,
        proof: &[Hash],
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<String, SignerError> {
        let signed = self.state.size;
        if size < signed {
            return Err(SignerError::Behind { signed, asked: size });
        }
        verify_consistency(signed, &self.state.root, size, &root, proof)
            .map_err(|source| SignerError::Inconsistent { signed, asked: size, source })?;
        if size != signed {
            let next = State { size, root, ..self.state.clone() };
            replace(&self.folder, &next, watch)?;
            self.state = next;
        }
        let checkpoint = Checkpoint { origin: self.state.log.origin(), size, root };
        self.key.sign(&checkpoint.text()).map_err(|_| self.corrupted())
    }

    /// Begins a successor log with a key of its own, after a restore. The old state stays beside the new one as
    /// `state.<log id>.json`: its head and key are what the successor's first entry commits to.
    pub fn succeed(self, log: LogId, seed: [u8; 32]) -> Result<Self, SignerError> {
        let old = self.folder.join(format!("state.{}.json", self.state.log));
        if log == self.state.log || self.folder.join(format!("state.{log}.json")).exists() {
            return Err(SignerError::SameLog(log));
        }
        write_private(&old, &self.state.to_bytes())?;
        let state = State { log, seed, size: 0, root: Hash::empty_root() };
        replace(&self.folder, &state, &mut |_| Ok(()))?;
        Self::with(&self.folder, state, self._lock)
    }

    fn corrupted(&self) -> SignerError {
        SignerError::Corrupted { path: self.folder.join(STATE), why: "its key cannot sign" }
    }
}

impl SignerHead {
    /// Reads what was signed last without taking the lock: for verification beside a running server.
    pub fn read(folder: &Path) -> Result<Self, SignerError> {
        let state = read(folder)?;
        let key = state.key(&folder.join(STATE))?.verifier().clone();
        Ok(Self { log: state.log, size: state.size, root: state.root, key })
    }
}

impl State {
    fn key(&self, path: &Path) -> Result<SecretKey, SignerError> {
        SecretKey::from_seed(&self.log.origin(), &self.seed)
            .map_err(|_| SignerError::Corrupted { path: path.to_owned(), why: "its log name cannot be a key's name" })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let state = json!({
            "format": FORMAT,
            "log": self.log.as_str(),
            "key": Hash(self.seed).to_hex(),
            "size": self.size,
            "root": self.root.to_hex(),
        });
        format!("{state:#}\n").into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let state: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
        if state.get("format").and_then(Value::as_i64) != Some(FORMAT) {
            return Err("its format is not 1");
        }
        let text = |name| state.get(name).and_then(Value::as_str);
        let hash = |name| text(name).and_then(|text| Hash::from_hex(text).ok());
        let decoded = Self {
            log: text("log").and_then(|log| LogId::new(log).ok()).ok_or("it has no valid log id")?,
            seed: hash("key").ok_or("it has no key of 64 hexadecimal digits")?.0,
            size: state.get("size").and_then(Value::as_u64).ok_or("it has no size")?,
            root: hash("root").ok_or("it has no root of 64 hexadecimal digits")?,
        };
        if decoded.size == 0 && decoded.root != Hash::empty_root() {
            return Err("its root is not that of an empty log");
        }
        Ok(decoded)
    }
}

/// Moments of writing the state at which a test lets the process die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    BeforeWrite,
    Written,
    Renamed,
    Kept,
}

fn read(folder: &Path) -> Result<State, SignerError> {
    let path = folder.join(STATE);
    let length = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SignerError::Missing(path)),
        Err(source) => return Err(failed("read", &path, source)),
    };
    if length > STATE_BYTES_MAX {
        return Err(SignerError::Corrupted { path, why: "it is too long" });
    }
    let bytes = fs::read(&path).map_err(|source| failed("read", &path, source))?;
    State::from_bytes(&bytes).map_err(|why| SignerError::Corrupted { path, why })
}

/// Replaces the state so that at every instant either the old or the new one is whole on the disk.
fn replace(folder: &Path, state: &State, watch: &mut dyn FnMut(Step) -> io::Result<()>) -> Result<(), SignerError> {
    let temporary = folder.join(STATE_TEMPORARY);
    let path = folder.join(STATE);
    let mut pass = |step| watch(step).map_err(|source| failed("keep", &path, source));
    pass(Step::BeforeWrite)?;
    write_private(&temporary, &state.to_bytes())?;
    pass(Step::Written)?;
    fs::rename(&temporary, &path).map_err(|source| failed("replace", &path, source))?;
    pass(Step::Renamed)?;
    sync_folder(folder)?;
    pass(Step::Kept)
}

/// Writes a file that only its owner may read, and waits until it is on the disk.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), SignerError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        restrict(path, 0o600)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| failed("write", path, source))
}

fn make_folder(folder: &Path) -> Result<(), SignerError> {
    let make = || {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        restrict(folder, 0o700)
    };
    make().map_err(|source| failed("make", folder, source))
}

/// Also for what was there before with wider permissions.
#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Makes a rename durable. Other systems cannot open a folder and do it with the rename.
fn sync_folder(folder: &Path) -> Result<(), SignerError> {
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| failed("sync", folder, source))?;
    }
    Ok(())
}

fn take_lock(folder: &Path) -> Result<File, SignerError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(|source| failed("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SignerError::Locked(path)),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path, source)),
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> SignerError {
    SignerError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
