//! The login-state cookie: up to five started logins, so that parallel tabs work, sealed and below the size that
//! browsers keep (openid-connect.md 2.9.3, 4.8). Called by the web layer through the login service.

use subtle::ConstantTimeEq as _;

use crate::domain::time::UnixSeconds;
use crate::sealing::{SealError, Sealer};

use super::pending_login::PendingLogin;

const PURPOSE: &str = "login-state cookie";
/// Logins that are kept.
pub const MAX_PENDING: usize = 5;
/// Longest value, bytes: browsers keep 4096 for name, value and attributes.
pub const MAX_VALUE: usize = 3800;

/// The content of the cookie, newest login first.
#[derive(Clone, Debug, Default)]
pub struct LoginCookie {
    pending: Vec<PendingLogin>,
}

impl LoginCookie {
    /// Opens a cookie value. Logins older than `timeout` seconds are gone; a value that does not open is an empty
    /// cookie.
    #[must_use]
    pub fn from_value(sealer: &Sealer, value: &str, now: UnixSeconds, timeout: i64) -> Self {
        let opened = if value.len() > MAX_VALUE { None } else { sealer.open(PURPOSE, value) };
        let mut pending: Vec<PendingLogin> =
            opened.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        pending.retain(|login| now.since(login.created_at) < timeout);
        pending.truncate(MAX_PENDING);
        Self { pending }
    }

    /// Remembers a started login, forgetting the oldest beyond five.
    pub fn add(&mut self, login: PendingLogin) {
        self.pending.insert(0, login);
        self.pending.truncate(MAX_PENDING);
    }

    /// Takes the login with this `state` out: it can be finished once. Every state is compared in constant time.
    pub fn take(&mut self, state: &str) -> Option<PendingLogin> {
        let is_it = |login: &PendingLogin| bool::from(login.state.as_bytes().ct_eq(state.as_bytes()));
        let found: Vec<bool> = self.pending.iter().map(is_it).collect();
        found.iter().position(|hit| *hit).map(|at| self.pending.remove(at))
    }

    /// Whether no login is pending: then the cookie should be cleared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many logins are pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// The cookie value: characters of base64url and a dot. Oldest logins are left out when it would be too long;
    /// when a single one is, its `return_to` is.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn to_value(&self, sealer: &Sealer) -> Result<String, SealError> {
        for count in (1..=self.pending.len()).rev() {
            let value = seal(sealer, self.pending.get(..count).unwrap_or_default())?;
            if value.len() <= MAX_VALUE {
                return Ok(value);
            }
        }
        let newest = self.pending.first().cloned().map(|login| PendingLogin { return_to: None, ..login });
        seal(sealer, newest.as_slice())
    }
}

fn seal(sealer: &Sealer, pending: &[PendingLogin]) -> Result<String, SealError> {
    sealer.seal(PURPOSE, &serde_json::to_vec(pending).map_err(|_| SealError)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sealing::random_token;
    use proptest::prelude::*;

    const TIMEOUT: i64 = 600;

    fn sealer() -> Sealer {
        Sealer::from_secret(b"secret")
    }

    fn login(state: &str, created_at: i64, return_to: Option<String>) -> PendingLogin {
        PendingLogin {
            state: state.into(),
            nonce: random_token(),
            code_verifier: Some(random_token().into()),
            redirect_index: 1,
            return_to,
            created_at: UnixSeconds(created_at),
            purpose: Default::default(),
            issuer: None,
            redirect_uri: None,
        }
    }

    fn reopen(cookie: &LoginCookie, now: i64) -> LoginCookie {
        LoginCookie::from_value(&sealer(), &cookie.to_value(&sealer()).unwrap(), UnixSeconds(now), TIMEOUT)
    }

    #[test]
    fn a_login_comes_back_once() {
        let mut cookie = LoginCookie::default();
        cookie.add(login("a", 10, Some("/x".into())));
        cookie.add(login("b", 20, None));
        let mut cookie = reopen(&cookie, 30);
        assert!(cookie.take("c").is_none());
        assert!(cookie.take("").is_none());
        let taken = cookie.take("a").unwrap();
        assert_eq!((taken.return_to.as_deref(), taken.redirect_index), (Some("/x"), 1));
        assert!(cookie.take("a").is_none());
        assert_eq!(reopen(&cookie, 30).len(), 1);
    }

    #[test]
    fn five_are_kept_and_old_ones_are_dropped() {
        let mut cookie = LoginCookie::default();
        for at in 0..7 {
            cookie.add(login(&format!("s{at}"), at, None));
        }
        let mut cookie = reopen(&cookie, 602);
        assert_eq!(cookie.len(), 4, "s2 has just expired, s0 and s1 were pushed out");
        assert!(cookie.take("s2").is_none() && cookie.take("s3").is_some() && cookie.take("s6").is_some());
        assert!(reopen(&cookie, 10_000).is_empty());
    }

    #[test]
    fn the_value_stays_below_what_browsers_keep() {
        let mut cookie = LoginCookie::default();
        for at in 0..5 {
            cookie.add(login(&format!("s{at}"), at, Some(format!("/{}", "x".repeat(900)))));
        }
        assert!(cookie.to_value(&sealer()).unwrap().len() <= MAX_VALUE);
        let mut kept = reopen(&cookie, 10);
        assert!((1..5).contains(&kept.len()) && kept.take("s4").is_some());
        cookie.add(login("big", 9, Some("x".repeat(5000))));
        assert!(cookie.to_value(&sealer()).unwrap().len() <= MAX_VALUE);
        let big = reopen(&cookie, 10).take("big").unwrap();
        assert_eq!(big.return_to, None);
    }

    #[test]
    fn a_foreign_value_is_an_empty_cookie() {
        let other = Sealer::from_secret(b"other").seal(PURPOSE, b"[]").unwrap();
        let elsewhere = sealer().seal("session", b"[]").unwrap();
        let no_list = sealer().seal(PURPOSE, b"{}").unwrap();
        for value in ["", "v1.", "x", &other, &elsewhere, &no_list] {
            assert!(LoginCookie::from_value(&sealer(), value, UnixSeconds(0), TIMEOUT).is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_value_is_opened_without_panic(value in ".{0,300}", json in ".{0,100}") {
            let _ = LoginCookie::from_value(&sealer(), &value, UnixSeconds(0), TIMEOUT);
            let sealed = sealer().seal(PURPOSE, json.as_bytes()).unwrap();
            let _ = LoginCookie::from_value(&sealer(), &sealed, UnixSeconds(0), TIMEOUT);
        }
    }
}
