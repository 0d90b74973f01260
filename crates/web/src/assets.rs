//! Style sheet, scripts and icons, inside the binary. Addresses are `/assets/<name>?v=<hash>`, so browsers may keep
//! them for ever; the hash covers all files together, because scripts import each other.

use std::sync::OnceLock;

/// One file as it is sent.
#[derive(Clone, Debug)]
pub struct Asset {
    /// `vouch.css`: the last part of the address.
    pub name: &'static str,
    pub content_type: &'static str,
    pub body: String,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! asset {
    ($path:literal) => {
        include_str!(concat!("../assets/", $path))
    };
}

/// One sheet out of many small files: order does not matter to the cascade, whose layers tokens.css declares.
const SHEET: &str = concat!(
    asset!("css/tokens.css"),
    asset!("css/base.css"),
    asset!("css/parts.css"),
    asset!("css/content.css"),
    asset!("css/list.css"),
    asset!("css/record.css"),
    asset!("css/pages.css"),
    asset!("css/print.css"),
);

const FILES: [(&str, &str, &str); 17] = [
    ("vouch.css", CSS, SHEET),
    ("icons.svg", SVG, asset!("icons.svg")),
    ("favicon.svg", SVG, asset!("favicon.svg")),
    ("main.js", JS, asset!("js/main.js")),
    ("page.js", JS, asset!("js/page.js")),
    ("keys.js", JS, asset!("js/keys.js")),
    ("menus.js", JS, asset!("js/menus.js")),
    ("palette.js", JS, asset!("js/palette.js")),
    ("rows.js", JS, asset!("js/rows.js")),
    ("composer.js", JS, asset!("js/composer.js")),
    ("drafts.js", JS, asset!("js/drafts.js")),
    ("dialogs.js", JS, asset!("js/dialogs.js")),
    ("counts.js", JS, asset!("js/counts.js")),
    ("clocks.js", JS, asset!("js/clocks.js")),
    ("live.js", JS, asset!("js/live.js")),
    ("theme.js", JS, asset!("js/theme.js")),
    ("suggest.js", JS, asset!("js/suggest.js")),
];

/// Scripts that a page always needs, for `modulepreload`: no import waits for the one before.
pub const SCRIPTS: [&str; 13] = [
    "page.js",
    "keys.js",
    "menus.js",
    "palette.js",
    "rows.js",
    "composer.js",
    "drafts.js",
    "dialogs.js",
    "counts.js",
    "clocks.js",
    "live.js",
    "theme.js",
    "suggest.js",
];

/// All files, ready to send. Imports between scripts carry the hash too: the same module under two addresses would
/// run twice.
pub fn all() -> &'static [Asset] {
    static ALL: OnceLock<Vec<Asset>> = OnceLock::new();
    ALL.get_or_init(|| {
        let versioned = |text: &str| text.replace(".js\";", &format!(".js?v={}\";", version()));
        let body = |kind: &str, text: &str| if kind == JS { versioned(text) } else { text.to_owned() };
        FILES
            .iter()
            .map(|&(name, content_type, text)| Asset { name, content_type, body: body(content_type, text) })
            .collect()
    })
}

/// The file of this name; `None` is a 404.
pub fn get(name: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.name == name)
}

/// `/assets/vouch.css?v=0f3a…`.
pub fn url(name: &str) -> String {
    format!("/assets/{name}?v={}", version())
}

/// Changes whenever a file changes. Answer `If-None-Match` and `?v=` with it.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let hash = FILES.iter().fold(FNV_START, |hash, (name, _, text)| fnv(fnv(hash, name), text));
        format!("{hash:016x}")
    })
}

/// FNV-1a: no secret depends on it, it only names a version.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_names_a_file_and_its_version() {
        for asset in all().iter().filter(|asset| asset.content_type == JS) {
            for line in asset.body.lines().filter(|line| line.starts_with("import ")) {
                let from = line.split('"').nth(1).unwrap();
                let (name, version_of_it) = from.trim_start_matches("./").split_once("?v=").unwrap();
                assert!(get(name).is_some(), "{}: {from} does not exist", asset.name);
                assert_eq!(version_of_it, version());
            }
        }
    }

    #[test]
    fn every_script_is_preloaded() {
        let scripts = all().iter().filter(|asset| asset.content_type == JS).map(|asset| asset.name);
        for name in scripts.filter(|name| *name != "main.js") {
            assert!(SCRIPTS.contains(&name), "{name} is not preloaded");
        }
    }

    #[test]
    fn the_sheet_is_whole() {
        let opened = SHEET.matches('{').count();
        assert_eq!(opened, SHEET.matches('}').count());
        assert!(!SHEET.contains("url("), "a sheet that loads nothing cannot be blocked");
    }
}
