//! Without script everything that matters still works: pages are links and forms.

use super::{Outcome, Stage};
use engine::identity;

#[test]
fn an_incident_lives_without_any_script() -> Outcome {
    let Some(Stage { browser, desk }) = Stage::open()? else { return Ok(()) };
    browser.leave()?;
    browser.scripts(false)?;
    let link = identity::once_link(&desk.app.engine, desk.agent.id)?;
    browser.go(&format!("/signin/once/{}", link.reveal()))?;
    anyhow::ensure!(browser.holds("matchMedia('(scripting: none)').matches")?, "scripts still run");
    browser.click_text("Sign in once")?;
    browser.fill("#password", "four words nobody joins")?;
    browser.click("button.primary")?;
    browser.wait_for_path("/my-work")?;

    browser.go("/incidents/new")?;
    browser.fill("[name=title]", "Made without script")?;
    browser.click("main form button.primary")?;
    browser.wait("document.querySelector('h1').textContent.includes('Made without script')")?;
    let record = browser.js("return location.pathname", &[])?.as_str().unwrap_or_default().to_owned();

    browser.click("a[data-swap=facts]")?;
    browser.fill("[data-live=facts] [name=title]", "Changed without script")?;
    browser.click("[data-live=facts] form button.primary")?;
    browser.wait_for_path(&record)?;
    browser.wait("document.querySelector('h1').textContent.includes('Changed without script')")?;

    browser.fill("#say", "Said without script")?;
    browser.click("form.composer button.primary")?;
    browser.wait("[...document.querySelectorAll('article.note')].some((note) => note.textContent.includes('Said without script'))")?;

    browser.click_text("Start work")?;
    browser.wait("location.pathname.endsWith('/start')")?;
    browser.click("main form button.primary")?;
    browser.wait_for_path(&record)?;
    browser.wait("document.querySelector('[aria-current=step]').textContent.includes('In progress')")?;

    browser.go("/incidents?view=all")?;
    browser.wait_for_text("Changed without script")?;
    browser.fill("#q", record.rsplit('/').next().unwrap_or_default())?;
    browser.press_key(thirtyfour::Key::Enter)?;
    browser.wait_for_path(&record)
}
