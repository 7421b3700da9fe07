//! Where commands write: results to standard output, findings to standard error.

use std::fmt::Display;
use std::io::{self, Write as _};

use time::OffsetDateTime;
use time::macros::format_description;

use crate::config::finding::Finding;

/// Writes a line to standard output. A closed pipe is no reason to fail.
pub fn line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes text as it is to standard output.
pub fn text(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Writes `YYYY/MM/DD HH:MM:SS [level] message` to standard error, in UTC; always one line.
pub fn log_line(level: &str, message: &str) {
    let format = format_description!("[year]/[month]/[day] [hour]:[minute]:[second]");
    let now = OffsetDateTime::now_utc().format(&format).unwrap_or_default();
    let _ = writeln!(io::stderr().lock(), "{now} [{level}] {}", one_line(message));
}

/// Writes each finding as a line of its level.
pub fn findings(level: &str, findings: &[Finding]) {
    for finding in findings {
        log_line(level, &finding.message);
    }
}

/// The message with control characters escaped: a value in it cannot forge a line.
#[must_use]
pub fn one_line(message: &str) -> String {
    let mut escaped = String::with_capacity(message.len());
    for c in message.chars() {
        match c.is_control() {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_forge_a_line() {
        assert_eq!(one_line("a\n2026 [error] b\u{1b}[0m"), "a\\n2026 [error] b\\u{1b}[0m");
    }
}
