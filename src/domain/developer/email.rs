//! E-mail addresses: login names of developers and recipients of mails.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Longest address, bytes.
const LONGEST: usize = 255;

/// An address in lower case, without anything that could break out of a header or an address list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why an address was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was given.
    #[error("required field missing")]
    Missing,
    /// Not one address.
    #[error("not a valid e-mail address")]
    Form,
    /// Too long.
    #[error("must be at most {LONGEST} characters long")]
    TooLong,
}

impl EmailAddress {
    /// Parses an address: `local@domain`. Spaces around it are dropped, letters become small ones.
    ///
    /// # Errors
    /// [`EmailError`].
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Missing);
        }
        // A few letters that only look like ASCII become it when they are made small: another address, not this one.
        let folds_away = |c: char| !c.is_ascii() && c.to_lowercase().any(|small| small.is_ascii());
        if text.chars().any(folds_away) {
            return Err(EmailError::Form);
        }
        let lower = text.to_lowercase();
        if lower.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = lower.rsplit_once('@').ok_or(EmailError::Form)?;
        if is_local_part(local) && is_domain(domain) { Ok(Self(lower)) } else { Err(EmailError::Form) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local_part(text: &str) -> bool {
    let is_dotted_well = !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    let is_plain = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    !text.is_empty() && text.len() <= 64 && is_dotted_well && text.chars().all(is_plain)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.split('.').all(is_label)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(EmailAddress::parse(" Ann.O'Hara+x@Example.COM ").unwrap().as_str(), "ann.o'hara+x@example.com");
        assert!(EmailAddress::parse("a@localhost").is_ok());
    }

    #[test]
    fn what_is_no_single_address_is_refused() {
        assert_eq!(EmailAddress::parse("  "), Err(EmailError::Missing));
        let bad =
            ["a", "@b.c", "a@", "a b@c.d", "a@b.c, d@e.f", "a@b.c\r\nBcc: x@y.z", "<a@b.c>", "\"a\"@b.c", "a@-b.c"];
        let folded = ["mi\u{212a}e@b.c", "a@b\u{212a}.c", "\u{130}@b.c"];
        for text in bad.into_iter().chain(["a..b@c.d", ".a@c.d", "a@b..c", "a@b.c."]).chain(folded) {
            assert_eq!(EmailAddress::parse(text), Err(EmailError::Form), "{text}");
        }
        assert_eq!(EmailAddress::parse(&format!("a@{}.d", "b".repeat(255))), Err(EmailError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_what_it_is(text in ".{0,40}|[a-zA-Z.+]{1,10}@[a-zA-Z.-]{1,20}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(!address.as_str().contains(['\r', '\n', ' ', '<', '>', ',', ';', '"', ':']));
                prop_assert_eq!(EmailAddress::parse(address.as_str()).unwrap(), address);
            }
        }
    }
}
