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
    /// A page from its size and the opaque offset of the page before.
    ///
    /// # Errors
    /// The offset was not made by [`Paged::from_rows`].
    pub fn new(size: u32, offset: Option<&str>) -> Result<Self, StoreError> {
        let Some(offset) = offset else {
            return Ok(Self { size, after: String::new() });
        };
        let bytes = URL_SAFE_NO_PAD.decode(offset).map_err(|_| StoreError::Offset(offset.to_owned()))?;
        let [after]: [String; 1] = serde_json::from_slice(&bytes).map_err(|_| StoreError::Offset(offset.to_owned()))?;
        Ok(Self { size, after })
    }

    /// How many rows to fetch: one more than shown tells whether there is another page.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }
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
