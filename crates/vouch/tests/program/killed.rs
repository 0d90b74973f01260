//! The program is killed while 64 clients write: what it acknowledged is there, what it refused is not, and the ledger
//! has neither gap nor fork. `VOUCH_KILLS` says how often; 20 times unless said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::place::Place;
use serde_json::json;
use testkit::Client;

const CLIENTS: usize = 64;
/// Of so many requests one is to be refused, in a batch with others that are not.
const REFUSED_EVERY: u64 = 17;

/// What clients were told.
#[derive(Default)]
struct Told {
    /// Title to number.
    acknowledged: Mutex<BTreeMap<String, String>>,
    refused: Mutex<BTreeSet<String>>,
    next: AtomicU64,
}

impl Told {
    /// One client's life, until the server answers no more.
    fn write(&self, client: &Client) {
        loop {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let title = format!("case {n}");
            let is_refused = n.is_multiple_of(REFUSED_EVERY);
            let impact = if is_refused { 9 } else { 2 };
            let answer = client.post("/api/v1/incidents", &json!({ "title": title, "impact": impact }));
            match answer.status {
                201 => {
                    let number = answer.json()["number"].as_str().unwrap_or_default().to_owned();
                    self.acknowledged.lock().unwrap().insert(title, number);
                }
                422 => drop(self.refused.lock().unwrap().insert(title)),
                0 => return,
                other => panic!("{other}: {}", answer.text()),
            }
        }
    }
}

fn everything(client: &Client) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page =
            client.get(&format!("/api/v1/incidents?limit=200&sort=number&fields=number,title{cursor}")).expect(200);
        for item in page["items"].as_array().unwrap() {
            let text = |key: &str| item[key].as_str().unwrap().to_owned();
            let twice = found.insert(text("title"), text("number"));
            assert_eq!(twice, None, "one request made two records");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[test]
fn killed_under_load_nothing_acknowledged_is_lost_and_nothing_refused_is_kept() {
    let kills: u32 = std::env::var("VOUCH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let place = Place::new();
    let mut server = place.serve();
    let token = place.somebody("agent");
    let told = Told::default();
    for kill in 0..kills {
        let client = server.client.bearer(&token);
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| told.write(&client));
            }
            // At another moment of a batch each time.
            std::thread::sleep(Duration::from_millis(150 + u64::from(kill) * 37 % 211));
            server.kill();
        });
        server = place.serve();
    }
    let found = everything(&server.client.bearer(&token));
    let acknowledged = told.acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 200, "only {} writes were acknowledged", acknowledged.len());
    for (title, number) in &acknowledged {
        assert_eq!(found.get(title), Some(number), "{title} was acknowledged");
    }
    let refused = told.refused.into_inner().unwrap();
    assert!(refused.len() > 5, "only {} writes were refused", refused.len());
    assert_eq!(refused.iter().find(|title| found.contains_key(*title)), None, "refused, and there all the same");
    drop(server);
    let verified = place.does(&["verify", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&verified).unwrap();
    assert!(report["ok"] == json!(true) && report["first_difference"].is_null(), "{verified}");
    println!(
        "{kills} kills, {} acknowledged, {} refused, {} entries",
        acknowledged.len(),
        refused.len(),
        report["entries"]
    );
}
