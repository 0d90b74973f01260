//! Files that are broken, or made to break something.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use exchange::{Case, ExchangeError, Limits, Log, Mapping, Options};

const MAPPING: &str = r#"
name = "small"
record = "incident"
time_format = ["%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"]
number = "id"
happened = "at"
[state]
column = "status"
[fields]
title = { column = "title" }
"#;

const HEADER: &str = "id,at,status,title,other\n";

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vouch-exchange-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn options(zone: &str) -> Options {
    let limits = Limits { bytes_max: 64 << 20, ratio_floor: 1 << 20, ..Limits::default() };
    Options { zone: Some(zone.to_owned()), limits, ..Options::default() }
}

fn read(path: &Path, zone: &str) -> Result<Log, ExchangeError> {
    Log::read(&[path.to_owned()], Mapping::parse("small.toml", MAPPING).unwrap(), &options(zone), &mut |_| {})
}

fn error(path: &Path) -> String {
    let message = read(path, "UTC").unwrap_err().to_string();
    message.replace(&format!("{}/", path.parent().unwrap().display()), "")
}

/// (row, field, code) of everything refused, and the numbers of the cases taken.
fn outcome(text: &[u8], zone: &str) -> (Vec<(u64, String, String)>, Vec<String>) {
    let folder = Folder::new(&format!("outcome-{}-{}", text.len(), text.iter().map(|b| u64::from(*b)).sum::<u64>()));
    let log = read(&folder.file("a.csv", text), zone).unwrap();
    let report = log.survey();
    let refused = report.refused.into_iter().map(|r| (r.row, r.field, r.code)).collect();
    let taken = log.cases().filter_map(|case| match case {
        Case::Taken(case) => Some(case.external_number.to_string()),
        Case::Refused { .. } => None,
    });
    (refused, taken.collect())
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn small() -> String {
    format!("{HEADER}A,2016-02-29 10:00,new,Hello,x\nA,29/2/2016 11:00,closed,Hello,x\n")
}

#[test]
fn plain_gzip_and_zip_read_alike_with_or_without_a_byte_order_mark() {
    let folder = Folder::new("alike");
    let plain = small();
    let marked = format!("\u{feff}{plain}");
    let mut two_members = gzip_of(HEADER.as_bytes());
    two_members.extend(gzip_of(&plain.as_bytes()[HEADER.len()..]));
    let files = [
        folder.file("a.csv", plain.as_bytes()),
        folder.file("b.csv", marked.as_bytes()),
        folder.file("c.csv.gz", &gzip_of(plain.as_bytes())),
        folder.file("d.gz", &two_members),
        folder.file("e.zip", &zip_of(&[("../../etc/passwd", plain.as_bytes())])),
        folder.file("f", &zip_of(&[("x.csv", marked.as_bytes())])),
        folder.file("g.csv", plain.replace('\n', "\r\n").as_bytes()),
    ];
    for file in files {
        let log = read(&file, "UTC").unwrap();
        assert_eq!((log.rows(), log.case_count()), (2, 1), "{}", file.display());
        let Some(Case::Taken(case)) = log.cases().next() else { panic!("{}", file.display()) };
        assert_eq!(case.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(log.files()[0].bytes, fs::metadata(&file).unwrap().len());
    }
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let folder = Folder::new("bomb");
    let mut rows = small().into_bytes();
    rows.extend(b"A,2016-02-29 10:00,new,Hello,x\n".repeat(400_000));
    for file in [folder.file("a.gz", &gzip_of(&rows)), folder.file("a.zip", &zip_of(&[("a.csv", &rows)]))] {
        assert!(matches!(read(&file, "UTC"), Err(ExchangeError::Bomb { ratio_max: 200, .. })), "{}", file.display());
    }
    let limits = Limits { bytes_max: 1000, ..Limits::default() };
    let options = Options { zone: Some("UTC".to_owned()), limits, ..Options::default() };
    let mapping = Mapping::parse("small.toml", MAPPING).unwrap();
    let long = small() + &"A,2016-02-29 10:00,new,Hello,x\n".repeat(100);
    for file in [folder.file("b.csv", long.as_bytes()), folder.file("b.gz", &gzip_of(long.as_bytes()))] {
        let read = Log::read(&[file], mapping.clone(), &options, &mut |_| {});
        assert!(matches!(read, Err(ExchangeError::TooLarge { bytes_max: 1000, .. })));
    }
}

#[test]
fn an_archive_holds_exactly_one_file_that_is_not_packed_again() {
    let folder = Folder::new("archive");
    let csv = small();
    let csv = csv.as_bytes();
    assert_eq!(
        error(&folder.file("a.zip", &zip_of(&[("a.csv", csv), ("b.csv", csv)]))),
        "a.zip: the archive holds 2 files, expected exactly one"
    );
    assert_eq!(error(&folder.file("b.zip", &zip_of(&[]))), "b.zip: the archive holds 0 files, expected exactly one");
    let nested = "a packed file within the packed file is not unpacked";
    assert_eq!(
        error(&folder.file("c.zip", &zip_of(&[("a.zip", &zip_of(&[("a.csv", csv)]))]))),
        format!("c.zip: {nested}")
    );
    assert_eq!(error(&folder.file("d.gz", &gzip_of(&gzip_of(csv)))), format!("d.gz: {nested}"));
    assert_eq!(error(&folder.file("e.zip", &zip_of(&[("a.gz", &gzip_of(csv))]))), format!("e.zip: {nested}"));
}

#[test]
fn an_encrypted_archive_says_so() {
    let folder = Folder::new("encrypted");
    let mut zip = zip_of(&[("a.csv", small().as_bytes())]);
    // Bit 0 of the general purpose flags, in the local and in the central header.
    let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    zip[6] |= 1;
    zip[central + 8] |= 1;
    assert_eq!(error(&folder.file("a.zip", &zip)), "a.zip: the packed file is encrypted, which cannot be read");
}

#[test]
fn a_damaged_archive_says_so() {
    let folder = Folder::new("damaged");
    let mut rows = small();
    rows.extend((0..2000).map(|n| format!("A,2016-02-29 10:00,new,Hello {n},x\n")));
    let (gz, zip) = (gzip_of(rows.as_bytes()), zip_of(&[("a.csv", rows.as_bytes())]));
    let damaged = |name: &str, bytes: &[u8]| {
        let message = error(&folder.file(name, bytes));
        assert!(message.contains("is damaged or ends early"), "{message}");
    };
    damaged("a.gz", &gz[..gz.len() / 2]);
    damaged("b.zip", &zip[..zip.len() / 2]);
    let mut flipped = zip;
    flipped[200] ^= 0x55;
    damaged("c.zip", &flipped);
}

#[test]
fn what_is_no_file_or_no_text_is_refused() {
    let folder = Folder::new("nofile");
    assert!(matches!(read(&folder.0, "UTC"), Err(ExchangeError::NotAFile { .. })));
    assert!(matches!(read(&folder.0.join("gone.csv"), "UTC"), Err(ExchangeError::Io { .. })));
    assert!(matches!(read(&folder.file("empty.csv", b""), "UTC"), Err(ExchangeError::NoHeader { .. })));
    assert!(matches!(read(&folder.file("blank.csv", b"\n\r\n\n"), "UTC"), Err(ExchangeError::NoHeader { .. })));
    assert!(matches!(
        read(&folder.file("wide.csv", b"\xff\xfei\0d\0"), "UTC"),
        Err(ExchangeError::MissingColumns { .. })
    ));
    let header = error(&folder.file("latin.csv", b"id,at,status,title,\xe9\n"));
    assert_eq!(header, "latin.csv, line 1: column 5 of the header: byte 1 of the cell (0xe9) is not UTF-8");
}

#[test]
fn the_header_must_have_each_taken_column_once() {
    let folder = Folder::new("header");
    let missing = error(&folder.file("a.csv", b"id,when,title\n1,2,3\n"));
    assert_eq!(missing, "a.csv, line 1: the header lacks `at`, `status`, which the mapping names");
    let twice = error(&folder.file("b.csv", b"id,at,status,title,title\n"));
    assert_eq!(twice, "b.csv, line 1: the header has `title` more than once, and the mapping takes it");
    // One that nothing takes may stand twice.
    let log = read(&folder.file("c.csv", b"id,at,status,title,x,x\nA,2016-02-29 10:00,new,t,1,2\n"), "UTC").unwrap();
    assert_eq!((log.case_count(), log.not_taken()), (1, &["x".to_owned()][..]));
}

#[test]
fn bytes_that_are_no_text_refuse_their_case_and_name_row_and_column() {
    let text = [
        HEADER.as_bytes(),
        b"A,2016-02-29 10:00,new,Caf\xe9,x\nB,2016-02-29 10:00,new,a\0b,x\nC,2016-02-29 10:00,new,ok,\xff\n",
        b"D,2016-02-29 10:00,new,caf\xc3\xa9,x\n\xe9,2016-02-29 10:00,new,t,x\nE,2016-02-29 10:00,new,\xc3,\xa9\n",
    ]
    .concat();
    let (refused, taken) = outcome(&text, "UTC");
    let named = |row: u64, field: &str, code: &str| (row, field.to_owned(), code.to_owned());
    let expected = [
        named(6, "id", "utf8"),
        named(2, "title", "utf8"),
        named(3, "title", "nul"),
        named(4, "other", "utf8"),
        named(7, "title", "utf8"),
    ];
    assert_eq!(refused, expected);
    assert_eq!(taken, ["D"]);
}

#[test]
fn a_broken_row_in_the_middle_refuses_its_case_whole() {
    let text = format!(
        "{HEADER}A,2016-02-29 10:00,new,t,x\nB,2016-02-29 10:00,new,t,x\nA,2016-02-29 11:00,new\nA,2016-02-29 12:00,closed,t,x\nB,2016-02-29 12:00,,t,x\nC,2016-02-29 12:00,new,\"two\nlines\",x\n"
    );
    let (refused, taken) = outcome(text.as_bytes(), "UTC");
    assert_eq!(refused[0], (4, String::new(), "columns".to_owned()));
    assert_eq!(refused[1], (6, "status".to_owned(), "missing".to_owned()));
    assert_eq!((refused.len(), taken), (2, vec!["C".to_owned()]));
}

#[test]
fn a_quote_that_stays_open_stops_the_reading() {
    let folder = Folder::new("quote");
    let text = format!("{HEADER}A,2016-02-29 10:00,new,\"t,x\nB,2016-02-29 10:00,new,t,x\n");
    let message = error(&folder.file("a.csv", text.as_bytes()));
    assert_eq!(message, "a.csv, line 2: the quote that opens in this row is never closed");
}

#[test]
fn a_time_that_is_none_is_refused() {
    for wrong in [
        "30/2/2016 10:00",
        "2016-13-01 10:00",
        "29/2/2015 10:00",
        "1/1/16 10:00",
        "2016-02-29 24:00",
        "2016-02-29",
        "soon",
        "",
    ] {
        let (refused, taken) = outcome(format!("{HEADER}A,{wrong},new,t,x\n").as_bytes(), "UTC");
        assert_eq!((refused[0].0, refused[0].1.as_str(), taken.len()), (2, "at", 0), "{wrong}");
    }
}

#[test]
fn a_local_time_in_a_gap_is_the_first_instant_after_it_and_one_that_occurs_twice_the_earlier() {
    let folder = Folder::new("gap");
    let text = format!("{HEADER}A,2016-03-27 02:30,new,t,x\nA,2016-10-30 02:30,new,t,x\nA,2016-07-01 12:00,new,t,x\n");
    let log = read(&folder.file("a.csv", text.as_bytes()), "Europe/Berlin").unwrap();
    let Some(Case::Taken(case)) = log.cases().next() else { panic!("the case is good") };
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let happened: Vec<i64> = case.rows.iter().map(|row| row.happened).collect();
    assert_eq!(happened, [at("2016-03-27T01:00:00Z"), at("2016-10-30T00:30:00Z"), at("2016-07-01T10:00:00Z")]);
    let report = log.survey();
    assert_eq!((report.times_moved, report.times_twice, report.incomplete_cases), (1, 1, 1));
}

#[test]
fn the_zone_must_be_chosen_and_must_exist() {
    let folder = Folder::new("zone");
    let file = folder.file("a.csv", small().as_bytes());
    let mapping = Mapping::parse("small.toml", MAPPING).unwrap();
    let none = Log::read(std::slice::from_ref(&file), mapping, &Options::default(), &mut |_| {});
    assert!(matches!(none, Err(ExchangeError::ZoneNotChosen)));
    assert!(matches!(read(&file, "Europe/Nowhere"), Err(ExchangeError::UnknownZone { .. })));
    let own = Mapping::parse("small.toml", &format!("zone = \"Asia/Kolkata\"\n{MAPPING}")).unwrap();
    let log = Log::read(&[file], own, &Options::default(), &mut |_| {}).unwrap();
    assert_eq!(log.zone(), "Asia/Kolkata");
    assert_eq!(log.survey().first.as_deref(), Some("2016-02-29T04:30:00Z"));
}

#[test]
fn two_exports_of_one_tool_overlap_without_harm_and_contradict_each_other_by_name() {
    let folder = Folder::new("overlap");
    let counted = format!("{MAPPING}\n").replace("[state]", "counter = { column = \"other\" }\n[state]");
    let row = |counter: u32, title: &str| format!("A,2016-02-29 1{counter}:00,new,{title},{counter}\n");
    let first = folder.file("1.csv", format!("{HEADER}{}{}", row(0, "t"), row(1, "t")).as_bytes());
    let longer = folder.file("2.csv", format!("{HEADER}{}{}", row(1, "t"), row(2, "t")).as_bytes());
    let other = folder.file("3.csv", format!("{HEADER}{}", row(1, "u")).as_bytes());
    let read = |files: &[&PathBuf]| {
        let files: Vec<PathBuf> = files.iter().map(|file| (*file).clone()).collect();
        let mapping = Mapping::parse("small.toml", &counted).unwrap();
        Log::read(&files, mapping, &options("UTC"), &mut |_| {}).unwrap()
    };
    let report = read(&[&first, &longer]).survey();
    assert_eq!((report.rows, report.created, report.touches, report.unchanged), (4, 1, 2, 1));
    assert_eq!(report.incomplete_cases, 0);
    let refused = read(&[&first, &other]).survey().refused;
    assert_eq!((refused[0].row, refused[0].field.as_str(), refused[0].code.as_str()), (2, "title", "conflict"));
    assert!(refused[0].message.ends_with("row 3, with another value: `t` and `u`"), "{}", refused[0].message);
}
