//! Every page can be used by everybody: nothing that axe-core finds, nothing wider than a phone, nothing on the console.

use testkit::{Actor, Desk};

use super::axe::{Axe, nothing_is_wrong};
use super::browser::Browser;
use super::{Outcome, Stage};

struct Round<'a> {
    desk: &'a Desk,
    browser: &'a Browser,
    axe: &'a Axe,
    wrong: Vec<String>,
}

impl Round<'_> {
    fn as_(&self, actor: &Actor) -> Outcome {
        self.browser.enter(&self.desk.app, actor)
    }

    /// Looks at the page of an address, which must be the one that has this in its heading.
    fn page(&mut self, path: &str, heading: &str) -> Outcome {
        self.browser.go(path)?;
        self.here(path, heading)
    }

    fn here(&mut self, name: &str, heading: &str) -> Outcome {
        let said = self.browser.js("return document.querySelector('h1')?.textContent ?? ''", &[])?;
        let said = said.as_str().unwrap_or_default();
        if !said.contains(heading) {
            self.wrong.push(format!("{name}: the heading is “{said}”, expected “{heading}”"));
        }
        self.wrong.extend(self.axe.look(self.browser, name)?);
        Ok(())
    }
}

fn round(look: impl Fn(&mut Round) -> Outcome) -> Outcome {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(Stage { browser, desk }) = Stage::open()? else { return Ok(()) };
    let mut round = Round { desk: &desk, browser: &browser, axe: &axe, wrong: Vec::new() };
    look(&mut round)?;
    nothing_is_wrong(&round.wrong)
}

#[test]
fn pages_of_work_can_be_used_by_everybody() -> Outcome {
    round(|round| {
        let desk = round.desk;
        let incident = format!("/incidents/{}", desk.next);
        round.page("/signin", "Sign in")?;
        round.as_(&desk.agent)?;
        round.page("/my-work", "Ana")?;
        round.page("/incidents", "Incidents")?;
        round.page("/incidents?filter=colour%20%3D%3D%203", "Incidents")?;
        round.page(&incident, "Appointments")?;
        round.page(&format!("/incidents/{}", desk.closed), "Mail to two surgeries")?;
        round.page(&format!("{incident}?at=2026-03-04T07:00&known=then"), "Appointments")?;
        round.page(&format!("{incident}?edit=1"), "Appointments")?;
        round.page("/incidents/new", "incident")?;
        round.browser.click("main form button.primary")?;
        round.browser.wait("document.querySelector('.error-summary') !== null")?;
        round.here("form with errors", "incident")?;
        round.page(&format!("{incident}/resolve"), "Resolve")?;
        round.page(&format!("{incident}/cancel"), "Cancel")?;
        round.page(&format!("{incident}/escalations"), "Escalations")?;
        round.page(&format!("{incident}/history"), "entries since")?;
        round.page(&format!("{incident}/proof"), "")?;
        round.page("/search", "Search")?;
        round.page("/search?q=scanner", "scanner")?;
        round.page("/search?q=scaner", "scaner")?;
        round.page("/search?q=nothing-is-called-this", "nothing-is-called-this")?;
        Ok(())
    })
}

#[test]
fn pages_about_the_organisation_can_be_used_by_everybody() -> Outcome {
    round(|round| {
        let desk = round.desk;
        round.as_(&desk.manager)?;
        round.page("/conformity", "")?;
        round.page("/conformity/8.6.1", "")?;
        round.page("/requirements", "requirements")?;
        round.page("/requirements/8.6.1-b", "")?;
        round.page("/requirements/8.6.1-c", "")?;
        round.page("/settings", "decided")?;
        round.page("/settings/incident.priority_rule", "")?;
        round.page("/settings/incident.closure_wait", "")?;
        round.page("/ledger", "")?;
        for (path, heading) in [
            ("/services", "Services"),
            ("/services/SVC-000001", "Practice workplace"),
            ("/people", "People"),
            ("/customers", "Customers"),
            ("/clocks", "Clocks"),
            ("/improvements", "Improvement"),
        ] {
            round.page(path, heading)?;
        }
        round.page("/incidents/INC-999999", "")?;
        round.as_(&desk.agent)?;
        round.page("/services/new", "")?;
        round.as_(&desk.caller)?;
        round.page("/my-work", "Karin")?;
        round.page("/incidents", "Incidents")?;
        round.page(&format!("/incidents/{}", desk.next), "Appointments")?;
        round.page("/incidents/new", "incident")?;
        Ok(())
    })
}

#[test]
fn what_opens_over_a_page_can_be_used_by_everybody() -> Outcome {
    round(|round| {
        let desk = round.desk;
        round.as_(&desk.agent)?;
        let browser = round.browser;
        browser.go("/incidents")?;
        browser.press_with_control('k')?;
        browser.fill("#palette input", "appoint")?;
        browser.wait("document.querySelector('#palette-list')?.innerText.includes('Appointments')")?;
        round.here("palette", "Incidents")?;
        browser.press_key(thirtyfour::Key::Escape)?;
        browser.press("?")?;
        browser.wait("document.querySelector('#shortcuts').open")?;
        round.here("shortcuts", "Incidents")?;
        browser.go(&format!("/incidents/{}", desk.next))?;
        browser.click_text("Resolve")?;
        browser.wait("document.querySelector('#sheet').open")?;
        round.here("move in a dialog", "Appointments")
    })
}

/// A look that finds nothing must have looked.
#[test]
fn what_is_wrong_is_found() -> Outcome {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(Stage { browser, desk: _desk }) = Stage::open()? else { return Ok(()) };
    browser.go("/signin")?;
    let spoil = "
        const wide = document.createElement('input');
        wide.style.width = '2000px';
        const pale = document.createElement('p');
        pale.textContent = 'Hardly to be read';
        pale.style.color = 'Canvas';
        document.querySelector('main').append(wide, pale);
        console.error('a complaint');";
    browser.js(spoil, &[])?;
    let wrong = axe.look(&browser, "spoilt")?.join("\n");
    for expected in ["1440 light: label:", "390 dark: color-contrast:", "390: wider than the screen", "console: "] {
        anyhow::ensure!(wrong.contains(expected), "not found: {expected}\n{wrong}");
    }
    Ok(())
}

/// The theme is chosen without a page being loaded, and stays.
#[test]
fn colours_are_chosen_at_once_and_kept() -> Outcome {
    let Some(Stage { browser, desk }) = Stage::open()? else { return Ok(()) };
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/my-work")?;
    browser.click("summary.user-button")?;
    browser.click("button[name=theme][value=dark]")?;
    browser.wait("document.documentElement.dataset.theme === 'dark'")?;
    browser.go("/incidents")?;
    browser.wait("document.documentElement.dataset.theme === 'dark'")?;
    browser.wait("getComputedStyle(document.documentElement).colorScheme.includes('dark')")?;
    Ok(())
}
