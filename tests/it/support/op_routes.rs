//! The endpoints of the test provider.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kong_sso::sealing::random_token;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::op::{
    Behaviour, CLIENT_ID, CLIENT_SECRET, Door, Fault, Grant, IssParameter, RefreshMode, TokenRequest, lock,
};
use super::op_grants::{direct, introspect};
use super::op_keys::OpKey;

pub(super) struct OpState {
    pub(super) base: Url,
    pub(super) behaviour: Arc<Mutex<Behaviour>>,
}

impl OpState {
    pub(super) fn issuer(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        lock(&self.behaviour)
    }

    /// Counts the visit and answers, rightly or as broken.
    pub(super) async fn answer(
        &self,
        door: Door,
        right: impl FnOnce(&Self, &mut Behaviour) -> HttpResponse,
    ) -> HttpResponse {
        let fault = {
            let mut behaviour = self.behaviour();
            *behaviour.hits.entry(door).or_default() += 1;
            behaviour.faults.get(&door).cloned()
        };
        match fault {
            None => right(self, &mut self.behaviour()),
            Some(Fault::Slow(delay)) => {
                actix_web::rt::time::sleep(delay).await;
                right(self, &mut self.behaviour())
            }
            Some(Fault::Status(status)) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).body("down"),
            Some(Fault::Html) => HttpResponse::Ok().content_type("text/html").body("<html>Hello, proxy here.</html>"),
            Some(Fault::Huge) => HttpResponse::Ok().content_type("application/json").streaming(endless()),
            Some(Fault::Redirect(to)) => HttpResponse::Found().insert_header(("location", to)).finish(),
            Some(Fault::Truncated) => {
                let whole = right(self, &mut self.behaviour());
                let body = actix_web::body::to_bytes(whole.into_body()).await.unwrap_or_default();
                HttpResponse::Ok().content_type("application/json").body(body.slice(..body.len() / 2))
            }
        }
    }
}

/// 8 MiB without a length.
fn endless() -> impl futures_util::Stream<Item = Result<web::Bytes, actix_web::Error>> {
    futures_util::stream::iter((0..128).map(|_| Ok(web::Bytes::from(vec![b' '; 64 * 1024]))))
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/.well-known/openid-configuration", web::get().to(discovery))
        .route("/.well-known/oauth-authorization-server", web::get().to(oauth_discovery))
        .route("/jwks", web::get().to(jwks))
        .route("/authorize", web::get().to(authorize))
        .route("/token", web::post().to(token))
        .route("/userinfo", web::get().to(user_info))
        .route("/end-session", web::get().to(end_session))
        .route("/introspect", web::post().to(introspect))
        .route("/revoke", web::post().to(revoke));
}

fn metadata(op: &OpState, behaviour: &Behaviour) -> HttpResponse {
    let at = |path: &str| op.base.join(path).unwrap();
    let mut document = json!({
        "issuer": op.issuer(), "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"), "end_session_endpoint": at("end-session"), "jwks_uri": at("jwks"),
        "introspection_endpoint": at("introspect"), "revocation_endpoint": at("revoke"),
        "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "authorization_response_iss_parameter_supported": behaviour.iss_parameter != IssParameter::Omit,
    });
    if let Some(edit) = &behaviour.edit_metadata {
        edit(&mut document);
    }
    HttpResponse::Ok().json(document)
}

async fn discovery(op: Data<OpState>) -> HttpResponse {
    op.answer(Door::Discovery, |op, behaviour| metadata(op, behaviour)).await
}

async fn oauth_discovery(op: Data<OpState>) -> HttpResponse {
    op.answer(Door::OauthDiscovery, |op, behaviour| metadata(op, behaviour)).await
}

async fn jwks(op: Data<OpState>) -> HttpResponse {
    op.answer(Door::Jwks, |_, behaviour| {
        if let Some(set) = &behaviour.key_set {
            return HttpResponse::Ok().json(set);
        }
        let keys: Vec<Value> = behaviour.keys.iter().map(OpKey::jwk).collect();
        HttpResponse::Ok().json(json!({ "keys": keys }))
    })
    .await
}

async fn authorize(op: Data<OpState>, query: Query<HashMap<String, String>>) -> HttpResponse {
    op.answer(Door::Authorize, |op, behaviour| {
        let get = |name: &str| query.get(name).cloned();
        if get("client_id").as_deref() != Some(CLIENT_ID) || get("response_type").as_deref() != Some("code") {
            return HttpResponse::BadRequest().body("not my client");
        }
        let redirect_uri = get("redirect_uri").unwrap_or_default();
        let mut answer: Vec<(&str, String)> = vec![("state", get("state").unwrap_or_default())];
        match behaviour.refuse_login.clone() {
            Some(error) => answer.push(("error", error)),
            None => {
                let code = format!("code-{}", random_token());
                let grant =
                    Grant { nonce: get("nonce"), challenge: get("code_challenge"), redirect_uri: redirect_uri.clone() };
                behaviour.codes.insert(code.clone(), grant);
                answer.push(("code", code));
            }
        }
        match &behaviour.iss_parameter {
            IssParameter::Omit => {}
            IssParameter::Right => answer.push(("iss", op.issuer())),
            IssParameter::Other(other) => answer.push(("iss", other.clone())),
        }
        send_back(&redirect_uri, get("response_mode").as_deref() == Some("form_post"), &answer)
    })
    .await
}

fn send_back(redirect_uri: &str, form_post: bool, answer: &[(&str, String)]) -> HttpResponse {
    let mut url = Url::parse(redirect_uri).unwrap();
    if !form_post {
        url.query_pairs_mut().extend_pairs(answer);
        return HttpResponse::Found().insert_header(("location", url.as_str())).finish();
    }
    let inputs: String =
        answer.iter().map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{value}">"#)).collect();
    HttpResponse::Ok().content_type("text/html").body(format!(
        r#"<form method="post" action="{url}">{inputs}<button>Continue</button></form>
           <script>document.forms[0].submit()</script>"#
    ))
}

async fn token(op: Data<OpState>, request: HttpRequest, form: Form<HashMap<String, String>>) -> HttpResponse {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(String::from);
    let asked = TokenRequest { authorization, form: form.into_inner() };
    op.answer(Door::Token, |op, behaviour| {
        behaviour.token_requests.push(asked.clone());
        if let Some(answer) = direct(op, behaviour, &asked) {
            return answer;
        }
        if !is_client(&asked, behaviour, op.base.join("token").unwrap().as_str()) {
            return refusal(401, "invalid_client");
        }
        match asked.form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => redeem(op, behaviour, &asked.form),
            Some("refresh_token") => refresh(op, behaviour, &asked.form),
            _ => refusal(400, "unsupported_grant_type"),
        }
    })
    .await
}

pub(super) fn refusal(status: u16, error: &str) -> HttpResponse {
    let body = json!({"error": error, "error_description": format!("the request says {error}")});
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).json(body)
}

pub(super) fn is_client(asked: &TokenRequest, behaviour: &Behaviour, endpoint: &str) -> bool {
    let public = behaviour.public_client;
    let posted = |name: &str| asked.form.get(name).map(String::as_str);
    if let Some(assertion) = posted("client_assertion") {
        let typ = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        return posted("client_assertion_type") == Some(typ) && is_assertion(assertion, behaviour, endpoint);
    }
    let is_public = public && asked.authorization.is_none() && posted("client_id") == Some(CLIENT_ID);
    is_public || credentials(asked) == Some((CLIENT_ID.into(), CLIENT_SECRET.into()))
}

/// Id and secret, from HTTP Basic or from the form.
pub(super) fn credentials(asked: &TokenRequest) -> Option<(String, String)> {
    let posted = |name: &str| asked.form.get(name).cloned();
    let Some(header) = &asked.authorization else {
        return Some((posted("client_id")?, posted("client_secret")?));
    };
    let decoded = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let decoded = String::from_utf8(decoded).unwrap_or_default();
    let (id, secret) = decoded.split_once(':')?;
    posted("client_secret").is_none().then(|| (decode_form(id), decode_form(secret)))
}

/// RFC 7523: signed by the client's secret or one of its keys, for this endpoint, not for long.
fn is_assertion(assertion: &str, behaviour: &Behaviour, endpoint: &str) -> bool {
    let (input, signature) = assertion.rsplit_once('.').unwrap();
    let part = |index: usize| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(assertion.split('.').nth(index).unwrap()).unwrap()).unwrap()
    };
    let (header, claims) = (part(0), part(1));
    let algorithm: jsonwebtoken::Algorithm = header["alg"].as_str().unwrap().parse().unwrap();
    let verified = |key: &jsonwebtoken::DecodingKey| {
        jsonwebtoken::crypto::verify(signature, input.as_bytes(), key, algorithm).unwrap_or(false)
    };
    let is_signed = if header["alg"].as_str().unwrap().starts_with("HS") {
        verified(&jsonwebtoken::DecodingKey::from_secret(CLIENT_SECRET.as_bytes()))
    } else {
        let keys = kong_sso::oidc::keys::KeySet::parse(behaviour.client_jwks.to_string().as_bytes()).unwrap();
        keys.candidates(algorithm, header["kid"].as_str()).any(|key| verified(key.decoding_key()))
    };
    let now = behaviour.clock.now().0;
    let seconds = |name: &str| claims[name].as_i64().unwrap();
    is_signed
        && (claims["iss"].as_str(), claims["sub"].as_str()) == (Some(CLIENT_ID), Some(CLIENT_ID))
        && claims["aud"] == json!(endpoint)
        && claims["jti"].as_str().unwrap().len() >= 22
        && seconds("iat") <= now + 1
        && (now..=now + 61).contains(&seconds("exp"))
}

async fn revoke(op: Data<OpState>, form: Form<HashMap<String, String>>) -> HttpResponse {
    op.answer(Door::Revocation, |_, behaviour| {
        behaviour.revocations.push(form.into_inner());
        HttpResponse::Ok().finish()
    })
    .await
}

/// RFC 6749 2.3.1: id and secret are form-urlencoded inside HTTP Basic.
fn decode_form(text: &str) -> String {
    form_urlencoded::parse(format!("x={text}").as_bytes()).next().unwrap().1.into_owned()
}

fn redeem(op: &OpState, behaviour: &mut Behaviour, form: &HashMap<String, String>) -> HttpResponse {
    let Some(grant) = form.get("code").and_then(|code| behaviour.codes.remove(code)) else {
        return refusal(400, "invalid_grant");
    };
    let challenge = form
        .get("code_verifier")
        .map(|verifier| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())));
    if form.get("redirect_uri") != Some(&grant.redirect_uri) || challenge != grant.challenge {
        return refusal(400, "invalid_grant");
    }
    HttpResponse::Ok().json(behaviour.token_answer(&op.issuer(), grant, true, true))
}

fn refresh(op: &OpState, behaviour: &mut Behaviour, form: &HashMap<String, String>) -> HttpResponse {
    let token = form.get("refresh_token").cloned().unwrap_or_default();
    let mode = behaviour.refresh.clone();
    if let RefreshMode::Reject(error) = mode {
        return refusal(400, error);
    }
    let Some(grant) = behaviour.refresh_tokens.get(&token).cloned() else {
        return refusal(400, "invalid_grant");
    };
    let rotate = mode == RefreshMode::Rotate;
    if rotate {
        behaviour.refresh_tokens.remove(&token);
    }
    let with_id_token = behaviour.id_token_on_refresh;
    let grant = Grant { nonce: None, ..grant };
    HttpResponse::Ok().json(behaviour.token_answer(&op.issuer(), grant, with_id_token, rotate))
}

async fn user_info(op: Data<OpState>, request: HttpRequest) -> HttpResponse {
    let bearer = request.headers().get("authorization").is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    op.answer(Door::UserInfo, |op, behaviour| {
        if !bearer {
            return HttpResponse::Unauthorized().finish();
        }
        if let Some(status) = behaviour.refuse_user_info {
            return HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish();
        }
        let mut claims = behaviour.user_claims();
        if let Some(edit) = &behaviour.edit_user_info {
            edit(&mut claims);
        }
        if !behaviour.sign_user_info {
            return HttpResponse::Ok().json(claims);
        }
        let issuer = op.issuer();
        claims["iss"] = json!(issuer);
        claims["aud"] = json!(CLIENT_ID);
        let token = behaviour.signing_key.sign(&behaviour.header("JWT"), &claims);
        HttpResponse::Ok().content_type("application/jwt").body(token)
    })
    .await
}

async fn end_session(op: Data<OpState>, query: Query<HashMap<String, String>>) -> HttpResponse {
    op.answer(Door::EndSession, |_, _| {
        let Some(mut to) = query.get("post_logout_redirect_uri").and_then(|uri| Url::parse(uri).ok()) else {
            return HttpResponse::Ok().body("signed out");
        };
        if let Some(state) = query.get("state") {
            to.query_pairs_mut().append_pair("state", state);
        }
        HttpResponse::Found().insert_header(("location", to.as_str())).finish()
    })
    .await
}
