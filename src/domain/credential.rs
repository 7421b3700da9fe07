//! Credentials of applications (dev-portal.md 6.3). A key is `{prefix}_{workspace}_{43 letters}{6 letters}`: the prefix lets
//! scanners of leaked secrets find it, the letters hold 256 random bits, and the last six are a checksum of everything
//! before, so that a mistyped key is told from a wrong one without asking anybody.

use std::fmt;

use super::ids::{ApplicationId, CredentialId, WorkspaceId};
use super::strategy::JwtAlgorithm;
use super::time::UnixSeconds;

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// An API key.
    ApiKey,
    /// A client id with a client secret.
    ClientSecret,
    /// The name of a key with a shared secret or a public key, for tokens that the application signs.
    Jwt,
}

impl CredentialKind {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::ClientSecret => "client_secret",
            Self::Jwt => "jwt",
        }
    }
}

impl std::str::FromStr for CredentialKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::ApiKey, Self::ClientSecret, Self::Jwt];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or("expected one of: api_key, client_secret, jwt")
    }
}

/// A credential. Its value is known to Kong, and sealed to kong-sso.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Key, also in Kong.
    pub id: CredentialId,
    /// Workspace.
    pub ws_id: WorkspaceId,
    /// Application.
    pub application_id: ApplicationId,
    /// What it is.
    pub kind: CredentialKind,
    /// Its public half: the client id, or the name of the key; an API key has none.
    pub identifier: Option<String>,
    /// How tokens are signed with it.
    pub algorithm: Option<JwtAlgorithm>,
    /// Whether Kong keeps a hash of its secret: what it holds cannot be compared.
    pub is_hashed: bool,
    /// Name for people.
    pub display_name: String,
    /// Its life.
    pub status: CredentialStatus,
    /// When it ends by itself.
    pub expires_at: Option<UnixSeconds>,
    /// When it was made.
    pub created_at: UnixSeconds,
}

impl Credential {
    /// What developers are told: `active`, `expired`, `revoke_pending` or `revoked`.
    #[must_use]
    pub fn shown_status(&self, now: UnixSeconds) -> &'static str {
        match self.status {
            CredentialStatus::Active if self.is_over(now) => "expired",
            status => status.as_str(),
        }
    }

    /// Whether Kong should know it.
    #[must_use]
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        self.status == CredentialStatus::Active && !self.is_over(now)
    }

    fn is_over(&self, now: UnixSeconds) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// The life of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialStatus {
    /// It works.
    Active,
    /// It was revoked, but Kong has not confirmed that it is gone.
    RevokePending,
    /// Kong does not know it any more.
    Revoked,
}

impl CredentialStatus {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::RevokePending => "revoke_pending",
            Self::Revoked => "revoked",
        }
    }
}

impl std::str::FromStr for CredentialStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Active, Self::RevokePending, Self::Revoked];
        all.into_iter().find(|status| status.as_str() == text).ok_or("expected one of: active, revoke_pending, revoked")
    }
}

/// The value of a credential: an API key, a client secret, a shared secret; of a credential with a public key, that key.
/// Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(String);

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Letters that hold 256 bits in base 62.
const RANDOM_LETTERS: usize = 43;
/// Letters of client ids and secrets.
const TOKEN_LETTERS: usize = 32;
/// Letters that hold a CRC-32 in base 62.
const CHECK_LETTERS: usize = 6;

impl SecretValue {
    /// An API key from 256 random bits.
    #[must_use]
    pub fn of(prefix: &str, workspace: &str, random: [u8; 32]) -> Self {
        let letters = base62(&random, RANDOM_LETTERS);
        let body = format!("{prefix}_{}_{letters}", workspace_mark(workspace));
        let check = base62(&crc32(body.as_bytes()).to_be_bytes(), CHECK_LETTERS);
        Self(body + &check)
    }

    /// A value that was sealed, or that somebody gave.
    #[must_use]
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The value. Goes to Kong and, once, to the developer.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a text has the form of a key with a right checksum.
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        let Some((body, check)) = text.len().checked_sub(CHECK_LETTERS).and_then(|at| text.split_at_checked(at)) else {
            return false;
        };
        let letters = body.rsplit('_').next().unwrap_or_default();
        letters.len() == RANDOM_LETTERS && check == base62(&crc32(body.as_bytes()).to_be_bytes(), CHECK_LETTERS)
    }
}

/// 32 letters with 190 bits of 256 random ones: client ids and secrets, as long as Kong makes its own.
#[must_use]
pub fn token_of(random: [u8; 32]) -> String {
    let letters = base62(&random, RANDOM_LETTERS);
    letters.chars().skip(RANDOM_LETTERS - TOKEN_LETTERS).collect()
}

/// Four letters of a workspace's name.
fn workspace_mark(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    letters.chain(std::iter::repeat('x')).take(4).collect()
}

/// A big-endian number in base 62, padded to `letters`.
fn base62(bytes: &[u8], letters: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = Vec::with_capacity(letters);
    for _ in 0..letters {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            // 61 * 256 + 255 divided by 62 is less than 256.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        digits.push(ALPHABET.get(rest as usize).copied().map_or('0', char::from));
    }
    digits.iter().rev().collect()
}

/// CRC-32 as in ISO 3309 and zlib.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// Longest grace period of a rotation, seconds.
pub const LONGEST_GRACE: i64 = 604_800;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_has_its_form() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let key = SecretValue::of("ksso", "Payments-EU", [0; 32]);
        assert!(key.expose().starts_with("ksso_paym_0000000000000000000000000000000000000000000"));
        assert!(SecretValue::of("ksso", "~", [255; 32]).expose().starts_with("ksso_xxxx_"));
        assert!(!format!("{key:?}").contains("ksso"));
    }

    proptest! {
        #[test]
        fn a_key_is_long_distinct_and_knows_typing_errors(one: [u8; 32], other: [u8; 32], at in 0_usize..58, letter in 0_usize..62) {
            let key = SecretValue::of("ksso", "default", one);
            let text = key.expose();
            prop_assert_eq!(text.len(), "ksso_defa_".len() + 49);
            prop_assert!(SecretValue::is_well_formed(text));
            prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
            prop_assert_eq!(one == other, key == SecretValue::of("ksso", "default", other));
            let mut changed: Vec<char> = text.chars().collect();
            if let (Some(spot), Some(new)) = (changed.get_mut(at), ALPHABET.get(letter)) {
                *spot = char::from(*new);
            }
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(SecretValue::is_well_formed(&changed), changed == text);
        }

        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,80}") {
            let _ = SecretValue::is_well_formed(&text);
        }
    }
}
