//! What is known about one parameter: the row of the table that the parser, the manual and the admin login read.

use serde_json::Value;

/// Rows by chapter; a record's members are such a list too.
pub type Rows = &'static [&'static [Parameter]];

/// How a value is read. In brackets the schema's type.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false` (boolean).
    Flag,
    /// A whole number of at least 0 (number).
    Number,
    /// A number (number).
    Decimal,
    /// A whole number between two bounds (integer).
    Whole(i64, i64),
    /// Text (string).
    Text,
    /// An absolute http or https URL (string).
    Url,
    /// A header's name, with `:scheme` where a token follows (string).
    Header,
    /// One of a few words (string).
    Word(&'static [&'static str]),
    /// Texts (array of string).
    Texts,
    /// URLs (array of string).
    Urls,
    /// Some of a few words (array of string).
    Words(&'static [&'static str]),
    /// One path into claims (array of string).
    Path,
    /// Paths into claims (array of array).
    Paths,
    /// Members (object).
    Record(Rows),
    /// A list of such (array of object).
    Records(Rows),
}

impl Kind {
    /// The words among which values are, if it is so.
    #[must_use]
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Word(words) | Self::Words(words) => words,
            _ => &[],
        }
    }

    /// The rows of a record's members.
    #[must_use]
    pub fn members(self) -> Rows {
        match self {
            Self::Record(rows) | Self::Records(rows) => rows,
            _ => &[],
        }
    }
}

/// What a parameter is when nobody sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Nothing.
    Unset,
    /// A value, as JSON.
    Is(&'static str),
    /// Such a value, and an explicit null or empty text says: nothing.
    Or(&'static str),
    /// It must be set.
    Required,
}

/// What becomes of a parameter in this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does what its row says.
    Implemented,
    /// It does, and has a successor.
    Deprecated(&'static str),
    /// It does, except for some of its words, which are refused.
    Except(&'static [&'static str]),
    /// It is checked and then ignored with a warning, for this reason.
    Inert(&'static str),
    /// What becomes of the record around it becomes of it.
    Within,
    /// It is refused when it is set to anything but its default, because this is not available.
    Refused(&'static str),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name within its record.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Default.
    pub preset: Preset,
    /// What becomes of it.
    pub status: Status,
    /// One sentence.
    pub meaning: &'static str,
}

impl Parameter {
    /// The default as a value; null when there is none.
    #[must_use]
    pub fn default(&self) -> Value {
        match self.preset {
            Preset::Is(text) | Preset::Or(text) => serde_json::from_str(text).unwrap_or_default(),
            Preset::Unset | Preset::Required => Value::Null,
        }
    }
}
