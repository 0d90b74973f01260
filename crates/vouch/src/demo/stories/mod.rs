//! What goes wrong at Larkfield's customers, in the words of those who call and of those who help. Invented.
//!
//! In texts `{site}` is the caller's site, `{item}` the configuration item, `{n}` a number, `{team}` a group of people at
//! the customer's.

mod applications;
mod connections;
mod workplace;

use super::dice::Dice;

/// One kind of incident.
pub struct Story {
    pub service: &'static str,
    pub category: &'static str,
    pub subcategory: &'static str,
    pub symptom: &'static str,
    /// Who solves it when the desk does not.
    pub team: &'static str,
    pub items: &'static [&'static str],
    /// How many are usually hurt, and how soon it hurts: 1 the worst.
    pub weight: (i64, i64),
    /// Texts that belong together stand at the same place; a third title goes with the first.
    pub titles: &'static [&'static str],
    pub said: &'static [&'static str],
    /// What colleagues write down for each other.
    pub notes: &'static [&'static str],
    /// What is asked of the caller, and what comes back.
    pub question: &'static str,
    pub answer: &'static str,
    pub solutions: &'static [&'static str],
    pub code: &'static str,
}

/// One telling of a story: the texts at one place.
#[derive(Clone, Copy)]
pub struct Telling {
    pub title: &'static str,
    pub said: &'static str,
    pub note: &'static str,
    pub solution: &'static str,
}

impl Story {
    pub fn tell(&self, dice: &mut Dice) -> Telling {
        let title = dice.below(self.titles.len());
        let text = |of: &[&'static str], place: usize| of.get(place).copied().unwrap_or_default();
        let place = title % 2;
        Telling {
            title: text(self.titles, title),
            said: text(self.said, place),
            note: text(self.notes, place),
            solution: text(self.solutions, place),
        }
    }
}

/// All stories, in a fixed order.
pub fn all() -> Vec<&'static Story> {
    workplace::STORIES.iter().chain(&connections::STORIES).chain(&applications::STORIES).collect()
}

/// What stands in place of the braces, the same throughout one incident.
pub struct Filling {
    pub site: &'static str,
    pub item: &'static str,
    pub number: i64,
    pub team: &'static str,
}

const TEAMS: &[&str] = &[
    "the claims team",
    "accounts",
    "the front desk",
    "purchasing",
    "the planning office",
    "human resources",
    "the night shift",
    "the records office",
];

impl Filling {
    pub fn throw(dice: &mut Dice, site: &'static str, item: &'static str) -> Self {
        Self { site, item, number: dice.between(3, 48), team: dice.text(TEAMS) }
    }

    /// The text with its braces filled; its first letter is a capital one.
    pub fn fill(&self, text: &str) -> String {
        let filled = text
            .replace("{site}", self.site)
            .replace("{item}", if self.item.is_empty() { "the device" } else { self.item })
            .replace("{n}", &self.number.to_string())
            .replace("{team}", self.team);
        let mut letters = filled.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    }
}
