//! Signed notes and checkpoints.

use ledger::checkpoint::CheckpointError;
use ledger::note::{Note, NoteError, SecretKey};
use ledger::{Checkpoint, Hash, LogId, VerifierKey};
use proptest::prelude::*;

fn key() -> SecretKey {
    SecretKey::from_seed("vouch/test", &[5; 32]).unwrap()
}

fn signed() -> String {
    let head = Checkpoint { origin: "vouch/test".into(), size: 20_852_163, root: Hash::of(b"root") };
    key().sign(&head.text()).unwrap()
}

#[test]
fn a_signed_checkpoint_opens_with_its_key_only() {
    let head = Checkpoint::open(signed().as_bytes(), key().verifier()).unwrap();
    assert_eq!((head.size, head.root), (20_852_163, Hash::of(b"root")));
    let other = SecretKey::from_seed("vouch/test", &[6; 32]).unwrap();
    assert_eq!(Checkpoint::open(signed().as_bytes(), other.verifier()), Err(NoteError::Unsigned.into()));
}

#[test]
fn a_key_reads_back_from_its_text() {
    let text = key().verifier().to_string();
    assert_eq!(&text.parse::<VerifierKey>().unwrap(), key().verifier());
    let renamed = text.replace("vouch/test", "vouch/fest");
    assert_eq!(renamed.parse::<VerifierKey>(), Err(NoteError::Key("key id does not belong to name and key")));
}

#[test]
fn a_checkpoint_of_another_origin_is_refused_though_signed() {
    let head = Checkpoint { origin: "vouch/other".into(), size: 1, root: Hash::of(b"root") };
    let note = key().sign(&head.text()).unwrap();
    let refused = Checkpoint::open(note.as_bytes(), key().verifier());
    assert!(matches!(refused, Err(CheckpointError::Origin { found, .. }) if found == "vouch/other"));
}

#[test]
fn cosignatures_of_others_are_passed_over() {
    let witness = SecretKey::from_seed("witness.example/w1", &[9; 32]).unwrap();
    let note = signed();
    let text = note.split_inclusive('\n').take(3).collect::<String>();
    let cosigned = note.clone() + witness.sign(&text).unwrap().rsplit("\n\n").next().unwrap();
    assert!(Checkpoint::open(cosigned.as_bytes(), key().verifier()).is_ok());
    let known = [key().verifier().clone(), witness.verifier().clone()];
    let parsed = Note::parse(cosigned.as_bytes()).unwrap();
    assert_eq!(parsed.verify(&known).unwrap().signed_by, ["vouch/test", "witness.example/w1"]);
    assert_eq!(parsed.verify(&known[..1]).unwrap().unknown, ["witness.example/w1"]);
}

#[test]
fn text_has_one_spelling() {
    let root = Hash::of(b"root").to_base64();
    assert!(Checkpoint::parse(&format!("o\n0\n{root}\n")).is_ok());
    assert!(Checkpoint::parse(&format!("o\n18446744073709551615\n{root}\nextension\n")).is_ok());
    for bad in [
        String::new(),
        "\n".into(),
        format!("\n1\n{root}\n"),
        format!("o\n01\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n\n{root}\n"),
        format!("o\n18446744073709551616\n{root}\n"),
        format!("o\n1\n{root}"),
        format!("o\n1\n{}\n", root.trim_end_matches('=')),
        format!("o\n1\n{root}\n\n"),
        "o\n1\nAAAA\n".into(),
        "o\n1\n".into(),
    ] {
        assert!(matches!(Checkpoint::parse(&bad), Err(CheckpointError::Malformed(_))), "{bad:?}");
    }
}

#[test]
fn log_ids_are_plain() {
    assert_eq!(LogId::new("demo-17").unwrap().origin(), "vouch/demo-17");
    assert!(LogId::new("demo-17").unwrap().is_demonstration());
    assert_eq!(LogId::from_origin("vouch/a").unwrap(), LogId::new("a").unwrap());
    for bad in ["", "-a", "a-", "A", "a b", "a+b", "a/b", "ä", &"a".repeat(65)] {
        assert!(LogId::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_altered_byte_goes_unnoticed() {
    let note = signed().into_bytes();
    let whole = Checkpoint::open(&note, key().verifier()).unwrap();
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut altered = note.clone();
            altered[at] ^= 1 << bit;
            if let Ok(head) = Checkpoint::open(&altered, key().verifier()) {
                panic!("byte {at}, bit {bit} altered and accepted: {head:?} for {whole:?}");
            }
        }
        assert!(Checkpoint::open(&note[..at], key().verifier()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, text: String) {
        prop_assert!(Checkpoint::open(&bytes, key().verifier()).is_err());
        let _ = Checkpoint::parse(&text);
        let _ = text.parse::<VerifierKey>();
        let _ = LogId::new(&text);
    }

    #[test]
    fn damaged_notes_are_survived(cut in 0_usize..200, junk in "[\n \u{2014}+a-z0-9=/\u{0}-\u{1f}]{0,40}") {
        let mut bytes = signed().into_bytes();
        let at = cut.min(bytes.len());
        bytes.splice(at..at, junk.bytes());
        let opened = Checkpoint::open(&bytes, key().verifier());
        prop_assert!(junk.is_empty() || opened.is_err() || opened == Checkpoint::open(signed().as_bytes(), key().verifier()));
    }
}
