//! Search finds what a plain scan finds over the texts that a reader may see: random records, comments, changes,
//! customers, roles and questions, on both databases. The scan knows nothing of the index and cuts words at spaces.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::Principal;
use serde_json::json;

use crate::world::{CLERK, CONTRACTOR, OWNER, On, Random, World, databases};

/// Few, so that they meet; some begin others, some are one letter off, some have other letters in common.
const WORDS: [&str; 14] = [
    "mail", "mails", "mailbox", "server", "serves", "print", "printer", "paper", "vpn", "vp", "größe", "łódź", "42",
    "427",
];

#[derive(Clone, Default)]
struct Doc {
    number: String,
    kind: &'static str,
    customer: Option<usize>,
    owned: bool,
    /// Title, story or body, staff_note, sealed.
    texts: [String; 4],
    lines: Vec<String>,
    comments: Vec<(bool, String)>,
}

struct Drill {
    world: World,
    random: Random,
    customers: Vec<(i64, String)>,
    owner: Arc<Principal>,
    docs: Vec<Doc>,
}

impl Drill {
    fn new(on: On, seed: u64) -> Self {
        let world = World::new(on);
        let customer = |name: &str| world.create("customer", json!({ "name": name }));
        let customers = ["A", "B"].map(customer).map(|done| (done.record, done.number)).to_vec();
        let owner = world.principal(OWNER, &[]);
        Self { world, random: Random(seed), customers, owner, docs: Vec::new() }
    }

    fn text(&mut self, most: u64) -> String {
        let count = 1 + self.random.below(most);
        (0..count).map(|_| *self.random.pick(&WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn create(&mut self) {
        let texts: [String; 4] =
            std::array::from_fn(|n| if n == 0 || self.random.percent(50) { self.text(4) } else { String::new() });
        let mut doc = Doc { texts, ..Doc::default() };
        let set = |text: &String| if text.is_empty() { json!(null) } else { json!(text) };
        let [title, story, note, sealed] = &doc.texts;
        let done = if self.random.percent(25) {
            doc.kind = "memo";
            self.world.create("memo", json!({ "title": title, "body": set(story) }))
        } else {
            doc.kind = "ticket";
            doc.customer = [Some(0), Some(1), None][usize::try_from(self.random.below(3)).unwrap()];
            doc.owned = self.random.percent(30);
            let customer = doc.customer.map(|at| self.customers[at].1.clone());
            let owner = doc.owned.then(|| self.owner.number.clone());
            let fields = json!({
                "title": title, "story": set(story), "staff_note": set(note), "sealed": set(sealed),
                "customer": customer, "owner": owner,
            });
            self.world.create("ticket", fields)
        };
        doc.number = done.number;
        if doc.kind == "memo" {
            doc.texts[2].clear();
            doc.texts[3].clear();
        }
        self.docs.push(doc);
    }

    fn act(&mut self) {
        if self.docs.len() < 5 || self.random.percent(20) {
            return self.create();
        }
        let at = usize::try_from(self.random.below(self.docs.len() as u64)).unwrap();
        let (text, public) = (self.text(4), self.random.percent(50));
        let (number, ticket) = (self.docs[at].number.clone(), self.docs[at].kind == "ticket");
        match self.random.below(6) {
            0 => {
                self.world.change(&number, json!({ "title": text }));
                self.docs[at].texts[0] = text;
            }
            1 if ticket => {
                self.world.change(&number, json!({ "story": null, "staff_note": text }));
                self.docs[at].texts[1].clear();
                self.docs[at].texts[2] = text;
            }
            2 if ticket => {
                self.world.change(&number, json!({ "customer": self.customers[0].1, "owner": self.owner.number }));
                (self.docs[at].customer, self.docs[at].owned) = (Some(0), true);
            }
            3 if ticket => {
                self.world.call(&number, &text);
                self.docs[at].lines.push(text);
            }
            4 if ticket => self.world.change(&number, json!({ "urgency": 2 })),
            _ => {
                let public = public && ticket;
                self.world.comment(&number, &text, public);
                self.docs[at].comments.push((public, text));
            }
        }
    }

    fn question(&mut self) -> String {
        let word = |random: &mut Random| (*random.pick(&WORDS)).to_owned();
        let random = &mut self.random;
        let mut parts = Vec::new();
        for _ in 0..1 + random.below(3) {
            let text = word(random);
            parts.push(match random.below(8) {
                0 => format!("\"{text} {}\"", word(random)),
                1 => format!("{}*", text.chars().take(3).collect::<String>()),
                2 => text.to_uppercase(),
                3 => text.chars().take(3).collect(),
                4 => text.replacen('r', "", 1),
                _ => text,
            });
        }
        parts.join(" ")
    }
}

/// What the scan makes of a question: words in a row, whether the last may go on.
fn terms(question: &str) -> Vec<(Vec<String>, bool)> {
    let mut found: Vec<(Vec<String>, bool)> = Vec::new();
    for (index, part) in question.split('"').enumerate() {
        if index % 2 == 1 {
            found.push((part.split(' ').map(folded).collect(), false));
        } else {
            found.extend(
                part.split_whitespace().map(|word| (vec![folded(word.trim_end_matches('*'))], word.ends_with('*'))),
            );
        }
    }
    if !question.ends_with('"') {
        found.last_mut().unwrap().1 = true;
    }
    for (words, begins) in &mut found {
        *begins &= words.last().unwrap().len() >= 3;
    }
    found
}

fn folded(word: &str) -> String {
    word.to_lowercase()
        .replace('ö', "o")
        .replace('ß', "ss")
        .replace(['ł', 'Ł'], "l")
        .replace('ó', "o")
        .replace('ź', "z")
}

fn has(text: &str, (asked, begins): &(Vec<String>, bool), near: bool) -> bool {
    let words: Vec<String> = text.split_whitespace().map(folded).collect();
    words.windows(asked.len()).any(|found| {
        let (last, before) = found.split_last().unwrap();
        let (asked_last, asked_before) = asked.split_last().unwrap();
        let fits = last == asked_last || (*begins && last.starts_with(asked_last.as_str()));
        let near = near && asked.len() == 1 && asked_last.len() >= 4 && one_letter_off(asked_last, last);
        before == asked_before && (fits || near)
    })
}

/// Whether one word becomes the other by one letter put in, left out, changed or swapped with its neighbour. Small Latin
/// letters only.
fn one_letter_off(a: &str, b: &str) -> bool {
    let latin = |word: &str| word.bytes().all(|c| c.is_ascii_lowercase());
    let without = |word: &str, at: usize| format!("{}{}", &word[..at], &word[at + 1..]);
    if !latin(a) || !latin(b) {
        return false;
    }
    let swapped = |at: usize| {
        let mut letters: Vec<u8> = a.bytes().collect();
        letters.swap(at, at + 1);
        letters == b.as_bytes()
    };
    let changed = || a.len() == b.len() && a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count() == 1;
    (0..a.len()).any(|at| without(a, at) == b)
        || (0..b.len()).any(|at| without(b, at) == a)
        || changed()
        || (1..a.len()).any(|at| swapped(at - 1))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Agent,
    Clerk,
    Owner,
    CustomerA,
    CustomersAB,
    ContractorB,
}

impl Sight {
    fn sees(self, doc: &Doc) -> bool {
        match self {
            Self::Agent | Self::Clerk => true,
            Self::Owner => doc.kind == "ticket" && doc.owned,
            Self::CustomerA => doc.customer == Some(0),
            Self::CustomersAB => doc.customer.is_some(),
            Self::ContractorB => doc.customer == Some(1),
        }
    }

    fn texts(self, doc: &Doc) -> Vec<&str> {
        let public = matches!(self, Self::CustomerA | Self::CustomersAB);
        let [title, story, note, _] = &doc.texts;
        let mut texts = vec![title.as_str(), story];
        texts.extend(doc.lines.iter().map(String::as_str));
        texts.extend(Some(note.as_str()).filter(|_| !public));
        texts.extend(doc.comments.iter().filter(|(open, _)| *open || !public).map(|(_, text)| text.as_str()));
        texts
    }
}

fn scan(docs: &[Doc], sight: Sight, question: &str) -> BTreeSet<String> {
    let asked = terms(question);
    let hits = |near: bool| -> BTreeSet<String> {
        let fits = |doc: &&Doc| {
            let texts = sight.texts(doc);
            asked.iter().all(|term| texts.iter().any(|text| has(text, term, near)))
        };
        docs.iter().filter(|doc| sight.sees(doc)).filter(fits).map(|doc| doc.number.clone()).collect()
    };
    let found = hits(false);
    let single =
        |(words, _): &&(Vec<String>, bool)| words.len() == 1 && words[0].len() >= 4 && words[0].parse::<u32>().is_err();
    if found.is_empty() && (1..=4).contains(&asked.iter().filter(single).count()) { hits(true) } else { found }
}

#[test]
fn search_finds_what_a_scan_of_what_one_may_see_finds() {
    for on in databases() {
        for seed in 1..=if on == On::Sqlite { 3 } else { 1 } {
            let mut drill = Drill::new(on, seed);
            let (a, b) = (drill.customers[0].0, drill.customers[1].0);
            let readers = [
                (Sight::Agent, drill.world.agent.clone()),
                (Sight::Clerk, drill.world.principal(CLERK, &[])),
                (Sight::Owner, drill.owner.clone()),
                (Sight::CustomerA, drill.world.principal("customer", &[a])),
                (Sight::CustomersAB, drill.world.principal("customer", &[a, b])),
                (Sight::ContractorB, drill.world.principal(CONTRACTOR, &[b])),
            ];
            let mut hits = 0;
            for round in 0..4 {
                for _ in 0..25 {
                    drill.act();
                }
                for _ in 0..25 {
                    let question = drill.question();
                    for (sight, reader) in &readers {
                        let found = drill.world.all(reader, &question, 20);
                        let expected = scan(&drill.docs, *sight, &question);
                        assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "twice: {question}");
                        let found: BTreeSet<String> = found.into_iter().collect();
                        assert_eq!(found, expected, "{on:?}, seed {seed}, round {round}: {sight:?} asks {question:?}");
                        hits += found.len();
                    }
                }
            }
            assert!(hits > 500, "the drill found little: {hits}");
        }
    }
}
