//! The lexical rules of a settings file (kong-manager.md 1.2): physical lines, logical lines, entries.

mod json_text;

use super::finding::{Finding, Findings};
use super::keys::{self, Kind};
use json_text::JsonText;

/// Longest logical line and JSON value, bytes.
const MAX_LOGICAL: usize = 64 * 1024;

/// One `key = value` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Normalised name.
    pub(super) key: String,
    /// Value without comment.
    pub(super) value: String,
    /// Line where the entry begins, from 1.
    pub(super) line: usize,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct ParsedFile {
    /// In file order; a later entry wins.
    pub(super) entries: Vec<Entry>,
    /// Errors and warnings with their lines.
    pub(super) findings: Findings,
}

/// Splits the text of a file into entries. Never fails as a whole: errors are among the findings.
pub(super) fn parse(text: &str) -> ParsedFile {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { lines: text.lines().enumerate(), file: ParsedFile::default() };
    while let Some((line, text)) = parser.next_line() {
        parser.logical_line(line, text);
    }
    warn_duplicates(&mut parser.file);
    parser.file
}

struct Parser<'t> {
    lines: std::iter::Enumerate<std::str::Lines<'t>>,
    file: ParsedFile,
}

impl<'t> Parser<'t> {
    /// The next line that is neither blank nor a comment, with its number.
    fn next_line(&mut self) -> Option<(usize, &'t str)> {
        let is_content = |text: &str| !matches!(text.trim_ascii_start().as_bytes().first(), None | Some(b'#' | b';'));
        self.lines.find(|(_, text)| is_content(text)).map(|(index, text)| (index + 1, text))
    }

    fn logical_line(&mut self, start: usize, first: &str) {
        if first.starts_with('[') {
            let message = format!("line {start}: sections are not supported");
            return self.file.findings.errors.push(Finding::at(start, message));
        }
        let (text, mut continued) = split_continuation(first);
        let mut logical = text.trim_ascii_start().to_owned();
        loop {
            if let Some((key, value)) = json_start(&logical) {
                return self.json_value(start, key, value, continued);
            }
            if !continued {
                return self.plain_line(start, &logical);
            }
            let Some((_, next)) = self.next_line() else {
                return self.error_at(start, None, "unterminated continuation");
            };
            let (text, more) = split_continuation(next);
            continued = more;
            logical.push_str(text);
            if logical.len() > MAX_LOGICAL {
                return self.error_at(start, None, "a continued line is longer than 64 KiB");
            }
        }
    }

    fn plain_line(&mut self, line: usize, logical: &str) {
        let Some((raw_key, value)) = logical.split_once('=') else {
            let message = format!("line {line}: a line without '=' is ignored");
            return self.file.findings.warnings.push(Finding::at(line, message));
        };
        // A piece of a broken value may look like a key; it is not repeated, for it may be secret.
        if !is_plausible_key(raw_key) {
            let message = format!("line {line}: this line is not a setting and is ignored");
            return self.file.findings.warnings.push(Finding::at(line, message));
        }
        let value = unescape(strip_comment(value.trim_ascii()));
        self.file.entries.push(Entry { key: normalise_key(raw_key), value, line });
    }

    fn json_value(&mut self, line: usize, key: String, first: String, continued: bool) {
        let mut json = JsonText::default();
        json.push_line(&first, continued);
        while !json.is_complete() {
            if json.len() > MAX_LOGICAL {
                return self.error_at(line, Some(&key), &format!("the JSON value of {key} is longer than 64 KiB"));
            }
            let Some((_, next)) = self.next_line() else {
                return self.error_at(line, Some(&key), &format!("the JSON value of {key} has no end"));
            };
            let (text, continued) = split_continuation(next);
            json.push_line(text, continued);
        }
        for difference in json.differences() {
            let message = format!("{key}: {difference}");
            let finding = Finding { line: Some(line), ..Finding::about(&key, message) };
            self.file.findings.warnings.push(finding.strict());
        }
        self.file.entries.push(Entry { key, value: json.into_text(), line });
    }

    fn error_at(&mut self, line: usize, key: Option<&str>, message: &str) {
        let finding = Finding { key: key.map(str::to_owned), ..Finding::at(line, format!("line {line}: {message}")) };
        self.file.findings.errors.push(finding);
    }
}

/// The line without its trailing backslash, and whether it had one.
fn split_continuation(line: &str) -> (&str, bool) {
    match line.trim_ascii_end().strip_suffix('\\') {
        Some(text) => (text, true),
        None => (line, false),
    }
}

/// Key and value when the logical line so far begins a JSON object or array for a key of type JSON.
fn json_start(logical: &str) -> Option<(String, String)> {
    let (raw_key, value) = logical.split_once('=')?;
    let value = value.trim_ascii_start();
    if !value.starts_with(['{', '[']) || value.starts_with("{vault://") {
        return None;
    }
    let key = normalise_key(raw_key);
    (keys::find(&key)?.kind == Kind::Json).then(|| (key, value.to_owned()))
}

fn is_plausible_key(raw: &str) -> bool {
    let name = raw.trim_ascii();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !name.is_empty() && name.len() <= 100 && name.bytes().all(is_plain)
}

/// Every character outside `[A-Za-z0-9]` becomes `_` (rule 5).
fn normalise_key(raw: &str) -> String {
    raw.trim_ascii().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Cuts from the first `#` that no backslash precedes, with the whitespace before it (rule 10).
fn strip_comment(value: &str) -> &str {
    let mut previous = None;
    for (index, byte) in value.bytes().enumerate() {
        if byte == b'#' && previous != Some(b'\\') {
            return value.get(..index).unwrap_or(value).trim_ascii_end();
        }
        previous = Some(byte);
    }
    value
}

fn unescape(value: &str) -> String {
    value.replace("\\#", "#")
}

fn warn_duplicates(file: &mut ParsedFile) {
    let mut first = std::collections::HashMap::new();
    for entry in &file.entries {
        if let Some(earlier) = first.insert(entry.key.as_str(), entry.line) {
            let message =
                format!("{} is set twice, on line {earlier} and line {}: the last one wins", entry.key, entry.line);
            file.findings.warnings.push(Finding { line: Some(entry.line), ..Finding::about(&entry.key, message) });
        }
    }
}

#[cfg(test)]
mod tests;
