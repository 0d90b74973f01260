//! Addresses as the state of a page: read as pairs, written again with one of them changed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What may stand unescaped in a query of ours; the rest is escaped, `+` among it, which forms read as a blank.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b',');

/// Pairs of one query that are looked at.
const PAIRS_MAX: usize = 200;

/// A path of ours with its query, in order. Names may stand several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub path: String,
    pairs: Vec<(String, String)>,
}

impl Address {
    pub fn new(path: impl Into<String>, query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).take(PAIRS_MAX);
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self { path: path.into(), pairs: pairs.collect() }
    }

    /// The first value of this name that is not blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// With this name's values replaced by one, or dropped. A change of anything but the cursor begins at the first page.
    pub fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut next = self.without(&[name, "cursor"]);
        if let Some(value) = value {
            next.pairs.push((name.to_owned(), value.to_owned()));
        }
        next
    }

    pub fn without(&self, names: &[&str]) -> Self {
        let pairs = self.pairs.iter().filter(|(key, _)| !names.contains(&key.as_str())).cloned().collect();
        Self { path: self.path.clone(), pairs }
    }

    /// At another path, with the same query.
    pub fn at(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), pairs: self.pairs.clone() }
    }

    /// The pairs but those of these names, for the hidden fields of a form.
    pub fn hidden(&self, without: &[&str]) -> Vec<(String, String)> {
        self.without(without).pairs
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)?;
        for (index, (name, value)) in self.pairs.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            write!(f, "{mark}{}={}", escaped(name), escaped(value))?;
        }
        Ok(())
    }
}

pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

pub fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A path on this server, else nothing: `next` must never lead anywhere else.
pub fn local(path: &str) -> Option<&str> {
    let plain = path.chars().all(|c| !c.is_control() && c != '\\') && path.len() <= 2_048;
    (plain && path.starts_with('/') && !path.starts_with("//")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::{Address, local};

    #[test]
    fn a_query_is_written_as_it_was_read() {
        let address = Address::new("/incidents", Some("view=queue&filter=a+%26%26+b%20%3D%3D+%22x%22&cursor=abc"));
        assert_eq!(address.get("filter"), Some("a && b == \"x\""));
        let next = address.with("view", Some("mine"));
        assert_eq!(next.to_string(), "/incidents?filter=a%20%26%26%20b%20%3D%3D%20%22x%22&view=mine");
        assert_eq!(address.with("filter", None).to_string(), "/incidents?view=queue");
    }

    #[test]
    fn only_paths_of_ours_are_followed() {
        assert_eq!(local("/incidents?view=mine"), Some("/incidents?view=mine"));
        for hostile in
            ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/a\nb", "javascript:x"]
        {
            assert_eq!(local(hostile), None, "{hostile}");
        }
    }
}
