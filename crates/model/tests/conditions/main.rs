//! Conditions: the language, and that memory, SQLite and PostgreSQL agree on it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops here")]

mod analyses;
mod checks;
mod database;
mod fixtures;
mod generator;
mod language;
mod model;
mod property;
mod world;

/// A small deterministic generator (splitmix64): the same seed gives the same records and expressions everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.bits() % u64::try_from(n).unwrap()).unwrap()
    }

    pub fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(i64::try_from(from.len()).unwrap())).unwrap()]
    }
}
