//! `check`, `config dump` and `version` through the binary, with an environment of their own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A complete configuration for sign-in; secrets by reference.
const SIGN_IN: &str = r#"enforce_rbac = on
admin_gui_auth = openid-connect
admin_gui_url = https://kong.example.com
admin_gui_auth_conf = {                                              \
  "issuer": "https://idp.example.com/realms/ops",                    \
  "client_id": ["kong-manager"],                                     \

  "client_secret": ["{vault://env/kong-oidc-secret}"],               \
  "redirect_uri": ["https://kong.example.com/_api/auth"],            \
  "login_redirect_uri": ["https://kong.example.com/"],               \
  "logout_redirect_uri": ["https://kong.example.com/"],              \
  "session_secret": "session-hush-session-hush-session-hush"         \
}
pg_password = pg-hush
"#;

struct Folder {
    folder: TempDir,
}

impl Folder {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kong.conf"), text).unwrap();
        Self { folder }
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("kong.conf")
    }

    fn run_with(&self, environment: &[(&str, &str)], args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
        command.env_clear().envs(environment.iter().copied()).current_dir(self.folder.path()).args(args);
        Run(command.output().unwrap())
    }

    fn run(&self, args: &[&str]) -> Run {
        self.run_with(&[], args)
    }
}

struct Run(Output);

impl Run {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Lines of one level on standard error, without their time stamps.
    fn messages(&self, level: &str) -> Vec<String> {
        let mark = format!(" [{level}] ");
        self.stderr().lines().filter_map(|line| Some(line.split_once(&mark)?.1.to_owned())).collect()
    }
}

fn check(text: &str, flags: &[&str]) -> Run {
    Folder::with(text).run(&[&["check", "kong.conf"], flags].concat())
}

#[test]
fn km_004_a_wrong_word_exits_with_1_and_a_dated_line() {
    let run = check("database = mysql\n", &[]);
    assert_eq!(run.code(), 1);
    let stderr = run.stderr();
    let (stamp, message) = stderr.trim_end().split_at("2026/01/01 00:00:00".len());
    assert_eq!(message, " [error] database has an invalid value: 'mysql' (postgres, cassandra, off)");
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000/00/00 00:00:00");
    assert_eq!(run.stdout(), "");
}

#[test]
fn km_005_both_of_two_errors_are_printed() {
    let run = check("database = mysql\nlog_level = loud\n", &[]);
    assert_eq!(run.messages("error").len(), 2);
}

#[test]
fn km_006_a_missing_file_is_named() {
    let run = Folder::with("").run(&["check", "missing.conf"]);
    assert_eq!((run.code(), run.messages("error")), (1, vec!["no file at: missing.conf".to_owned()]));
}

#[test]
fn km_007_a_valid_file_is_named_on_standard_output() {
    let run = check(SIGN_IN.replace("{vault://env/kong-oidc-secret}", "x").as_str(), &[]);
    assert_eq!((run.code(), run.stdout().as_str()), (0, "configuration at kong.conf is valid\n"));
    assert_eq!(run.stderr(), "");
}

#[test]
fn km_009_unmarked_multi_line_json_fails_only_when_strict() {
    let text = "sso_upstream_admin_headers = {\n  \"apikey\": \"k\"\n}\n";
    assert_eq!(check(text, &[]).code(), 0);
    let strict = check(text, &["--strict"]);
    assert_eq!(strict.code(), 1);
    assert!(strict.messages("error")[0].contains("end each line but the last with a backslash"));
}

#[test]
fn km_010_a_hash_inside_a_json_string_fails_only_when_strict_with_a_hint() {
    for text in [
        "sso_upstream_admin_headers = {\"apikey\":\"a#b\"}\n",
        "sso_upstream_admin_headers = { \\\n\"apikey\":\"a#b\" \\\n}\n",
    ] {
        let run = check(text, &[]);
        assert_eq!((run.code(), run.messages("warn").len()), (0, 1), "{text}");
        let strict = check(text, &["--strict"]);
        assert_eq!(strict.code(), 1);
        assert!(strict.messages("error")[0].contains("write \\#"));
    }
}

#[test]
fn km_011_rbac_is_on_or_off() {
    let message = "enforce_rbac has an invalid value: 'yes' (off, on, entity, both)";
    assert_eq!(check("enforce_rbac = yes\n", &[]).messages("error"), [message]);
}

#[test]
fn km_012_yes_is_no_boolean() {
    assert_eq!(check("audit_log = yes\n", &[]).messages("error"), ["audit_log is not a boolean: 'yes'"]);
}

#[test]
fn km_015_an_unresolved_reference_only_warns_on_check_and_fails_when_strict() {
    let run = check(SIGN_IN, &[]);
    assert_eq!((run.code(), run.stdout().as_str()), (0, "configuration at kong.conf is valid\n"));
    let warnings = run.messages("warn");
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("failed to dereference '{vault://env/kong-oidc-secret}': "));
    assert_eq!(check(SIGN_IN, &["--strict"]).code(), 1);
    let resolved = Folder::with(SIGN_IN).run_with(&[("KONG_OIDC_SECRET", "s")], &["check", "kong.conf", "--strict"]);
    assert_eq!((resolved.code(), resolved.stderr().as_str()), (0, ""));
}

#[test]
fn km_016_an_unknown_key_warns_and_fails_when_strict() {
    let message = "unknown key 'admin_gui_atuh' (did you mean 'admin_gui_auth'?)";
    let run = check("admin_gui_atuh = x\n", &[]);
    assert_eq!((run.code(), run.messages("warn")), (0, vec![message.to_owned()]));
    let strict = check("admin_gui_atuh = x\n", &["--strict"]);
    assert_eq!((strict.code(), strict.messages("error")), (1, vec![message.to_owned()]));
}

#[test]
fn km_018_an_empty_listen_key_has_no_form() {
    let errors = check("admin_listen =\n", &[]).messages("error");
    assert!(errors[0].starts_with("admin_listen must be of form: [off] | <ip>:<port>"));
}

#[test]
fn km_019_020_old_members_are_explained() {
    let text = SIGN_IN
        .replace("/_api/auth", ":8002/default")
        .replace("\"issuer\"", "\"auth_methods\":[\"session\"],\"issuer\"");
    let run = check(&text, &[]);
    assert_eq!(run.code(), 1);
    let start = "admin_gui_auth_conf.redirect_uri must point at the Admin API's /auth endpoint";
    assert!(run.messages("error").iter().any(|error| error.starts_with(start)), "{}", run.stderr());
    let ignored = run.messages("warn").into_iter().filter(|warning| warning.contains("auth_methods")).count();
    assert_eq!(ignored, 1);
}

#[test]
fn km_021_the_dump_masks_secrets_and_names_sources() {
    let folder = Folder::with(&SIGN_IN.replace("{vault://env/kong-oidc-secret}", "client-hush"));
    let environment = [("KONG_LOG_LEVEL", "warn")];
    let args = ["config", "dump", "-c", "kong.conf", "--set", "sso_ui_path=/_ui"];
    let run = folder.run_with(&environment, &args);
    let text = run.stdout();
    assert!(!text.contains("hush"), "{text}");
    assert!(text.contains("pg_password = ******  # file, line 14\n"), "{text}");
    assert!(text.contains("\"client_secret\":[\"******\"]") && text.contains("\"session_secret\":\"******\""));
    assert!(text.contains("log_level = warn  # environment, KONG_LOG_LEVEL\n"));
    assert!(text.contains("sso_ui_path = /_ui  # command line\n"));
    assert!(text.contains("sso_api_path = /_api  # default\n"));
    let json: Value =
        serde_json::from_str(&folder.run(&["config", "dump", "-c", "kong.conf", "--json"]).stdout()).unwrap();
    assert!(
        json.as_array()
            .unwrap()
            .contains(&json!({"name": "pg_password", "value": "******", "source": "file, line 14"}))
    );
    let debug = folder.run(&["check", "kong.conf", "-vv"]).stderr();
    assert!(debug.contains("[debug] pg_password = ******") && !debug.contains("hush"));
}

#[test]
fn a_dump_can_be_read_again() {
    let folder = Folder::with("admin_gui_login_banner_body = 100\\# sure\n");
    let dump = folder.run(&["config", "dump", "-c", "kong.conf"]).stdout();
    let again = Folder::with(&dump).run(&["config", "dump", "-c", "kong.conf", "--json"]);
    assert_eq!(again.code(), 0, "{}", again.stderr());
    assert!(again.stdout().contains("\"100# sure\""));
}

#[test]
fn json_reports_have_keys_and_lines() {
    let run = check("\ndatabase = mysql\nlog_lewel = x\n", &["--json"]);
    assert_eq!((run.code(), run.stderr().as_str()), (1, ""));
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(
        report,
        json!({
            "valid": false,
            "errors": [{"key": "database", "message": "database has an invalid value: 'mysql' (postgres, cassandra, off)", "line": 2}],
            "warnings": [{"key": "log_lewel", "message": "unknown key 'log_lewel' (did you mean 'log_level'?)", "line": 3}]
        })
    );
    let missing: Value = serde_json::from_str(&Folder::with("").run(&["check", "none", "--json"]).stdout()).unwrap();
    assert_eq!(missing["errors"][0]["message"], "no file at: none");
}

#[test]
fn files_that_are_no_text_are_refused() {
    let folder = Folder::with("");
    fs::write(folder.conf(), [b'a', b'=', 0xff]).unwrap();
    assert_eq!(folder.run(&["check", "kong.conf"]).messages("error"), ["kong.conf is not UTF-8 text"]);
    assert_eq!(folder.run(&["check", "."]).messages("error"), ["no file at: ."]);
}

#[test]
fn wrong_usage_exits_with_2_and_help_has_examples() {
    let folder = Folder::with("");
    assert_eq!(folder.run(&[]).code(), 2);
    assert_eq!(folder.run(&["check", "--nonsense"]).code(), 2);
    assert_eq!(folder.run(&["check", "--set", "novalue"]).code(), 2);
    for command in [
        &["--help"][..],
        &["start", "--help"],
        &["check", "--help"],
        &["config", "dump", "--help"],
        &["rbac", "explain", "--help"],
    ] {
        let run = folder.run(command);
        assert!(run.code() == 0 && run.stdout().contains("Example"), "{command:?}");
    }
    assert_eq!(folder.run(&["version"]).stdout().trim(), env!("CARGO_PKG_VERSION"));
}
