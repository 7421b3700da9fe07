//! Following the file: a change is noticed by its time and size, read aside, and put in place whole. What cannot be used
//! leaves the earlier state in place and says so.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crate::config::declared::{self, Problem, Surroundings};
use crate::config::settings::GatewaySettings;

/// What tells one content of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// The file that is followed.
pub struct Following {
    file: Option<PathBuf>,
    surroundings: Surroundings,
    /// Of the content that was tried last.
    stamp: Mutex<Option<Stamp>>,
    is_broken: AtomicBool,
}

impl Following {
    /// Remembers what is there now; whoever loads the file does so afterwards.
    pub(super) fn new(settings: &GatewaySettings) -> Self {
        let stamp = settings.file.as_deref().and_then(|path| stamp_of(std::fs::metadata(path)));
        Self {
            file: settings.file.clone(),
            surroundings: settings.surroundings.clone(),
            stamp: Mutex::new(stamp),
            is_broken: AtomicBool::new(false),
        }
    }

    /// Whether the content that was tried last could not be used.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Relaxed)
    }

    /// Whether a file is served at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// The new content of the file, once for each change.
    pub(super) async fn changed(&self) -> Option<(&Path, Result<declared::Declared, Vec<Problem>>)> {
        let path = self.file.as_deref()?;
        let stamp = stamp_of(tokio::fs::metadata(path).await);
        {
            let mut known = self.stamp.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if *known == stamp {
                return None;
            }
            *known = stamp;
        }
        let (file, surroundings) = (path.to_owned(), self.surroundings.clone());
        let read = tokio::task::spawn_blocking(move || declared::load(&file, &surroundings)).await;
        Some((path, read.unwrap_or_else(|error| Err(vec![Problem::about_file(error.to_string())]))))
    }

    pub(super) fn note(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::Relaxed);
    }
}

/// `None` when there is no file.
fn stamp_of(metadata: std::io::Result<std::fs::Metadata>) -> Option<Stamp> {
    let metadata = metadata.ok()?;
    Some(Stamp { modified: metadata.modified().ok(), length: metadata.len() })
}
