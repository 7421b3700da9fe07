//! The key set of this installation (openid-connect.md 11.2): its clients prove themselves with it where no `client_jwk`
//! is configured, and providers fetch its public half. Made when it is first needed, one key for each algorithm; a
//! rotation publishes the former keys once more, so that what they signed can still be verified. ES512 is not among
//! them: the library that signs has no P-521.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use jsonwebtoken::Algorithm;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::keys::algorithm_named;
use super::secret_text;
use super::signing_key::{self, KeyError, SigningKey};

/// One key for each of these.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Who has the key set: all nodes share it.
pub trait OwnKeyRing: Send + Sync {
    /// The key set, made if there is none. The error is for the log.
    fn keys(&self) -> BoxFuture<'_, Result<Arc<OwnKeys>, String>>;
}

/// The key set. `Debug` hides the private halves.
#[derive(Clone)]
pub struct OwnKeys {
    stored: Stored,
    signing: HashMap<&'static str, SigningKey>,
}

/// The form that is sealed and stored.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    keys: Vec<StoredKey>,
    /// Public halves of the keys before.
    previous: Vec<Value>,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredKey {
    alg: String,
    /// PKCS #8, Base64.
    #[serde(with = "secret_text")]
    private: SecretString,
    public: Value,
}

impl std::fmt::Debug for OwnKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnKeys").field("keys", &self.stored.keys.len()).finish_non_exhaustive()
    }
}

impl OwnKeys {
    /// Makes a key set. Takes about a second: not for a thread that serves requests.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn generate() -> Result<Self, KeyError> {
        Self::with(Vec::new())
    }

    /// New keys; these ones are published beside them, and those before these no longer.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rotated(&self) -> Result<Self, KeyError> {
        Self::with(self.stored.keys.iter().map(|key| key.public.clone()).collect())
    }

    fn with(previous: Vec<Value>) -> Result<Self, KeyError> {
        let keys = ALGORITHMS.into_iter().map(generated).collect::<Result<_, _>>()?;
        Self::of(Stored { keys, previous })
    }

    fn of(stored: Stored) -> Result<Self, KeyError> {
        let signing = stored.keys.iter().map(signing_key).collect::<Result<_, _>>()?;
        Ok(Self { stored, signing })
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`KeyError::Jwk`].
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        Self::of(serde_json::from_slice(json).map_err(|_| KeyError::Jwk)?)
    }

    /// Everything, private halves included: to be sealed.
    ///
    /// # Errors
    /// [`KeyError::Jwk`].
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        serde_json::to_vec(&self.stored).map(Zeroizing::new).map_err(|_| KeyError::Jwk)
    }

    /// The JWK Set that everybody may read.
    #[must_use]
    pub fn public_set(&self) -> Value {
        let current = self.stored.keys.iter().map(|key| &key.public);
        json!({ "keys": current.chain(&self.stored.previous).collect::<Vec<_>>() })
    }

    /// The key that signs with an algorithm.
    #[must_use]
    pub fn signing(&self, algorithm: Algorithm) -> Option<&SigningKey> {
        self.signing.get(signing_key::name(algorithm).as_str())
    }
}

fn generated(algorithm: Algorithm) -> Result<StoredKey, KeyError> {
    let der = signing_key::generate(algorithm)?;
    let public = SigningKey::from_pkcs8(algorithm, &der, None)?.public_jwk()?;
    let private = STANDARD.encode(der.as_slice()).into();
    Ok(StoredKey { alg: signing_key::name(algorithm), private, public })
}

fn signing_key(stored: &StoredKey) -> Result<(&'static str, SigningKey), KeyError> {
    let algorithm = algorithm_named(&stored.alg).ok_or(KeyError::Algorithm)?;
    let der = Zeroizing::new(STANDARD.decode(stored.private.expose_secret()).map_err(|_| KeyError::Jwk)?);
    let kid = stored.public.get("kid").and_then(Value::as_str).map(str::to_owned);
    let name = ALGORITHM_NAMES.into_iter().find(|name| *name == stored.alg).ok_or(KeyError::Algorithm)?;
    Ok((name, SigningKey::from_pkcs8(algorithm, &der, kid)?))
}

const ALGORITHM_NAMES: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn kids(keys: &OwnKeys) -> Vec<String> {
        let set = keys.public_set();
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn oidc_098_a_rotation_publishes_the_former_keys_once_more() {
        let first = OwnKeys::generate().unwrap();
        let second = first.rotated().unwrap();
        let third = second.rotated().unwrap();
        assert_eq!((kids(&first).len(), kids(&second).len(), kids(&third).len()), (9, 18, 18));
        assert!(kids(&first).iter().all(|kid| kids(&second).contains(kid) && !kids(&third).contains(kid)));
        let back = OwnKeys::from_json(&second.to_json().unwrap()).unwrap();
        assert_eq!(back.public_set(), second.public_set());
        let text = second.public_set().to_string();
        assert!(!text.contains("\"d\"") && !text.contains("private"), "{text}");
        for algorithm in ALGORITHMS {
            let token = back.signing(algorithm).unwrap().sign("JWT", &json!({})).unwrap();
            assert_eq!(token.split('.').count(), 3);
        }
        assert!(back.signing(Algorithm::HS256).is_none());
        assert!(OwnKeys::from_json(b"{}").is_err());
    }
}
