//! Event logs that are broken, or made to break something.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use exchange::{ExchangeError, Format, Limits, Log, Mapping, Options};

const MAP: &str = r#"
name = "small"
record = "incident"
number = "case:concept:name"
happened = "at"
[fields]
title = { column = "case:concept:name" }
description = { column = "text", optional = true }
"#;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vouch-logs-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.join("a.xes");
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn read(path: PathBuf) -> Result<Log, ExchangeError> {
    let limits = Limits { bytes_max: 64 << 20, ratio_floor: 1 << 20, ..Limits::default() };
    let options = Options { format: Format::Xes, zone: None, limits, as_of: None };
    Log::read(&[path], Mapping::parse("small.toml", MAP).unwrap(), &options, &mut |_| {})
}

/// What is said of a file, its folder left out.
fn error(name: &str, bytes: &[u8]) -> String {
    let folder = Folder::new(name);
    let path = folder.file(bytes);
    let message = read(path).unwrap_err().to_string();
    message.replace(&format!("{}/", folder.0.display()), "")
}

fn event(more: &str) -> String {
    format!("<event><date key=\"at\" value=\"2020-01-01T10:00:00Z\"/>{more}</event>")
}

fn log(inside: &str) -> String {
    format!("<log>\n<trace><string key=\"concept:name\" value=\"A\"/>\n{inside}\n</trace>\n</log>")
}

#[test]
fn document_types_and_entities_are_refused() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE log [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n<log>&b;</log>";
    let refused = "a document type (DTD) is refused: a log needs none";
    assert_eq!(error("bomb", bomb.as_bytes()), format!("a.xes, line 2: {refused}"));
    let outside = "<!DOCTYPE log SYSTEM \"file:///etc/passwd\"><log/>";
    assert_eq!(error("outside", outside.as_bytes()), format!("a.xes, line 1: {refused}"));
    assert_eq!(error("entity", b"<log>\n&passwd;</log>"), "a.xes, line 2: an entity is refused: a log needs none");
    let hidden = log(&event("<string key=\"text\" value=\"&passwd;\"/>"));
    assert!(
        error("hidden", hidden.as_bytes()).starts_with("a.xes, line 3: "),
        "{}",
        error("hidden", hidden.as_bytes())
    );
}

#[test]
fn depth_number_and_size_are_bounded() {
    let deep = log(&event(&"<container key=\"a\">".repeat(80)));
    assert_eq!(error("deep", deep.as_bytes()), "a.xes, line 3: more than 64 elements stand within each other");
    let many: String = "<int key=\"a\" value=\"1\"/>".repeat(5000);
    assert_eq!(
        error("many", log(&event(&many)).as_bytes()),
        "a.xes, line 3: an event or trace has more than 4096 attributes"
    );
    let keys: String = (0..5000).map(|n| event(&format!("<int key=\"a{n}\" value=\"1\"/>")) + "\n").collect();
    assert!(error("keys", log(&keys).as_bytes()).ends_with("the log has more than 4096 different attributes"));
    let long = log(&event(&format!("<string key=\"text\" value=\"{}\"/>", "x".repeat(5 << 20))));
    assert_eq!(error("long", long.as_bytes()), "a.xes, line 3: a tag or text is longer than 4194304 bytes");
}

#[test]
fn a_packed_bomb_and_a_torn_file_are_named_for_what_they_are() {
    let packed = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let rows = log(&(event("") + "\n").repeat(200_000));
    assert!(error("packed", &packed(rows.as_bytes())).ends_with("refused as a decompression bomb"));
    let varied: String = (0..4000).map(|n| event(&format!("<string key=\"text\" value=\"{n}\"/>"))).collect();
    let whole = packed(log(&varied).as_bytes());
    let torn = error("torn", &whole[..whole.len() / 2]);
    assert!(torn.starts_with("a.xes: the packed file is damaged or ends early"), "{torn}");
    let half = log(&event(""));
    assert_eq!(error("half", &half.as_bytes()[..half.len() - 6]), "a.xes, line 5: the log ends early");
    assert!(error("tag", b"<log>\n<trace><string key=\"x").starts_with("a.xes, line 2: "));
}

#[test]
fn what_is_no_log_is_refused() {
    assert_eq!(
        error("other", b"<html></html>"),
        "a.xes, line 1: expected one element `log` around everything, found `html`"
    );
    assert_eq!(
        error("two", b"<log/>\n<log/>"),
        "a.xes, line 2: expected one element `log` around everything, found `log`"
    );
    assert_eq!(error("empty", b""), "a.xes, line 1: the log ends early");
    assert_eq!(
        error("late", log(&(event("") + "<string key=\"concept:name\" value=\"B\"/>")).as_bytes()),
        "a.xes, line 3: the attribute `concept:name` of a trace stands after its events"
    );
    assert_eq!(
        error("bare", log(&event("<string value=\"B\"/>")).as_bytes()),
        "a.xes, line 3: an attribute `string` has no key"
    );
    let lacking = log("<event><string key=\"text\" value=\"x\"/></event>");
    assert_eq!(error("lacking", lacking.as_bytes()), "a.xes: no event has `at`, which the mapping names");
    assert!(error("bytes", b"<log>\n<trace a=\"\xff\"/></log>").starts_with("a.xes, line 2: "));
    assert!(error("ends", b"<log>\n<trace></event></log>").starts_with("a.xes, line 2: "));
}

#[test]
fn what_is_wrong_with_one_event_refuses_its_case_by_line_and_attribute() {
    let folder = Folder::new("rows");
    let text = log(&[
        event("<string key=\"text\" value=\"x\"/><string key=\"text\" value=\"y\"/>"),
        "<event><date key=\"at\" value=\"0000-01-01T00:00:00Z\"/></event>".to_owned(),
        "<event><date key=\"at\" value=\"9999-12-31T23:59:59Z\"/></event>".to_owned(),
        "<event><date key=\"at\" value=\"2020-01-01T10:00:00\"/></event>".to_owned(),
        "<event><date key=\"at\" value=\"soon\"/></event>".to_owned(),
        "<event/>".to_owned(),
    ]
    .join("\n"));
    let report = read(folder.file(text.as_bytes())).unwrap().survey();
    let named: Vec<(u64, &str, &str)> =
        report.refused.iter().map(|r| (r.row, r.field.as_str(), r.code.as_str())).collect();
    let expected = [
        (3, "text", "duplicate"),
        (4, "at", "time"),
        (5, "at", "time"),
        (6, "at", "time"),
        (7, "at", "time"),
        (8, "at", "missing"),
    ];
    assert_eq!(named, expected);
    let zero = error("zero", log(&event("<string key=\"text\" value=\"a&#0;b\"/>")).as_bytes());
    assert!(zero.starts_with("a.xes, line 3: "), "{zero}");
}

#[test]
fn a_declared_encoding_is_obeyed() {
    let folder = Folder::new("latin");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n{}",
        log(&event("")).replace("\"A\"", "\"Caf\u{e9}\"")
    );
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let log = read(folder.file(&bytes)).unwrap();
    let exchange::Case::Taken(case) = log.cases().next().unwrap() else { panic!("the case is good") };
    assert_eq!(&*case.external_number, "Café");
}
