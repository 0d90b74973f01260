//! What somebody else does appears in place, and never over what one is writing.

use serde_json::json;

use super::{Outcome, Stage, stories};

stories!(
    what_others_do_appears_and_takes_nothing_away:
    a_list_shows_what_a_colleague_changed,
    a_record_shows_what_a_colleague_did_and_keeps_what_is_being_written,
    a_form_in_which_somebody_types_is_not_exchanged_and_saving_shows_both_sides,
);

/// Marks the page, so that one that was loaded anew is told from one that was not.
const MARK: &str = "window.sameAsBefore = true";
const SAME: &str = "window.sameAsBefore === true";

fn a_list_shows_what_a_colleague_changed(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go("/incidents")?;
    browser.js(MARK, &[])?;
    let change = json!({ "title": "Nightly report has come back" });
    desk.colleague.client.patch(&format!("/api/v1/incidents/{}", desk.overdue), &change).expect(200);
    browser.wait_for_text("Nightly report has come back")?;
    browser.wait(SAME)?;
    let new = json!({ "title": "Something new", "impact": 1, "urgency": 2 });
    desk.colleague.client.post("/api/v1/incidents", &new).expect(201);
    browser.wait_for_text("One more belongs here now")?;
    browser.wait(SAME)?;
    Ok(())
}

fn a_record_shows_what_a_colleague_did_and_keeps_what_is_being_written(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go(&format!("/incidents/{}", desk.next))?;
    browser.js(MARK, &[])?;
    browser.fill("#say", "Half a sentence that")?;
    browser.press("\u{e010}")?;
    let said = json!({ "text": "I have restarted the booking service.", "public": false });
    desk.colleague.client.post(&format!("/api/v1/incidents/{}/comments", desk.next), &said).expect(201);
    browser.wait_for_text("I have restarted the booking service.")?;
    browser.wait_for_text("Ben Okafor")?;
    browser.press(" goes on")?;
    browser.wait("document.querySelector('#say').value === 'Half a sentence that goes on'")?;
    browser.wait(SAME)?;
    Ok(())
}

fn a_form_in_which_somebody_types_is_not_exchanged_and_saving_shows_both_sides(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    browser.go(&format!("/incidents/{}", desk.next))?;
    browser.click("a[data-swap=facts]")?;
    browser.fill("[data-live=facts] form [name=title]", "Booking is broken")?;
    let change = json!({ "title": "Nobody can book" });
    desk.colleague.client.patch(&format!("/api/v1/incidents/{}", desk.next), &change).expect(200);
    browser.wait_for_text("changed this while you write")?;
    browser.wait("document.querySelector('[data-live=facts] form [name=title]').value === 'Booking is broken'")?;
    browser.wait("document.querySelector('h1').innerText.includes('Nobody can book')")?;
    browser.click("[data-live=facts] form button.primary")?;
    browser.wait(
        "document.body.innerText.includes('Nobody can book') && document.body.innerText.includes('Booking is broken')",
    )?;
    let kept = desk.agent.client.get(&format!("/api/v1/incidents/{}", desk.next)).expect(200);
    anyhow::ensure!(kept["title"] == "Nobody can book", "overwritten: {}", kept["title"]);
    Ok(())
}
