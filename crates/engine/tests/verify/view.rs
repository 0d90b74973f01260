//! What outsiders get to see of the ledger, and that it proves what it should.

use engine::ledger_view::{checkpoint, consistency, entries, inclusion, proof_in_words, record_proof};
use engine::{Error, Principal, Record, Refusal, Time, load};
use ledger::{Checkpoint, Hash, Opening, VerifierKey, proof};
use serde_json::Value as Json;
use store::SessionExt as _;

use crate::world::{On, World, add_line, change, comment, create, step};

struct Scene {
    world: World,
    record: Record,
    agent: std::sync::Arc<Principal>,
    customer: std::sync::Arc<Principal>,
}

fn scene() -> Scene {
    let world = World::new(On::Sqlite);
    let (agent, customer) = (world.principal("agent"), world.principal("customer"));
    let fields =
        [("title", "mail".into()), ("colour", "red".into()), ("nickname", "Bo".into()), ("story", "long".into())];
    let done = world.run(create("ticket", &fields));
    world.run(comment(&done.number, "for all", true));
    world.run(comment(&done.number, "for us", false));
    world.run(add_line(&done.number, "calls", &[("who", "Kim".into())]));
    world.run(step(&done.number, "start", &[]));
    for n in 0..300 {
        world.run(create("ticket", &[("title", format!("t{n}").into())]));
    }
    world.engine().sign().unwrap();
    world.run(change(&done.number, &[("urgency", 3.into())]));
    let record = load(&mut *world.session(), world.ticket(), done.record, Time::Live).unwrap().unwrap();
    Scene { world, record, agent, customer }
}

#[test]
fn proofs_lead_to_the_signed_root() {
    let Scene { world, .. } = scene();
    let mut session = world.session();
    let key: VerifierKey = world.engine().verifier_key().unwrap().parse().unwrap();
    let note = checkpoint(&mut *session).unwrap().unwrap();
    let signed = Checkpoint::open(note.as_bytes(), &key).unwrap();
    for (index, body) in entries(&mut *session, 250, 20).unwrap() {
        let index = u64::try_from(index).unwrap();
        let (leaf, path) = inclusion(&mut *session, index, signed.size).unwrap();
        assert_eq!(leaf, Hash::leaf(&body));
        proof::verify_inclusion(&leaf, index, signed.size, &path, &signed.root).unwrap();
    }
    let earlier = ledger::tree::root(&engine::StoredTiles::new(&mut *session), 100).unwrap();
    let path = consistency(&mut *session, 100, signed.size).unwrap();
    proof::verify_consistency(100, &earlier, signed.size, &signed.root, &path).unwrap();
    assert_eq!(entries(&mut *session, 10_000, 1).unwrap(), []);
}

#[test]
fn what_the_ledger_has_not_is_a_bad_query() {
    let Scene { world, .. } = scene();
    let mut session = world.session();
    let bad =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Refused(Refusal::BadQuery(_)))), "{result:?}");
    bad(entries(&mut *session, -1, 1).map(drop));
    bad(entries(&mut *session, 0, 0).map(drop));
    bad(entries(&mut *session, 0, 257).map(drop));
    bad(inclusion(&mut *session, 10, 10).map(drop));
    bad(inclusion(&mut *session, 0, 100_000).map(drop));
    bad(consistency(&mut *session, 11, 10).map(drop));
    bad(consistency(&mut *session, 11, 100_000).map(drop));
}

/// The opened keys of each leaf, after checking that each opens its commitment.
fn opened(proof: &Json) -> Vec<Vec<String>> {
    use base64::Engine as _;
    let leaves = proof["leaves"].as_array().unwrap();
    leaves
        .iter()
        .map(|one| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(one["leaf"].as_str().unwrap()).unwrap();
            let leaf = ledger::Leaf::parse(&bytes).unwrap();
            let openings = one["openings"].as_array().unwrap();
            openings
                .iter()
                .map(|opening| {
                    let opening = Opening::from_json(opening).unwrap();
                    assert_eq!(leaf.fields.get(&opening.key), Some(&opening.commitment().unwrap()));
                    opening.key
                })
                .collect()
        })
        .collect()
}

#[test]
fn a_reader_gets_the_openings_of_what_he_may_see() {
    let Scene { world, record, agent, customer } = scene();
    let mut session = world.session();
    let system = record_proof(&mut *session, &Principal::system(), &record).unwrap();
    let all = opened(&system);
    for key in ["number", "title", "colour", "nickname", "story", "state", "raised_at"] {
        assert!(all[0].iter().any(|k| k == key), "{key}: {all:?}");
    }
    assert_eq!(all[1], [":comment_public", ":comment"]);
    assert_eq!(all[3], ["calls[1]"]);
    let seen = opened(&record_proof(&mut *session, &agent, &record).unwrap());
    assert!(!seen[0].iter().any(|key| key == "colour"), "a hidden field stays closed: {seen:?}");
    assert_eq!(seen[2], [":comment_public", ":comment"]);
    let public = opened(&record_proof(&mut *session, &customer, &record).unwrap());
    let expected: [&[&str]; 6] = [&["state"], &[":comment_public", ":comment"], &[], &[], &["state"], &[]];
    assert_eq!(public, expected, "every leaf, but the public part's openings only");
    let seed = session
        .optional_text("SELECT opening FROM entry WHERE version = 1 AND kind = 'create' LIMIT 1", &[])
        .unwrap()
        .unwrap();
    let seed: Json = serde_json::from_str(&seed).unwrap();
    assert!(!system.to_string().contains(seed["seed"].as_str().unwrap()));
}

#[test]
fn a_page_says_which_leaves_hold_and_what_covers_them() {
    let Scene { world, record, agent, customer } = scene();
    let mut session = world.session();
    let view = proof_in_words(&mut *session, &agent, &record).unwrap();
    assert!(view.holds && view.earlier == 0);
    let covered: Vec<bool> = view.leaves.iter().map(|line| line.covered).collect();
    assert_eq!(covered, [true, true, true, true, true, false]);
    assert_eq!(view.checkpoint.as_ref().map(|(size, root)| (*size, root.len())), Some((307, 16)));
    assert!(matches!(proof_in_words(&mut *session, &customer, &record), Err(Error::Refused(Refusal::NotFound))));
    session.execute("UPDATE secret SET value = '\"somebody else\"' WHERE field = 'nickname'", &[]).unwrap();
    let view = proof_in_words(&mut *session, &agent, &record).unwrap();
    let holds: Vec<bool> = view.leaves.iter().map(|line| line.holds).collect();
    assert_eq!((view.holds, holds), (false, vec![false, true, true, true, true, true]));
}
