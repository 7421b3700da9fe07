//! Lists that page, filter and sort by their address.

use serde::Deserialize;
use url::form_urlencoded;

use crate::services::page_data::Window;

/// Rows of a page when the address does not say.
const ROWS: u32 = 25;
/// Most rows of a page.
const MOST_ROWS: u32 = 200;

/// The query of a list; each page reads what it knows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    /// Part of a name.
    pub(super) q: String,
    /// Rows to leave out.
    pub(super) offset: u32,
    /// Rows to show.
    pub(super) size: Option<u32>,
    /// The order.
    pub(super) sort: String,
    /// Only of this status.
    pub(super) status: String,
    /// The workspace.
    pub(super) workspace: String,
    /// A name for the form that creates.
    pub(super) name: String,
}

impl ListQuery {
    /// The part that is shown.
    pub(super) fn window(&self) -> Window {
        Window { offset: self.offset, size: self.size.unwrap_or(ROWS).clamp(1, MOST_ROWS) }
    }

    /// The text to look for.
    pub(super) fn text(&self) -> &str {
        self.q.trim()
    }

    /// The address of the same list with another `offset` and `sort`.
    fn address(&self, page: &str, offset: u32, sort: &str) -> String {
        let size = self.size.map(|size| size.to_string()).unwrap_or_default();
        let offset = if offset == 0 { String::new() } else { offset.to_string() };
        let pairs = [
            ("q", self.text()),
            ("status", &self.status),
            ("workspace", &self.workspace),
            ("sort", sort),
            ("size", &size),
            ("offset", &offset),
        ];
        address(page, &pairs)
    }
}

/// An address with those arguments that have a value.
pub(super) fn address(page: &str, pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
}

/// Where a page of a list stands, and its neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pager {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) total: Option<u64>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl Pager {
    /// The pager of a list at `page` that shows `shown` of `total` rows.
    pub(super) fn new(query: &ListQuery, page: &str, shown: usize, total: u64) -> Self {
        let window = query.window();
        let start = u64::from(window.offset);
        let end = start + shown as u64;
        let before = window.offset.saturating_sub(window.size);
        let after = window.offset.saturating_add(window.size);
        Self {
            from: if shown == 0 { start } else { start + 1 },
            to: end,
            total: Some(total),
            previous: (start > 0).then(|| query.address(page, before, &query.sort)),
            next: (end < total).then(|| query.address(page, after, &query.sort)),
        }
    }
}

/// The heading of a column that sorts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SortLink {
    pub(super) url: String,
    /// `ascending`, `descending` or `none`.
    pub(super) state: &'static str,
}

/// An order: its name in the address, and what it is for the column.
pub(super) type Order = (&'static str, &'static str);

/// By name.
pub(super) const BY_NAME: [Order; 2] = [("name", "ascending"), ("-name", "descending")];

impl SortLink {
    /// The heading of the column with these two orders, the usual one first. The list is in the order `current` now;
    /// the address of a sorted column turns it round.
    pub(super) fn new(query: &ListQuery, page: &str, [first, second]: [Order; 2], current: &str) -> Self {
        let (state, next) = match current {
            it if it == first.0 => (first.1, second.0),
            it if it == second.0 => (second.1, first.0),
            _ => ("none", first.0),
        };
        Self { url: query.address(page, 0, next), state }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn neighbours_keep_filter_and_order() {
        let query = ListQuery { q: "a&b ".into(), offset: 25, sort: "-name".into(), ..ListQuery::default() };
        let pager = Pager::new(&query, "/_sso/admins", 25, 60);
        assert_eq!((pager.from, pager.to, pager.total), (26, 50, Some(60)));
        assert_eq!(pager.previous.unwrap(), "/_sso/admins?q=a%26b&sort=-name");
        assert_eq!(pager.next.unwrap(), "/_sso/admins?q=a%26b&sort=-name&offset=50");
        let last = Pager::new(&ListQuery::default(), "/x", 3, 3);
        assert_eq!((last.from, last.to, last.previous, last.next), (1, 3, None, None));
    }

    #[test]
    fn a_size_that_nobody_can_read_is_cut() {
        assert_eq!(ListQuery { size: Some(100_000), ..ListQuery::default() }.window().size, MOST_ROWS);
        assert_eq!(ListQuery { size: Some(0), ..ListQuery::default() }.window().size, 1);
    }

    #[test]
    fn a_sorted_column_turns_round() {
        let query = ListQuery::default();
        let link = |current| SortLink::new(&query, "/x", BY_NAME, current);
        assert_eq!((link("name").state, link("name").url.as_str()), ("ascending", "/x?sort=-name"));
        assert_eq!((link("-name").state, link("-name").url.as_str()), ("descending", "/x?sort=name"));
        assert_eq!(link("login").state, "none");
    }
}
