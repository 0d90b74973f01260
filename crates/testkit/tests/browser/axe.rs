//! axe-core over a page: injected by the test, so that the product carries nothing of it.

use anyhow::{Context as _, ensure};
use serde_json::{Value as Json, json};

use super::Outcome;
use super::browser::{Browser, tool};

const RUN: &str = "
    const [only, done] = arguments;
    const options = { resultTypes: ['violations'], ...(only ? { runOnly: { type: 'rule', values: only } } : {}) };
    axe.run(document, options).then(
        (found) => done(found.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | '))),
        (error) => done([String(error)]),
    );";

/// A phone's page that must be pushed sideways: what is wider, by name.
const WIDER: &str = "
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1);
    return wide.slice(0, 4).map((e) => e.tagName + '.' + e.className);";

pub struct Axe(String);

impl Axe {
    pub fn load() -> anyhow::Result<Option<Self>> {
        let Some(file) = tool("VOUCH_AXE")? else { return Ok(None) };
        Ok(Some(Self(std::fs::read_to_string(&file).with_context(|| file.display().to_string())?)))
    }

    /// Everything that is wrong with the page that is open, on a desk and on a phone, by day and by night.
    pub fn look(&self, browser: &Browser, name: &str) -> anyhow::Result<Vec<String>> {
        browser.js(&self.0, &[])?;
        let mut wrong = Vec::new();
        for (width, height) in [(1440, 900), (390, 844)] {
            browser.size(width, height)?;
            // Structure does not depend on colours: by night only these are looked at again.
            for (scheme, only) in [("light", Json::Null), ("dark", json!(["color-contrast", "link-in-text-block"]))] {
                browser.colours(scheme)?;
                let found = browser.js_later(RUN, &[only])?;
                let found = found.as_array().context("axe gave no list")?;
                wrong.extend(
                    found.iter().map(|violation| {
                        format!("{name} {width} {scheme}: {}", violation.as_str().unwrap_or_default())
                    }),
                );
            }
            if width < 1000 {
                let wider = browser.js(WIDER, &[])?;
                let wider = wider.as_array().context("no list of wide elements")?;
                if !wider.is_empty() {
                    wrong.push(format!("{name} {width}: wider than the screen: {}", json!(wider)));
                }
            }
        }
        browser.size(1440, 900)?;
        browser.colours("light")?;
        wrong.extend(browser.complaints()?.into_iter().map(|said| format!("{name} console: {said}")));
        Ok(wrong)
    }
}

pub fn nothing_is_wrong(wrong: &[String]) -> Outcome {
    ensure!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
