//! Documents of APIs as HTML. Admins write them, and developers' browsers show them: raw HTML in them stays text, and what is
//! made of the rest passes a list of allowed elements. Pictures are left out: they would call foreign hosts.

use std::collections::HashSet;

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, html};

/// Elements that a document may have.
const ELEMENTS: [&str; 28] = [
    "a",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "ul",
];

/// A document as HTML that may stand in a page.
#[must_use]
pub(super) fn to_html(document: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(document, options).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut made = String::new();
    html::push_html(&mut made, events);
    // The page has the one heading of the first level.
    let made = made.replace("<h1>", "<h2>").replace("</h1>", "</h2>");
    let mut elements: HashSet<&str> = ELEMENTS.into();
    elements.insert("tr");
    Builder::new()
        .tags(elements)
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(&made)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markdown_is_rendered() {
        let html = to_html("# Orders\n\nCall `GET /orders` **now**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n");
        assert!(html.contains("<h2>Orders</h2>") && html.contains("<code>GET /orders</code>"), "{html}");
        assert!(html.contains("<table>") && html.contains("<td>1</td>"), "{html}");
    }

    #[test]
    fn nothing_that_runs_or_calls_out_passes() {
        for evil in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "![x](https://tracker.test/x.png)",
            "<a href=\"https://a.test\" onclick=\"x()\">x</a>",
            "<style>body{display:none}</style>",
            "<iframe src=https://a.test></iframe>",
        ] {
            let html = to_html(evil);
            for bad in ["<script", "<img", "javascript:", "data:", " onclick=\"", "<style", "<iframe"] {
                assert!(!html.contains(bad) || html.contains("&lt;"), "{evil} became {html}");
            }
            assert!(
                !html.contains("href=\"javascript") && !html.contains("href=\"data") && !html.contains("<script"),
                "{html}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_document_makes_an_element_that_is_not_listed(document in "([<>a-z/!\\[\\]()\"'=:&;# \n]|<script|<img|onerror=|javascript:){0,60}") {
            let html = to_html(&document);
            for part in html.split('<').skip(1) {
                let name: String = part.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                prop_assert!(ELEMENTS.contains(&name.as_str()) || name == "tr", "{} in {}", name, html);
            }
        }
    }
}
