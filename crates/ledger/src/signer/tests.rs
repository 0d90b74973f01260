//! The signer's promises, also when the process dies in the middle.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::tree::{MemoryTiles, consistency, root};

const SEED: [u8; 32] = [7; 32];

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("vouch-signer-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name).join("signer"))
    }

    fn signer(&self) -> Signer {
        Signer::create(&self.0, LogId::new("test").unwrap(), SEED).unwrap()
    }

    fn state(&self) -> PathBuf {
        self.0.join(STATE)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn tree(count: u64) -> MemoryTiles {
    (0..count).map(|number| Hash::leaf(&number.to_be_bytes())).collect()
}

/// Signs the honest log of `size` leaves.
fn sign(signer: &mut Signer, size: u64) -> Result<String, SignerError> {
    let tiles = tree(size);
    let proof = consistency(&tiles, signer.head().size.min(size), size).unwrap();
    signer.sign(size, root(&tiles, size).unwrap(), &proof)
}

#[test]
fn what_was_signed_is_remembered_across_processes() {
    let folder = Folder::new();
    let mut signer = folder.signer();
    let note = sign(&mut signer, 5).unwrap();
    let head = signer.head();
    assert_eq!(Checkpoint::open(note.as_bytes(), &head.key).unwrap().size, 5);
    drop(signer);
    assert_eq!(SignerHead::read(&folder.0).unwrap(), head);
    let mut again = Signer::open(&folder.0).unwrap();
    assert_eq!(again.head(), head);
    assert_eq!(sign(&mut again, 5).unwrap(), note, "the same size gives the same note");
    sign(&mut again, 9).unwrap();
}

#[test]
fn an_empty_log_can_be_signed() {
    let folder = Folder::new();
    let note = folder.signer().sign(0, Hash::empty_root(), &[]).unwrap();
    assert!(note.starts_with("vouch/test\n0\n47DEQpj8HBSa"));
}

#[test]
fn a_shorter_log_is_refused() {
    let folder = Folder::new();
    let mut signer = folder.signer();
    sign(&mut signer, 5).unwrap();
    assert!(matches!(sign(&mut signer, 4), Err(SignerError::Behind { signed: 5, asked: 4 })));
    assert_eq!(signer.head().size, 5);
}

#[test]
fn another_history_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    let mut signer = folder.signer();
    sign(&mut signer, 5).unwrap();
    let before = fs::read(folder.state()).unwrap();
    let mut other: MemoryTiles = (0..5_u64).map(|number| Hash::leaf(&number.to_le_bytes())).collect();
    let same_size = root(&other, 5).unwrap();
    assert!(matches!(signer.sign(5, same_size, &[]), Err(SignerError::Inconsistent { .. })));
    other.append(Hash::leaf(b"more"));
    let proof = consistency(&other, 5, 6).unwrap();
    let forked = signer.sign(6, root(&other, 6).unwrap(), &proof);
    assert!(matches!(forked, Err(SignerError::Inconsistent { signed: 5, asked: 6, .. })));
    assert!(matches!(signer.sign(6, root(&tree(6), 6).unwrap(), &[]), Err(SignerError::Inconsistent { .. })));
    assert_eq!(fs::read(folder.state()).unwrap(), before);
}

#[test]
fn one_process_signs() {
    let folder = Folder::new();
    let signer = folder.signer();
    assert!(matches!(Signer::open(&folder.0), Err(SignerError::Locked(_))));
    assert!(SignerHead::read(&folder.0).is_ok(), "reading needs no lock");
    drop(signer);
    assert!(Signer::open(&folder.0).is_ok());
}

#[test]
fn a_state_is_never_overwritten_by_beginning_again() {
    let folder = Folder::new();
    drop(folder.signer());
    assert!(matches!(Signer::create(&folder.0, LogId::new("other").unwrap(), SEED), Err(SignerError::Exists(_))));
}

#[test]
fn a_missing_state_is_told_apart_from_a_corrupted_one() {
    let folder = Folder::new();
    assert!(matches!(Signer::open(&folder.0), Err(SignerError::Missing(_))));
    assert!(!folder.0.exists(), "asking leaves nothing behind");
    drop(folder.signer());
    let whole = fs::read_to_string(folder.state()).unwrap();
    for bad in [
        String::new(),
        whole[..whole.len() / 2].to_owned(),
        whole.replace("\"size\": 0", "\"size\": -1"),
        whole.replace("\"size\": 0", "\"size\": 0.5"),
        whole.replace("e3b0", "e3b1"),
        whole.replace("0707", "07"),
        whole.replace("\"test\"", "\"no such+name\""),
        whole.replace("\"format\": 1", "\"format\": 2"),
        " ".repeat(20_000),
    ] {
        assert_ne!(bad, whole);
        fs::write(folder.state(), bad).unwrap();
        assert!(matches!(Signer::open(&folder.0), Err(SignerError::Corrupted { .. })));
        assert!(matches!(SignerHead::read(&folder.0), Err(SignerError::Corrupted { .. })));
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join(STATE_TEMPORARY), "left by a crash, readable by all").unwrap();
    fs::set_permissions(folder.0.join(STATE_TEMPORARY), PermissionsExt::from_mode(0o644)).unwrap();
    let mut signer = folder.signer();
    sign(&mut signer, 1).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    assert_eq!(mode(&folder.state()), 0o600);
}

#[test]
fn a_crash_at_any_step_leaves_a_whole_state_and_no_contradiction() {
    for (step, kept) in [(Step::BeforeWrite, 5), (Step::Written, 5), (Step::Renamed, 8), (Step::Kept, 8)] {
        let folder = Folder::new();
        let mut signer = folder.signer();
        sign(&mut signer, 5).unwrap();
        let tiles = tree(8);
        let (head, proof) = (root(&tiles, 8).unwrap(), consistency(&tiles, 5, 8).unwrap());
        let mut dies = |at| if at == step { Err(io::Error::other("power cut")) } else { Ok(()) };
        let died = signer.sign_watched(8, head, &proof, &mut dies);
        assert!(matches!(died, Err(SignerError::Io { .. })), "no note before the state is kept");
        drop(signer);

        let mut signer = Signer::open(&folder.0).unwrap();
        assert_eq!(signer.head().size, kept, "{step:?}");
        // The leaves were committed before: the same size can always be asked for again.
        let note = sign(&mut signer, 8).unwrap();
        assert_eq!(Checkpoint::open(note.as_bytes(), &signer.head().key).unwrap().root, head);
        assert_eq!(sign(&mut signer, 8).unwrap(), note);
        sign(&mut signer, 20).unwrap();
    }
}

#[test]
fn a_write_cut_short_is_not_taken_for_the_state() {
    let folder = Folder::new();
    let mut signer = folder.signer();
    sign(&mut signer, 5).unwrap();
    drop(signer);
    let whole = fs::read(folder.state()).unwrap();
    for length in [0, 1, whole.len() / 2] {
        fs::write(folder.0.join(STATE_TEMPORARY), &whole[..length]).unwrap();
        assert_eq!(Signer::open(&folder.0).unwrap().head().size, 5);
    }
    sign(&mut Signer::open(&folder.0).unwrap(), 6).unwrap();
    assert_eq!(SignerHead::read(&folder.0).unwrap().size, 6);
}

#[test]
fn a_successor_begins_empty_and_keeps_the_old_head() {
    let folder = Folder::new();
    let mut signer = folder.signer();
    sign(&mut signer, 5).unwrap();
    let old = fs::read(folder.state()).unwrap();
    let mut next = signer.succeed(LogId::new("test-2").unwrap(), [8; 32]).unwrap();
    assert_eq!((next.head().size, next.head().log.as_str()), (0, "test-2"));
    assert_eq!(fs::read(folder.0.join("state.test.json")).unwrap(), old);
    sign(&mut next, 1).unwrap();
    assert!(matches!(next.succeed(LogId::new("test").unwrap(), [9; 32]), Err(SignerError::SameLog(_))));
}
