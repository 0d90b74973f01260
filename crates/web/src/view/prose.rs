//! Text that people wrote, as markup: a small part of Markdown, everything else as it was typed.
//!
//! Everything is escaped first and marked up afterwards, so no tag of the writer survives; links lead to `http`,
//! `https` and `mailto` only.

use super::markup;

/// Markup made from a person's text. There is no other way to make one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose(String);

impl std::fmt::Display for Prose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

markup!(Prose);

impl Prose {
    /// Paragraphs, lists (`-`, `*`, `1.`), fenced code, `code`, **strong**, *emphasis*, addresses, and record numbers:
    /// `address_of` gives where a number leads (`INC-000042`), `None` leaves it plain.
    pub fn from_markdown(text: &str, address_of: impl Fn(&str) -> Option<String>) -> Self {
        let mut out = String::with_capacity(text.len() + 32);
        let mut block = Block::default();
        let mut code: Option<String> = None;
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                match code.take() {
                    Some(lines) => out.push_str(&format!("<pre><code>{lines}</code></pre>")),
                    None => {
                        block.close(&mut out);
                        code = Some(String::new());
                    }
                }
            } else if let Some(lines) = &mut code {
                lines.push_str(&escape(line));
                lines.push('\n');
            } else {
                block.line(line, &mut out, &address_of);
            }
        }
        block.close(&mut out);
        if let Some(lines) = code {
            out.push_str(&format!("<pre><code>{lines}</code></pre>"));
        }
        Self(out)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The paragraph or list that is being written.
#[derive(Default)]
struct Block {
    tag: Option<&'static str>,
    started: bool,
}

impl Block {
    fn line(&mut self, line: &str, out: &mut String, address_of: &impl Fn(&str) -> Option<String>) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return self.close(out);
        }
        let (tag, content) = match list_item(trimmed) {
            Some((tag, content)) => (tag, content),
            None => ("p", trimmed),
        };
        if self.tag != Some(tag) {
            self.close(out);
            out.push_str(&format!("<{tag}>"));
            self.tag = Some(tag);
        }
        match tag {
            "p" if self.started => out.push_str("<br>"),
            "p" => {}
            _ => out.push_str("<li>"),
        }
        self.started = true;
        inline(content, out, address_of);
        if tag != "p" {
            out.push_str("</li>");
        }
    }

    fn close(&mut self, out: &mut String) {
        if let Some(tag) = self.tag.take() {
            out.push_str(&format!("</{tag}>"));
        }
        self.started = false;
    }
}

fn list_item(line: &str) -> Option<(&'static str, &str)> {
    if let Some(rest) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some(("ul", rest));
    }
    let (number, rest) = line.split_once(". ")?;
    let counts = !number.is_empty() && number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit());
    counts.then_some(("ol", rest))
}

/// Words of one line: code first (nothing is marked up inside), then the rest piece by piece.
fn inline(text: &str, out: &mut String, address_of: &impl Fn(&str) -> Option<String>) {
    let mut pieces = text.split('`').peekable();
    let mut in_code = false;
    while let Some(piece) = pieces.next() {
        match (in_code, pieces.peek().is_some()) {
            (true, true) => out.push_str(&format!("<code>{}</code>", escape(piece))),
            // A back-tick without its partner is a back-tick.
            (true, false) => {
                out.push('`');
                words(piece, out, address_of);
            }
            (false, _) => words(piece, out, address_of),
        }
        in_code = !in_code;
    }
}

fn words(text: &str, out: &mut String, address_of: &impl Fn(&str) -> Option<String>) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let strong = delimited(rest, "**").map(|found| ("strong", found));
        if let Some((tag, (inner, after))) = strong.or_else(|| delimited(rest, "*").map(|found| ("em", found))) {
            out.push_str(&format!("<{tag}>"));
            words(inner, out, address_of);
            out.push_str(&format!("</{tag}>"));
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '*').unwrap_or(rest.len());
        let (word, after) = rest.split_at(if end == 0 { c.len_utf8() } else { end });
        one_word(word, out, address_of);
        rest = after;
    }
}

/// What stands between two equal marks at the very start, if it touches both of them.
fn delimited<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (inner, after) = text.strip_prefix(mark)?.split_once(mark)?;
    let touches = !inner.is_empty() && !inner.starts_with(char::is_whitespace) && !inner.ends_with(char::is_whitespace);
    (touches && !inner.starts_with('*')).then_some((inner, after))
}

fn one_word(word: &str, out: &mut String, address_of: &impl Fn(&str) -> Option<String>) {
    let opening = word.len() - word.trim_start_matches(['(', '[', '"', '“', '<']).len();
    let (before, tail) = word.split_at(opening);
    let core = tail.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '”', '>']);
    let after = tail.get(core.len()..).unwrap_or_default();
    let link = ["https://", "http://", "mailto:"].iter().any(|scheme| {
        core.len() > scheme.len() && core.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    out.push_str(&escape(before));
    if link {
        let href = escape(core);
        out.push_str(&format!("<a href=\"{href}\" rel=\"noopener nofollow ugc\">{href}</a>"));
    } else if let Some(href) = looks_like_number(core).then(|| address_of(core)).flatten() {
        out.push_str(&format!("<a href=\"{}\" class=\"ref\">{}</a>", escape(&href), escape(core)));
    } else {
        out.push_str(&escape(core));
    }
    out.push_str(&escape(after));
}

/// `INC-42`: capitals, a hyphen, digits.
fn looks_like_number(word: &str) -> bool {
    word.split_once('-').is_some_and(|(prefix, digits)| {
        let capitals = (2..=6).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase());
        capitals && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Prose;

    fn shown(text: &str) -> String {
        Prose::from_markdown(text, |n| (n == "INC-42").then(|| "/incidents/INC-42".into())).to_string()
    }

    #[test]
    fn what_people_type_becomes_markup() {
        let table = [
            ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
            ("- a\n- b\ntext", "<ul><li>a</li><li>b</li></ul><p>text</p>"),
            ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
            ("see **West** and *soon*", "<p>see <strong>West</strong> and <em>soon</em></p>"),
            ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
            ("run `rm *` now", "<p>run <code>rm *</code> now</p>"),
            ("a ` alone", "<p>a ` alone</p>"),
            (
                "like INC-42, not INC-43",
                "<p>like <a href=\"/incidents/INC-42\" class=\"ref\">INC-42</a>, not INC-43</p>",
            ),
            ("```\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ];
        for (typed, expected) in table {
            assert_eq!(shown(typed), expected);
        }
    }

    #[test]
    fn no_tag_or_script_of_the_writer_survives() {
        let hostile = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "javascript:alert(1)",
            "[x](javascript:alert(1))",
            "https://x/\"onmouseover=\"alert(1)",
            "**<b onclick=x>**",
            "`</code><script>`",
            "```\n</code></pre><script>\n",
        ];
        for text in hostile {
            let shown = shown(text);
            assert!(!shown.contains("<script"), "{shown}");
            assert!(!shown.contains("<img"), "{shown}");
            assert!(!shown.contains("<b "), "{shown}");
            assert!(!shown.contains("\"onmouseover"), "{shown}");
            assert!(!shown.contains("href=\"javascript"), "{shown}");
        }
    }

    #[test]
    fn hostile_lengths_end() {
        assert!(shown(&"*".repeat(3_000)).len() < 4_000);
        assert!(shown(&"**a ".repeat(500)).contains('a'));
    }
}
