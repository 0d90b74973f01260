//! Chance that repeats itself: SplitMix64, so that a seed makes the same organisation on every machine and in every
//! version of every library. Never for secrets.

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to and without `limit`; 0 where there is nothing to choose from.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// From `least` up to and with `most`.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = usize::try_from(most.saturating_sub(least)).unwrap_or(0);
        least + i64::try_from(self.below(width + 1)).unwrap_or(0)
    }

    /// True in so many of a thousand throws.
    pub fn per_mille(&mut self, share: usize) -> bool {
        self.below(1000) < share
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = self.below(from.len());
        from.get(index).copied()
    }

    /// One of several texts; empty where there are none.
    pub fn text(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).unwrap_or_default()
    }

    /// The index of a weight, each as likely as it is heavy.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return index,
            }
        }
        0
    }
}
