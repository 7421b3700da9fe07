//! Any text as the gateway's file: it gives a gateway or problems, never a panic, and what it gives routes without one.
#![no_main]

use kong_sso::config::declared::{Surroundings, parse};
use kong_sso::domain::routing::{HeaderLines, Router, RoutingRequest, normalized, upstream_path};
use libfuzzer_sys::fuzz_target;

struct NoHeaders;

impl HeaderLines for NoHeaders {
    fn line(&self, _name: &str, _index: usize) -> Option<&[u8]> {
        None
    }
}

fuzz_target!(|data: (&str, &str, &str)| {
    let (text, authority, path) = data;
    match parse(text, &Surroundings::default()) {
        Err(problems) => assert!(!problems.is_empty()),
        Ok(declared) => {
            let path = normalized(path);
            let request = RoutingRequest { method: "GET", authority, path: &path, headers: &NoHeaders };
            let router = Router::new(declared.routes.iter().map(|route| route.rule.clone()));
            let Some(found) = router.find(&request) else { return };
            let service = declared.routes.get(found.route).and_then(|route| declared.services.get(route.service));
            assert!(service.is_some());
            let joined = service.and_then(|service| upstream_path(&service.path, &path, found.taken));
            assert!(joined.is_none_or(|joined| joined.starts_with('/')));
        }
    }
});
