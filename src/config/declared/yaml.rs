//! From bytes to one JSON value. YAML holds JSON, so one reader serves both. Bounded in size, depth, nodes and aliases;
//! a key that stands twice is an error, because two readers of one file would disagree on it.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use serde_saphyr::Options;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

use super::LARGEST_FILE;
use super::reader::Problem;

/// Deepest nesting.
const DEEPEST: usize = 64;
/// Most values, those that aliases repeat included.
const MOST_NODES: usize = 1_000_000;
/// Most anchors, and most aliases.
const MOST_ALIASES: usize = 1_000;

/// The text of a file.
pub(super) fn read_file(path: &Path) -> Result<String, Vec<Problem>> {
    let unreadable =
        |cause: std::io::Error| vec![Problem::about_file(format!("cannot read {}: {cause}", path.display()))];
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    // One byte more than is allowed tells a file that is too large from one that just fits.
    file.take(LARGEST_FILE as u64 + 1).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// The only document of a text.
pub(super) fn parse(text: &str) -> Result<Value, Vec<Problem>> {
    if text.len() > LARGEST_FILE {
        return Err(vec![Problem::about_file(format!("is larger than {} MiB", LARGEST_FILE >> 20))]);
    }
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| vec![Problem::about_file(format!("is not YAML that can be used: {error}"))])
}

fn options() -> Options {
    let budget = serde_saphyr::budget! {
        max_reader_input_bytes: Some(LARGEST_FILE),
        max_events: MOST_NODES * 2,
        max_nodes: MOST_NODES,
        max_depth: DEEPEST,
        flow_nesting_limit: DEEPEST,
        max_aliases: MOST_ALIASES,
        max_anchors: MOST_ALIASES,
        max_documents: 1,
        max_total_scalar_bytes: LARGEST_FILE,
        max_merge_keys: MOST_ALIASES,
    };
    let alias_limits = serde_saphyr::alias_limits! {
        max_total_replayed_events: MOST_NODES / 10,
        max_replay_stack_depth: DEEPEST,
        max_alias_expansions_per_anchor: MOST_ALIASES,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::Error,
        alias_limits: alias_limits,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
    }
}
