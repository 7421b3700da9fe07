//! A request path: whatever is accepted has one spelling, and that spelling is accepted as itself.
#![no_main]

use kong_sso::kong::path::CanonicalPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let of_api = CanonicalPath::parse_of_admin_api(raw);
    if let Ok(strict) = CanonicalPath::parse(raw) {
        assert!(of_api.as_ref().is_ok_and(|path| *path == strict));
    }
    let Ok(path) = of_api else { return };
    let text = path.to_string();
    assert!(CanonicalPath::parse_of_admin_api(&text).is_ok_and(|again| again == path));
    assert!(text.is_ascii() && !text.contains("//") && !text.contains('\\'));
    assert!(!text.split('/').any(|segment| segment == "." || segment == ".."));
    assert_eq!(path.endpoint().to_string(), text);
});
