//! Every template with every example: it renders, it holds to the rules that the content policy and accessibility ask
//! for, and, with `VOUCH_PAGES=DIR`, it is written to a folder to be looked at.

mod account;
mod common;
mod conformity;
mod forms;
mod lists;
mod places;
mod proofs;
mod records;
mod requirement;

use std::collections::BTreeMap;

/// Name of the file and its markup.
type Page = (&'static str, String);

fn pages() -> Vec<Page> {
    [
        account::pages(),
        lists::pages(),
        records::pages(),
        forms::pages(),
        proofs::pages(),
        conformity::pages(),
        requirement::pages(),
        places::pages(),
    ]
    .concat()
}

/// Every tag of a page, as it stands between `<` and `>`.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|part| part.split_once('>').map(|(tag, _)| tag)).collect()
}

/// Attribute names and values of a tag, values without quotes.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut rest = tag.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    let mut found = Vec::new();
    while let Some(start) = rest.find(|c: char| !c.is_whitespace() && c != '/') {
        rest = &rest[start..];
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let close = quoted.find('"').unwrap_or(quoted.len());
            value = &quoted[..close];
            rest = quoted.get(close + 1..).unwrap_or("");
        } else if let Some(quoted) = rest.strip_prefix("='") {
            let close = quoted.find('\'').unwrap_or(quoted.len());
            value = &quoted[..close];
            rest = quoted.get(close + 1..).unwrap_or("");
        }
        found.push((name, value));
    }
    found
}

fn value<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    attributes(tag).into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[test]
fn nothing_breaks_a_strict_content_policy() {
    for (name, html) in pages() {
        assert!(!html.contains("javascript:"), "{name}");
        assert!(!tags(&html).iter().any(|tag| tag.starts_with("style")), "{name}: a style element");
        for tag in tags(&html) {
            for (attribute, value) in attributes(tag) {
                assert!(attribute != "style", "{name}: <{tag}>");
                assert!(!attribute.starts_with("on"), "{name}: <{tag}>");
                assert!(!value.starts_with("http://"), "{name}: <{tag}>");
            }
            if tag.starts_with("script") {
                assert!(value(tag, "src").is_some_and(|src| src.starts_with("/assets/")), "{name}: <{tag}>");
            }
        }
    }
}

#[test]
fn every_form_that_posts_carries_the_csrf_token_and_no_other_does() {
    for (name, html) in pages() {
        for form in html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let posts = form.split_once('>').is_some_and(|(tag, _)| tag.contains("method=\"post\""));
            let csrf = form.matches("name=\"csrf\"").count();
            assert_eq!(csrf, usize::from(posts), "{name}: {}", form.lines().next().unwrap_or_default());
            assert!(!posts || form.contains(&format!("name=\"csrf\" value=\"{}\"", common::CSRF)), "{name}");
        }
    }
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for (name, html) in pages().into_iter().filter(|(_, html)| html.contains("<html")) {
        let mut ids: BTreeMap<&str, u32> = BTreeMap::new();
        for id in tags(&html).iter().filter_map(|tag| value(tag, "id")) {
            *ids.entry(id).or_default() += 1;
        }
        for (id, count) in &ids {
            assert_eq!(*count, 1, "{name}: id {id} stands {count} times");
        }
        let by_id = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "popovertarget"];
        for tag in tags(&html) {
            for (attribute, value) in attributes(tag).into_iter().filter(|(found, _)| by_id.contains(found)) {
                for id in value.split_whitespace() {
                    assert!(ids.contains_key(id), "{name}: {attribute}={id} in <{tag}>");
                }
            }
            if let Some(id) = value(tag, "href").and_then(|href| href.strip_prefix('#')) {
                assert!(ids.contains_key(id), "{name}: #{id}");
            }
        }
    }
}

#[test]
fn every_input_is_named_for_those_who_listen() {
    for (name, html) in pages() {
        for tag in tags(&html)
            .iter()
            .filter(|tag| ["input ", "select ", "textarea "].iter().any(|start| tag.starts_with(start)))
        {
            if value(tag, "type").is_some_and(|kind| kind == "hidden") || tag.contains(" hidden") {
                continue;
            }
            let labelled = value(tag, "id").is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
            let wrapped = html.split(tag).next().is_some_and(|before| {
                before.rfind("<label").is_some_and(|open| before.rfind("</label>").is_none_or(|close| close < open))
            });
            assert!(labelled || wrapped || value(tag, "aria-label").is_some(), "{name}: <{tag}>");
        }
    }
}

#[test]
fn every_icon_exists_in_the_sprite() {
    let sprite = &web::assets::get("icons.svg").unwrap().body;
    for (name, html) in pages() {
        for href in tags(&html).iter().filter(|tag| tag.starts_with("use")).filter_map(|tag| value(tag, "href")) {
            let icon = href.rsplit('#').next().unwrap();
            assert!(sprite.contains(&format!("id=\"{icon}\"")), "{name}: no icon {icon}");
        }
    }
}

#[test]
fn a_page_of_the_past_offers_nothing_that_writes() {
    for (name, html) in pages().into_iter().filter(|(name, _)| name.contains("past")) {
        let main = html.split("<main").nth(1).unwrap();
        let main = main.split("</main>").next().unwrap();
        assert!(!main.contains("method=\"post\""), "{name}");
        assert!(main.contains("class=\"as-at\""), "{name}");
    }
}

#[test]
fn text_of_people_is_escaped() {
    for (name, html) in pages() {
        assert!(!html.contains("<b>bold"), "{name}");
        assert!(!html.contains("&amp;lt;"), "{name}: escaped twice");
    }
}

/// To look at: `VOUCH_PAGES=DIR cargo test -p web --test pages`.
#[test]
fn pages_are_written_where_asked() {
    let Ok(folder) = std::env::var("VOUCH_PAGES") else { return };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for asset in web::assets::all() {
        std::fs::write(folder.join("assets").join(asset.name), &asset.body).unwrap();
    }
    for (name, html) in pages() {
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}
