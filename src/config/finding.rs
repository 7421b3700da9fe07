//! What the loader has to say about a configuration. All findings are collected; none stops the loader early.

use serde::Serialize;

/// One error, warning or note. Messages never hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The key it is about.
    pub key: Option<String>,
    /// The whole sentence, ready to print.
    pub message: String,
    /// Line of the file, from 1.
    pub line: Option<usize>,
    /// Whether `check --strict` makes an error of this warning.
    #[serde(skip)]
    pub strict: bool,
}

impl Finding {
    /// A finding about `key`; its line is filled in by the loader.
    #[must_use]
    pub fn about(key: &str, message: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), message: message.into(), line: None, strict: false }
    }

    /// A finding about a line of the file.
    #[must_use]
    pub fn at(line: usize, message: impl Into<String>) -> Self {
        Self { key: None, message: message.into(), line: Some(line), strict: false }
    }

    /// The same finding as one that `--strict` turns into an error.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }
}

/// Findings by weight.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The configuration cannot be used.
    pub errors: Vec<Finding>,
    /// It can, but somebody should know.
    pub warnings: Vec<Finding>,
    /// For `debug` only.
    pub notes: Vec<Finding>,
}

impl Findings {
    /// Adds an error about `key`.
    pub fn error(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push(Finding::about(key, message));
    }

    /// Adds a warning about `key`.
    pub fn warn(&mut self, key: &str, message: impl Into<String>) {
        self.warnings.push(Finding::about(key, message));
    }

    /// Adds a warning about `key` that is an error under `--strict`.
    pub fn warn_strict(&mut self, key: &str, message: impl Into<String>) {
        self.warnings.push(Finding::about(key, message).strict());
    }

    /// Adds a note about `key`.
    pub fn note(&mut self, key: &str, message: impl Into<String>) {
        self.notes.push(Finding::about(key, message));
    }
}
