//! Any text as a settings file: the loader answers with settings or with errors, never with a panic.
#![no_main]

use kong_sso::config::{LoadMode, LoadOptions, load_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = LoadOptions { conf: None, overrides: Vec::new(), environment: Vec::new(), mode: LoadMode::Check };
    let _ = load_text(text, &options);
});
