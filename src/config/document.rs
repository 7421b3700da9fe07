//! Texts that are printed from the table of keys: `kong.conf.example` and the table of `docs/configuration.md`.

use std::fmt::Write as _;

use super::keys::{Key, Kind, TABLE, Theme, Use};

/// What the example begins with: a whole file that works once the names are yours.
const EXAMPLE_HEAD: &str = r#"# Settings of kong-sso. Copy this file to /etc/kong-sso/kong-sso.conf, or put the keys into the kong.conf that Kong
# reads anyway: Kong ignores keys that it does not know.
#
# A line is `key = value`. What follows a # is a comment; write \# for a hash in a value. Quotes are not removed. A
# backslash at the end of a line continues it. Each key can also be set by an environment variable, KONG_ and the name
# in upper case, and by `--set key=value`; the command line beats the environment, the environment beats this file.
# A secret is best a reference: {vault://env/my-secret} is the environment variable MY_SECRET, and
# {vault://file/run/secrets/x/} is the file /run/secrets/x.
#
# Check the file with `kong-sso check FILE`.

#------------------------------------------------------------------------------
# Sign-in through an OpenID Connect provider: all that is needed
#------------------------------------------------------------------------------

# enforce_rbac = on
# admin_gui_auth = openid-connect
# admin_gui_url = https://kong.example.com
# admin_gui_auth_conf = { \
#   "issuer": "https://idp.example.com/realms/ops", \
#   "client_id": ["kong-manager"], \
#   "client_secret": ["{vault://env/kong-oidc-secret}"], \
#   "redirect_uri": ["https://kong.example.com/_api/auth"], \
#   "login_redirect_uri": ["https://kong.example.com/"], \
#   "logout_redirect_uri": ["https://kong.example.com/"], \
#   "session_secret": "{vault://env/kong-session-secret}" \
# }
# sso_bootstrap_groups = platform-admins
# sso_encryption_key = {vault://env/kong-sso-encryption-key}
# audit_log = on
"#;

const RULE: &str = "#------------------------------------------------------------------------------";

/// The text of `kong.conf.example`: every key of tier 1 with default and meaning, by theme.
#[must_use]
pub fn example() -> String {
    let mut text = EXAMPLE_HEAD.to_owned();
    for theme in Theme::ALL {
        let keys: Vec<&Key> = TABLE.iter().filter(|key| key.theme == theme && key.tier == 1).collect();
        if keys.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{RULE}\n# {}\n{RULE}\n", theme.title());
        for key in keys {
            text.push('\n');
            push_wrapped(&mut text, &format!("{} ({})", meaning(key).replace('*', ""), accepted(key)));
            let default = if key.default.is_empty() { String::new() } else { format!(" {}", key.default) };
            let _ = writeln!(text, "# {} ={default}", key.name);
        }
    }
    text
}

/// The Markdown tables of all keys, by theme.
#[must_use]
pub fn key_tables() -> String {
    let mut text = String::new();
    for theme in Theme::ALL {
        let _ = write!(text, "### {}\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n", theme.title());
        for key in TABLE.iter().filter(|key| key.theme == theme) {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {}{} |",
                key.name,
                accepted(key),
                default(key),
                meaning(key),
                own(key)
            );
        }
        text.push('\n');
    }
    text
}

/// The type, with the words of an enum.
fn accepted(key: &Key) -> String {
    match key.kind {
        Kind::Enum(words) => words.join(", "),
        kind => kind.name().to_owned(),
    }
}

fn default(key: &Key) -> String {
    if key.default.is_empty() { "unset".to_owned() } else { format!("`{}`", key.default) }
}

fn meaning(key: &Key) -> String {
    match key.used {
        Use::Yes => key.meaning.to_owned(),
        Use::No => format!("*Not used.* {}", key.meaning),
    }
}

fn own(key: &Key) -> &'static str {
    if key.is_own() { " Kong does not know this key." } else { "" }
}

/// Adds `sentence` as comment lines of at most 100 characters.
fn push_wrapped(text: &mut String, sentence: &str) {
    const WIDTH: usize = 100;
    let mut line = String::from("#");
    for word in sentence.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::config::file;

    fn project_file(name: &str) -> String {
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
    }

    #[test]
    fn the_example_file_is_printed_from_the_table() {
        let is_fresh = project_file("kong.conf.example") == example();
        assert!(is_fresh, "stale: run `cargo run -- config example > kong.conf.example`");
    }

    #[test]
    fn the_manual_holds_the_printed_table() {
        let manual = project_file("docs/configuration.md");
        let (_, rest) = manual.split_once("<!-- keys: begin -->\n\n").unwrap();
        let (table, _) = rest.split_once("<!-- keys: end -->").unwrap();
        let remedy =
            "stale: put the output of `cargo run -- config keys` between the key markers of docs/configuration.md";
        assert!(table == key_tables(), "{remedy}");
    }

    #[test]
    fn the_example_with_its_comments_removed_is_a_valid_file() {
        let uncommented: String = example()
            .lines()
            .filter_map(|line| {
                line.strip_prefix("# ").filter(|rest| rest.contains(" =") || rest.ends_with('\\') || *rest == "}")
            })
            .filter(|line| !line.starts_with("A line is"))
            .map(|line| format!("{line}\n"))
            .collect();
        let parsed = file::parse(&uncommented);
        assert!(parsed.findings.errors.is_empty(), "{:?}", parsed.findings.errors);
        let conf = parsed.entries.iter().find(|entry| entry.key == "admin_gui_auth_conf").unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&conf.value).is_ok());
    }
}
