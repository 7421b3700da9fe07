//! API keys that kong-sso makes and Kong's `key-auth` takes (dev-portal.md 6.5.2).

use serde::{Deserialize, Serialize};

/// Unit of a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TtlUnit {
    /// 24 hours.
    Days,
    /// Seven days.
    Weeks,
    /// 365 days.
    Years,
}

/// How long keys of a strategy live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ttl {
    /// How many units, 1 or more.
    pub value: u32,
    /// The unit.
    pub unit: TtlUnit,
}

impl Ttl {
    /// Seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        const DAY: i64 = 86_400;
        let unit = match self.unit {
            TtlUnit::Days => DAY,
            TtlUnit::Weeks => 7 * DAY,
            TtlUnit::Years => 365 * DAY,
        };
        unit.saturating_mul(self.value as i64)
    }
}

/// Settings of [`StrategyType::KeyAuth`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAuthConfig {
    /// Headers that may carry the key, 1 to 10.
    #[serde(default = "default_key_names")]
    pub key_names: Vec<String>,
    /// How long new keys live; `None` = for ever.
    #[serde(default)]
    pub ttl: Option<Ttl>,
}

fn default_key_names() -> Vec<String> {
    vec!["apikey".to_owned()]
}

impl Default for KeyAuthConfig {
    fn default() -> Self {
        Self { key_names: default_key_names(), ttl: None }
    }
}

/// Longest lifetime: what Kong takes as `ttl`, 100 million seconds.
const LONGEST_TTL: i64 = 100_000_000;

impl KeyAuthConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), String> {
        let is_header = |name: &str| {
            (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        if !(1..=10).contains(&self.key_names.len()) {
            return Err("key_names: expected 1 to 10 header names".to_owned());
        }
        if let Some(bad) = self.key_names.iter().find(|name| !is_header(name)) {
            return Err(format!("key_names: '{bad}' is no header name"));
        }
        match self.ttl {
            Some(ttl) if ttl.value == 0 => Err("ttl.value: must be 1 or more".to_owned()),
            Some(ttl) if ttl.seconds() > LONGEST_TTL => Err("ttl: longer than Kong keeps a key (1157 days)".to_owned()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        let with =
            |names: &[&str], ttl| KeyAuthConfig { key_names: names.iter().map(|&name| name.into()).collect(), ttl };
        let ttl = |value, unit| Some(Ttl { value, unit });
        assert!(KeyAuthConfig::default().check().is_ok());
        assert!(with(&["x-key", "apikey"], ttl(2, TtlUnit::Weeks)).check().is_ok());
        for bad in [
            with(&[], None),
            with(&["a b"], None),
            with(&["k"; 11], None),
            with(&["k"], ttl(0, TtlUnit::Days)),
            with(&["k"], ttl(4, TtlUnit::Years)),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert_eq!(Ttl { value: 14, unit: TtlUnit::Days }.seconds(), 1_209_600);
    }
}
