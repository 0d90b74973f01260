//! Work goes on without a mouse, and no key acts while somebody types.

use thirtyfour::Key;

use super::{Outcome, Stage, stories};

stories!(
    work_goes_on_without_a_mouse:
    lists_are_walked_by_keys,
    keys_lead_anywhere,
    a_record_is_worked_on_by_keys,
    control_k_finds_and_opens,
    search_is_asked_and_walked,
    single_keys_can_be_switched_off,
);

const CURSOR: &str =
    "[...document.querySelectorAll('[data-rows] [data-number]')].findIndex((row) => row.hasAttribute('data-cursor'))";

fn lists_are_walked_by_keys(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/incidents")?;
    browser.press("jj")?;
    browser.wait(&format!("{CURSOR} === 1"))?;
    browser.press("k")?;
    browser.wait(&format!("{CURSOR} === 0"))?;
    browser.wait("document.activeElement.matches('[data-cursor] a.title')")?;
    browser.press("x")?;
    browser.wait("document.querySelectorAll('input[name=pick]:checked').length === 1")?;
    browser.wait("document.querySelector('[data-picked]').textContent === '1'")?;
    browser.press("jx")?;
    browser.wait("document.querySelector('[data-picked]').textContent === '2'")?;
    browser.press_key(Key::Escape)?;
    browser.wait("document.querySelectorAll('input[name=pick]:checked').length === 0")?;
    browser.press("f")?;
    browser.wait("document.activeElement.id === 'filter'")?;
    browser.press("jk")?;
    browser.wait("document.querySelector('#filter').value === 'jk'")?;
    browser.wait(&format!("{CURSOR} === 1"))?;
    browser.js("document.activeElement.blur()", &[])?;
    let number = browser.js("return document.querySelector('[data-cursor]').dataset.number", &[])?;
    browser.press("o")?;
    browser.wait_for_path(&format!("/incidents/{}", number.as_str().unwrap_or_default()))?;
    Ok(())
}

fn keys_lead_anywhere(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/my-work")?;
    browser.press("/")?;
    browser.wait("document.activeElement.id === 'q'")?;
    browser.press("gi?c")?;
    browser.wait("document.querySelector('#q').value === 'gi?c'")?;
    browser.js("document.activeElement.value = ''; document.activeElement.blur()", &[])?;
    browser.press("?")?;
    browser.wait("document.querySelector('#shortcuts').open")?;
    browser.press_key(Key::Escape)?;
    browser.wait("!document.querySelector('#shortcuts').open")?;
    browser.press("gi")?;
    browser.wait_for_path("/incidents")?;
    browser.press("c")?;
    browser.wait("location.pathname === '/incidents/new' || document.activeElement.matches('details[open] ul a')")?;
    Ok(())
}

fn a_record_is_worked_on_by_keys(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go(&format!("/incidents/{}", desk.next))?;
    browser.press("r")?;
    browser.wait(
        "document.activeElement.id === 'say' && document.querySelector('input[name=public][value=true]').checked",
    )?;
    browser.press("Typed without a mouse")?;
    browser.press_with_control('\u{e007}')?;
    browser.wait_for_text("Typed without a mouse")?;
    browser.wait("[...document.querySelectorAll('article.note.public')].some((note) => note.innerText.includes('Typed without a mouse'))")?;
    browser.js("document.activeElement.blur()", &[])?;
    browser.press("e")?;
    browser.wait(
        "document.querySelector('[data-live=facts] form') && document.activeElement.closest('[data-live=facts] form')",
    )?;
    Ok(())
}

fn control_k_finds_and_opens(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/my-work")?;
    browser.press_with_control('k')?;
    browser.wait("document.querySelector('#palette').open && document.activeElement.matches('#palette input')")?;
    browser.press("nightly")?;
    browser
        .wait("document.querySelector('#palette-list [aria-selected=true]')?.innerText.includes('Nightly report')")?;
    browser.press_key(Key::Enter)?;
    browser.wait_for_path(&format!("/incidents/{}", desk.overdue))
}

fn search_is_asked_and_walked(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/my-work")?;
    browser.press("/")?;
    browser.wait("document.activeElement.matches('#q')")?;
    browser.press("nightly ocupancy")?;
    browser.press_key(Key::Enter)?;
    browser.wait_for_path("/search")?;
    browser.wait("document.querySelector('main').innerText.includes('occupancy for “ocupancy”')")?;
    browser.press("j")?;
    browser.wait("document.activeElement.matches('.hits a.title')")?;
    browser.press("o")?;
    browser.wait_for_path(&format!("/incidents/{}", desk.overdue))
}

fn single_keys_can_be_switched_off(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/people")?;
    browser.press("?")?;
    browser.click("[data-keys-on]")?;
    browser.press_key(Key::Escape)?;
    browser.wait("!document.querySelector('#shortcuts').open")?;
    browser.press("jj/?")?;
    browser.press_with_control('k')?;
    browser.wait("document.querySelector('#palette').open")?;
    browser.wait(&format!("{CURSOR} === -1 && !document.querySelector('#shortcuts').open"))?;
    Ok(())
}
