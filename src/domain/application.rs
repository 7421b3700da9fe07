//! Applications: what developers build, and what stands for it in Kong as a consumer (dev-portal.md 6.1).

use url::{Host, Url};

use super::ids::{ApplicationId, StrategyId, WorkspaceId};
use super::team::Owner;
use super::time::UnixSeconds;

/// The life of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationStatus {
    /// It works.
    Active,
    /// Its owner may not use the portal at present: it has neither keys nor grants in Kong.
    Suspended,
    /// It is being removed from Kong; then it is gone.
    Deleting,
}

impl ApplicationStatus {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
        }
    }
}

impl std::str::FromStr for ApplicationStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Active, Self::Suspended, Self::Deleting];
        all.into_iter().find(|status| status.as_str() == text).ok_or("expected one of: active, suspended, deleting")
    }
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Key.
    pub id: ApplicationId,
    /// Workspace.
    pub ws_id: WorkspaceId,
    /// Owner.
    pub owner: Owner,
    /// Name; unique for its owner.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Where sign-ins may lead; API keys need none.
    pub redirect_uris: Vec<RedirectUri>,
    /// `custom_id` of its consumer; unique in its workspace.
    pub custom_id: Option<String>,
    /// The strategy of its credentials; never changes.
    pub strategy_id: StrategyId,
    /// Its life.
    pub status: ApplicationStatus,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// Longest name, description and reference id.
pub const LONGEST: usize = 255;

/// One line of text of an application: trimmed, 1 to 255 characters.
///
/// # Errors
/// What is wrong with it.
pub fn parse_line(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("must not be empty".to_owned()),
        count if count > LONGEST => Err(format!("must be at most {LONGEST} characters long")),
        _ if text.chars().any(char::is_control) => Err("must not contain control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// A redirect URI: absolute, with a host and without fragment; `https`, `http` on this machine, or the own scheme of a
/// native program (RFC 8252 7.1: a reversed domain name, so it has a dot).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Parses a redirect URI. It is kept as it was written: providers compare it letter by letter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refused = |why: &str| Err(format!("cannot use '{text}' as a redirect URI: {why}"));
        if text.chars().count() > 2048 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return refused("it is too long or has spaces");
        }
        let Ok(url) = Url::parse(text) else { return refused("it is no absolute URI") };
        if text.contains('#') {
            return refused("fragment not allowed");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return refused("it has no host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it has a user name");
        }
        match url.scheme() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback(&url) => Ok(Self(text.to_owned())),
            "http" => refused("http is allowed on this machine only (localhost, 127.0.0.1, [::1])"),
            scheme if scheme.contains('.') => Ok(Self(text.to_owned())),
            _ => refused("expected https, or a scheme with a dot such as com.example.app"),
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One that was checked when it was stored.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dp_056_redirect_uris_follow_the_rules() {
        for good in [
            "https://a.test/cb?x=1",
            "http://localhost:3000/cb",
            "http://127.0.0.1/",
            "http://[::1]:9/cb",
            "com.example.app://cb/x",
        ] {
            assert!(RedirectUri::parse(good).is_ok(), "{good}: {:?}", RedirectUri::parse(good));
        }
        for bad in [
            "",
            "/cb",
            "a.test/cb",
            "https://a.test/cb#x",
            "https://a.test/#",
            "http://evil.test/",
            "http://localhost.evil.test/",
            "http://127.0.0.1.evil.test/",
            "javascript:alert(1)",
            "javascript://a.test/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://u:p@a.test/",
            "https://",
            "https://a b/",
            "com.example.app:/cb",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn dp_056_whatever_is_accepted_has_a_host_and_no_fragment(text in "(https?|javascript|a\\.b)?(://)?[a-z0-9.#@/:\\[\\]-]{0,30}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                let url = Url::parse(uri.as_str());
                prop_assert!(url.is_ok_and(|url| url.fragment().is_none() && url.host_str().is_some_and(|host| !host.is_empty())));
            }
        }
    }
}
