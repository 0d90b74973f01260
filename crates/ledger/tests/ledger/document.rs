//! The worked example of docs/ledger.md, computed anew: each number of the document is one of ours.

use std::path::Path;

use ledger::note::SecretKey;
use ledger::proof::verify_inclusion;
use ledger::tree::{inclusion, root};
use ledger::{Checkpoint, Fields, Hash, Leaf, MemoryTiles, canonical, commit, salt};
use serde_json::{Value, json};

/// 32 bytes counting up from `first`.
fn counting(first: u8) -> [u8; 32] {
    std::array::from_fn(|at| first + u8::try_from(at).unwrap())
}

fn ordinary(seed: &[u8; 32], key: &'static str, value: &Value) -> (std::borrow::Cow<'static, str>, Hash) {
    (key.into(), commit(key, &salt(seed, key), &canonical::to_vec(value).unwrap()))
}

fn first() -> Leaf<'static> {
    let seed = counting(0x00);
    let title = commit("title", &counting(0x20), b"\"Mail is down\"");
    let fields =
        vec![ordinary(&seed, "impact", &json!(2)), ordinary(&seed, "state", &json!("new")), ("title".into(), title)];
    Leaf {
        log: "example".into(),
        record_type: "incident".into(),
        record: 42,
        record_version: 1,
        previous: None,
        kind: "create".into(),
        recorded: 1_764_057_600_000_000,
        happened: 1_764_057_540_000_000,
        claimed: None,
        actor: Some(7),
        on_behalf: None,
        grant: Some(9),
        channel: "rest".into(),
        request: Some("r-1".into()),
        model: Hash::of(b"the model's text"),
        rules: Some(Hash::of(b"the rules' text")),
        attachments: Vec::new(),
        fields: Fields::new(fields).unwrap(),
    }
}

fn second(first: &Leaf<'static>) -> Leaf<'static> {
    let fields = vec![ordinary(&counting(0x60), "impact", &json!(1))];
    Leaf {
        record_version: 2,
        previous: Some(first.hash().unwrap()),
        kind: "change".into(),
        recorded: 1_764_057_660_000_000,
        happened: 1_764_057_660_000_000,
        request: Some("r-2".into()),
        fields: Fields::new(fields).unwrap(),
        ..first.clone()
    }
}

#[test]
fn the_worked_example_of_the_document_is_true() {
    let (one, seed) = (first(), counting(0x00));
    let two = second(&one);
    let tiles: MemoryTiles = [one.hash().unwrap(), two.hash().unwrap()].into_iter().collect();
    let head = Checkpoint { origin: "vouch/example".into(), size: 2, root: root(&tiles, 2).unwrap() };
    let key = SecretKey::from_seed(&head.origin, &counting(0x40)).unwrap();
    let proof = inclusion(&tiles, 0, 2).unwrap();
    verify_inclusion(&one.hash().unwrap(), 0, 2, &proof, &head.root).unwrap();
    assert_eq!(proof, [two.hash().unwrap()]);

    let said = [
        ("seed", Hash(seed).to_hex()),
        ("salt of impact", Hash(salt(&seed, "impact")).to_hex()),
        ("salt of state", Hash(salt(&seed, "state")).to_hex()),
        ("salt of title", Hash(counting(0x20)).to_hex()),
        ("commitment of impact", one.fields.get("impact").unwrap().to_hex()),
        ("commitment of state", one.fields.get("state").unwrap().to_hex()),
        ("commitment of title", one.fields.get("title").unwrap().to_hex()),
        ("first leaf", String::from_utf8(one.bytes().unwrap()).unwrap()),
        ("first leaf hash", one.hash().unwrap().to_hex()),
        ("second leaf", String::from_utf8(two.bytes().unwrap()).unwrap()),
        ("second leaf hash", two.hash().unwrap().to_hex()),
        ("root", head.root.to_hex()),
        ("verifier key", key.verifier().to_string()),
        ("checkpoint", key.sign(&head.text()).unwrap()),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ledger.md");
    let document = std::fs::read_to_string(&path).unwrap_or_default();
    let missing: Vec<_> = said.iter().filter(|(_, value)| !document.contains(value.as_str())).collect();
    assert!(missing.is_empty(), "docs/ledger.md does not say:\n{missing:#?}");
}
