//! The grammar of kong.conf (kong-manager.md 1.2): lines to `key = value` entries. Called by the loader; values stay text.

/// What the reader has to say about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// 1-based line.
    pub line: usize,
    /// The sentence.
    pub message: String,
}

/// One setting of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key, other characters than letters and digits turned to `_`.
    pub key: String,
    /// The value without comment; empty means unset.
    pub value: String,
    /// 1-based line where it begins.
    pub line: usize,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfFile {
    /// Settings in their order; of two with one key the later counts.
    pub entries: Vec<Entry>,
    /// What Kong would have swallowed silently.
    pub errors: Vec<Remark>,
    /// Where the file would mean something else to Kong; errors under `check --strict`.
    pub warnings: Vec<Remark>,
}

/// Longest JSON value, bytes.
const LONGEST_JSON: usize = 64 * 1024;

impl ConfFile {
    /// Reads a file. `is_json` tells which keys take JSON, whose brackets may stay open over several lines.
    #[must_use]
    pub fn parse(text: &str, is_json: impl Fn(&str) -> bool) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut file = Self::default();
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !is_skipped(line));
        while let Some((number, first)) = lines.next() {
            if first.starts_with('[') {
                file.error(number, format!("line {number}: sections are not supported"));
                continue;
            }
            match split(first) {
                Some((key, value)) if is_json(&key) && value.starts_with(['{', '[']) => {
                    file.json(number, key, value, &mut lines);
                }
                _ => file.plain(number, first, &mut lines),
            }
        }
        file
    }

    fn error(&mut self, line: usize, message: String) {
        self.errors.push(Remark { line, message });
    }

    fn warn(&mut self, line: usize, message: String) {
        self.warnings.push(Remark { line, message });
    }

    fn push(&mut self, key: String, value: String, line: usize) {
        if let Some(earlier) = self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.line) {
            self.warn(line, format!("'{key}' was set on line {earlier} already; the last one counts"));
        }
        self.entries.push(Entry { key, value, line });
    }

    fn plain<'t>(&mut self, number: usize, first: &'t str, lines: &mut impl Iterator<Item = (usize, &'t str)>) {
        let mut logical = String::new();
        let mut part = first;
        while let Some(cut) = continued(part) {
            logical.push_str(cut);
            let Some((_, next)) = lines.next() else {
                return self.error(number, format!("line {number}: unterminated continuation"));
            };
            part = next;
        }
        logical.push_str(part);
        match split(&logical) {
            Some((key, value)) => self.push(key, without_comment(value), number),
            None => self.warn(number, format!("line {number} is not of the form key = value and is ignored")),
        }
    }

    fn json<'t>(
        &mut self,
        number: usize,
        key: String,
        first: &'t str,
        lines: &mut impl Iterator<Item = (usize, &'t str)>,
    ) {
        let mut reader = JsonReader::default();
        let mut part = first;
        let mut needs_tolerance = false;
        loop {
            let cut = continued(part);
            reader.read_line(cut.unwrap_or(part));
            if reader.is_balanced() {
                break;
            }
            needs_tolerance |= cut.is_none();
            match lines.next() {
                Some((_, next)) if reader.value.len() <= LONGEST_JSON => part = next,
                _ => return self.error(number, format!("{key} is not valid JSON: brackets are not closed")),
            }
        }
        if needs_tolerance {
            self.warn(
                number,
                format!("{key} spans several lines without backslashes; Kong would read the first one only"),
            );
        }
        if reader.has_hash {
            self.warn(number, format!("{key} holds a # that Kong would take for a comment; write \\# instead"));
        }
        self.push(key, reader.value, number);
    }
}

/// Collects a JSON value line by line, aware of strings.
#[derive(Default)]
struct JsonReader {
    value: String,
    depth: usize,
    in_string: bool,
    has_hash: bool,
}

impl JsonReader {
    fn is_balanced(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    fn read_line(&mut self, line: &str) {
        if !self.value.is_empty() {
            self.value.push('\n');
        }
        let mut letters = line.chars().peekable();
        let mut after_space = true;
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if letters.peek() == Some(&'#') => self.value.extend(letters.next()),
                '\\' if self.in_string => {
                    self.value.push(letter);
                    self.value.extend(letters.next());
                }
                '#' => {
                    self.has_hash = true;
                    if !self.in_string && after_space {
                        break;
                    }
                    self.value.push(letter);
                }
                _ => self.read_letter(letter),
            }
            after_space = letter.is_whitespace();
        }
        self.value.truncate(self.value.trim_end().len());
    }

    fn read_letter(&mut self, letter: char) {
        match letter {
            '"' => self.in_string = !self.in_string,
            '{' | '[' if !self.in_string => self.depth += 1,
            '}' | ']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.value.push(letter);
    }
}

fn is_skipped(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with(['#', ';'])
}

/// The part before a trailing backslash, when the line continues.
fn continued(line: &str) -> Option<&str> {
    line.trim_end().strip_suffix('\\')
}

fn split(logical: &str) -> Option<(String, &str)> {
    let (key, value) = logical.trim_start().split_once('=')?;
    let key = key.trim_end().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Some((key, value.trim()))
}

/// Cuts from the first `#` that no backslash escapes, then unescapes `\#`.
fn without_comment(value: &str) -> String {
    let mut previous = None;
    let end = value.char_indices().find_map(|(at, letter)| {
        let is_comment = letter == '#' && previous != Some('\\');
        previous = Some(letter);
        is_comment.then_some(at)
    });
    let kept = end.map_or(value, |end| value.get(..end).unwrap_or_default());
    kept.trim_end().replace("\\#", "#")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> ConfFile {
        ConfFile::parse(text, |key| key.ends_with("_conf"))
    }

    fn value(text: &str) -> String {
        let file = read(text);
        assert!(file.errors.is_empty(), "{:?}", file.errors);
        file.entries.last().unwrap().value.clone()
    }

    #[test]
    fn km_001_a_comment_is_cut_and_an_escaped_hash_kept() {
        assert_eq!(value("a = 1 # x"), "1");
        assert_eq!(value("pg_password = test\\#123"), "test#123");
        assert_eq!(value("pg_password = abc#def"), "abc");
        assert_eq!(value("admin_gui_header_bg_color = #ff0000"), "");
    }

    #[test]
    fn km_008_a_backslash_continues_over_blank_lines_and_comments() {
        let text = "x_conf = { \\\n\n  # note\n  \"a\": 1, \\  \n  \"b\": [2] }\nnext = 1";
        let file = read(text);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&file.entries[0].value).unwrap(),
            serde_json::json!({"a": 1, "b": [2]})
        );
        assert_eq!((file.entries[1].key.as_str(), file.warnings.len()), ("next", 0));
        assert_eq!(value("a = one\\\ntwo"), "onetwo");
    }

    #[test]
    fn km_009_open_brackets_are_followed_with_a_warning() {
        let file = read("x_conf = {\n  \"a\": \"}\"\n}\nb = 2");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&file.entries[0].value).unwrap(),
            serde_json::json!({"a": "}"})
        );
        assert_eq!((file.entries.len(), file.warnings.len()), (2, 1));
        assert_eq!(read("x_conf = {\n\"a\": 1").errors.len(), 1);
    }

    #[test]
    fn km_010_a_hash_inside_a_json_string_is_kept_with_one_warning() {
        for text in ["x_conf = {\"secret\":\"a#b\"}", "x_conf = { \\\n\"secret\":\"a#b\" } # end"] {
            let file = read(text);
            let parsed: serde_json::Value = serde_json::from_str(&file.entries[0].value).unwrap();
            assert_eq!((parsed["secret"].as_str(), file.warnings.len()), (Some("a#b"), 1), "{text}");
        }
        assert!(read("x_conf = {\"secret\":\"a\\#b\"}").warnings.is_empty());
    }

    #[test]
    fn km_013_digits_are_kept_as_they_are_written() {
        assert_eq!(value("pg_password = 00123"), "00123");
    }

    #[test]
    fn keys_quotes_sections_and_duplicates() {
        let file = read("admin-gui-auth = \"x\"\n; note\n[section]\nadmin_gui_auth = y=z\nlonely");
        assert_eq!(file.entries[0], Entry { key: "admin_gui_auth".into(), value: "\"x\"".into(), line: 1 });
        assert_eq!(file.entries[1].value, "y=z");
        assert_eq!((file.errors.len(), file.warnings.len()), (1, 2));
        assert_eq!(read("a = 1\\").errors.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([a-z_={}\\[\\]\"#\\\\ ]|\n|\\PC){0,80}") {
            let _ = ConfFile::parse(&text, |_| true);
            let _ = read(&text);
        }
    }
}
