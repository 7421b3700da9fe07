//! Lists in Kong's shape: `size` and `offset` come in, `data`, `next` and `offset` go out (kong-manager.md 4.11).

use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{Answer, Call};
use crate::services::{Page, Paged};
use crate::web::error::ApiError;

/// Entities a page when the request does not say.
const SIZE: u32 = 100;
/// Most entities a page.
const LARGEST: u32 = 1000;

/// The page that a request wants.
///
/// # Errors
/// 400 for a `size` outside 1 to 1000, and for an `offset` that no page gave.
pub(super) fn page(call: &Call<'_>) -> Result<Page, ApiError> {
    let size = match call.query.get("size") {
        None => SIZE,
        Some(text) => read_size(text)?,
    };
    let offset = call.query.get("offset").map(String::as_str);
    Page::new(size, offset).map_err(|_| ApiError::invalid_offset(offset.unwrap_or_default()))
}

fn read_size(text: &str) -> Result<u32, ApiError> {
    let number: f64 = text.parse().map_err(|_| ApiError::invalid_size("size must be a number"))?;
    let size = text.parse::<u32>().ok().filter(|size| (1..=LARGEST).contains(size) && number.is_finite());
    size.ok_or_else(|| ApiError::invalid_size("size must be an integer between 1 and 1000"))
}

/// A page of a list at `path`, the path of the door without what stands before it.
pub(super) fn paged<T>(call: &Call<'_>, path: &str, paged: &Paged<T>, show: impl Fn(&T) -> Value) -> Answer {
    let data: Vec<Value> = paged.items.iter().map(show).collect();
    Answer::ok(match &paged.offset {
        None => json!({ "data": data, "next": null }),
        Some(offset) => json!({ "data": data, "next": next(call, path, offset), "offset": offset }),
    })
}

/// A list that is always complete.
pub(super) fn complete<T>(items: &[T], show: impl Fn(&T) -> Value) -> Answer {
    Answer::ok(json!({ "data": items.iter().map(show).collect::<Vec<_>>(), "next": null }))
}

/// The path of the next page: the same request with another offset.
fn next(call: &Call<'_>, path: &str, offset: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("offset", offset);
    let mut others: Vec<_> = call.query.iter().filter(|(name, _)| name.as_str() != "offset").collect();
    others.sort();
    query.extend_pairs(others);
    format!("{}{path}?{}", call.place.prefix, query.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sizes_are_refused_in_kongs_words() {
        assert_eq!(read_size("1").unwrap(), 1);
        assert_eq!(read_size("1000").unwrap(), 1000);
        for bad in ["0", "1001", "-1", "1.5", "nan", "inf", "1e999"] {
            let error = read_size(bad).unwrap_err();
            assert_eq!(error.sentence(), "size must be an integer between 1 and 1000", "{bad}");
        }
        assert_eq!(read_size("abc").unwrap_err().sentence(), "size must be a number");
    }
}
