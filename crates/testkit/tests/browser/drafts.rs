//! What somebody has begun to write is there again after a reload, and gone once it was sent.

use super::{Outcome, Stage, stories};

stories!(
    what_was_begun_is_not_lost:
    a_comment_begun_survives_a_reload_for_each_reader,
    a_form_begun_survives_a_reload_and_signing_out_forgets_it,
);

fn a_comment_begun_survives_a_reload_for_each_reader(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go(&format!("/incidents/{}", desk.next))?;
    browser.fill("#say", "For colleagues only")?;
    browser.wait_for_text("Draft kept")?;
    browser.click("label:has(> input[name=public][value=true])")?;
    browser.wait("document.querySelector('#say').value === ''")?;
    browser.fill("#say", "For the caller")?;
    browser.wait_for_text("Draft kept")?;
    browser.reload()?;
    browser.wait("document.querySelector('#say').value === 'For colleagues only'")?;
    browser.click("label:has(> input[name=public][value=true])")?;
    browser.wait("document.querySelector('#say').value === 'For the caller'")?;
    browser.click("form.composer button.primary")?;
    browser.wait("[...document.querySelectorAll('article.note.public')].some((note) => note.innerText.includes('For the caller'))")?;
    browser.click("label:has(> input[name=public][value=true])")?;
    browser.wait("document.querySelector('#say').value === ''")?;
    Ok(())
}

fn a_form_begun_survives_a_reload_and_signing_out_forgets_it(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/incidents/new")?;
    browser.fill("main form [name=title]", "Half an incident")?;
    browser.wait("Object.keys(localStorage).some((key) => key.startsWith('vouch:draft:') && localStorage[key].includes('Half an incident'))")?;
    browser.reload()?;
    browser.wait("document.querySelector('main form [name=title]').value === 'Half an incident'")?;
    browser.wait_for_text("is back")?;
    browser.click("summary.user-button")?;
    browser.click("[data-signout] button")?;
    browser.wait_for_path("/signin")?;
    browser.wait("!Object.keys(localStorage).some((key) => key.startsWith('vouch:draft:'))")?;
    Ok(())
}
