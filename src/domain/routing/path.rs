//! One spelling for a path, so that the path which is matched is the path which is forwarded.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The path with unreserved characters decoded, other escapes in upper case, everything else escaped that a path cannot
/// hold, `.` and `..` followed, and slashes merged (RFC 3986 section 6.2.2, and Kong's merging of slashes). A `%` without
/// two hexadecimal digits is a `%25`.
#[must_use]
pub fn normalized(raw: &str) -> Cow<'_, str> {
    if is_normal(raw) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(without_dots(&with_one_escaping(raw)))
}

/// Whether everybody finds the same segments in `raw`, normalized or not: there is nothing to follow, to merge or to cut
/// off, and at most the escapes would change.
#[must_use]
pub fn has_plain_segments(raw: &str) -> bool {
    let escaped = with_one_escaping(raw);
    !raw.contains(['#', '?', '\\']) && without_dots(&escaped) == escaped
}

/// Whether nothing is to do; most paths are of this kind.
fn is_normal(path: &str) -> bool {
    let is_plain = path.bytes().all(|byte| is_path_byte(byte) && byte != b'%');
    path.starts_with('/') && is_plain && !path.contains("//") && !path.contains("/.")
}

fn with_one_escaping(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'%').then(|| escape_of(bytes.clone())).flatten();
        if escaped.is_some() {
            bytes.nth(1);
        }
        match escaped.unwrap_or(byte) {
            plain if is_unreserved(plain) => text.push(char::from(plain)),
            reserved if escaped.is_none() && reserved != b'%' && is_path_byte(reserved) => {
                text.push(char::from(reserved));
            }
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

/// The byte that the two digits after a `%` stand for.
fn escape_of(mut rest: std::str::Bytes<'_>) -> Option<u8> {
    let mut digit = || char::from(rest.next()?).to_digit(16);
    u8::try_from(digit()? * 16 + digit()?).ok()
}

/// RFC 3986 section 5.2.4, with empty segments dropped. A path that ends in a dot segment ends in a slash.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_open = true;
    for segment in path.split('/') {
        ends_open = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    let mut text = String::with_capacity(path.len() + 1);
    for segment in &kept {
        text.push('/');
        text.push_str(segment);
    }
    if ends_open || kept.is_empty() {
        text.push('/');
    }
    text
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What a path may hold as it is (RFC 3986 section 3.3), the slash and the `%` of an escape included.
const fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'/' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}
