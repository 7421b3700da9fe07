//! Pages of a list: `size` and an opaque `offset`, as Kong does (base64url of a JSON array with the last key).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::StoreError;

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// 1 to 1000.
    pub size: u32,
    /// The last key of the page before; empty for the first page.
    pub after: String,
}

impl Default for Page {
    fn default() -> Self {
        Self { size: 100, after: String::new() }
    }
}

impl Page {
    /// A page from its size, brought into 1 to 1000, and the opaque offset of the page before.
    ///
    /// # Errors
    /// The offset was not made by [`Paged::from_rows`].
    pub fn new(size: u32, offset: Option<&str>) -> Result<Self, StoreError> {
        let after = offset.map(decode).transpose()?.unwrap_or_default();
        Ok(Self { size: size.clamp(1, 1000), after })
    }

    /// How many rows to fetch: one more than shown tells whether there is another page.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }
}

fn decode(offset: &str) -> Result<String, StoreError> {
    let refused = || StoreError::Offset(offset.to_owned());
    let bytes = URL_SAFE_NO_PAD.decode(offset).map_err(|_| refused())?;
    let [after]: [String; 1] = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    // No key holds control characters, and PostgreSQL takes no NUL.
    if after.chars().any(char::is_control) { Err(refused()) } else { Ok(after) }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Offset of the next page, if there is one.
    pub offset: Option<String>,
}

impl<T> Paged<T> {
    /// Cuts the surplus row that [`Page::limit`] fetched; `key` gives the key a row is ordered by.
    #[must_use]
    pub fn from_rows(mut items: Vec<T>, page: &Page, key: impl Fn(&T) -> String) -> Self {
        let size = page.size as usize;
        let has_more = items.len() > size;
        items.truncate(size);
        let last = items.last().filter(|_| has_more).map(key);
        let offset = last.map(|key| URL_SAFE_NO_PAD.encode(serde_json::json!([key]).to_string()));
        Self { items, offset }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_offset_leads_to_the_next_page_and_nothing_else_is_taken_for_one() {
        let page = Page::new(2, None).unwrap();
        let paged = Paged::from_rows(vec!["a", "b", "c"], &page, |item| (*item).to_owned());
        assert_eq!(paged.items, ["a", "b"]);
        assert_eq!(Page::new(2, paged.offset.as_deref()).unwrap().after, "b");
        let last = Paged::from_rows(vec!["a", "b"], &page, |item| (*item).to_owned());
        assert_eq!(last.offset, None);
        for forged in ["", "zzz", "W10", "WzFd", "WyJhIiwiYiJd", "WyJcdTAwMDAiXQ", "!"] {
            assert!(matches!(Page::new(2, Some(forged)), Err(StoreError::Offset(_))), "{forged}");
        }
    }

    #[test]
    fn sizes_stay_between_one_and_a_thousand() {
        assert_eq!(Page::new(0, None).unwrap().size, 1);
        assert_eq!(Page::new(5000, None).unwrap().size, 1000);
    }
}
