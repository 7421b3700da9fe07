//! Opening the session of a request (openid-connect.md 2.1, 5.3 to 5.6). What does not open, is over, or belongs
//! elsewhere is not found.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crate::domain::method::Method;
use crate::domain::session::{SessionTimes, Upkeep};
use crate::domain::time::UnixSeconds;
use crate::oidc::engine::client_choice;
use crate::oidc::engine::proof::{ClaimSources, Proof};
use crate::oidc::engine::request::RequestView;
use crate::sealing::{Sealer, sha256_hex};

use super::codec::{self, Slot, Slots};
use super::feed::FRESH_FOR;
use super::storage::Record;
use super::{Inner, POINTER, RECORD, REMEMBER, SESSION, SessionContent, SessionFacts, Sessions, StorageError};

/// Successors that are followed from one id.
const MAX_HOPS: usize = 4;
/// Bytes that a session takes, as a multiple of its texts: claims in memory are larger than as text.
const SIZE_FACTOR: usize = 4;
/// Bytes of a session besides its texts.
const SIZE_BASE: usize = 1024;

/// A session as this node knows it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) content: SessionContent,
    pub(super) claims: ClaimSources,
    /// Whether a use was recorded since it was read: of many requests at once one records it.
    pub(super) is_touched: AtomicBool,
    /// When the reading of it began.
    read_at: Instant,
}

impl Known {
    pub(super) fn new(content: SessionContent) -> Self {
        Self::read(content, Instant::now())
    }

    fn read(content: SessionContent, read_at: Instant) -> Self {
        Self { claims: content.claims(), content, is_touched: AtomicBool::new(false), read_at }
    }

    /// Whether it is too young for another node to have used it since.
    fn is_new(&self) -> bool {
        self.read_at.elapsed() < FRESH_FOR
    }

    pub(super) fn bytes(&self) -> usize {
        self.content.bytes().saturating_mul(SIZE_FACTOR).saturating_add(SIZE_BASE)
    }
}

/// A cookie that was opened; it counts as long as its secret does.
pub(super) struct Opened {
    sealer: Arc<Sealer>,
    held: Held,
    /// What others keep in it.
    others: Slots,
    /// Bytes of the cookie's text: others may have their sessions in it.
    length: usize,
}

/// What a cookie has for this audience.
enum Held {
    /// The session itself.
    Session(Arc<Known>),
    /// The id of a stored one, and the key of that.
    Stored(String, String),
}

impl Opened {
    pub(super) fn bytes(&self) -> usize {
        let own = match &self.held {
            Held::Session(known) => known.bytes(),
            Held::Stored(..) => SIZE_BASE,
        };
        self.length.saturating_mul(SIZE_FACTOR).saturating_add(own)
    }
}

/// A session that holds for a request.
#[derive(Clone, Debug)]
pub struct OpenSession {
    pub(super) known: Arc<Known>,
    pub(super) client: usize,
    pub(super) upkeep: Upkeep,
    /// Whether the browser has an older id, or only the remember cookie: it gets new cookies.
    pub(super) is_outdated: bool,
    /// The remember cookie brought it: it begins anew.
    pub(super) is_remembered: bool,
    /// What others keep in the same cookies.
    pub(super) others: Slots,
    pub(super) remembered_others: Slots,
}

impl OpenSession {
    /// What it holds.
    #[must_use]
    pub fn content(&self) -> &SessionContent {
        &self.known.content
    }

    /// Index of the client that obtained its tokens.
    #[must_use]
    pub const fn client(&self) -> usize {
        self.client
    }

    /// What it proves. The consumer that `kong_oauth2` named is [`SessionContent::consumer`].
    #[must_use]
    pub fn proof(&self) -> Proof {
        let content = &self.known.content;
        Proof {
            tokens: content.tokens(),
            claims: self.known.claims.clone(),
            access_token_jwk: content.access_token_jwk.clone(),
            id_token_jwk: content.id_token_jwk.clone(),
            ..Proof::new(Method::Session, self.client)
        }
    }

    pub(super) fn with_content(&self, content: SessionContent, is_outdated: bool) -> Self {
        Self { known: Arc::new(Known::new(content)), is_outdated, ..self.clone() }
    }
}

impl Sessions {
    /// The session of a request, if it has one that holds.
    ///
    /// # Errors
    /// The storage failed: whether there is one is not known.
    pub async fn open(&self, view: &RequestView<'_>) -> Result<Option<OpenSession>, StorageError> {
        self.keep_fed();
        let name = &self.0.session_conf().cookie.name;
        if let Some(open) = self.open_cookie(view, name, SESSION).await? {
            return Ok(Some(open));
        }
        match &self.0.session_conf().remember {
            Some(remember) => self.open_cookie(view, &remember.cookie_name, REMEMBER).await,
            None => Ok(None),
        }
    }

    /// Whether a request shows a cookie of sessions, good or not.
    #[must_use]
    pub fn has_cookie(&self, view: &RequestView<'_>) -> bool {
        let conf = self.0.session_conf();
        let remember = conf.remember.as_ref().map(|remember| remember.cookie_name.as_str());
        std::iter::once(conf.cookie.name.as_str()).chain(remember).any(|name| view.cookie(name).is_some())
    }

    /// What headers may say of a session.
    #[must_use]
    pub fn facts(&self, content: &SessionContent) -> SessionFacts {
        let [idling, rolling, absolute] = SessionFacts::left(&self.0.limits(), &content.times(), self.0.clock.now());
        SessionFacts {
            id: content.id.clone(),
            audience: content.audience.clone(),
            subject: content.who.subject.clone(),
            idling,
            rolling,
            absolute,
        }
    }

    async fn open_cookie(
        &self,
        view: &RequestView<'_>,
        name: &str,
        purpose: &'static str,
    ) -> Result<Option<OpenSession>, StorageError> {
        let Some(text) = codec::joined(view, name) else {
            return Ok(None);
        };
        let Some((opened, mut known)) = self.0.read(&text, purpose).await? else {
            return Ok(None);
        };
        let is_remembered = purpose == REMEMBER;
        let mut judged = self.0.judge(view, &known.content, is_remembered);
        if judged.is_none() && !known.is_new() {
            // Another node may have recorded uses of it that keep it alive.
            let Some(newer) = Box::pin(self.0.read_again(&opened, known)).await? else {
                return Ok(None);
            };
            judged = self.0.judge(view, &newer.content, is_remembered);
            known = newer;
        }
        let Some((client, upkeep)) = judged else {
            return Ok(None);
        };
        let others = opened.others.clone();
        let (others, remembered_others) =
            if is_remembered { (Slots::default(), others) } else { (others, self.0.remembered_others(view)) };
        let is_moved = matches!(&opened.held, Held::Stored(id, _) if *id != known.content.id);
        let is_outdated = is_moved || is_remembered;
        Ok(Some(OpenSession { known, client, upkeep, is_outdated, is_remembered, others, remembered_others }))
    }
}

impl Inner {
    /// The cookie of that text, and the session that it leads to.
    async fn read(&self, text: &str, purpose: &'static str) -> Result<Option<(Arc<Opened>, Arc<Known>)>, StorageError> {
        let Some(opened) = self.opened(text, purpose).await else {
            return Ok(None);
        };
        let known = match &opened.held {
            Held::Session(known) => Some(Arc::clone(known)),
            Held::Stored(id, key) => self.follow(id.clone(), key.clone()).await?,
        };
        Ok(known.map(|known| (opened, known)))
    }

    /// The session that a cookie leads to, as the storage has it now.
    async fn read_again(&self, opened: &Opened, known: Arc<Known>) -> Result<Option<Arc<Known>>, StorageError> {
        match &opened.held {
            Held::Session(_) => Ok(Some(known)),
            Held::Stored(id, key) => {
                self.forget(&storage_key(&known.content.id)).await;
                self.follow(id.clone(), key.clone()).await
            }
        }
    }

    /// A cookie, opened now or a moment ago.
    async fn opened(&self, text: &str, purpose: &'static str) -> Option<Arc<Opened>> {
        let sealer = self.parts.secret.sealer();
        let key = self.cookie_keys.of([purpose.as_bytes(), text.as_bytes()]);
        let cached = self.cookies.get(&key).await;
        if let Some(opened) = cached.filter(|opened| Arc::ptr_eq(&opened.sealer, &sealer)) {
            return Some(opened);
        }
        let audience = &self.session_conf().audience;
        let slots = codec::open(&sealer, purpose, text)?;
        let Slot { content, id, .. } = slots.own(audience)?;
        let held = match &self.parts.storage {
            None => Held::Session(Arc::new(Known::new(content?))),
            Some(_) => id.map(|id| Held::Stored(id.clone(), storage_key(&id)))?,
        };
        let opened = Arc::new(Opened { sealer, held, others: slots.without(audience), length: text.len() });
        self.cookies.insert(key, Arc::clone(&opened)).await;
        Some(opened)
    }

    /// The stored session of an id, or its successor.
    pub(super) async fn by_id(&self, id: &str) -> Result<Option<Arc<Known>>, StorageError> {
        self.follow(id.to_owned(), storage_key(id)).await
    }

    async fn follow(&self, mut id: String, mut key: String) -> Result<Option<Arc<Known>>, StorageError> {
        for _ in 0..MAX_HOPS {
            let is_believed = |known: &Arc<Known>| known.is_new() || self.feed.vouches_for(known.read_at);
            if let Some(known) = self.stored.get(&key).await.filter(is_believed) {
                return Ok(Some(known));
            }
            let answers = self.feed.answers();
            match self.load(&key).await? {
                Some(Found::Session(known)) if known.content.id == id => {
                    self.stored.insert(key.clone(), Arc::clone(&known)).await;
                    if self.feed.answers() != answers {
                        // It may have changed just after it was read, and was not here yet when that was told.
                        self.stored.invalidate(&key).await;
                    }
                    return Ok(Some(known));
                }
                Some(Found::Successor(next)) => (key, id) = (storage_key(&next), next),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// What the storage has under a key; it was sealed by this plugin's secret, or it is nothing.
    pub(super) async fn load(&self, key: &str) -> Result<Option<Found>, StorageError> {
        let Some(storage) = &self.parts.storage else {
            return Ok(None);
        };
        let read_at = Instant::now();
        let found = storage.load(key).await?.filter(|record| record.expires_at > self.clock.now());
        Ok(found.and_then(|record| self.unseal(&record, read_at)))
    }

    fn unseal(&self, record: &Record, read_at: Instant) -> Option<Found> {
        let sealer = self.parts.secret.sealer();
        if record.is_replaced {
            return String::from_utf8(sealer.open(POINTER, &record.sealed)?).ok().map(Found::Successor);
        }
        let mut content: SessionContent = serde_json::from_slice(&sealer.open(RECORD, &record.sealed)?).ok()?;
        content.last_seen_at = content.last_seen_at.max(record.last_seen_at);
        Some(Found::Session(Arc::new(Known::read(content, read_at))))
    }

    /// Whether a session counts here that this method made: one of the plugin's own, or any where the plugin takes nothing
    /// but sessions, which others must have made (openid-connect.md 2.1).
    fn takes_sessions_of(&self, method: Method) -> bool {
        self.conf.allows(method) || self.conf.methods.iter().eq([Method::Session])
    }

    /// Whether a session holds for this request: its client and what it needs.
    fn judge(&self, view: &RequestView<'_>, content: &SessionContent, is_remembered: bool) -> Option<(usize, Upkeep)> {
        let conf = self.session_conf();
        let client = self.client_of(content)?;
        let is_of_another = client_choice::asked_for(&self.conf, view).is_some_and(|asked| asked != client);
        let belongs_here = content.audience == conf.audience
            && content.plugin_issuer == self.conf.provider.name
            && content.rules == self.rules
            && self.takes_sessions_of(content.method)
            && content.is_bound_here(view, &conf.bind);
        if is_of_another || !belongs_here {
            return None;
        }
        let now = self.clock.now();
        if !is_remembered {
            return self.limits().check(&content.times(), now).ok().map(|upkeep| (client, upkeep));
        }
        let (created_at, renewed_at) = content.remembered?;
        let times = SessionTimes { created_at, renewed_at, last_seen_at: now };
        self.remember_limits()?.check(&times, now).ok()?;
        Some((client, Upkeep { touch: true, renew: true }))
    }

    /// The index of the client that obtained the tokens; `None` when it is no longer configured, or when there was
    /// none and now is.
    fn client_of(&self, content: &SessionContent) -> Option<usize> {
        match &content.client {
            Some(id) => self.conf.clients.iter().position(|client| client.id == *id),
            None => self.conf.clients.is_empty().then_some(0),
        }
    }

    /// What others keep in the remember cookie.
    pub(super) fn remembered_others(&self, view: &RequestView<'_>) -> Slots {
        let conf = self.session_conf();
        let text = conf.remember.as_ref().and_then(|remember| codec::joined(view, &remember.cookie_name));
        let opened = text.and_then(|text| codec::open(&self.parts.secret.sealer(), REMEMBER, &text));
        opened.map(|slots| slots.without(&conf.audience)).unwrap_or_default()
    }

    /// When a stored session ends at the latest if it is not used again.
    pub(super) fn ends_at(&self, content: &SessionContent, seen: UnixSeconds) -> UnixSeconds {
        const FOREVER: i64 = 10 * 365 * 86_400;
        let end = |limit: i64, since: UnixSeconds| since.plus(if limit > 0 { limit } else { FOREVER });
        let limits = self.limits();
        let session = end(limits.idling, seen)
            .min(end(limits.rolling, content.renewed_at))
            .min(end(limits.absolute, content.created_at));
        let remembered = self
            .remember_limits()
            .zip(content.remembered)
            .map(|(limits, (created, renewed))| end(limits.rolling, renewed).min(end(limits.absolute, created)));
        remembered.map_or(session, |remembered| remembered.max(session))
    }
}

/// What a key leads to.
pub(super) enum Found {
    /// The session.
    Session(Arc<Known>),
    /// The id of the one that took its place.
    Successor(String),
}

/// The key under which a session is stored: whoever reads the storage has no cookie that opens it.
pub(super) fn storage_key(id: &str) -> String {
    sha256_hex(id.as_bytes())
}
