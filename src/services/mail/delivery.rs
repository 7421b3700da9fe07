//! The worker that empties the queue. A mail is claimed for each attempt, so that several nodes send it once.

use std::time::Duration;

use super::message::Content;
use super::{CONTENT, Mail};
use crate::domain::time::UnixSeconds;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::mails;
use crate::store::mails::QueuedMail;

/// Seconds until the next attempt, after the first, the second, ...; after the last of them a mail is given up.
const PAUSES: [i64; 4] = [60, 300, 900, 3600];
/// Mails looked at in one round.
const ROUND: i64 = 50;
/// How long one attempt may take: less than the first pause, so that a slow one is not repeated meanwhile.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(50);

impl Services {
    /// Sends what is due.
    ///
    /// # Errors
    /// The store failed.
    pub async fn deliver_mails(&self) -> Result<(), ServiceError> {
        let due = mails::list_due(&mut *self.store.read().await?, self.clock.now(), ROUND).await?;
        for mail in due {
            if self.claim(&mail).await? {
                self.attempt(&mail).await?;
            }
        }
        Ok(())
    }

    async fn claim(&self, mail: &QueuedMail) -> Result<bool, ServiceError> {
        let mut transaction = self.store.write().await?;
        let is_mine = mails::claim(&mut transaction, mail, next_attempt(mail.attempts, self.clock.now())).await?;
        transaction.commit().await?;
        Ok(is_mine)
    }

    async fn attempt(&self, mail: &QueuedMail) -> Result<(), ServiceError> {
        let sent = self.mail.send(mail).await;
        let mut transaction = self.store.write().await?;
        match sent {
            Ok(()) => {
                tracing::info!(mail = %mail.id, template = %mail.template, "a mail was sent");
                mails::delete(&mut transaction, &mail.id).await?;
            }
            Err(cause) => {
                let is_last = next_attempt(mail.attempts, self.clock.now()).is_none();
                let words =
                    if is_last { "a mail was given up" } else { "a mail could not be sent; trying again later" };
                tracing::warn!(mail = %mail.id, template = %mail.template, error = %cause, "{words}");
                mails::note_failure(&mut transaction, &mail.id, &cause).await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}

impl Mail {
    async fn send(&self, mail: &QueuedMail) -> Result<(), String> {
        let opened = self.sealer.open(CONTENT, &mail.sealed).ok_or("its content cannot be opened with this key")?;
        let content: Content = serde_json::from_slice(&opened).map_err(|_| "its content cannot be read")?;
        let sending = self.transport.send(&mail.id, &mail.recipient, &content);
        match tokio::time::timeout(ATTEMPT_WITHIN, sending).await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err("the mail server did not answer in time".to_owned()),
        }
    }
}

/// When a mail is tried again that was tried `attempts` times before this one.
fn next_attempt(attempts: i64, now: UnixSeconds) -> Option<UnixSeconds> {
    let pause = usize::try_from(attempts).ok().and_then(|at| PAUSES.get(at))?;
    Some(now.plus(*pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_five_times_from_a_minute_to_an_hour_apart() {
        let now = UnixSeconds(0);
        let pauses: Vec<_> = (0..5).map(|attempts| next_attempt(attempts, now).map(|at| at.0)).collect();
        assert_eq!(pauses, [Some(60), Some(300), Some(900), Some(3600), None]);
    }
}
