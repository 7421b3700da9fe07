//! Small values that a browser keeps for the server and can neither read nor change: the proof in a form that the page
//! came from here, and the message that the next page shows.

use crate::domain::access::Proof;
use crate::domain::time::UnixSeconds;
use crate::sealing::Sealer;

use super::error::ServiceError;

/// Purpose of the proof in a form.
const FORM: &str = "form of a page";
/// Purpose of a message.
const MESSAGE: &str = "message for the next page";
/// The same on pages of the developer portal: whoever signs in there is nobody here.
const PORTAL_FORM: &str = "form of a portal page";
const PORTAL_MESSAGE: &str = "message for the next portal page";
/// Seconds after which a message is old news.
const MESSAGE_LIFETIME: i64 = 60;

/// Seals and opens notes. Each belongs to one sign-in and is worth nothing in another.
#[derive(Debug)]
pub struct SealedNotes {
    sealer: Sealer,
}

impl SealedNotes {
    /// Notes under one key, shared by all nodes.
    #[must_use]
    pub const fn new(sealer: Sealer) -> Self {
        Self { sealer }
    }

    /// The value that every form of a page carries. It differs each time, and is good as long as the sign-in.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn form_token(&self, proof: Proof) -> Result<String, ServiceError> {
        self.sealer.seal(FORM, owner(proof).as_bytes()).map_err(|_| ServiceError::Seal)
    }

    /// Whether `token` is of a form that this sign-in was given.
    #[must_use]
    pub fn is_form_token(&self, proof: Proof, token: &str) -> bool {
        self.sealer.open(FORM, token).is_some_and(|bytes| bytes == owner(proof).as_bytes())
    }

    /// A message for the next page of this sign-in.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn message(&self, proof: Proof, text: &str, now: UnixSeconds) -> Result<String, ServiceError> {
        self.seal_message(MESSAGE, &owner(proof), text, now)
    }

    /// The message, when it is this sign-in's and recent.
    #[must_use]
    pub fn read_message(&self, proof: Proof, sealed: &str, now: UnixSeconds) -> Option<String> {
        self.open_message(MESSAGE, &owner(proof), sealed, now)
    }

    /// The value that every form of a portal page carries; `visitor` is the session, or the browser of nobody yet.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn portal_form_token(&self, visitor: &str) -> Result<String, ServiceError> {
        self.sealer.seal(PORTAL_FORM, visitor.as_bytes()).map_err(|_| ServiceError::Seal)
    }

    /// Whether `token` is of a form that this visitor was given.
    #[must_use]
    pub fn is_portal_form_token(&self, visitor: &str, token: &str) -> bool {
        self.sealer.open(PORTAL_FORM, token).is_some_and(|bytes| bytes == visitor.as_bytes())
    }

    /// A message for the next portal page of this visitor.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn portal_message(&self, visitor: &str, text: &str, now: UnixSeconds) -> Result<String, ServiceError> {
        self.seal_message(PORTAL_MESSAGE, visitor, text, now)
    }

    /// The message, when it is this visitor's and recent.
    #[must_use]
    pub fn read_portal_message(&self, visitor: &str, sealed: &str, now: UnixSeconds) -> Option<String> {
        self.open_message(PORTAL_MESSAGE, visitor, sealed, now)
    }

    fn seal_message(
        &self,
        purpose: &'static str,
        owner: &str,
        text: &str,
        now: UnixSeconds,
    ) -> Result<String, ServiceError> {
        let note = format!("{owner}\n{}\n{text}", now.0);
        self.sealer.seal(purpose, note.as_bytes()).map_err(|_| ServiceError::Seal)
    }

    fn open_message(&self, purpose: &'static str, owner: &str, sealed: &str, now: UnixSeconds) -> Option<String> {
        let note = String::from_utf8(self.sealer.open(purpose, sealed)?).ok()?;
        let (whose, rest) = note.split_once('\n')?;
        let (at, text) = rest.split_once('\n')?;
        let age = now.since(UnixSeconds(at.parse().ok()?));
        (whose == owner && (0..=MESSAGE_LIFETIME).contains(&age)).then(|| text.to_owned())
    }
}

/// Whose note it is: a sign-in, or anybody's while nothing asks who calls.
fn owner(proof: Proof) -> String {
    match proof {
        Proof::Session(id) => id.to_string(),
        Proof::Token | Proof::Off => "nobody".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::ids::SessionId;

    #[test]
    fn a_form_token_is_good_in_its_own_sign_in_only() {
        let notes = SealedNotes::new(Sealer::from_secret(b"secret"));
        let (mine, other) = (Proof::Session(SessionId::generate()), Proof::Session(SessionId::generate()));
        let token = notes.form_token(mine).unwrap();
        assert!(notes.is_form_token(mine, &token));
        assert!(!notes.is_form_token(other, &token) && !notes.is_form_token(Proof::Off, &token));
        let message = notes.message(mine, "x", UnixSeconds(0)).unwrap();
        assert!(!notes.is_form_token(mine, "") && !notes.is_form_token(mine, &message));
        let foreign = SealedNotes::new(Sealer::from_secret(b"other")).form_token(mine).unwrap();
        assert!(!notes.is_form_token(mine, &foreign));
    }

    #[test]
    fn a_message_is_shown_to_its_sign_in_for_a_minute() {
        let notes = SealedNotes::new(Sealer::from_secret(b"secret"));
        let mine = Proof::Session(SessionId::generate());
        let sealed = notes.message(mine, "two\nlines", UnixSeconds(100)).unwrap();
        assert_eq!(notes.read_message(mine, &sealed, UnixSeconds(160)).as_deref(), Some("two\nlines"));
        assert_eq!(notes.read_message(mine, &sealed, UnixSeconds(161)), None);
        assert_eq!(notes.read_message(Proof::Off, &sealed, UnixSeconds(100)), None);
        assert_eq!(notes.read_message(mine, "v1.AAAA", UnixSeconds(100)), None);
    }
}
