//! Published test vectors of other implementations, which lie outside this tree.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::note::{Note, NoteError, SecretKey, Verified};
use ledger::proof::{verify_consistency, verify_inclusion};
use ledger::tree::{consistency, inclusion, root};
use ledger::{Checkpoint, Hash, MemoryTiles, VerifierKey};
use serde_json::Value;

/// The vectors of one file, or none and a plain word about it.
fn vectors(name: &str) -> Option<Value> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let folder = std::env::var_os("VOUCH_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = folder.join("transparency").join(name);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Some(serde_json::from_str(&text).unwrap());
    }
    println!("NOT RUN: {} is not there (VOUCH_SHARED_DATA names the folder)", path.display());
    None
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn hashes(proof: &Value) -> Vec<Hash> {
    items(proof, "proof").iter().map(|hash| Hash::from_hex(hash.as_str().unwrap()).unwrap()).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_tree_of_certificate_transparency_is_ours() {
    let Some(vectors) = vectors("rfc6962_tree.json") else { return };
    let leaves = items(&vectors, "leaf_inputs_hex").iter().map(|leaf| Hash::leaf(&bytes(leaf.as_str().unwrap())));
    let tiles: MemoryTiles = leaves.collect();
    let roots: Vec<Hash> =
        items(&vectors, "root_by_size").iter().map(|hash| Hash::from_hex(hash.as_str().unwrap()).unwrap()).collect();
    for (size, expected) in (0..).zip(&roots) {
        assert_eq!(root(&tiles, size).unwrap(), *expected);
    }
    let root_of = |size: u64| &roots[usize::try_from(size).unwrap()];
    for vector in items(&vectors, "inclusion_proofs") {
        let index = vector["leaf_number_1_based"].as_u64().unwrap() - 1;
        let size = vector["tree_size"].as_u64().unwrap();
        assert_eq!(inclusion(&tiles, index, size).unwrap(), hashes(vector));
        let leaf = tiles.leaf(index).unwrap();
        assert_eq!(verify_inclusion(&leaf, index, size, &hashes(vector), root_of(size)), Ok(()));
    }
    for vector in items(&vectors, "consistency_proofs") {
        let (from, size) = (vector["size1"].as_u64().unwrap(), vector["size2"].as_u64().unwrap());
        assert_eq!(consistency(&tiles, from, size).unwrap(), hashes(vector));
        assert_eq!(verify_consistency(from, root_of(from), size, root_of(size), &hashes(vector)), Ok(()));
    }
}

#[test]
fn notes_of_the_go_checksum_database_open_as_there() {
    let Some(vectors) = vectors("signed_note.json") else { return };
    for case in items(&vectors, "open_cases") {
        let keys: Vec<VerifierKey> =
            items(case, "verifier_keys").iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect();
        let opened = Note::parse(text(case, "note").as_bytes());
        let opened = opened.as_ref().map_err(Clone::clone).and_then(|note| note.verify(&keys));
        let id = text(case, "id");
        match case["expect"].get("error").and_then(Value::as_str) {
            None => {
                let Ok(Verified { signed_by, unknown, .. }) = opened else { panic!("{id}: {opened:?}") };
                assert_eq!(serde_json::json!(signed_by), case["expect"]["verified"], "{id}");
                if let Some(expected) = case["expect"].get("unverified") {
                    assert_eq!(&serde_json::json!(unknown), expected, "{id}");
                }
            }
            Some("ambiguous key") => assert!(matches!(opened, Err(NoteError::Ambiguous(_))), "{id}"),
            Some("invalid signature") => assert!(matches!(opened, Err(NoteError::BadSignature(_))), "{id}"),
            Some(_) => assert!(matches!(opened, Err(NoteError::Malformed(_))), "{id}: {opened:?}"),
        }
    }
    for case in items(&vectors, "bad_verifier_keys") {
        assert!(text(case, "text").parse::<VerifierKey>().is_err(), "{case}");
    }
}

#[test]
fn we_sign_as_the_go_checksum_database_does() {
    let Some(vectors) = vectors("signed_note.json") else { return };
    let key = text(&vectors, "test_only_signer_key").splitn(5, '+').last().unwrap().to_owned();
    let padding = "=".repeat((4 - key.len() % 4) % 4);
    let seed = STANDARD.decode(key + &padding).unwrap();
    let key = SecretKey::from_seed("PeterNeumann", seed[1..].try_into().unwrap()).unwrap();
    assert_eq!(key.sign(text(&vectors["sign"], "text")).unwrap(), text(&vectors["sign"], "expect"));
}

#[test]
fn tree_heads_of_the_go_checksum_database_are_checkpoints() {
    let Some(vectors) = vectors("tree_head.json") else { return };
    let record = &vectors["record_hash"];
    assert_eq!(Hash::leaf(text(record, "record").as_bytes()).to_base64(), text(record, "base64"));
    for head in items(&vectors, "parse_ok").iter().map(|head| head.as_str().unwrap()) {
        // Go takes a last line without its newline; C2SP, which we follow, does not.
        let parsed = Checkpoint::parse(head);
        assert_eq!(parsed.is_ok(), head.ends_with('\n'), "{head:?}");
        if let Ok(head) = parsed {
            assert_eq!(head.size, 123_456_789_012);
            assert_eq!(head.root.to_base64(), text(record, "base64"));
        }
    }
    for head in items(&vectors, "parse_bad").iter().map(|head| head.as_str().unwrap()) {
        let parsed = Checkpoint::parse(head);
        assert!(parsed.is_err() || parsed.is_ok_and(|head| head.origin != "go.sum database tree"), "{head:?}");
    }
}
