//! Every parameter of the schema has a row that agrees with it. `schema.tsv` holds path, type, default, words and bounds.

use std::collections::HashMap;

use serde_json::Value;

use crate::config::plugin::parameter::{Kind, Preset, Status};
use crate::config::plugin::table::{CHAPTERS, Flat, flattened};

const SCHEMA: &str = include_str!("schema.tsv");

fn rows() -> HashMap<String, Flat> {
    CHAPTERS.iter().flat_map(|chapter| flattened(chapter.rows)).map(|flat| (flat.path.clone(), flat)).collect()
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "boolean",
        Kind::Number | Kind::Decimal => "number",
        Kind::Whole(..) => "integer",
        Kind::Text | Kind::Url | Kind::Header | Kind::Word(_) => "string",
        Kind::Texts | Kind::Urls | Kind::Words(_) | Kind::Path => "array of string",
        Kind::Paths => "array of array",
        Kind::Record(_) => "object",
        Kind::Records(_) => "array of object",
    }
}

fn default_text(preset: Preset) -> &'static str {
    match preset {
        Preset::Unset => "",
        Preset::Required => "required",
        Preset::Is(text) | Preset::Or(text) => text,
    }
}

/// Words of ours that Kong does not know.
fn is_own_word(path: &str, word: &str) -> bool {
    path == "session_storage" && word == "database"
}

fn bounds(kind: Kind) -> String {
    match kind {
        Kind::Whole(_, i64::MAX) => String::new(),
        Kind::Whole(least, most) => format!("{least}..{most}"),
        _ => String::new(),
    }
}

#[test]
fn the_table_is_the_schema() {
    let mut rows = rows();
    for line in SCHEMA.lines() {
        let [path, kind, default, words, limits] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let Flat { row, .. } = rows.remove(path).unwrap_or_else(|| panic!("no row for {path}"));
        assert_eq!(type_name(row.kind), kind, "{path}");
        let parsed =
            |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        assert_eq!(parsed(default_text(row.preset)), parsed(default), "{path}");
        let known = row.kind.words().iter().filter(|word| !is_own_word(path, word)).copied().collect::<Vec<_>>();
        assert_eq!(known.join(","), words, "{path}");
        assert_eq!(bounds(row.kind), limits, "{path}");
    }
    assert!(rows.is_empty(), "rows without a parameter: {:?}", rows.keys());
    assert_eq!(SCHEMA.lines().count(), 378);
}

#[test]
fn rows_are_complete() {
    for (path, Flat { row, .. }) in rows() {
        assert!(row.meaning.ends_with('.') && !row.meaning.contains('|'), "{path}");
        if let Preset::Is(text) | Preset::Or(text) = row.preset {
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{path}");
        }
        if let Status::Except(words) = row.status {
            assert!(words.iter().all(|word| row.kind.words().contains(word)), "{path}");
        }
        if let Status::Deprecated(successor) = row.status {
            assert!(rows().contains_key(successor), "{path}");
        }
    }
}
