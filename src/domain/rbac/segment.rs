//! The one spelling of a path segment, shared by request paths and the patterns that rules store.

/// Why a segment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// A backslash, encoded or not.
    #[error("must not contain a backslash")]
    Backslash,
    /// A control character, encoded or not.
    #[error("must not contain control characters")]
    Control,
    /// `%` without two hexadecimal digits.
    #[error("has an invalid percent-encoding")]
    Encoding,
}

/// Characters that need no encoding inside a segment: RFC 3986 `pchar` without `%`.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Characters whose encoded form means the same as the plain one: RFC 3986 unreserved.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The one spelling of a path segment: unreserved characters decoded, the rest percent-encoded in upper case.
///
/// # Errors
/// See [`SegmentError`].
pub fn canonical_segment(part: &str) -> Result<String, SegmentError> {
    let mut segment = String::with_capacity(part.len());
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let decoded = hex(bytes.next())? * 16 + hex(bytes.next())?;
            match decoded {
                0..=31 | 127 => return Err(SegmentError::Control),
                b'\\' => return Err(SegmentError::Backslash),
                unreserved if is_unreserved(unreserved) => segment.push(char::from(unreserved)),
                other => push_encoded(&mut segment, other),
            }
        } else if byte == b'\\' {
            return Err(SegmentError::Backslash);
        } else if byte.is_ascii_control() {
            return Err(SegmentError::Control);
        } else if is_plain(byte) {
            segment.push(char::from(byte));
        } else {
            push_encoded(&mut segment, byte);
        }
    }
    Ok(segment)
}

fn push_encoded(segment: &mut String, byte: u8) {
    segment.push_str(percent_encoding::percent_encode_byte(byte));
}

fn hex(digit: Option<u8>) -> Result<u8, SegmentError> {
    let value = digit.and_then(|digit| char::from(digit).to_digit(16)).ok_or(SegmentError::Encoding)?;
    u8::try_from(value).map_err(|_| SegmentError::Encoding)
}
