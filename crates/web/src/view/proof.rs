//! A record's proof, in plain words first and in hashes after.

use askama::Template;

use super::{
    filters,
    parts::{Link, Mark, Status},
    record::Subject,
    shell::Shell,
};

/// `/incidents/INC-000042/proof`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/proof.html")]
pub struct ProofPage {
    pub shell: Shell,
    pub subject: Subject,
    /// Ok: all verified and covered. Half: the last leaves are not signed yet. Bad: something differs.
    pub status: Option<Status>,
    /// `All 8 changes are in the ledger, unaltered.`
    pub verdict: String,
    /// What it means and what it does not: two or three sentences.
    pub meaning: String,
    /// The steps of the verification, each with its result.
    pub steps: Vec<ProofStep>,
    pub leaves: Vec<Leaf>,
    pub next_href: Option<String>,
    /// The signed note that covers them, as text.
    pub checkpoint: String,
    pub downloads: Vec<Link>,
    /// Commands by which anybody repeats it.
    pub commands: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStep {
    pub mark: Mark,
    pub label: String,
    pub text: String,
    /// The mark in a word.
    pub said: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// `2,918,446`.
    pub index: String,
    pub version: u64,
    /// `Mira Okafor changed priority`.
    pub what: String,
    /// `24 November 2026, 10:22:07`.
    pub when: String,
    /// `checkpoint of 24 November 2026, 10:23 (size 2,918,500)`; empty: not covered yet.
    pub covered_by: String,
    pub mark: Mark,
    pub said: String,
    pub leaf_hash: String,
    /// Fields that this reader may open: label, value.
    pub openings: Vec<(String, String)>,
    /// How many commitments stay closed to this reader.
    pub closed: usize,
    /// Hashes up to the root.
    pub path: Vec<String>,
}
