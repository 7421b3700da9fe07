//! Use cases. A service owns begin and commit of its transaction; it knows no request and no page.

pub mod access;
pub mod accounts;
pub mod addressing;
pub mod admins;
pub mod applications;
pub mod audit;
pub mod bootstrap;
pub mod catalogue;
pub mod change;
pub mod contracts;
pub mod edit;
pub mod endpoints;
pub mod error;
mod escalation;
pub mod explain;
pub mod gateway;
pub mod gateway_sync;
pub mod gateway_tokens;
mod granted;
pub mod group_links;
pub mod groups;
pub mod health;
pub mod here;
pub mod issuer_keys;
pub mod kong_facts;
pub mod kong_watch;
pub mod login;
pub mod mail;
pub mod openid_connect;
pub mod page_data;
pub mod permissions;
pub mod portal;
pub mod portal_representation;
pub mod rbac_users;
mod redis_connection;
pub mod representation;
pub mod role_grants;
pub mod role_rules;
pub mod roles;
pub mod sealed_notes;
pub mod session_storage;
pub mod sessions;
pub mod shared_answers;
pub mod strategies;
pub mod token;
pub mod user_info;
pub mod user_token;
pub mod why;
pub mod workspace_removal;
pub mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::domain::time::Clock;
use crate::http_client::HttpClient;
use crate::kong::client::KongAdmin;
use crate::metrics::Metrics;
use crate::store::{
    Store, audit as records, consumed_states, developers, epochs, pending_identities, plugin_session_changes,
    plugin_sessions, portal_sessions, portal_tokens,
};

use access::Access;
use audit::Audit;
use error::ServiceError;
use gateway::Gateway;
use gateway_sync::GatewaySync;
use health::Health;
use kong_facts::KongFacts;
use kong_watch::KongWatch;
use login::Login;
use mail::Mail;
use openid_connect::OpenIdConnect;
use portal::PortalState;
use sealed_notes::SealedNotes;
use sessions::Sessions;

pub use crate::store::{Page, Paged};

/// How long the change counters may take to read before caches are dropped.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Everything that a use case needs; made once by `app`.
pub struct Services {
    /// The effective settings.
    pub settings: Arc<Settings>,
    /// kong-sso's own store.
    pub store: Store,
    /// The present time.
    pub clock: Clock,
    /// Credentials, rights and decisions.
    pub access: Access,
    /// The audit log.
    pub audit: Audit,
    /// Browser sessions.
    pub sessions: Sessions,
    /// The sign-in; `None` when `admin_gui_auth` is unset.
    pub login: Option<Login>,
    /// Kong's Admin API, for what kong-sso asks by itself.
    pub kong: KongAdmin,
    /// The client for addresses that admins chose: identity providers of strategies.
    pub outside: HttpClient,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether the node can serve.
    pub health: Health,
    /// What Kong told about itself lately.
    pub kong_facts: KongFacts,
    /// What pages show of Kong.
    pub kong_watch: KongWatch,
    /// What the instances of the `openid-connect` plugin share.
    pub openid_connect: Arc<OpenIdConnect>,
    /// The OpenID Connect gateway.
    pub gateway: Gateway,
    /// What keeps Kong equal to what the portal decides.
    pub gateway_sync: GatewaySync,
    /// The developer portal's memory.
    pub portal: PortalState,
    /// Mails on their way.
    pub mail: Mail,
    /// Small values that browsers keep.
    pub notes: SealedNotes,
}

impl Services {
    /// Whether nothing asks who calls: neither a sign-in nor RBAC is configured.
    #[must_use]
    pub fn is_pass_through(&self) -> bool {
        self.login.is_none() && !self.access.is_enforced()
    }

    /// Removes expired sessions, used-up login states and expired audit records from the store.
    ///
    /// # Errors
    /// The store failed.
    pub async fn clean_up(&self) -> Result<(), ServiceError> {
        self.sessions.purge().await?;
        let limits = portal::sessions::widest_limits(self).await?;
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        consumed_states::purge_expired(&mut transaction, now).await?;
        records::purge_expired(&mut transaction, now).await?;
        plugin_sessions::purge_expired(&mut transaction, now).await?;
        plugin_session_changes::purge(&mut transaction, now).await?;
        portal_sessions::purge_expired(&mut transaction, now, &limits).await?;
        pending_identities::purge_expired(&mut transaction, now).await?;
        portal_tokens::purge_expired(&mut transaction, now).await?;
        developers::purge_disowned(&mut transaction, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Reads the change counters once. When another node changed something, or the counters cannot be read, cached
    /// rights and sessions are not used again, so that a withdrawn right never outlives a store that is down.
    pub async fn follow_changes(&self) {
        let read = async { epochs::read_all(&mut *self.store.read().await?).await };
        match tokio::time::timeout(ANSWER_WITHIN, read).await {
            Ok(Ok(epochs)) => {
                self.access.follow(epochs.rbac);
                self.sessions.follow(epochs.sessions);
                self.openid_connect.follow(epochs.openid_connect).await;
                return;
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the change counters could not be read; cached rights are dropped");
            }
            Err(_) => tracing::warn!("the store does not answer; cached rights are dropped"),
        }
        self.access.forget();
        self.sessions.forget();
    }
}
