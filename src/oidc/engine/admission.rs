//! From a proved credential to the request that goes on (openid-connect.md 1.2, steps 11 to 16), and what becomes of those
//! that do not.

use serde_json::Value;

use crate::config::plugin::HeaderConf;
use crate::domain::method::Method;

use super::authentication::{Evidence, Unproved, unexpected};
use super::login::as_header;
use super::mapping::Caller;
use super::methods::user_info;
use super::proof::Proof;
use super::refusal::{ChallengeError, Refusal, RefusalClass};
use super::request::RequestView;
use super::session::OpenSession;
use super::verdict::{Forwarded, Verdict};
use super::{Engine, access, after_login, copies, failure, headers, mapping};

/// A session that holds, and the cookies that the browser gets.
type Kept = (Option<OpenSession>, Vec<String>);

impl Engine {
    /// Whether a proved caller may pass, as whom, and how the request changes.
    pub(super) async fn admit(&self, view: &RequestView<'_>, evidence: &mut Evidence) -> Result<Verdict, Refusal> {
        let conf = self.conf();
        self.add_user_info(view, &mut evidence.proof).await?;
        access::check_domain(&conf.verification, &evidence.proof.claims)?;
        access::check(&conf.access, &evidence.proof.claims)?;
        let caller = mapping::identify(&conf.mapping, &evidence.proof, self.consumers.as_ref())?;
        if caller.is_anonymous {
            return Ok(Verdict::Forward(Box::new(self.anonymous(view, caller))));
        }
        let kept = self.keep_session(view, evidence).await?;
        let forwarded = self.forwarded(evidence, caller, kept);
        let pending = evidence.login.as_ref().map(|login| &login.pending);
        Ok(match after_login::answer(conf, view, &evidence.proof, pending) {
            Some(mut answer) => {
                answer.headers.extend(forwarded.response_headers);
                Verdict::Answer(Box::new(answer))
            }
            None => Verdict::Forward(Box::new(forwarded)),
        })
    }

    fn forwarded(&self, evidence: &Evidence, caller: Caller, (session, cookies): Kept) -> Forwarded {
        let (conf, proof) = (self.conf(), &evidence.proof);
        let mut changes =
            headers::upstream(conf, &self.cleanup, proof, &caller, &evidence.spots, self.settings.plain_json);
        let mut response_headers = headers::downstream(conf, proof, self.settings.plain_json);
        let mut tell = evidence.told.clone();
        let is_told = |headers: &HeaderConf| !headers.session.is_empty() || headers.session_id.is_some();
        if let Some(session) = &session
            && (is_told(&conf.upstream) || is_told(&conf.downstream))
        {
            let facts = self.sessions.facts(session.content());
            tell.extend(facts.headers(&conf.upstream));
            response_headers.extend(facts.headers(&conf.downstream));
        }
        changes.set_headers.extend(tell.into_iter().map(|(name, value)| (name, value.into_bytes())));
        response_headers.extend(cookies.into_iter().map(as_header));
        if let Some(login) = &evidence.login {
            after_login::changes(conf, &login.pending, &mut changes);
            response_headers.extend(login.cookies.iter().cloned().map(as_header));
        }
        Forwarded {
            changes,
            response_headers,
            method: Some(proof.method),
            subject: proof.subject(),
            ..of_caller(caller)
        }
    }

    /// What UserInfo says, where the configuration wants it and it is not known yet (openid-connect.md 7.4, 8.1).
    async fn add_user_info(&self, view: &RequestView<'_>, proof: &mut Proof) -> Result<(), Refusal> {
        let conf = self.conf();
        let is_wanted =
            conf.user_info.search || conf.upstream.user_info.is_some() || conf.downstream.user_info.is_some();
        let is_known = proof.claims.user_info.is_some() || proof.method == Method::KongOAuth2;
        let Some(token) = proof.tokens.access_token.as_ref().filter(|_| is_wanted && !is_known) else {
            return Ok(());
        };
        let said = match Box::pin(user_info::ask(&self.context, view, proof.client, token)).await {
            Ok(said) => said,
            Err(refusal) if refusal.is_temporary() => return Err(refusal),
            Err(refusal) => {
                // The token is good, only not for this.
                tracing::debug!(detail = refusal.detail, "openid-connect: UserInfo says nothing for this token");
                return Ok(());
            }
        };
        let sub = |claims: &Value| claims.get("sub").and_then(Value::as_str).map(str::to_owned);
        if proof.claims.id_token.as_deref().is_some_and(|claims| sub(claims) != sub(&said)) {
            let detail = "the sub of UserInfo is not that of the ID token";
            return Err(Refusal::unauthorized(ChallengeError::InvalidToken, "userinfo_sub_mismatch", detail));
        }
        proof.claims.user_info = Some(said);
        Ok(())
    }

    /// Step 14: the session goes on, or one begins.
    async fn keep_session(&self, view: &RequestView<'_>, evidence: &Evidence) -> Result<Kept, Refusal> {
        let sessions = &self.sessions;
        if let Some(open) = &evidence.session {
            let cookies = sessions.keep(view, open).await.map_err(|error| unexpected(&error))?;
            return Ok((Some(open.clone()), cookies));
        }
        if !sessions.starts_for(evidence.proof.method) {
            return Ok((None, Vec::new()));
        }
        let (open, cookies) =
            Box::pin(sessions.start(view, &evidence.proof)).await.map_err(|error| unexpected(&error))?;
        Ok((Some(open), cookies))
    }

    /// The request of a caller who proved nothing and may pass all the same (openid-connect.md 1.7).
    fn anonymous(&self, view: &RequestView<'_>, caller: Caller) -> Forwarded {
        let conf = self.conf();
        let spots = copies::spots(conf.methods, &conf.search, view);
        Forwarded { changes: headers::anonymous(conf, &caller, &spots), ..of_caller(caller) }
    }

    /// Whether a caller may be sent to the provider (openid-connect.md 1.6).
    fn may_begin_login(&self, view: &RequestView<'_>) -> bool {
        let is_refused = self.settings.refuse_non_navigation && !view.may_be_navigation();
        self.conf().allows(Method::AuthorizationCode) && !is_refused
    }

    /// What becomes of a request that proved nothing: a login where that is possible, else a refusal.
    pub(super) async fn turn_away(&self, view: &RequestView<'_>, unproved: Unproved, client: usize) -> Verdict {
        let (refusal, cookies, may_log_in) = match unproved {
            Unproved::NoCredential => (Refusal::no_credential(), Vec::new(), true),
            Unproved::SessionOver => (session_over(), self.sessions.forget(view), true),
            Unproved::FailedLogin(refusal, cookies) => (refusal, cookies, false),
            Unproved::Refused(refusal) => (refusal, Vec::new(), false),
        };
        let mut verdict = if may_log_in && self.may_begin_login(view) {
            match self.login.start(view, client).await {
                Ok(answer) => Verdict::Answer(Box::new(answer)),
                Err(refusal) => self.refuse(view, &refusal, client, None).await,
            }
        } else {
            self.refuse(view, &refusal, client, None).await
        };
        let headers = match &mut verdict {
            Verdict::Pass => return verdict,
            Verdict::Forward(forwarded) => &mut forwarded.response_headers,
            Verdict::Answer(answer) => &mut answer.headers,
        };
        for cookie in cookies.into_iter().map(as_header) {
            if !headers.contains(&cookie) {
                headers.push(cookie);
            }
        }
        verdict
    }

    /// What becomes of a request that is refused: the anonymous consumer's, or an answer (openid-connect.md 1.5, 1.7).
    pub(super) async fn refuse(
        &self,
        view: &RequestView<'_>,
        refusal: &Refusal,
        client: usize,
        evidence: Option<&Evidence>,
    ) -> Verdict {
        let conf = self.conf();
        if refusal.class == RefusalClass::Unauthorized
            && let Some(caller) = mapping::anonymous(&conf.mapping, self.consumers.as_ref())
        {
            return Verdict::Forward(Box::new(self.anonymous(view, caller)));
        }
        log(refusal);
        let mut answer = failure::answer(conf, refusal, client, evidence.map(|evidence| evidence.proof.method));
        if failure::ends_session(&conf.failure, refusal.class) {
            answer.headers.extend(self.end_session(view, evidence).await.into_iter().map(as_header));
        }
        Verdict::Answer(Box::new(answer))
    }

    /// Ends the session of a refused request, and takes a cookie that leads nowhere out of the browser.
    async fn end_session(&self, view: &RequestView<'_>, evidence: Option<&Evidence>) -> Vec<String> {
        let sessions = &self.sessions;
        let ended = match evidence.and_then(|evidence| evidence.session.as_ref()) {
            Some(open) => sessions.end(view, open).await,
            None if sessions.has_cookie(view) => Ok(sessions.forget(view)),
            None => Ok(Vec::new()),
        };
        ended.unwrap_or_else(|error| {
            tracing::error!(code = error.code(), %error, "openid-connect: a session could not be ended");
            sessions.forget(view)
        })
    }
}

fn session_over() -> Refusal {
    let detail = "the tokens of the session have expired and could not be refreshed";
    Refusal::unauthorized(ChallengeError::InvalidToken, "session_over", detail)
}

fn of_caller(caller: Caller) -> Forwarded {
    Forwarded {
        consumer: caller.consumer,
        is_anonymous: caller.is_anonymous,
        groups: caller.groups,
        consumer_groups: caller.consumer_groups,
        credential: caller.credential,
        ..Forwarded::default()
    }
}

fn log(refusal: &Refusal) {
    let (reason, detail) = (refusal.reason, refusal.detail.as_str());
    match refusal.class {
        RefusalClass::Unexpected => tracing::error!(reason, detail, "openid-connect: a request could not be judged"),
        RefusalClass::Unauthorized | RefusalClass::Forbidden => {
            tracing::info!(reason, detail, "openid-connect: request refused");
        }
    }
}
