//! What runs beside the requests: following changes of other nodes, writing the audit log, removing what is over,
//! and learning the identity provider.

use std::time::Duration;

use actix_web::rt;

use super::Node;
use crate::metrics::FOLD_EVERY;
use crate::services::applications::credentials;
use crate::services::{Services, gateway_sync, issuer_keys};

/// How often a node asks whether another one changed something.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);
/// How often what is over is removed from the store.
const CLEAN_EVERY: Duration = Duration::from_secs(300);
/// How often mails that are due are sent.
const MAIL_EVERY: Duration = Duration::from_millis(500);
/// How often the gateway's file is looked at.
const FOLLOW_FILE_EVERY: Duration = Duration::from_secs(1);
/// How often floods of audit records are looked at.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How often changes for Kong are looked for.
const SYNC_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether a comparison with Kong is due.
const SCAN_EVERY: Duration = Duration::from_secs(1);
/// How often mails, changes and comparisons are looked at while the portal is off: what is left of a time when it was on is
/// still finished.
const LEFTOVERS_EVERY: Duration = Duration::from_secs(60);
/// How often an identity provider that was down is tried again.
const DISCOVER_EVERY: Duration = Duration::from_secs(10);

impl Node {
    /// Starts the workers. They end when the last listener's state is gone.
    pub fn spawn_workers(&self) {
        self.every(FOLLOW_EVERY, async |services| {
            services.follow_changes().await;
            true
        });
        if self.services.gateway.following().is_on() {
            self.every(FOLLOW_FILE_EVERY, async |services| {
                services.gateway.follow_file().await;
                let is_usable = !services.gateway.following().is_broken();
                services.metrics.gateway_config.set(f64::from(u8::from(is_usable)));
                true
            });
        }
        let is_on = self.services.settings.portal.enabled;
        let of_portal = |usual: Duration| if is_on { usual } else { LEFTOVERS_EVERY };
        self.every(of_portal(MAIL_EVERY), async |services| {
            if let Err(error) = services.deliver_mails().await {
                tracing::warn!(error = %error, "the mails on their way could not be looked at");
            }
            true
        });
        self.every(CLEAN_EVERY, async |services| {
            if let Err(error) = services.clean_up().await {
                tracing::warn!(error = %error, "what is over could not be removed from the store");
            }
            true
        });
        self.every(of_portal(SYNC_EVERY), async |services| {
            gateway_sync::run_due(services).await;
            true
        });
        self.every(of_portal(SCAN_EVERY), async |services| {
            gateway_sync::scan_due(services).await;
            true
        });
        self.every(of_portal(SCAN_EVERY), async |services| {
            if let Err(error) = credentials::end_due(services).await {
                tracing::warn!(error = %error, "credentials whose end has come could not be looked at");
            }
            issuer_keys::refresh_due(services).await;
            true
        });
        self.every(FOLD_EVERY, async |services| {
            services.metrics.fold();
            true
        });
        self.every(TELL_EVERY, async |services| {
            services.audit.tell_of_floods(services.clock.now());
            true
        });
        self.every(DISCOVER_EVERY, async |services| {
            let Some(login) = &services.login else { return false };
            match login.discover().await {
                Ok(()) => {
                    tracing::info!("the identity provider is known");
                    false
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the identity provider cannot be used yet; trying again");
                    true
                }
            }
        });
        rt::spawn(self.services.audit.run());
    }

    /// Runs `work` again and again until it says `false` or the node is gone.
    fn every(&self, pause: Duration, work: impl AsyncFn(&Services) -> bool + 'static) {
        let services = std::sync::Arc::downgrade(&self.services);
        rt::spawn(async move {
            while let Some(services) = services.upgrade() {
                if !work(&services).await {
                    return;
                }
                drop(services);
                tokio::time::sleep(pause).await;
            }
        });
    }
}
