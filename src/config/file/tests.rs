#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use proptest::prelude::*;

fn value(text: &str) -> String {
    let file = parse(text);
    assert!(file.findings.errors.is_empty(), "{:?}", file.findings.errors);
    file.entries.last().unwrap().value.clone()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(&value(text)).unwrap()
}

#[test]
fn km_001_comments_are_cut_and_escaped_hashes_stay() {
    assert_eq!(value("a = 1 # x"), "1");
    assert_eq!(value("pg_password = test\\#123"), "test#123");
    assert_eq!(value("pg_password = abc#def"), "abc");
    assert_eq!(value("admin_gui_header_bg_color = #ff0000"), "");
    assert_eq!(value("pg_password = \"a\""), "\"a\"");
    assert_eq!(value("pg_password = a=b=c"), "a=b=c");
}

#[test]
fn km_008_continued_json_with_a_blank_line_is_one_value() {
    let text = "admin_gui_auth_conf = { \\\n  \"a\": 1, \\\n\n# comment\n  \"b\": [2] \\\n}\nlog_level = warn\n";
    let file = parse(text);
    assert_eq!(file.entries.len(), 2);
    assert!(file.findings.warnings.is_empty(), "{:?}", file.findings.warnings);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&file.entries[0].value).unwrap(),
        serde_json::json!({"a": 1, "b": [2]})
    );
}

#[test]
fn km_009_unmarked_multi_line_json_is_accepted_with_a_strict_warning() {
    let file = parse("admin_gui_auth_conf = {\n  \"a\": \"}\"\n}\nlog_level = warn\n");
    assert_eq!(file.entries.len(), 2);
    assert_eq!(file.findings.warnings.len(), 1);
    assert!(file.findings.warnings[0].strict);
}

#[test]
fn km_010_a_hash_inside_a_json_string_stays_with_one_warning() {
    for text in ["admin_gui_auth_conf = {\"secret\":\"a#b\"}", "admin_gui_auth_conf = {\"secret\": \\\n \"a#b\"}"] {
        let file = parse(text);
        assert_eq!(json(text), serde_json::json!({"secret": "a#b"}));
        assert_eq!(file.findings.warnings.len(), 1, "{text}");
        assert!(file.findings.warnings[0].strict && file.findings.warnings[0].message.contains("\\#"));
    }
    let escaped = parse("admin_gui_auth_conf = {\"secret\":\"a\\#b\"} # end");
    assert!(escaped.findings.warnings.is_empty());
    assert_eq!(escaped.entries[0].value, "{\"secret\":\"a#b\"}");
}

#[test]
fn a_comment_inside_continued_json_ends_at_its_line() {
    let text = "admin_gui_auth_conf = { # why \\\n \"a\": 1 \\\n}";
    assert_eq!(json(text), serde_json::json!({"a": 1}));
    assert_eq!(parse(text).findings.warnings.len(), 1);
}

#[test]
fn a_vault_reference_is_not_the_start_of_a_json_object() {
    assert_eq!(value("admin_gui_auth_conf = {vault://env/conf}"), "{vault://env/conf}");
}

#[test]
fn lines_are_joined_without_a_space_and_an_open_end_is_an_error() {
    assert_eq!(value("a = one\\  \n# skipped\n  two"), "one  two");
    let file = parse("\n; c\na = b \\\n");
    assert_eq!(file.findings.errors[0].message, "line 3: unterminated continuation");
    assert!(file.entries.is_empty());
}

#[test]
fn sections_duplicates_and_stray_lines_are_reported() {
    let file = parse("\u{feff}log-level = a\nlog_level = b\nnonsense\n[x]\n\"client_secret\": \"hush=\",\n");
    assert_eq!(file.findings.errors[0].message, "line 4: sections are not supported");
    assert_eq!(file.findings.warnings.len(), 3);
    assert!(file.findings.warnings.iter().all(|warning| !warning.message.contains("hush")));
    assert_eq!(file.entries[0].key, "log_level");
}

#[test]
fn an_open_or_endless_json_value_is_an_error() {
    assert!(parse("admin_gui_auth_conf = {\n\"a\": 1\n").findings.errors[0].message.contains("has no end"));
    let long = format!("admin_gui_auth_conf = {{\n{}", "\"aaaaaaaaaaaaaaaa\",\n".repeat(5000));
    assert!(parse(&long).findings.errors[0].message.contains("64 KiB"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC*(\n\\PC*){0,8}") {
        parse(&text);
    }

    #[test]
    fn json_lines_are_read_without_a_panic(text in "admin_gui_auth_conf = \\{[\\\\#\"{}\\[\\],: a\n]{0,80}") {
        parse(&text);
    }

    #[test]
    fn a_plain_value_survives(value in "[A-Za-z0-9/:.,=+!_-]{1,40}") {
        prop_assert_eq!(&parse(&format!("pg_password = {value}")).entries[0].value, &value);
    }
}
