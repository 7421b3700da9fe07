//! Rules for passwords that people choose (kong-manager.md 5.6): a preset of Kong, or the keywords of passwdqc.

use serde_json::Value;

/// Longest password, bytes: what is hashed must not become work for its own sake.
pub const LONGEST: usize = 128;
/// Shortest password where nobody set a rule.
const SHORTEST: usize = 12;
/// Words of a passphrase where nobody says how many.
const WORDS: usize = 3;

/// Which passwords are good enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// Shortest lengths with one class of characters, with two, of a passphrase, with three and with four classes;
    /// `None` forbids that kind.
    min: [Option<usize>; 5],
    max: usize,
    words: usize,
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("Invalid password: too short")]
    TooShort,
    /// Too many.
    #[error("Invalid password: too long")]
    TooLong,
    /// Long enough, but of too few kinds of characters.
    #[error("Invalid password: use more of lower case, upper case, digits and other characters")]
    TooPlain,
    /// Characters that no keyboard types.
    #[error("Invalid password: control characters are not allowed")]
    Control,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { min: [Some(SHORTEST); 5], max: LONGEST, words: WORDS }
    }
}

impl PasswordRules {
    /// Reads `portal_auth_password_complexity`.
    ///
    /// # Errors
    /// What is wrong, to be put behind the name of the key.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let members = value.as_object().ok_or("must be a JSON object")?;
        if let Some(preset) = members.get("kong-preset") {
            if members.len() > 1 {
                return Err("kong-preset stands alone".to_owned());
            }
            let length = match preset.as_str() {
                Some("min_8") => 8,
                Some("min_12") => 12,
                Some("min_20") => 20,
                _ => return Err("kong-preset must be min_8, min_12 or min_20".to_owned()),
            };
            // A passphrase of one kind of characters is what Kong's presets refuse.
            return Ok(Self { min: [None, None, None, Some(length), Some(length)], max: LONGEST, words: WORDS });
        }
        let mut rules = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "min" => rules.min = lengths(value).ok_or("min must be five lengths or 'disabled', comma separated")?,
                "max" => rules.max = number(value).ok_or("max must be a number")?.min(LONGEST),
                "passphrase" => rules.words = number(value).ok_or("passphrase must be a number")?,
                other => return Err(format!("has an unknown member '{other}' (kong-preset, min, max, passphrase)")),
            }
        }
        Ok(rules)
    }

    /// Whether a password is good enough.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, password: &str) -> Result<(), PasswordError> {
        let length = password.chars().count();
        if password.len() > LONGEST || length > self.max {
            return Err(PasswordError::TooLong);
        }
        if password.chars().any(char::is_control) {
            return Err(PasswordError::Control);
        }
        let [one, two, phrase, three, four] = self.min;
        let reaches = |min: Option<usize>| min.is_some_and(|min| length >= min);
        let by_class = match classes(password) {
            0 | 1 => one,
            2 => two,
            3 => three,
            _ => four,
        };
        let is_phrase = self.words > 0 && password.split_whitespace().count() >= self.words;
        if reaches(by_class) || is_phrase && reaches(phrase) {
            return Ok(());
        }
        let shortest = self.min.iter().flatten().min().copied().unwrap_or(usize::MAX);
        Err(if length < shortest { PasswordError::TooShort } else { PasswordError::TooPlain })
    }

    /// A sentence for the form.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.min {
            [None, None, None, Some(three), Some(four)] if three == four => {
                format!("At least {three} characters, of three of these kinds: lower case, upper case, digits, others.")
            }
            min if min.iter().all(|one| *one == min[0]) => {
                format!("At least {} characters.", min[0].unwrap_or(SHORTEST))
            }
            min => {
                let shortest = min.iter().flatten().min().copied().unwrap_or(SHORTEST);
                format!("At least {shortest} characters; the fewer kinds of characters, the more of them.")
            }
        }
    }
}

fn number(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn lengths(value: &Value) -> Option<[Option<usize>; 5]> {
    let parts: Vec<Option<usize>> = value
        .as_str()?
        .split(',')
        .map(|part| match part.trim() {
            "disabled" => Some(None),
            number => number.parse().ok().map(Some),
        })
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// How many of lower case, upper case, digits and everything else.
fn classes(password: &str) -> usize {
    let kinds: [fn(char) -> bool; 4] = [
        char::is_lowercase,
        char::is_uppercase,
        |c| c.is_ascii_digit(),
        |c| !c.is_lowercase() && !c.is_uppercase() && !c.is_ascii_digit(),
    ];
    kinds.iter().filter(|kind| password.chars().any(kind)).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn dp_019_a_preset_wants_length_and_three_kinds() {
        let rules = PasswordRules::parse(&json!({"kong-preset": "min_8"})).unwrap();
        assert_eq!(rules.check("password"), Err(PasswordError::TooPlain));
        assert_eq!(rules.check("Pa0!"), Err(PasswordError::TooShort));
        assert_eq!(rules.check("Passw0rd"), Ok(()));
    }

    #[test]
    fn keywords_of_passwdqc_set_a_length_for_each_kind() {
        let rules = PasswordRules::parse(&json!({"min": "disabled,24,11,9,8", "max": 40, "passphrase": 3})).unwrap();
        for (password, expected) in [
            ("abcdefghijklmnopqrstuvwxyz", Err(PasswordError::TooPlain)),
            ("two kinds of it", Ok(())),
            ("a b c", Err(PasswordError::TooShort)),
            ("Threekinds1", Ok(())),
            ("Four 1xy", Ok(())),
            ("Abcdefgh", Err(PasswordError::TooPlain)),
        ] {
            assert_eq!(rules.check(password), expected, "{password}");
        }
        assert_eq!(rules.check(&"Aa1!".repeat(11)), Err(PasswordError::TooLong));
    }

    #[test]
    fn without_a_rule_twelve_characters_are_wanted() {
        let rules = PasswordRules::default();
        assert_eq!(rules.check("elevenchars"), Err(PasswordError::TooShort));
        assert_eq!(rules.check("twelve chars"), Ok(()));
        assert_eq!(rules.check(&"ä".repeat(65)), Err(PasswordError::TooLong));
        assert_eq!(rules.check("twelve\nchars"), Err(PasswordError::Control));
    }

    #[test]
    fn what_no_rule_means_is_refused() {
        for bad in [json!("min_8"), json!({"kong-preset": "min_9"}), json!({"min": "8"}), json!({"random": 1})] {
            assert!(PasswordRules::parse(&bad).is_err(), "{bad}");
        }
    }
}
