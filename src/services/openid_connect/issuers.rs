//! The discovery cache (openid-connect.md 11.1): what is known of providers, for the Admin API, with the secrets of sessions
//! made for them. To delete an entry is the documented way to end its sessions and to ask its provider again.

use std::sync::atomic::Ordering;

use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::OpenIdConnect;
use crate::domain::access::Caller;
use crate::domain::time::UnixSeconds;
use crate::oidc::provider::ProviderSnapshot;
use crate::sealing::random_token;
use crate::services::Services;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::store::epochs::{self, Epoch};
use crate::store::openid_connect_issuers::{self as rows, CachedIssuer};

/// What generated session secrets are sealed for.
const SECRET: &str = "openid-connect session secret";
/// Kind of the entity in audit records.
const KIND: &str = "openid_connect_issuers";

impl OpenIdConnect {
    /// Makes the generated secrets of this node those of the store.
    ///
    /// # Errors
    /// The store failed.
    pub async fn settle(&self) -> Result<(), ServiceError> {
        let settled = self.read_secrets().await;
        if settled.is_err() {
            // Tried again at the next look at the counters.
            self.epoch.store(-1, Ordering::Release);
        }
        settled
    }

    async fn read_secrets(&self) -> Result<(), ServiceError> {
        let issuers: Vec<String> = self.known().secrets.keys().cloned().collect();
        for issuer in issuers {
            let row = self.row(&issuer).await?;
            let secret = self.open(&row)?;
            if let Some(known) = self.known().secrets.get_mut(&issuer)
                && known.stored.as_ref() != Some(&row.sealed_secret)
            {
                known.handle.replace(&secret, &[]);
                known.stored = Some(row.sealed_secret);
            }
        }
        Ok(())
    }

    /// The row of an issuer, made if there is none.
    async fn row(&self, issuer: &str) -> Result<CachedIssuer, ServiceError> {
        if let Some(row) = rows::find(&mut *self.store.read().await?, issuer).await? {
            return Ok(row);
        }
        let secret = self.sealer.seal(SECRET, random_token().as_bytes()).map_err(|_| ServiceError::Seal)?;
        let new = CachedIssuer {
            id: Uuid::now_v7().to_string(),
            issuer: issuer.to_owned(),
            configuration: None,
            jwks: "[]".to_owned(),
            sealed_secret: secret,
            discovered_at: UnixSeconds(0),
            created_at: self.clock.now(),
        };
        let mut transaction = self.store.write().await?;
        let row = rows::insert_if_absent(&mut transaction, &new).await?;
        transaction.commit().await?;
        Ok(row)
    }

    fn open(&self, row: &CachedIssuer) -> Result<SecretString, ServiceError> {
        let opened = self.sealer.open(SECRET, &row.sealed_secret).and_then(|bytes| String::from_utf8(bytes).ok());
        opened.map(SecretString::from).ok_or(ServiceError::Seal)
    }

    /// Stores what this node has learnt of its providers.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_discoveries(&self) -> Result<(), ServiceError> {
        let known: Vec<(String, _)> = {
            let known = self.known();
            known.providers.iter().filter_map(|(name, provider)| Some((name.clone(), provider.known()?))).collect()
        };
        for (issuer, snapshot) in known {
            if self.row(&issuer).await?.discovered_at >= snapshot.discovered_at {
                continue;
            }
            let (configuration, jwks) = (snapshot.document.to_string(), jwks(&snapshot).to_string());
            let mut transaction = self.store.write().await?;
            rows::update_discovery(&mut transaction, &issuer, &configuration, &jwks, snapshot.discovered_at).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Another node, or this one, has deleted entries: providers without one are asked again, and their sessions are over.
    pub(super) async fn reload_issuers(&self) -> Result<(), ServiceError> {
        self.settle().await?;
        let rows = rows::list(&mut *self.store.read().await?).await?;
        for (name, provider) in &self.known().providers {
            let is_known = rows.iter().any(|row| row.issuer == *name && row.configuration.is_some());
            if !is_known {
                provider.forget();
            }
        }
        Ok(())
    }
}

fn jwks(snapshot: &ProviderSnapshot) -> Value {
    Value::Array(snapshot.keys.jwks().map(|key| Value::clone(key)).collect())
}

/// Entries that know their provider.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services) -> Result<Vec<Value>, ServiceError> {
    services.openid_connect.keep_discoveries().await?;
    let rows = rows::list(&mut *services.store.read().await?).await?;
    Ok(rows.iter().filter(|row| row.configuration.is_some()).map(shown).collect())
}

/// The entry of an issuer, or of an id.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub async fn get(services: &Services, issuer_or_id: &str) -> Result<Value, ServiceError> {
    let all = list(services).await?;
    let by = |member: &str| all.iter().find(|entry| entry.get(member).and_then(Value::as_str) == Some(issuer_or_id));
    by("issuer").or_else(|| by("id")).cloned().ok_or(ServiceError::NotFound)
}

/// Deletes an entry, with the sessions that were made with its secret.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub async fn delete(services: &Services, caller: &Caller, issuer_or_id: &str) -> Result<(), ServiceError> {
    let entry = get(services, issuer_or_id).await?;
    let id = entry.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    delete_those(services, caller, vec![(id, entry)]).await
}

/// Deletes all entries.
///
/// # Errors
/// The store failed.
pub async fn delete_all(services: &Services, caller: &Caller) -> Result<(), ServiceError> {
    let rows = rows::list(&mut *services.store.read().await?).await?;
    delete_those(services, caller, rows.iter().map(|row| (row.id.clone(), shown(row))).collect()).await
}

async fn delete_those(services: &Services, caller: &Caller, entries: Vec<(String, Value)>) -> Result<(), ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    for (id, entry) in entries {
        rows::delete(change.connection(), &id).await?;
        change.record(Operation::Delete, KIND, id, entry);
    }
    epochs::bump(change.connection(), Epoch::OpenIdConnect).await?;
    change.commit().await?;
    services.openid_connect.reload_issuers().await
}

/// An entry as the Admin API shows it: everything but the secret.
fn shown(row: &CachedIssuer) -> Value {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    json!({
        "id": row.id,
        "issuer": row.issuer,
        "created_at": row.created_at,
        "configuration": row.configuration.as_deref().map(read).unwrap_or_default(),
        "keys": read(&row.jwks),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn oidc_097_an_entry_is_shown_without_its_secret() {
        let row = CachedIssuer {
            id: "id".into(),
            issuer: "https://op".into(),
            configuration: Some(r#"{"issuer":"https://op"}"#.into()),
            jwks: r#"[{"kid":"a"}]"#.into(),
            sealed_secret: "sealed-secret".into(),
            discovered_at: UnixSeconds(1),
            created_at: UnixSeconds(1),
        };
        let shown = shown(&row);
        assert_eq!((&shown["issuer"], &shown["keys"][0]["kid"]), (&json!("https://op"), &json!("a")));
        assert!(!shown.to_string().contains("sealed-secret") && !format!("{row:?}").contains("sealed-secret"));
    }
}
