//! Mails (dev-portal.md 10): written into the store together with the change that causes them, delivered by a worker.
//! What causes a mail never fails because of a mail server.
//!
//! ```text
//! use case --> Message --> queue (same transaction, sealed) --> worker --> SMTP and/or .eml file --> gone
//!                                                                 \--> refused: again later, five times in all
//! ```

mod delivery;
mod message;
mod transport;

use super::Services;
use super::error::ServiceError;
use crate::config::portal::MailSettings;
use crate::config::settings::EgressSettings;
use crate::domain::ids::WorkspaceId;
use crate::domain::time::UnixSeconds;
use crate::sealing::Sealer;
use crate::store::mails::QueuedMail;
use crate::store::{Connection, mails};
pub use message::{Content, Link, Message};
use transport::Transport;

/// Purpose of sealed contents.
const CONTENT: &str = "mail on its way";

/// What mails need besides the store.
pub struct Mail {
    sealer: Sealer,
    transport: Transport,
    is_mock: bool,
    domain: String,
}

impl Mail {
    /// Mails by these settings.
    #[must_use]
    pub fn new(settings: &MailSettings, egress: &EgressSettings, sealer: Sealer) -> Self {
        Self {
            sealer,
            transport: Transport::new(settings, egress),
            is_mock: settings.mock,
            domain: settings.domain.clone(),
        }
    }

    /// `smtp_mock`: whether nothing is sent.
    #[must_use]
    pub const fn is_mock(&self) -> bool {
        self.is_mock
    }

    /// The sender where none is configured.
    fn usual_sender(&self) -> String {
        format!("Developer portal <noreply@{}>", self.domain)
    }
}

/// Puts a mail into the queue, as part of the caller's transaction.
///
/// # Errors
/// It cannot be written or sealed; the store failed.
pub(super) async fn queue(
    services: &Services,
    connection: &mut Connection,
    workspace: WorkspaceId,
    message: &Message,
    now: UnixSeconds,
) -> Result<(), ServiceError> {
    let content = message.render(&services.mail.usual_sender())?;
    let text = serde_json::to_vec(&content).map_err(|_| ServiceError::Seal)?;
    let mail = QueuedMail {
        id: uuid::Uuid::now_v7().to_string(),
        ws_id: Some(workspace),
        template: message.template.to_owned(),
        recipient: message.to.to_string(),
        sealed: services.mail.sealer.seal(CONTENT, &text).map_err(|_| ServiceError::Seal)?,
        attempts: 0,
        due_at: Some(now),
        last_error: None,
        created_at: now,
    };
    Ok(mails::create(connection, &mail).await?)
}
