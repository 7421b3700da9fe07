//! Text of a value to a typed one (kong-manager.md 1.4).

/// `on`/`true` or `off`/`false`; unlike Kong, anything else is no boolean.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

/// A finite number in Lua's syntax: decimal with exponent, or hexadecimal; `NNN kB` counts as NNN, as Kong's reader has it.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let text = text.strip_suffix(" kB").map_or(text, str::trim_ascii_end);
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => parse_hex(hex)?,
        None => parse_decimal(digits)?,
    };
    Some(if is_negative { -magnitude } else { magnitude })
}

fn parse_hex(digits: &str) -> Option<f64> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = is_hex.then(|| u32::from_str_radix(digits, 16).ok())??;
    Some(f64::from(value))
}

fn parse_decimal(digits: &str) -> Option<f64> {
    // Words such as `inf` and `nan` are numbers to Rust and not to Lua.
    let starts_like_a_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts_like_a_number.then(|| digits.parse::<f64>().ok())?.filter(|value| value.is_finite())
}

/// Comma-separated items, trimmed; empty ones are dropped and nothing escapes a comma.
pub(super) fn parse_array(text: &str) -> Vec<String> {
    text.split(',').map(str::trim_ascii).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Bytes: `10m`, `64k`, `1g` (1024-based, any case) or a bare number.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (text.get(..text.len() - 1)?, 1 << 10),
        b'm' => (text.get(..text.len() - 1)?, 1 << 20),
        b'g' => (text.get(..text.len() - 1)?, 1 << 30),
        _ => (text, 1),
    };
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse::<u64>().ok())??.checked_mul(factor)
}

/// `value` as a whole number of at least 0.
pub(super) fn whole(value: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    // The cast is exact: whole, not negative and below 2^53.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (value.fract() == 0.0 && (0.0..LIMIT).contains(&value)).then_some(value as u64)
}

/// JSON text without commas before `}` and `]`; `None` when there was none to remove.
pub(super) fn without_trailing_commas(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let (mut in_string, mut is_escaped, mut is_changed) = (false, false, false);
    for (index, c) in text.char_indices() {
        let closes = || text.get(index + 1..).unwrap_or_default().trim_ascii_start().starts_with(['}', ']']);
        if !in_string && c == ',' && closes() {
            is_changed = true;
            continue;
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = in_string && c == '\\' && !is_escaped;
        kept.push(c);
    }
    is_changed.then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn km_012_only_on_off_true_and_false_are_booleans() {
        let cases = [
            ("on", Some(true)),
            ("true", Some(true)),
            ("off", Some(false)),
            ("false", Some(false)),
            ("yes", None),
            ("ON", None),
            ("1", None),
        ];
        for (text, value) in cases {
            assert_eq!(parse_bool(text), value, "{text}");
        }
    }

    #[test]
    fn numbers_follow_lua() {
        let cases = [
            ("10", 10.0),
            ("1e3", 1000.0),
            ("0x10", 16.0),
            ("-2.5", -2.5),
            ("+7", 7.0),
            (".5", 0.5),
            ("12 kB", 12.0),
            ("00123", 123.0),
        ];
        for (text, value) in cases {
            assert_eq!(parse_number(text), Some(value), "{text}");
        }
        for text in ["", "ten", "inf", "nan", "-inf", "1,5", "0x", "0xg", "1e999", "--1"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    #[test]
    fn arrays_are_trimmed_and_sizes_are_1024_based() {
        assert_eq!(parse_array(" a , ,b,"), ["a", "b"]);
        assert!(parse_array("").is_empty());
        let sizes = [
            ("10m", Some(10 << 20)),
            ("64K", Some(64 << 10)),
            ("1g", Some(1 << 30)),
            ("0", Some(0)),
            ("m", None),
            ("1.5m", None),
            ("-1", None),
            ("é", None),
            ("99999999999g", None),
        ];
        for (text, value) in sizes {
            assert_eq!(parse_size(text), value, "{text}");
        }
    }

    #[test]
    fn trailing_commas_go_but_not_in_strings() {
        assert_eq!(without_trailing_commas("{\"a\":[1,2,],}").as_deref(), Some("{\"a\":[1,2]}"));
        assert_eq!(without_trailing_commas("{\"a\":\"x,}\"}"), None);
        assert_eq!(without_trailing_commas("{\"a\":\"\\\",}\"}"), None);
    }

    #[test]
    fn whole_numbers_are_exact() {
        assert_eq!((whole(3.0), whole(3.5), whole(-1.0), whole(1e300)), (Some(3), None, None, None));
    }
}
