//! What lies behind a record: its history, its proof, and two sides of a conflict.

use web::view::{conflict::*, history::*, parts::*, proof::*, record::Subject, timeline::Change};

use crate::{Page, common::*};

fn conflict() -> ConflictPage {
    let row = |key: &str, label: &str, before: &str, theirs: &str, mine: &str, who, keep_mine| ConflictRow {
        key: s(key),
        label: s(label),
        before: s(before),
        theirs: s(theirs),
        mine: s(mine),
        mine_value: s(mine),
        who,
        keep_mine,
    };
    ConflictPage {
        shell: shell("Conflict", "/incidents", vec![link("Incidents", "/incidents")], "INC-048211"),
        number: s("INC-048211"),
        title: s("VPN drops every few minutes"),
        noun: s("incident"),
        href: s("/incidents/INC-048211"),
        what_happened: s("Tom Lindqvist saved version 9 at 10:41; you had opened version 8 at 10:37."),
        advice: s("Only one field needs your choice."),
        theirs: Some(person("Tom Lindqvist")),
        mine: Some(person("Mira Okafor")),
        saved_at: s("10:41"),
        action: s("/incidents/INC-048211/edit"),
        version: 9,
        hidden: vec![],
        rows: vec![
            row(
                "workaround",
                "Workaround",
                "Use the Western gateway",
                "Use the Western gateway, or set key lifetime to 3,600 s",
                "Use the Western gateway until 19:00",
                Changed::Both,
                None,
            ),
            row(
                "assigned_to",
                "Assigned to",
                "Mira Okafor",
                "Daniel Osei",
                "Mira Okafor",
                Changed::Theirs,
                Some(false),
            ),
            row("category", "Category", "Network", "Network", "", Changed::Mine, Some(true)),
        ],
        error: Some(s("Choose which workaround to keep.")),
    }
}

fn subject() -> Subject {
    Subject { number: s("INC-048211"), title: s("VPN drops every few minutes"), href: s("/incidents/INC-048211") }
}

fn history() -> HistoryPage {
    let crumbs = vec![link("Incidents", "/incidents"), link("INC-048211", "/incidents/INC-048211")];
    let entry = |version: u64, what: Vec<Word>, changes| Entry {
        version,
        leaf: s("2,918,446"),
        what: Sentence(what),
        happened: s("24 November 2026, 10:22:07"),
        recorded: s("24 November 2026, 10:22:07"),
        claimed: if version == 1 { s("24 November 2026, 09:58") } else { String::new() },
        channel: s("page"),
        deviation: if version == 7 { s("resumed without having waited") } else { String::new() },
        changes,
        at_href: s("/incidents/INC-048211?at=2026-11-24T10:22:07Z"),
        proof_href: s("/incidents/INC-048211/proof#leaf-1"),
    };
    let change = |label: &str, from: &str, to: &str| Change { label: s(label), from: s(from), to: s(to) };
    HistoryPage {
        shell: shell("History of INC-048211", "/incidents", crumbs, "History"),
        subject: subject(),
        heading: s("8 changes since 24 November 2026"),
        zone: s("Times in Europe/London."),
        changes: vec![
            entry(
                7,
                vec![strong("Jonas Weber"), plain(" moved it to In progress")],
                vec![change("State", "Waiting", "In progress"), change("Waiting for", "Customer", "")],
            ),
            entry(
                2,
                vec![strong("Aisha Rahman"), plain(" changed two fields")],
                vec![change("Impact", "", "1 High"), change("Priority", "P3", "P1")],
            ),
            entry(1, vec![strong("Vouch"), plain(" recorded it, by import")], vec![]),
        ],
        next_href: Some(s("?cursor=x")),
    }
}

fn proof() -> ProofPage {
    let crumbs = vec![link("Incidents", "/incidents"), link("INC-048211", "/incidents/INC-048211")];
    let step = |label: &str, text: &str| ProofStep { mark: Mark::Ok, label: s(label), text: s(text), said: s("holds") };
    let leaf = |version: u64, what: &str, covered: bool| Leaf {
        index: s("2,918,446"),
        version,
        what: s(what),
        when: s("24 November 2026, 10:22:07"),
        covered_by: if covered { s("checkpoint of 10:23, size 2,918,500") } else { String::new() },
        mark: if covered { Mark::Ok } else { Mark::Half },
        said: if covered { s("verified") } else { s("not signed yet") },
        leaf_hash: s("c41d0a779e1263bb7f3a91c02be4d58ec41d0a779e1263bb7f3a91c02be4d58e"),
        openings: vec![(s("Priority"), s("1")), (s("Impact"), s("1"))],
        closed: 2,
        path: vec![s("7f3a91c02be4d58ec41d0a779e1263bb7f3a91c02be4d58ec41d0a779e1263bb"); 3],
    };
    ProofPage {
        shell: shell("Proof of INC-048211", "/incidents", crumbs, "Proof"),
        subject: subject(),
        status: Some(status(Mark::Ok, "Verified")),
        verdict: s("All 8 changes are in the ledger, unaltered."),
        meaning: s(
            "What this page shows of INC-048211 is what was sealed when it was recorded. It does not prove that what people wrote was true, only that it was written then and not changed since.",
        ),
        steps: vec![
            step(
                "The record matches its entries",
                "Putting the 8 entries together gives exactly the record that you see.",
            ),
            step("Each entry matches its leaf", "Its fields open the commitments that the leaf seals."),
            step("Each leaf is in the tree", "Its hash leads up to the root of the checkpoint."),
            step("The checkpoint is signed", "By the key that this organisation publishes; size 2,918,500."),
        ],
        leaves: vec![
            leaf(8, "Vouch escalated to Tom Lindqvist", false),
            leaf(2, "Aisha Rahman judged impact and urgency", true),
        ],
        next_href: None,
        checkpoint: s("vouch/larkfield-7\n2918500\nfzqRwCvk1Y7EHQp3nhJju38=\n\n— vouch/larkfield-7 Az3g7…"),
        downloads: vec![
            link("Proof as JSON", "/api/v1/incidents/INC-048211/proof"),
            link("Checkpoint", "/ledger/checkpoint"),
        ],
        commands: s("vouch verify --data DIR"),
    }
}

pub fn pages() -> Vec<Page> {
    vec![page("conflict", &conflict()), page("history", &history()), page("proof", &proof())]
}
