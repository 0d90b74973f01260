//! The independent verifier (tests/verifier/verify.py) accepts our logs and finds what was altered.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::note::SecretKey;
use ledger::tree::{consistency, inclusion, root};
use ledger::{Checkpoint, Fields, Hash, Leaf, MemoryTiles, Opening, salt};
use serde_json::{Value, json};

const LEAVES: u64 = 700;
const RECORDS: i64 = 60;
const PAGE: u64 = 256;

struct Log {
    leaves: Vec<Vec<u8>>,
    openings: Vec<Vec<Opening>>,
    tiles: MemoryTiles,
    key: SecretKey,
}

/// A log of some records that change in turn, with values that canonical JSON finds hard.
fn log() -> Log {
    let mut log = Log {
        leaves: Vec::new(),
        openings: Vec::new(),
        tiles: MemoryTiles::new(),
        key: SecretKey::from_seed("vouch/checked", &[4; 32]).unwrap(),
    };
    let mut last: Vec<(i64, Option<Hash>)> = vec![(0, None); usize::try_from(RECORDS).unwrap()];
    for number in 0..i64::try_from(LEAVES).unwrap() {
        let (version, previous) = &mut last[usize::try_from(number * 7 % RECORDS).unwrap()];
        *version += 1;
        let seed = Hash::of(&number.to_be_bytes()).0;
        let values = json!({
            "title": format!("Dr\u{fc}cker \u{1f5a8} \"{number}\"\n\u{1}\\"),
            "impact": number % 3 + 1,
            "major": number % 2 == 0,
            "due_at": null,
            "affected": [{ "\u{fb33}": 1, "\u{1f600}": -2, "z": [] }, number - 9_007_199_254_740_991],
        });
        let open = |(key, value): (&String, &Value)| {
            let opening = Opening { key: key.clone(), salt: salt(&seed, key), value: value.clone() };
            ((key.clone().into(), opening.commitment().unwrap()), opening)
        };
        let (fields, openings): (Vec<_>, Vec<_>) = values.as_object().unwrap().iter().map(open).unzip();
        let leaf = Leaf {
            log: "checked".into(),
            record: number * 7 % RECORDS,
            record_version: *version,
            previous: *previous,
            recorded: 1_764_057_600_000_000 + number,
            fields: Fields::new(fields).unwrap(),
            ..crate::leaf::minimal()
        };
        *previous = Some(leaf.hash().unwrap());
        log.tiles.append(leaf.hash().unwrap());
        log.leaves.push(leaf.bytes().unwrap());
        log.openings.push(openings);
    }
    log
}

/// Writes what the routes would answer, one file an answer.
fn write(log: &Log, folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("records")).unwrap();
    let put = |name: String, content: &str| fs::write(folder.join(name), content).unwrap();
    let checkpoint = |size| {
        let head = Checkpoint { origin: "vouch/checked".into(), size, root: root(&log.tiles, size).unwrap() };
        log.key.sign(&head.text()).unwrap()
    };
    put("checkpoint".into(), &checkpoint(LEAVES));
    put("earlier-checkpoint".into(), &checkpoint(300));
    put("key".into(), &format!("{}\n", log.key.verifier()));
    for from in (0..LEAVES).step_by(256) {
        let to = (from + PAGE).min(LEAVES);
        let entry = |index: u64| json!({ "index": index, "leaf": STANDARD.encode(&log.leaves[index as usize]) });
        let entries: Vec<Value> = (from..to).map(entry).collect();
        let next = (to < LEAVES).then_some(to);
        put(format!("entries-from-{from}.json"), &json!({ "entries": entries, "next": next }).to_string());
    }
    let encode = |hashes: Vec<Hash>| hashes.iter().map(Hash::to_base64).collect::<Vec<_>>();
    for size in [1, 2, 255, 256, 257, 512, 699, 700] {
        for index in [0, size / 3, size / 2, size - 1] {
            let hashes = encode(inclusion(&log.tiles, index, size).unwrap());
            let leaf_hash = log.tiles.leaf(index).unwrap().to_base64();
            let answer = json!({ "leaf_hash": leaf_hash, "hashes": hashes });
            put(format!("proof-index-{index}-size-{size}.json"), &answer.to_string());
            let from = index + 1;
            let hashes = encode(consistency(&log.tiles, from, size).unwrap());
            put(format!("proof-from-{from}-size-{size}.json"), &json!({ "hashes": hashes }).to_string());
        }
    }
    let hashes = encode(consistency(&log.tiles, 300, LEAVES).unwrap());
    put("proof-from-300-size-700.json".into(), &json!({ "hashes": hashes }).to_string());
    let shown = |index: u64| {
        let openings: Vec<Value> = log.openings[index as usize].iter().map(Opening::to_json).collect();
        json!({ "index": index, "leaf": STANDARD.encode(&log.leaves[index as usize]), "openings": openings })
    };
    // Each record changes every 60 leaves; this one first in leaf 3.
    let shown: Vec<Value> = (3..LEAVES).step_by(60).map(shown).collect();
    put("records/incident-21.json".into(), &json!({ "leaves": shown }).to_string());
}

/// A server that answers the routes from such a folder, for as long as the test process lives.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(|connection| answer(&folder, connection.unwrap())));
    address
}

fn answer(folder: &Path, mut connection: TcpStream) {
    let head: Vec<String> =
        BufReader::new(&connection).lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    let (path, query) = head[0].split(' ').nth(1).map(|target| target.split_once('?').unwrap_or((target, ""))).unwrap();
    let number = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(|text| text.parse().unwrap())
    };
    let log = log();
    let body = match path.strip_prefix("/api/v1/").unwrap() {
        _ if !head.iter().any(|line| line == "Authorization: Bearer t0ken") => None,
        "ledger/proof" => {
            let size = number("size").unwrap();
            let hashes = match number("from") {
                Some(from) => consistency(&log.tiles, from, size).unwrap(),
                None => inclusion(&log.tiles, number("index").unwrap(), size).unwrap(),
            };
            let hashes: Vec<String> = hashes.iter().map(Hash::to_base64).collect();
            Some(json!({ "hashes": hashes }).to_string().into_bytes())
        }
        "ledger/entries" => fs::read(folder.join(format!("entries-from-{}.json", number("from").unwrap()))).ok(),
        "incidents/INC-21/proof" => fs::read(folder.join("records/incident-21.json")).ok(),
        other => fs::read(folder.join(other.rsplit('/').next().unwrap())).ok(),
    };
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).unwrap();
    connection.write_all(&body).unwrap();
}

/// Runs the script: its exit status and what it printed.
fn run(arguments: &[&str]) -> (i32, Value) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/verifier/verify.py");
    let output = Command::new("python3").arg("-B").arg(script).args(arguments).output().unwrap();
    let summary = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code().unwrap(), summary)
}

fn python_is_there() -> bool {
    let tried = Command::new("python3").args(["-c", "import cryptography"]).output();
    let there = tried.is_ok_and(|output| output.status.success());
    let required = std::env::var_os("VOUCH_REQUIRE_PYTHON").is_some_and(|value| value == "1");
    assert!(there || !required, "VOUCH_REQUIRE_PYTHON=1, but python3 with the package cryptography is not there");
    if !there {
        println!("NOT RUN: python3 with the package cryptography is not there");
    }
    there
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verifier").join(name);
    write(&log(), &folder);
    folder
}

fn replace(folder: &Path, file: &str, change: impl FnOnce(String) -> String) {
    let path = folder.join(file);
    let before = fs::read_to_string(&path).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "the test altered nothing");
    fs::write(path, after).unwrap();
}

#[test]
fn an_independent_verifier_accepts_the_log() {
    if !python_is_there() {
        return;
    }
    let folder = folder("whole");
    let earlier = folder.join("earlier-checkpoint");
    let key = log().key.verifier().to_string();
    let (status, summary) = run(&[folder.to_str().unwrap(), "--key", &key, "--checkpoint", earlier.to_str().unwrap()]);
    assert_eq!(status, 0, "{summary:#}");
    let expected = json!({ "signatures": 2, "leaves_read": LEAVES, "inclusion_proofs": 27, "consistency_proofs": 28,
        "record_proofs": 1, "openings": 60, "unsigned": 0, "saved_checkpoints": 1 });
    assert_eq!(summary["checked"], expected);
    assert_eq!(summary["records"], RECORDS);
    assert_eq!(summary["root"], root(&log().tiles, LEAVES).unwrap().to_hex());
}

#[test]
fn an_independent_verifier_accepts_a_server() {
    if !python_is_there() {
        return;
    }
    let folder = folder("served");
    let token = folder.join("token.txt");
    fs::write(&token, "t0ken\n").unwrap();
    let address = serve(folder.clone());
    let earlier = folder.join("earlier-checkpoint");
    let arguments = [&address, "--token-file", token.to_str().unwrap(), "--checkpoint", earlier.to_str().unwrap()];
    let (status, summary) = run(&[&arguments[..], &["--record", "incidents/INC-21", "--samples", "20"]].concat());
    assert_eq!(status, 0, "{summary:#}");
    let expected = json!({ "signatures": 2, "leaves_read": LEAVES, "inclusion_proofs": 20, "consistency_proofs": 32,
        "record_proofs": 1, "openings": 60, "unsigned": 0, "saved_checkpoints": 1 });
    assert_eq!(summary["checked"], expected);
    assert_eq!(run(&[&address, "--token", "another"]).0, 2, "without access nothing can be read");
}

/// File, alteration, exit status, what is said.
type Tampering = (&'static str, fn(String) -> String, i32, &'static str);

#[test]
fn an_independent_verifier_names_what_was_altered() {
    if !python_is_there() {
        return;
    }
    let cases: [Tampering; 11] = [
        ("checkpoint", |text| text.replace("\n700\n", "\n699\n"), 1, "signature of the checkpoint is wrong"),
        ("checkpoint", |text| text.replace("\n\n", "\n"), 2, "not a signed note"),
        ("key", |text| text.replace("checked", "changed"), 1, "key id does not belong to this key"),
        ("entries-from-256.json", |text| altered_leaf(&text, 10, "\"kind\":", "\"kind\": "), 1, "canonical form"),
        (
            "entries-from-256.json",
            |text| altered_leaf(&text, 10, "\"recorded\":1", "\"recorded\":2"),
            1,
            "chain of versions",
        ),
        (
            "entries-from-512.json",
            |text| altered_leaf(&text, 187, "\"recorded\":1", "\"recorded\":2"),
            1,
            "signed root",
        ),
        ("entries-from-512.json", |text| text.replace("\"index\":513", "\"index\":514"), 1, "out of order"),
        ("proof-index-0-size-257.json", |text| swapped(&text), 1, "inclusion proof is wrong"),
        ("proof-from-86-size-257.json", |text| swapped(&text), 1, "consistency proof is wrong"),
        ("records/incident-21.json", |text| text.replace("\"value\":1", "\"value\":2"), 1, "not the sealed one"),
        ("records/incident-21.json", |text| without_last_leaf(&text), 1, "not all of one record"),
    ];
    for (number, (file, change, status, said)) in cases.into_iter().enumerate() {
        let folder = folder(&format!("altered-{number}"));
        replace(&folder, file, change);
        let (found, summary) = run(&[folder.to_str().unwrap()]);
        assert_eq!(found, status, "{file}: {summary:#}");
        assert!(summary.to_string().contains(said), "{file}: {summary:#}");
    }
    let folder = folder("incomplete");
    fs::remove_file(folder.join("entries-from-512.json")).unwrap();
    assert_eq!(run(&[folder.to_str().unwrap()]).0, 2);
}

#[test]
fn a_rewritten_and_signed_again_log_shows_against_a_saved_checkpoint() {
    if !python_is_there() {
        return;
    }
    let kept = folder("kept").join("earlier-checkpoint");
    let mut rewritten = log();
    // The later leaves of the record are made to fit, so that only the saved checkpoint can tell.
    let mut leaf = Leaf::parse(&rewritten.leaves[250]).unwrap();
    leaf.channel = "web".into();
    let mut previous = leaf.hash().unwrap();
    rewritten.leaves[250] = leaf.bytes().unwrap();
    for bytes in rewritten.leaves.iter_mut().skip(251) {
        let mut later = Leaf::parse(bytes).unwrap();
        if later.record == leaf.record {
            later.previous = Some(previous);
            previous = later.hash().unwrap();
            *bytes = later.bytes().unwrap();
        }
    }
    rewritten.tiles = rewritten.leaves.iter().map(|leaf| Hash::leaf(leaf)).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verifier/rewritten");
    write(&rewritten, &folder);
    let folder = folder.to_str().unwrap();
    assert_eq!(run(&[folder]).0, 0, "without a checkpoint from before nobody can tell");
    let (status, summary) = run(&[folder, "--checkpoint", kept.to_str().unwrap()]);
    assert_eq!(status, 1);
    assert_eq!(summary["first_difference"]["what"], "the log does not continue the saved checkpoint");
}

/// The page with one leaf's bytes altered.
fn altered_leaf(page: &str, at: usize, from: &str, to: &str) -> String {
    let mut page: Value = serde_json::from_str(page).unwrap();
    let leaf = STANDARD.decode(page["entries"][at]["leaf"].as_str().unwrap()).unwrap();
    let leaf = String::from_utf8(leaf).unwrap().replace(from, to);
    page["entries"][at]["leaf"] = STANDARD.encode(leaf).into();
    page.to_string()
}

/// The record's proof, hiding its newest change.
fn without_last_leaf(proof: &str) -> String {
    let mut proof: Value = serde_json::from_str(proof).unwrap();
    proof["leaves"].as_array_mut().unwrap().pop();
    proof.to_string()
}

/// The proof with its first two hashes in the other order.
fn swapped(proof: &str) -> String {
    let mut proof: Value = serde_json::from_str(proof).unwrap();
    proof["hashes"].as_array_mut().unwrap().swap(0, 1);
    proof.to_string()
}
