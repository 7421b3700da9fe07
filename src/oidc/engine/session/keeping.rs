//! Starting, keeping and ending sessions: what is stored, and the cookies that the browser gets
//! (openid-connect.md 5.1, 5.3, 5.6).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::config::plugin::CookieConf;
use crate::domain::method::Method;
use crate::domain::session::Upkeep;
use crate::oidc::engine::proof::Proof;
use crate::oidc::engine::request::RequestView;
use crate::sealing::random_token;

use super::codec::{self, CodecError, Slot, Slots, Writing};
use super::content::{SessionContent, Who, bindings};
use super::opening::{Found, Known, storage_key};
use super::storage::{LogoutName, Record, STALE_WINDOW};
use super::{Inner, OpenSession, POINTER, RECORD, REMEMBER, SESSION, SessionError, Sessions, StorageError};

/// Successors that are followed to end a session.
const MAX_SUCCESSORS: usize = 16;

impl Sessions {
    /// Whether a method that succeeded starts a session (openid-connect.md 5.1).
    #[must_use]
    pub fn starts_for(&self, method: Method) -> bool {
        let conf = &self.0.conf;
        conf.allows(Method::Session) && method != Method::Session && !conf.session.disabled_for.has(method)
    }

    /// Starts a session with what a credential proved; returns it and the cookies of the answer. A session that the
    /// request had in the same cookie ends.
    ///
    /// # Errors
    /// The storage failed, or the tokens do not fit into cookies.
    pub async fn start(
        &self,
        view: &RequestView<'_>,
        proof: &Proof,
    ) -> Result<(OpenSession, Vec<String>), SessionError> {
        let content = self.0.new_content(view, proof);
        let others = self.0.take_place(view).await?;
        let open = OpenSession {
            known: Arc::new(Known::new(content)),
            client: proof.client,
            upkeep: Upkeep { touch: false, renew: false },
            is_outdated: true,
            is_remembered: false,
            others,
            remembered_others: self.0.remembered_others(view),
        };
        // Written first: a session that no browser can keep is not stored either.
        let cookies = self.0.cookies_of(view, &open)?;
        if let Some(storage) = &self.0.parts.storage {
            let record = self.0.record(&open.known.content)?;
            storage.create(&storage_key(&open.known.content.id), &record).await?;
        }
        Ok((open, cookies))
    }

    /// Records the use of a session that let a request through, renews it in time, and returns the cookies of the answer.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn keep(&self, view: &RequestView<'_>, open: &OpenSession) -> Result<Vec<String>, SessionError> {
        let may_renew = !self.0.session_conf().disabled_for.has(Method::Session);
        if open.is_remembered || open.upkeep.renew && may_renew {
            return Box::pin(self.renew(view, open)).await;
        }
        if open.upkeep.touch && !open.known.is_touched.swap(true, Ordering::Relaxed) {
            let now = self.0.clock.now();
            match &self.0.parts.storage {
                Some(storage) => {
                    let content = &open.known.content;
                    let key = storage_key(&content.id);
                    storage.touch(&key, now, self.0.ends_at(content, now)).await?;
                    self.0.forget(&key).await;
                }
                None => {
                    let content = SessionContent { last_seen_at: now, ..open.known.content.clone() };
                    return Ok(self.0.cookies_of(view, &open.with_content(content, true))?);
                }
            }
        }
        if open.is_outdated { Ok(self.0.cookies_of(view, open)?) } else { Ok(Vec::new()) }
    }

    /// Ends a session; returns the cookies that take it out of the browser.
    ///
    /// # Errors
    /// The storage failed: the session may still be there.
    pub async fn end(&self, view: &RequestView<'_>, open: &OpenSession) -> Result<Vec<String>, SessionError> {
        self.0.drop_line(&open.known.content.id).await?;
        Ok(self.forget(view))
    }

    /// Ends the sessions that a logout from outside names; returns how many. Those in cookies alone cannot be reached. This
    /// node may believe in them until [`Self::look_again`].
    ///
    /// # Errors
    /// The storage failed.
    pub async fn end_named(&self, name: &LogoutName) -> Result<u64, SessionError> {
        let Some(storage) = &self.0.parts.storage else {
            return Ok(0);
        };
        Ok(storage.delete_named(name).await?)
    }

    /// The cookies that take the session out of the browser, whether it is good or not. Those of others stay.
    #[must_use]
    pub fn forget(&self, view: &RequestView<'_>) -> Vec<String> {
        let conf = self.0.session_conf();
        let session = (conf.cookie.name.as_str(), SESSION, None);
        let remember =
            conf.remember.as_ref().map(|conf| (conf.cookie_name.as_str(), REMEMBER, Some(conf.rolling_timeout)));
        let sealer = self.0.parts.secret.sealer();
        let cookies = std::iter::once(session).chain(remember).flat_map(|(name, purpose, max_age)| {
            let opened = codec::joined(view, name).and_then(|text| codec::open(&sealer, purpose, &text));
            let others = opened.map(|slots| slots.without(&conf.audience)).unwrap_or_default();
            let writing = Writing { name, conf: &conf.cookie, max_age, purpose };
            codec::write(&sealer, &others, &writing, view).unwrap_or_else(|_| codec::clear(name, &conf.cookie, view))
        });
        cookies.collect()
    }

    async fn renew(&self, view: &RequestView<'_>, open: &OpenSession) -> Result<Vec<String>, SessionError> {
        let now = self.0.clock.now();
        let old = &open.known.content;
        let content = SessionContent {
            created_at: if open.is_remembered { now } else { old.created_at },
            renewed_at: now,
            ..old.clone()
        };
        match self.0.succeed(old, content).await? {
            Some(known) => Ok(self.0.cookies_of(view, &OpenSession { known, is_outdated: true, ..open.clone() })?),
            // It ended while it was used: the browser keeps a cookie that leads nowhere.
            None => Ok(Vec::new()),
        }
    }
}

impl Inner {
    fn new_content(&self, view: &RequestView<'_>, proof: &Proof) -> SessionContent {
        let (conf, now) = (self.session_conf(), self.clock.now());
        let mut content = SessionContent {
            id: random_token(),
            audience: conf.audience.clone(),
            method: proof.method,
            plugin_issuer: self.conf.provider.name.clone(),
            rules: self.rules.clone(),
            client: self.conf.clients.get(proof.client).map(|client| client.id.clone()),
            who: Who::default(),
            access_token: None,
            has_access_claims: false,
            id_token: None,
            refresh_token: None,
            expires_at: None,
            access_token_jwk: None,
            id_token_jwk: None,
            introspection: None,
            user_info: None,
            consumer: None,
            created_at: now,
            renewed_at: now,
            last_seen_at: now,
            remembered: conf.remember.is_some().then_some((now, now)),
            bound_to: bindings(view, &conf.bind),
        };
        content.take_proof(proof);
        content
    }

    /// Ends what the request has in this audience's slot; returns the slots of the others.
    async fn take_place(&self, view: &RequestView<'_>) -> Result<Slots, SessionError> {
        let conf = self.session_conf();
        let text = codec::joined(view, &conf.cookie.name);
        let Some(slots) = text.and_then(|text| codec::open(&self.parts.secret.sealer(), SESSION, &text)) else {
            return Ok(Slots::default());
        };
        let former = slots.own(&conf.audience).and_then(|slot| slot.id);
        if let Some(id) = former {
            self.drop_line(&id).await?;
        }
        Ok(slots.without(&conf.audience))
    }

    /// Ends a stored session: it, or whatever took its place, be it that another node renews it at this moment.
    pub(super) async fn drop_line(&self, id: &str) -> Result<(), StorageError> {
        let Some(storage) = &self.parts.storage else {
            return Ok(());
        };
        let mut id = id.to_owned();
        for _ in 0..MAX_SUCCESSORS {
            let key = storage_key(&id);
            let has_ended = storage.end(&key).await?;
            self.forget(&key).await;
            match if has_ended { None } else { self.load(&key).await? } {
                Some(Found::Successor(next)) => id = next,
                _ => return Ok(()),
            }
        }
        Err(StorageError("the session is replaced faster than it can be ended".to_owned()))
    }

    /// Puts `content` in the place of `old`, under a new id. When another request did so first, its session counts; `None`
    /// when the session has ended.
    pub(super) async fn succeed(
        &self,
        old: &SessionContent,
        content: SessionContent,
    ) -> Result<Option<Arc<Known>>, SessionError> {
        let now = self.clock.now();
        let remembered = content.remembered.map(|(created, _)| (created, now));
        let content = SessionContent { id: random_token(), last_seen_at: now, remembered, ..content };
        let Some(storage) = &self.parts.storage else {
            return Ok(Some(Arc::new(Known::new(content))));
        };
        let (old_key, new_key) = (storage_key(&old.id), storage_key(&content.id));
        let sealer = self.parts.secret.sealer();
        let pointer = Record {
            sealed: sealer.seal(POINTER, content.id.as_bytes()).map_err(|_| CodecError::Seal)?,
            is_replaced: true,
            name: None,
            last_seen_at: now,
            expires_at: now.plus(STALE_WINDOW),
        };
        let was_first = storage.replace(&old_key, &pointer, &new_key, &self.record(&content)?).await?;
        self.forget(&old_key).await;
        if was_first { Ok(Some(Arc::new(Known::new(content)))) } else { Ok(self.by_id(&old.id).await?) }
    }

    pub(super) fn record(&self, content: &SessionContent) -> Result<Record, CodecError> {
        let json = serde_json::to_vec(content).map_err(|_| CodecError::Seal)?;
        let sealed = self.parts.secret.sealer().seal(RECORD, &json).map_err(|_| CodecError::Seal)?;
        let who = &content.who;
        let name = who.issuer.clone().map(|issuer| LogoutName {
            issuer,
            subject: who.subject.clone(),
            idp_session: who.idp_session.clone(),
        });
        let name = name.filter(|name| name.subject.is_some() || name.idp_session.is_some());
        let (last_seen_at, expires_at) = (content.last_seen_at, self.ends_at(content, content.last_seen_at));
        Ok(Record { sealed, is_replaced: false, name, last_seen_at, expires_at })
    }

    /// The cookies that give the browser a session.
    fn cookies_of(&self, view: &RequestView<'_>, open: &OpenSession) -> Result<Vec<String>, CodecError> {
        let (conf, content) = (self.session_conf(), &open.known.content);
        let is_stored = self.parts.storage.is_some();
        let slot = Slot {
            audience: content.audience.clone(),
            content: (!is_stored).then(|| content.clone()),
            id: is_stored.then(|| content.id.clone()),
        };
        let sealer = self.parts.secret.sealer();
        let writing = Writing { name: &conf.cookie.name, conf: &conf.cookie, max_age: None, purpose: SESSION };
        let mut cookies = codec::write(&sealer, &open.others.with(&slot), &writing, view)?;
        if let (Some(remember), Some(max_age)) = (&conf.remember, self.remembered_for(content)) {
            let attributes: &CookieConf = &conf.cookie;
            let writing =
                Writing { name: &remember.cookie_name, conf: attributes, max_age: Some(max_age), purpose: REMEMBER };
            cookies.extend(codec::write(&sealer, &open.remembered_others.with(&slot), &writing, view)?);
        }
        Ok(cookies)
    }

    /// Seconds that the remember cookie stays in the browser.
    fn remembered_for(&self, content: &SessionContent) -> Option<i64> {
        let (limits, (created, renewed)) = self.remember_limits().zip(content.remembered)?;
        let now = self.clock.now();
        let left = [(limits.rolling, renewed), (limits.absolute, created)];
        let left =
            left.into_iter().filter(|(limit, _)| *limit > 0).map(|(limit, since)| limit - now.since(since)).min();
        Some(left.unwrap_or(400 * 86_400).max(0))
    }
}
