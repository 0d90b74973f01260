//! Pictures of the main pages, for people who read about the product: only with `VOUCH_SHOTS=DIR`.

use std::path::PathBuf;

use super::{Outcome, Stage};

#[test]
fn pictures_are_taken_where_somebody_wants_them() -> Outcome {
    let Some(folder) = std::env::var_os("VOUCH_SHOTS").map(PathBuf::from) else { return Ok(()) };
    std::fs::create_dir_all(&folder)?;
    let Some(Stage { browser, desk }) = Stage::open()? else { return Ok(()) };
    browser.enter(&desk.app, &desk.manager)?;
    let shot = |path: &str, name: &str| -> Outcome {
        browser.go(path)?;
        browser.wait("document.fonts.status === 'loaded' && ![...document.querySelectorAll('[data-count]')].some((n) => n.textContent === '')")?;
        browser.screenshot(&folder.join(format!("{name}.png")))
    };
    browser.colours("light")?;
    shot("/incidents", "queue")?;
    shot("/conformity", "conformity")?;
    shot("/requirements/8.6.1-b", "requirement")?;
    let record = format!("/incidents/{}", desk.next);
    browser.enter(&desk.app, &desk.agent)?;
    shot("/my-work", "my-work")?;
    shot(&record, "record")?;
    browser.colours("dark")?;
    shot(&record, "record-dark")?;
    browser.colours("light")?;
    browser.size(390, 844)?;
    shot("/incidents", "queue-phone")
}
