//! What people type and what they find.

use engine::search::{Marked, Query};
use serde_json::json;

use crate::world::{World, databases, numbers};

fn shown(parts: &[Marked]) -> String {
    parts.iter().map(|part| if part.is_match { format!("[{}]", part.text) } else { part.text.clone() }).collect()
}

#[test]
fn what_was_written_is_found_whole_in_parts_and_in_any_script() {
    for on in databases() {
        let world = World::new(on);
        let ticket =
            |title: &str, story: &str| world.create("ticket", json!({ "title": title, "story": story })).number;
        let vpn = ticket(
            "VPN drops every hour",
            "Since Monday, from srv01.dc-2.example.org (10.0.0.17), version 2.14.0-rc3.",
        );
        let mail = ticket("Mail bounces", "anna.schmidt@example.org gets 550 5.7.1 from mail.example.org");
        let german = ticket("Größe der Übertragung überschritten", "Die Straße nach Köln");
        let french = ticket("L'imprimante de l’accueil est bloquée", "Le même problème qu'hier");
        let polish = ticket("Zażółć gęślą jaźń", "Drukarka w Łodzi nie działa");
        let chinese = ticket("服务器无法启动", "重启后网络中断");
        let source =
            world.create("ticket", json!({ "title": "From the source", "external_number": "INC0000045" })).number;
        let cases = [
            ("vpn", &vpn),
            ("VPN DROPS", &vpn),
            ("drops vpn", &vpn),
            ("\"drops every hour\"", &vpn),
            ("hou", &vpn),
            ("dro* vpn", &vpn),
            ("srv01.dc-2.example.org", &vpn),
            ("srv01", &vpn),
            ("10.0.0.17", &vpn),
            ("2.14.0-rc3", &vpn),
            ("2.14", &vpn),
            ("anna.schmidt@example.org", &mail),
            ("schmidt", &mail),
            ("mail.example", &mail),
            ("grosse ubertragung", &german),
            ("Größe", &german),
            ("strasse koln", &german),
            ("imprimante bloquee", &french),
            ("l'imprimante", &french),
            ("même", &french),
            ("zazolc", &polish),
            ("ŁODZI", &polish),
            ("lodzi drukarka", &polish),
            ("无法启动", &chinese),
            ("网络", &chinese),
            ("INC0000045", &source),
            ("inc-45", &source),
            ("45", &source),
        ];
        for (asked, expected) in cases {
            assert_eq!(world.numbers(&world.agent, asked), [expected.as_str()], "{on:?}: {asked}");
        }
        for asked in ["动启", "\"vpn hour\"", "example.anna", "2.14.1"] {
            assert_eq!(world.numbers(&world.agent, asked), [""; 0], "{on:?}: {asked}");
        }
        let digits = vpn.trim_start_matches("TIC-00000");
        for asked in [vpn.clone(), vpn.to_lowercase(), format!("TIC-{digits}"), format!("tic{digits}")] {
            assert_eq!(world.numbers(&world.agent, &asked), [vpn.as_str()], "{on:?}: {asked}");
        }
    }
}

#[test]
fn comments_and_lines_are_found_and_what_was_changed_is_not() {
    for on in databases() {
        let world = World::new(on);
        let number = world.create("ticket", json!({ "title": "Scanner offline", "story": "blinks orange" })).number;
        world.comment(&number, "Restarted the spooler", true);
        world.comment(&number, "Supplier sends a technician", false);
        world.call(&number, "Kim Novak");
        for asked in ["scanner", "orange", "spooler", "technician", "novak", "scanner orange spooler technician novak"]
        {
            assert_eq!(world.numbers(&world.agent, asked), [number.as_str()], "{on:?}: {asked}");
        }
        world.change(&number, json!({ "title": "Plotter offline", "story": null }));
        for asked in ["scanner", "orange"] {
            assert_eq!(world.numbers(&world.agent, asked), [""; 0], "{on:?}: {asked}");
        }
        for asked in ["plotter", "spooler technician novak"] {
            assert_eq!(world.numbers(&world.agent, asked), [number.as_str()], "{on:?}: {asked}");
        }
        // No phrase reaches from one text into the next.
        assert_eq!(world.numbers(&world.agent, "\"spooler supplier\""), [""; 0], "{on:?}");
    }
}

#[test]
fn one_wrong_letter_is_forgiven_where_nothing_fits_as_typed() {
    for on in databases() {
        let world = World::new(on);
        let printer = world.create("ticket", json!({ "title": "Printer jams", "story": "The printers jam" })).number;
        let russian = world.create("memo", json!({ "title": "Принтер сломан" })).number;
        let print = world.create("memo", json!({ "title": "Print rules" })).number;
        for asked in ["pritner", "prnter", "printter", "prinser", "jams pritner", "pritner jems"] {
            let found = world.search(&world.agent, asked);
            assert_eq!(numbers(&found), [printer.as_str()], "{on:?}: {asked}");
            assert!(
                found.corrected.iter().any(|(_, shown)| ["printer", "jams", "jam"].contains(&shown.as_str())),
                "{found:?}"
            );
        }
        let found = world.search(&world.agent, "принтор");
        assert_eq!(numbers(&found), [russian], "{on:?}");
        assert_eq!(found.corrected, [("принтор".to_owned(), "принтер".to_owned())]);
        let wireless = world.create("memo", json!({ "title": "Guest Wi-Fi" })).number;
        let letters = world.create("memo", json!({ "title": "Emails bounce, email lost" })).number;
        for (asked, expected, shown) in [("wifi", &wireless, "wi-fi"), ("e-mail lost", &letters, "email")] {
            let found = world.search(&world.agent, asked);
            assert_eq!(numbers(&found), [expected.as_str()], "{on:?}: {asked}");
            assert!(found.corrected.iter().any(|(_, found)| found == shown), "{on:?}: {:?}", found.corrected);
        }
        // What fits as typed is not watered down, and short words and numbers are taken as they are.
        assert_eq!(world.numbers(&world.agent, "print rules"), [print]);
        assert!(world.search(&world.agent, "printer").corrected.is_empty());
        for asked in ["jamz", "prnt printer", "\"pritner jams\"", "4711"] {
            let found = numbers(&world.search(&world.agent, asked));
            assert_eq!(found.is_empty(), asked != "jamz", "{on:?}: {asked} {found:?}");
        }
    }
}

#[test]
fn titles_come_first_then_the_newest() {
    for on in databases() {
        let world = World::new(on);
        let make = |title: &str, story: &str| world.create("ticket", json!({ "title": title, "story": story })).number;
        let exact = make("Mail server", "");
        let text_old = make("First", "the mail server again");
        let title = make("The mail server hangs", "");
        let text_new = make("Second", "mail server");
        let beginning = make("Mail servers hang", "");
        let expected = [exact, title, beginning, text_new, text_old];
        assert_eq!(world.numbers(&world.agent, "mail server"), expected, "{on:?}");
        assert_eq!(world.all(&world.agent, "mail server", 2), expected, "{on:?}: by pages");
    }
}

#[test]
fn a_hit_shows_what_was_asked_for_where_it_stands() {
    for on in databases() {
        let world = World::new(on);
        let story = "It began on Monday.\n\nThe VPN <b>drops</b> & comes back.";
        let number = world.create("ticket", json!({ "title": "VPN trouble", "story": story })).number;
        world.comment(&number, "The certificate had run out", true);
        let hit = world.search(&world.agent, "vpn drops").hits.remove(0);
        assert_eq!(shown(&hit.title), "[VPN] trouble");
        let snippet = hit.snippet.unwrap();
        assert_eq!(
            (snippet.label.as_str(), shown(&snippet.parts).as_str()),
            ("Story", "It began on Monday. The [VPN] <b>[drops]</b> & comes back.")
        );
        let hit = world.search(&world.agent, "certificate").hits.remove(0);
        assert_eq!(hit.snippet.unwrap().label, "Comment");
        let hit = world.search(&world.agent, "trouble").hits.remove(0);
        assert_eq!(hit.snippet, None);
    }
}

#[test]
fn a_question_may_be_of_some_types_and_of_those_that_extend_them() {
    for on in databases() {
        let world = World::new(on);
        let ticket = world.create("ticket", json!({ "title": "Blue lamp" })).number;
        let thing = world.create("thing", json!({ "name": "Blue lamp" })).number;
        let device = world.create("device", json!({ "name": "Blue lamp", "serial": "SN-0815" })).number;
        let of = |types: &[&str]| {
            let types = types.iter().map(|name| (*name).to_owned()).collect();
            let query = Query { text: "blue lamp".to_owned(), types, limit: 10, cursor: None };
            world.query(&world.agent, &query).map(|found| numbers(&found))
        };
        assert_eq!(of(&[]).unwrap(), [device.clone(), thing.clone(), ticket.clone()], "{on:?}");
        assert_eq!(of(&["thing"]).unwrap(), [device.clone(), thing], "{on:?}");
        assert_eq!(of(&["device", "ticket"]).unwrap(), [device.clone(), ticket], "{on:?}");
        assert_eq!(world.numbers(&world.agent, "sn0815"), [device], "{on:?}");
        // A type that the reader may not read and one that does not exist are refused alike.
        for name in ["setting", "nothing"] {
            assert_eq!(
                format!("{}", of(&[name]).unwrap_err()),
                format!("refused: BadQuery(\"there is no record type {name}\")")
            );
        }
    }
}

#[test]
fn what_a_link_may_point_at_is_found_by_its_title_alone() {
    for on in databases() {
        let world = World::new(on);
        let anna = world.create("person", json!({ "name": "Anna Schmidt", "email": "as@example.org" }));
        world.create("person", json!({ "name": "Berta Braun", "email": "schmidt@example.org" }));
        world.create("ticket", json!({ "title": "Schmidt calls" }));
        let named = |text: &str| engine::search::named(world.engine(), &world.agent, &["person"], text, 5).unwrap();
        for asked in ["schmidt", "ann", "Schmidt Anna", &anna.number] {
            let found = named(asked);
            assert_eq!(found.iter().map(|named| &named.name).collect::<Vec<_>>(), ["Anna Schmidt"], "{on:?}: {asked}");
        }
        assert!(named("example").is_empty() && named("").is_empty() && named("\"").is_empty());
    }
}
