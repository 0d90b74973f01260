//! Leaves and commitments.

use std::borrow::Cow;

use ledger::canonical::{self, INTEGER_MAX};
use ledger::leaf::{BadLeaf, LEAF_BYTES_MAX};
use ledger::{Fields, Hash, Leaf, Opening, commit, salt};
use proptest::prelude::*;
use serde_json::{Value, json};

pub fn minimal() -> Leaf<'static> {
    Leaf {
        log: "test".into(),
        record_type: "incident".into(),
        record: 42,
        record_version: 1,
        previous: None,
        kind: "create".into(),
        recorded: 1_764_057_600_000_000,
        happened: 1_764_057_600_000_000,
        claimed: None,
        actor: None,
        on_behalf: None,
        grant: None,
        channel: "system".into(),
        request: None,
        model: Hash::of(b"model"),
        rules: None,
        attachments: Vec::new(),
        fields: Fields::default(),
    }
}

fn full() -> Leaf<'static> {
    let commitment = |name: &'static str| (Cow::Borrowed(name), Hash::of(name.as_bytes()));
    Leaf {
        record_version: 2,
        previous: Some(Hash::of(b"previous")),
        claimed: Some(-1),
        actor: Some(7),
        on_behalf: Some(8),
        grant: Some(9),
        request: Some("r-\"1\"\n".into()),
        rules: Some(Hash::of(b"rules")),
        attachments: vec![Hash::of(b"b"), Hash::of(b"a")],
        fields: Fields::new(["title", "impact", "\u{fb33}", "\u{1f600}", "state"].map(commitment).to_vec()).unwrap(),
        ..minimal()
    }
}

#[test]
fn the_fast_writer_writes_canonical_json() {
    for leaf in [minimal(), full()] {
        let bytes = leaf.bytes().unwrap();
        assert!(canonical::parse(&bytes).is_ok(), "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(Leaf::parse(&bytes).unwrap(), leaf);
        assert_eq!(leaf.hash().unwrap(), Hash::leaf(&bytes));
    }
}

#[test]
fn members_that_do_not_apply_are_absent() {
    let expected = format!(
        r#"{{"channel":"system","happened":1764057600000000,"kind":"create","log":"test","model":"{}","record":42,"recorded":1764057600000000,"type":"incident","v":1,"version":1}}"#,
        Hash::of(b"model"),
    );
    assert_eq!(String::from_utf8(minimal().bytes().unwrap()).unwrap(), expected);
}

#[test]
fn only_a_records_first_leaf_has_no_previous_one() {
    let first = Leaf { previous: Some(Hash::of(b"x")), ..minimal() };
    assert_eq!(first.bytes(), Err(BadLeaf::Chain { version: 1, previous: true }));
    let second = Leaf { record_version: 2, ..minimal() };
    assert_eq!(second.bytes(), Err(BadLeaf::Chain { version: 2, previous: false }));
}

#[test]
fn what_cannot_be_sealed_is_refused() {
    let late = Leaf { recorded: INTEGER_MAX + 1, ..minimal() };
    assert!(matches!(late.bytes(), Err(BadLeaf::Canonical(_))));
    let long = Leaf { attachments: vec![Hash::of(b"x"); 1_000], ..minimal() };
    assert!(matches!(long.bytes(), Err(BadLeaf::TooLong(length)) if length > LEAF_BYTES_MAX));
    let twice = vec![("a".into(), Hash::of(b"1")), ("a".into(), Hash::of(b"2"))];
    assert_eq!(Fields::new(twice), Err(BadLeaf::DuplicateField("a".into())));
}

#[test]
fn any_change_of_the_bytes_is_refused_or_seen() {
    let leaf = full();
    let bytes = leaf.bytes().unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << bit;
            if let Ok(other) = Leaf::parse(&altered) {
                assert_ne!(other, leaf);
                assert_eq!(other.bytes().unwrap(), altered);
            }
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(Leaf::parse(text.replace("\"v\":1,", "\"v\":2,").as_bytes()), Err(BadLeaf::Format(2)));
    assert_eq!(Leaf::parse(text.replace("\"v\":1,", "\"v\":1,\"x\":1,").as_bytes()), Err(BadLeaf::Unknown("x".into())));
    assert_eq!(Leaf::parse(text.replace("\"kind\":\"create\",", "").as_bytes()), Err(BadLeaf::Member("kind")));
    for other in [text.replace(":", ": "), text.replace("\"v\":1,", "\"v\":1,\"v\":1,"), format!("{text}\n")] {
        assert!(matches!(Leaf::parse(other.as_bytes()), Err(BadLeaf::Canonical(_))));
    }
}

#[test]
fn a_commitment_depends_on_key_salt_and_value() {
    let one = commit("title", &[1; 32], b"\"Mail\"");
    assert_eq!(one, commit("title", &[1; 32], b"\"Mail\""));
    assert_ne!(one, commit("title", &[2; 32], b"\"Mail\""));
    assert_ne!(one, commit("titles", &[1; 32], b"\"Mail\""));
    assert_ne!(one, commit("title", &[1; 32], b"\"mail\""));
    assert_ne!(salt(&[1; 32], "title"), salt(&[1; 32], "state"));
    assert_ne!(salt(&[1; 32], "title"), salt(&[2; 32], "title"));
}

#[test]
fn salts_are_hmac_sha_256() {
    // RFC 4231 test case 1 needs a key of 20 bytes; padding it with zeros to 32 leaves HMAC the same (RFC 2104).
    let mut seed = [0; 32];
    seed[..20].fill(0x0b);
    let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    assert_eq!(Hash(salt(&seed, "Hi There")).to_hex(), expected);
}

#[test]
fn an_opening_opens_its_own_commitment_only() {
    let opening = Opening { key: "impact".into(), salt: salt(&[3; 32], "impact"), value: json!(2) };
    let sealed = commit("impact", &salt(&[3; 32], "impact"), b"2");
    assert_eq!(opening.commitment().unwrap(), sealed);
    assert_eq!(Opening::from_json(&opening.to_json()).unwrap(), opening);
    assert_ne!(Opening { value: json!(3), ..opening.clone() }.commitment().unwrap(), sealed);
    for bad in
        [json!({}), json!({ "key": "a", "salt": "00", "value": 1 }), json!({ "key": "a", "salt": "0".repeat(64) })]
    {
        assert!(Opening::from_json(&bad).is_err());
    }
}

proptest! {
    #[test]
    fn any_leaf_reads_back(
        texts: [String; 5],
        numbers in prop::array::uniform4(-INTEGER_MAX..=INTEGER_MAX),
        optional in prop::array::uniform4(prop::option::of(-INTEGER_MAX..=INTEGER_MAX)),
        version in 1_i64..4,
        keys in prop::collection::hash_set(any::<String>(), 0..12),
    ) {
        let [log, kind, record_type, channel, request] = texts;
        let commitment = |key: String| (key.clone().into(), Hash::of(key.as_bytes()));
        let leaf = Leaf {
            log: log.into(), kind: kind.into(), record_type: record_type.into(), channel: channel.into(),
            request: optional[0].map(|_| request.into()),
            record: numbers[0], recorded: numbers[1], happened: numbers[2],
            actor: optional[0], on_behalf: optional[1], grant: optional[2], claimed: optional[3],
            record_version: version, previous: (version > 1).then(|| Hash::of(b"previous")),
            fields: Fields::new(keys.into_iter().map(commitment).collect()).unwrap(),
            ..minimal()
        };
        let bytes = leaf.bytes().unwrap();
        prop_assert!(canonical::parse(&bytes).is_ok());
        prop_assert_eq!(Leaf::parse(&bytes).unwrap(), leaf);
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, value in any::<i64>()) {
        let _ = Leaf::parse(&bytes);
        let _ = Leaf::parse(Value::from(value).to_string().as_bytes());
    }
}
