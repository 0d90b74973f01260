//! Somebody at work whose interactions are counted: a click, a chord of keys, a field filled; sending is one too.

use anyhow::ensure;

use super::Outcome;
use super::browser::Browser;

pub struct Hand<'a> {
    browser: &'a Browser,
    done: Vec<String>,
}

impl<'a> Hand<'a> {
    /// On the page where everybody begins.
    pub fn at_start(browser: &'a Browser) -> anyhow::Result<Self> {
        browser.go("/my-work")?;
        Ok(Self { browser, done: Vec::new() })
    }

    pub fn click(&mut self, selector: &str) -> Outcome {
        self.done.push(format!("click {selector}"));
        self.browser.click(selector)
    }

    /// A key, or keys that belong together: `g r`.
    pub fn chord(&mut self, keys: &str) -> Outcome {
        self.done.push(format!("press {keys}"));
        self.browser.press(&keys.replace(' ', ""))
    }

    pub fn control(&mut self, key: char) -> Outcome {
        self.done.push(format!("press Ctrl {key}"));
        self.browser.press_with_control(key)
    }

    pub fn fill(&mut self, selector: &str, text: &str) -> Outcome {
        self.done.push(format!("fill {selector}"));
        self.browser.fill(selector, text)
    }

    /// Enter in a field of one line.
    pub fn enter(&mut self) -> Outcome {
        self.done.push("press Enter".to_owned());
        self.browser.press_key(thirtyfour::Key::Enter)
    }

    /// What was to be reached is reached: it took no more than three.
    pub fn needed_at_most_three(self) -> Outcome {
        ensure!(self.done.len() <= 3, "{} interactions: {}", self.done.len(), self.done.join(", "));
        Ok(())
    }
}
