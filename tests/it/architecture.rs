//! The layers of the house: who may import whom. Read from the `use crate::` lines and paths of the source.

use std::fs;
use std::path::{Path, PathBuf};

/// A room and the rooms it may enter, besides itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("store", &["domain", "config"]),
    ("oidc", &["domain", "config", "http_client", "sealing"]),
    ("kong", &["domain", "config", "http_client"]),
    ("services", &["domain", "config", "store", "oidc", "kong", "http_client", "sealing", "telemetry", "metrics"]),
    ("web", &["domain", "config", "kong", "services", "sealing", "telemetry", "metrics"]),
    ("http_client", &["config"]),
    ("sealing", &[]),
    ("telemetry", &["config"]),
    ("metrics", &["domain"]),
];

fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let entries: Vec<PathBuf> = entries.unwrap_or_default();
    entries.iter().flat_map(|path| files(path)).filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

/// Rooms that a file names as `crate::room`.
fn entered(text: &str) -> Vec<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    text.match_indices("crate::").map(|(at, found)| name(&text[at + found.len()..])).collect()
}

#[test]
fn no_room_is_entered_that_is_closed() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut offences = Vec::new();
    let mut seen = 0;
    for (room, open) in ROOMS {
        for file in files(&src.join(room)).into_iter().chain(files(&src.join(format!("{room}.rs")))) {
            seen += 1;
            let is_open = |name: &str| name == *room || name.is_empty() || open.contains(&name);
            let text = fs::read_to_string(&file).unwrap();
            let closed = entered(&text).into_iter().filter(|name| !is_open(name));
            offences.extend(closed.map(|name| format!("{} enters {name}", file.display())));
        }
    }
    assert!(seen > 60, "only {seen} files were read");
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn all_sql_lives_in_the_store() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let strangers: Vec<_> = files(&src)
        .into_iter()
        .filter(|file| !file.starts_with(src.join("store")))
        .filter(|file| fs::read_to_string(file).unwrap().contains("sqlx::"))
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}
