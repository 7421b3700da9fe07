//! A JSON value in a settings file: ends where its brackets balance, comments outside strings are dropped, and every
//! difference from what Kong's own reader would make of it is remembered (kong-manager.md 1.2, last paragraph).

/// JSON text, collected line by line.
#[derive(Default)]
pub(super) struct JsonText {
    text: String,
    depth: usize,
    in_string: bool,
    complete: bool,
    after_comment: bool,
    unmarked_line: bool,
    cut_by_kong: bool,
    joined_by_kong: bool,
}

impl JsonText {
    /// Whether the brackets are balanced.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The JSON text.
    pub(super) fn into_text(self) -> String {
        self.text.trim_ascii().to_owned()
    }

    /// Sentences about what Kong would read otherwise.
    pub(super) fn differences(&self) -> Vec<&'static str> {
        let cases = [
            (
                self.unmarked_line,
                "Kong reads only the first line of this value; end each line but the last with a backslash",
            ),
            (
                self.cut_by_kong,
                "Kong cuts this value at the first '#'; write \\# inside strings and put no comments inside",
            ),
            (
                self.joined_by_kong,
                "the last line of this value ends with a backslash: Kong would join the next line to it",
            ),
        ];
        cases.into_iter().filter_map(|(is_so, sentence)| is_so.then_some(sentence)).collect()
    }

    /// Adds a physical line, without its trailing backslash if it was `continued`.
    pub(super) fn push_line(&mut self, line: &str, continued: bool) {
        let mut previous = None;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            let at_word_start = self.complete || previous.is_none_or(|p: char| p.is_ascii_whitespace());
            match c {
                '\\' if chars.peek() == Some(&'#') => {
                    chars.next();
                    self.push('#');
                }
                '\\' if self.in_string => {
                    self.push(c);
                    if let Some(escaped) = chars.next() {
                        self.push(escaped);
                    }
                }
                '#' if self.in_string => {
                    self.cut_by_kong = true;
                    self.push(c);
                }
                '#' if at_word_start => {
                    self.after_comment = true;
                    break;
                }
                _ => self.structure(c),
            }
            previous = Some(c);
        }
        self.end_line(continued);
    }

    fn structure(&mut self, c: char) {
        match c {
            '"' => self.in_string = !self.in_string,
            '{' | '[' if !self.in_string => self.depth += 1,
            '}' | ']' if !self.in_string => {
                self.depth = self.depth.saturating_sub(1);
                self.complete |= self.depth == 0;
            }
            _ => {}
        }
        self.push(c);
    }

    fn push(&mut self, c: char) {
        self.cut_by_kong |= self.after_comment && !c.is_ascii_whitespace();
        self.text.push(c);
    }

    fn end_line(&mut self, continued: bool) {
        match (self.complete, continued) {
            (true, true) => self.joined_by_kong = true,
            (false, false) => {
                self.unmarked_line = true;
                self.text.push('\n');
            }
            (true, false) | (false, true) => {}
        }
    }
}
