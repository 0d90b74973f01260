//! Killed at the worst moment, restored from an old copy: what the signer knows decides.

use std::sync::Arc;

use engine::{Error, Principal, Refusal};
use store::SessionExt as _;

use crate::world::{On, World, create};

fn tickets(world: &World, count: u32) {
    for n in 0..count {
        world.run(create("ticket", &[("title", format!("t{n}").into())]));
    }
}

#[test]
fn killed_between_commit_and_signature_the_next_start_signs() {
    let mut world = World::new(On::Sqlite);
    tickets(&world, 3);
    world.engine().sign().unwrap();
    tickets(&world, 2);
    world.open();
    let report = world.verify();
    assert_eq!((report.ok, report.entries, report.unsigned), (true, 5, 2));
    assert_eq!(world.engine().sign().unwrap(), Some(5));
    assert_eq!(world.verify().unsigned, 0);
}

#[test]
fn killed_between_the_signers_file_and_the_note_the_next_start_gives_the_same_note() {
    let mut world = World::new(On::Sqlite);
    tickets(&world, 3);
    world.engine().sign().unwrap();
    tickets(&world, 2);
    world.engine().sign().unwrap();
    let note =
        |world: &World| world.session().optional_text("SELECT note FROM checkpoint WHERE size = 5", &[]).unwrap();
    let first = note(&world);
    world.session().execute("DELETE FROM checkpoint WHERE size = 5", &[]).unwrap();
    let report = world.verify();
    assert_eq!((report.ok, report.unsigned), (true, 2), "leaves without a note are not wrong");
    world.open();
    assert_eq!(world.engine().sign().unwrap(), Some(5));
    assert_eq!(note(&world), first);
}

#[test]
fn a_restored_or_truncated_database_is_read_only_and_says_why() {
    let mut world = World::new(On::Sqlite);
    tickets(&world, 3);
    world.engine().sign().unwrap();
    world.close();
    let yesterday = World::copy_of(&world);
    world.open();
    tickets(&world, 2);
    world.engine().sign().unwrap();
    world.close();
    let path = world.location.path().unwrap().to_owned();
    for rest in ["vouch.db-wal", "vouch.db-shm"] {
        drop(std::fs::remove_file(path.with_file_name(rest)));
    }
    std::fs::copy(yesterday.location.path().unwrap(), &path).unwrap();

    let report = world.verify();
    let difference = report.first_difference.unwrap();
    assert_eq!((difference.where_.table.as_deref(), difference.where_.leaf), (Some("leaf"), Some(3)));
    assert_eq!((difference.expected.as_str(), difference.found.as_str()), ("5 leaves", "3 leaves"));

    world.open();
    let why = world.engine().read_only().expect("read-only").to_owned();
    assert!(why.contains("3 leaves, 5 were signed"), "{why}");
    let refused = world.run_as(&Arc::new(Principal::system()), create("ticket", &[("title", "x".into())]), None);
    assert!(matches!(refused, Err(Error::Refused(Refusal::ReadOnly(_)))), "{refused:?}");
    assert_eq!(world.engine().sign().unwrap(), None, "nothing is signed");
    assert_eq!(world.engine().leaves().unwrap(), 3);
}
