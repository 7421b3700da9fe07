//! Suggestions for inputs that take an endpoint: what Kong and kong-sso serve, written as rules write it.

use std::time::Duration;

use super::extractors::AdminSession;
use crate::services::endpoints;

/// How long a page waits for Kong.
const PATIENCE: Duration = Duration::from_secs(2);

/// Patterns to choose from, `*` first.
pub(super) async fn suggestions(visitor: &AdminSession) -> Vec<String> {
    let known = match visitor.default_workspace() {
        Ok(default) => tokio::time::timeout(PATIENCE, endpoints::list(&visitor.services, default)).await,
        Err(_) => return Vec::new(),
    };
    let own = || endpoints::OWN.iter().map(ToString::to_string).collect();
    let paths: Vec<String> = known.ok().and_then(Result::ok).unwrap_or_else(own);
    let mut patterns: Vec<String> = paths.iter().map(|path| as_pattern(path)).collect();
    patterns.sort();
    patterns.dedup();
    patterns.insert(0, "*".to_owned());
    patterns
}

/// `/services/{services}/plugins` as a rule writes it.
fn as_pattern(path: &str) -> String {
    let part = |part| if str::starts_with(part, '{') { "*" } else { part };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_one_segment_of_anything() {
        assert_eq!(as_pattern("/services/{services}/plugins"), "/services/*/plugins");
        assert_eq!(as_pattern("/"), "/");
    }
}
