//! What becomes of a request on a route: the plugins in the order of their priority.

use std::borrow::Cow;
use std::sync::Arc;

use super::acl::{self, AUTHENTICATED_GROUPS, CONSUMER_GROUPS};
use super::key_auth::{self, KeyFailure};
use super::{Answer, Changes, RequestView, Route, State};
use crate::config::declared::KeyAuthConf;
use crate::domain::consumer::Consumer;
use crate::oidc::engine::{Forwarded, Verdict};

/// Who the caller is, as far as the plugins so far know.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    pub(super) consumer: Option<Arc<Consumer>>,
    pub(super) is_anonymous: bool,
    pub(super) is_authenticated: bool,
    /// Values of `authenticated_groups_claim`.
    pub(super) groups: Option<Vec<String>>,
    /// Consumer groups that a claim gave.
    pub(super) consumer_groups: Vec<String>,
}

/// The decision.
#[derive(Debug)]
pub enum Decision {
    /// Forward it.
    Forward(Box<Passage>),
    /// Refuse it in Kong's words.
    Refuse(Refusal),
    /// Give the engine's answer.
    Answer(Box<Answer>),
}

/// How a request goes on.
#[derive(Debug, Default)]
pub struct Passage {
    /// How it changes.
    pub changes: Changes,
    /// Headers of the answer, whatever the upstream says.
    pub response_headers: Vec<(String, String)>,
    /// The consumer, for the log.
    pub consumer: Option<Arc<Consumer>>,
    /// `sub`, for the log.
    pub subject: Option<String>,
}

/// Why a plugin other than `openid-connect` lets a request not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `key-auth`: no key.
    NoKey(Option<String>),
    /// `key-auth`: several keys.
    DuplicateKey(Option<String>),
    /// `key-auth`: a key of nobody.
    UnknownKey(Option<String>),
    /// `key-auth`: the anonymous consumer does not exist.
    NoAnonymous,
    /// `acl`: nobody is known.
    Unauthenticated,
    /// `acl`: the groups.
    NotInGroup,
}

impl Route {
    /// Whether [`Route::decide`] needs the arguments of the body.
    #[must_use]
    pub fn wants_body(&self, view: &RequestView<'_>) -> bool {
        self.plugins.oidc.as_ref().is_some_and(|engine| engine.wants_body(view))
    }

    /// Asks the plugins in the order of their priority.
    pub async fn decide(&self, state: &State, view: &RequestView<'_>) -> Decision {
        let mut passage = Passage::default();
        let mut caller = Caller::default();
        if let Some(conf) = &self.plugins.key_auth
            && (conf.run_on_preflight || view.method != "OPTIONS")
            && let Err(refusal) = run_key_auth(conf, state, view, &mut passage, &mut caller)
        {
            return Decision::Refuse(refusal);
        }
        if let Some(engine) = &self.plugins.oidc {
            let view = RequestView { is_authenticated: caller.is_authenticated, ..*view };
            match engine.decide(&view).await {
                Verdict::Pass => {
                    let Changes { remove_headers, remove_cookies, .. } = engine.cleanup().clone();
                    passage.changes.remove_headers.extend(remove_headers);
                    passage.changes.remove_cookies.extend(remove_cookies);
                }
                Verdict::Forward(forwarded) => take_over(*forwarded, &mut passage, &mut caller),
                Verdict::Answer(answer) => return Decision::Answer(answer),
            }
        }
        if let Some(conf) = &self.plugins.acl {
            match acl::judge(conf, &caller) {
                Ok(header) => tell_groups(&mut passage.changes, header),
                Err(refusal) => return Decision::Refuse(refusal),
            }
        }
        passage.consumer = caller.consumer;
        Decision::Forward(Box::new(passage))
    }
}

/// What the engine says of the caller replaces what was known.
fn take_over(forwarded: Forwarded, passage: &mut Passage, caller: &mut Caller) {
    if forwarded.consumer.is_some() {
        passage.changes.set_headers.clear();
    }
    let Changes { remove_headers, set_headers, remove_cookies, remove_query, query, remove_body } = forwarded.changes;
    let changes = &mut passage.changes;
    changes.remove_headers.extend(remove_headers);
    changes.set_headers.extend(set_headers);
    changes.remove_cookies.extend(remove_cookies);
    changes.remove_query.extend(remove_query);
    changes.remove_body.extend(remove_body);
    changes.query = query.or_else(|| changes.query.take());
    passage.response_headers.extend(forwarded.response_headers);
    passage.subject = forwarded.subject;
    caller.is_authenticated |= forwarded.method.is_some();
    caller.is_anonymous = forwarded.is_anonymous || (caller.is_anonymous && forwarded.consumer.is_none());
    caller.consumer = forwarded.consumer.or_else(|| caller.consumer.take());
    caller.groups = forwarded.groups;
    caller.consumer_groups = forwarded.consumer_groups;
}

fn run_key_auth(
    conf: &KeyAuthConf,
    state: &State,
    view: &RequestView<'_>,
    passage: &mut Passage,
    caller: &mut Caller,
) -> Result<(), Refusal> {
    match key_auth::authenticate(conf, &state.consumers, view) {
        Ok((owner, name)) => {
            if conf.hide_credentials {
                passage.changes.remove_headers.push(Cow::Owned(name.to_ascii_lowercase()));
                passage.changes.remove_query.push(name.to_owned());
            }
            tell_consumer(&mut passage.changes, &owner.consumer);
            passage.changes.set_headers.push(("x-credential-identifier".to_owned(), owner.credential.clone().into()));
            caller.consumer = Some(Arc::clone(&owner.consumer));
            caller.is_authenticated = true;
            Ok(())
        }
        Err(failure) => match &conf.anonymous {
            Some(name) => {
                let consumer = state.consumers.anonymous(name).ok_or(Refusal::NoAnonymous)?;
                tell_consumer(&mut passage.changes, consumer);
                passage.changes.set_headers.push(("x-anonymous-consumer".to_owned(), b"true".to_vec()));
                caller.consumer = Some(Arc::clone(consumer));
                caller.is_anonymous = true;
                Ok(())
            }
            None => Err(match failure {
                KeyFailure::Missing => Refusal::NoKey(conf.realm.clone()),
                KeyFailure::Duplicate => Refusal::DuplicateKey(conf.realm.clone()),
                KeyFailure::Unknown => Refusal::UnknownKey(conf.realm.clone()),
            }),
        },
    }
}

fn tell_consumer(changes: &mut Changes, consumer: &Consumer) {
    let values = [
        ("x-consumer-id", Some(&consumer.id)),
        ("x-consumer-custom-id", consumer.custom_id.as_ref()),
        ("x-consumer-username", consumer.username.as_ref()),
    ];
    let values = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone().into_bytes())));
    changes.set_headers.extend(values);
}

/// The groups of one kind replace what was set of either.
fn tell_groups(changes: &mut Changes, (name, value): acl::GroupsHeader) {
    changes.set_headers.retain(|(known, _)| known != CONSUMER_GROUPS && known != AUTHENTICATED_GROUPS);
    if let Some(value) = value {
        changes.set_headers.push((name.to_owned(), value.into_bytes()));
    }
}
