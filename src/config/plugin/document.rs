//! `docs/openid-connect-parameters.md`, printed from the table.

use std::fmt::Write as _;

use super::parameter::{Kind, Parameter, Preset, Status};
use super::table::{CHAPTERS, Flat, flattened};

const HEAD: &str = "\
# Parameters of the `openid-connect` plugin

What a plugin named `openid-connect` of the declared gateway may have in its `config`. Names, types and defaults are those
of Kong's plugin, so a configuration can be moved as it is. Only `issuer` is required.

- A parameter that is *not available* is refused when it is set to anything but its default; none is silently ignored.
- One that has *no effect* is checked and warned about.
- An unknown name is refused, with a suggestion where one is near.
- `null` and empty text count as unset; for `login_tokens` and `upstream_access_token_header` they mean: none.
- A list may be written as a single text, when it has one element.
- Any text may be a vault reference, `{vault://env/my-secret}` or `{vault://file/run/secrets/x/}`.
- Former names of parameters are understood, with a warning.
- A path names members from the outside in: `[\"realm_access\", \"roles\"]` is the member `roles` of the claim `realm_access`.
";

/// The text of `docs/openid-connect-parameters.md`.
#[must_use]
pub fn parameters() -> String {
    let mut text = HEAD.to_owned();
    for chapter in CHAPTERS {
        let _ = write!(text, "\n## {}\n\n{COLUMNS}", chapter.title);
        for Flat { path, row, status } in flattened(chapter.rows) {
            let _ = writeln!(
                text,
                "| `{path}` | {} | {} | {} | {} |",
                accepted(row, status),
                default(row.preset),
                word(status),
                meaning(row, status)
            );
        }
    }
    text
}

const COLUMNS: &str = "| Parameter | Type | Default | Status | Meaning |\n|---|---|---|---|---|\n";

/// The type; of an enumeration the words that are available.
fn accepted(row: &Parameter, status: Status) -> String {
    let refused = if let Status::Except(words) = status { words } else { &[] };
    let words = |of: &[&str]| {
        let available: Vec<_> =
            of.iter().filter(|word| !refused.contains(word)).map(|word| format!("`{word}`")).collect();
        available.join(", ")
    };
    match row.kind {
        Kind::Flag => "boolean".to_owned(),
        Kind::Number | Kind::Decimal | Kind::Whole(_, i64::MAX) => "number".to_owned(),
        Kind::Whole(least, most) => format!("number, {least} to {most}"),
        Kind::Text => "string".to_owned(),
        Kind::Url => "URL".to_owned(),
        Kind::Header => "header".to_owned(),
        Kind::Word(known) => words(known),
        Kind::Texts => "list".to_owned(),
        Kind::Urls => "list of URLs".to_owned(),
        Kind::Words(known) => format!("list of {}", words(known)),
        Kind::Path => "path".to_owned(),
        Kind::Paths => "list of paths".to_owned(),
        Kind::Record(_) => "object".to_owned(),
        Kind::Records(_) => "list of objects".to_owned(),
    }
}

fn default(preset: Preset) -> String {
    match preset {
        Preset::Unset => "unset".to_owned(),
        Preset::Required => "required".to_owned(),
        Preset::Is(text) | Preset::Or(text) => format!("`{text}`"),
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Implemented | Status::Except(_) | Status::Within => "works",
        Status::Deprecated(_) => "works, deprecated",
        Status::Inert(_) => "no effect",
        Status::Refused(_) => "not available",
    }
}

fn meaning(row: &Parameter, status: Status) -> String {
    match status {
        Status::Except(words) => format!("{} Not available: {}.", row.meaning, words.join(", ")),
        Status::Deprecated(successor) => format!("{} Use `{successor}`.", row.meaning),
        _ => row.meaning.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_manual_is_printed_from_the_table() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openid-connect-parameters.md");
        let remedy = "stale: run `cargo run -- config parameters > docs/openid-connect-parameters.md`";
        assert!(std::fs::read_to_string(path).unwrap_or_default() == parameters(), "{remedy}");
    }

    #[test]
    fn members_of_what_is_not_available_are_not_either() {
        let text = parameters();
        let row = |name: &str| text.lines().find(|line| line.starts_with(&format!("| `{name}` "))).unwrap();
        assert!(row("principals.enabled").contains("| not available |"));
        assert!(row("cluster_cache_redis.keepalive_backlog").contains("| no effect |"));
        assert!(row("redis.host").contains("| works |"));
        assert!(!row("client_auth").contains("`tls_client_auth`"));
    }
}
