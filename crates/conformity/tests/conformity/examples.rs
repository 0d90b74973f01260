//! Every check passes, fails and cannot be determined on the records that stand beside it, on both databases.

use std::collections::{BTreeMap, BTreeSet};

use conformity::{CheckStatus, Question};
use engine::Time;
use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::house::{Database, House, databases};
use crate::records::{Writing, at, items, text};

const VERDICTS: [&str; 3] = ["pass", "fail", "not-determinable"];

fn on(database: Database) {
    let mut seen = BTreeMap::<String, BTreeSet<String>>::new();
    for (file, body) in processes::example_files() {
        let document: DocumentMut = body.parse().unwrap_or_else(|e| panic!("{file}: {e}"));
        for example in items(document.get("example")) {
            let (check, verdict) = (text(example, "check").unwrap(), text(example, "verdict").unwrap());
            let about = document["about"].as_table().unwrap();
            let house = House::open(database, at(&about["at"]));
            run(&house, &document, example, (&check, &verdict));
            seen.entry(check).or_default().insert(verdict);
        }
    }
    let library = crate::house::library(&crate::house::model(), &[]);
    for check in library.checks.all() {
        for verdict in VERDICTS {
            let shown = seen.get(&check.id).is_some_and(|verdicts| verdicts.contains(verdict));
            assert!(shown, "{}: no example of {verdict} beside {}", check.id, check.place);
        }
    }
}

/// Writes an example's records, and asks its check about them.
pub fn run(house: &House, document: &DocumentMut, example: &dyn TableLike, (check, verdict): (&str, &str)) {
    let about: &Table = document["about"].as_table().unwrap();
    let says = text(example, "says").unwrap();
    let (begins, now) = (at(&about["begins"]), at(&about["at"]));
    let lacks = example.get("lacks").and_then(Item::as_array);
    let lacks = lacks.into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect();
    let mut writing = Writing::new(&house.engine, begins, &says, lacks);
    for record in items(document.get("cast")).into_iter().chain(items(example.get("record"))) {
        writing.record(record);
    }
    for (key, stated) in example.get("settings").and_then(Item::as_table_like).into_iter().flat_map(|t| t.iter()) {
        writing.setting(key, &json(&stated["value"]), at(&stated["from"]));
    }
    writing.commit();
    let date = |key: &str| about[key].as_datetime().unwrap().to_string();
    let period = calendar::Period::parse(&date("from"), &date("to")).unwrap();
    for time in [Time::Live, Time::At { valid: now, known: now }] {
        let question = Question { period: Some(period), time };
        let found = house.conformity.detail(check, &question).unwrap_or_else(|e| panic!("{check}, {says}: {e}"));
        let population = example.get("population").and_then(Item::as_integer).unwrap_or(1);
        let place = format!("{check} {time:?}: {says}\n{found:#?}");
        assert_eq!(found.row.status.as_str(), verdict, "{place}");
        assert_eq!(found.row.population, u64::try_from(population).unwrap(), "{place}");
        let exceptions = house.conformity.exceptions(check, &question, None, 10).unwrap();
        let expected = if found.row.status == CheckStatus::Pass { 0 } else { 1 };
        assert_eq!(exceptions.items.len(), expected, "{place}");
        for one in exceptions.items {
            assert!(!one.why.is_empty(), "{place}");
            println!("{check} {verdict}: {} because {} {:?}", one.number, one.why, one.observed);
        }
    }
}

fn json(item: &Item) -> serde_json::Value {
    let text = item.to_string();
    let document: DocumentMut = format!("value = {}", text.trim()).parse().unwrap();
    value(document["value"].as_value().unwrap())
}

fn value(value: &toml_edit::Value) -> serde_json::Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => text.value().clone().into(),
        Toml::Integer(number) => (*number.value()).into(),
        Toml::Float(number) => (*number.value()).into(),
        Toml::Boolean(truth) => (*truth.value()).into(),
        Toml::Datetime(time) => time.value().to_string().into(),
        Toml::Array(list) => list.iter().map(self::value).collect(),
        Toml::InlineTable(table) => table.iter().map(|(key, v)| (key.to_owned(), self::value(v))).collect(),
    }
}

#[test]
fn every_check_gives_each_verdict_on_sqlite() {
    on(Database::Sqlite);
}

#[test]
fn every_check_gives_each_verdict_on_postgresql() {
    if databases().contains(&Database::Postgres) {
        on(Database::Postgres);
    }
}
