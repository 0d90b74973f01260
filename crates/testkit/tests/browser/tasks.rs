//! What people come for, each from the start page in at most three interactions.

use serde_json::Value as Json;

use super::hand::Hand;
use super::{Outcome, Stage, stories};

stories!(
    every_task_takes_at_most_three_interactions:
    the_ticket_that_breaches_next_is_opened,
    the_records_that_fail_a_requirement_are_seen_by_name,
    a_record_is_shown_as_on_a_given_day,
    a_caller_is_answered_in_public,
    a_judgement_is_recorded,
);

fn the_ticket_that_breaches_next_is_opened(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    let mut hand = Hand::at_start(browser)?;
    hand.click("[data-rows] a.title")?;
    browser.wait_for_path(&format!("/incidents/{}", desk.next))?;
    browser.wait_for_text("Appointments cannot be booked")?;
    hand.needed_at_most_three()
}

fn the_records_that_fail_a_requirement_are_seen_by_name(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.manager)?;
    let mut hand = Hand::at_start(browser)?;
    hand.chord("g r")?;
    hand.click("a[href^='/requirements/8.6.1-b']")?;
    browser.wait_for_path("/requirements/8.6.1-b")?;
    for number in &desk.unrated {
        browser.wait(&format!("document.querySelector('table.exceptions tr[data-number=\"{number}\"] a.title')"))?;
    }
    browser.wait_for_text("Invoice layout differs from the sample")?;
    hand.needed_at_most_three()
}

fn a_record_is_shown_as_on_a_given_day(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    let mut hand = Hand::at_start(browser)?;
    hand.control('k')?;
    hand.fill("#palette input", &format!("{} 2026-03-03", desk.closed))?;
    browser.wait(
        "document.querySelector('#palette-list [role=option][aria-selected=true]')?.innerText.includes('3 March 2026')",
    )?;
    hand.enter()?;
    browser.wait_for_path(&format!("/incidents/{}", desk.closed))?;
    browser.wait_for_text("As at 3 March 2026")?;
    hand.needed_at_most_three()
}

fn a_caller_is_answered_in_public(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.agent)?;
    let mut hand = Hand::at_start(browser)?;
    hand.click("[data-rows] .do a.btn")?;
    browser.wait_for_path(&format!("/incidents/{}", desk.next))?;
    hand.fill("#say", "Booking works again. Please try once more.")?;
    hand.click("form.composer button.primary")?;
    browser.wait_for_text("Booking works again")?;
    hand.needed_at_most_three()?;
    let comments = desk.caller.client.get(&format!("/api/v1/incidents/{}/comments", desk.next)).text();
    anyhow::ensure!(comments.contains("Booking works again"), "the caller cannot read it: {comments}");
    Ok(())
}

fn a_judgement_is_recorded(stage: &Stage) -> Outcome {
    let Stage { browser, desk } = stage;
    browser.enter(&desk.app, &desk.auditor)?;
    let mut hand = Hand::at_start(browser)?;
    hand.click("a[href^='/requirements/'][href$='#judge']")?;
    browser.wait("location.hash === '#judge' && document.querySelector('#judge textarea[name=reason]')")?;
    let requirement = browser.js("return location.pathname.split('/').pop()", &[])?;
    hand.fill("#judge textarea[name=reason]", "Looked at five incidents with Ben: each was handed on in time.")?;
    hand.click("#judge button[name=grade][value=conforming]")?;
    browser.wait_for_text("Looked at five incidents with Ben")?;
    hand.needed_at_most_three()?;
    let kept = desk.auditor.client.get("/api/v1/assessments").expect(200);
    let kept = kept["items"].as_array().and_then(|items| items.first()).cloned().unwrap_or(Json::Null);
    anyhow::ensure!(kept["requirement"] == requirement && kept["grade"] == "conforming", "kept: {kept}");
    Ok(())
}
