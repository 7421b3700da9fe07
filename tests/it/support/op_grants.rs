//! Direct grants and introspection of the test provider, and signed tokens that it hands out just so.

use std::collections::HashMap;

use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest;
use kong_sso::sealing::random_token;
use serde_json::{Value, json};

use super::op::{Behaviour, CLIENT_ID, Door, Draft, Grant, Op, SignedBy, TokenRequest};
use super::op_routes::{OpState, credentials, is_client, refusal};

/// The person of the password grant.
pub const USERNAME: &str = "alice";
pub const PASSWORD: &str = "pa:ss & wörd";
/// A client of its own, for the client-credentials grant.
pub const MACHINE_ID: &str = "machine";
pub const MACHINE_SECRET: &str = "m4ch:ne";

/// What arrived at introspection.
#[derive(Clone, Debug)]
pub struct Asked {
    pub authorization: Option<String>,
    pub headers: HashMap<String, String>,
    pub form: HashMap<String, String>,
}

impl Op {
    /// A signed access token, after a change.
    pub fn access_token(&self, edit: impl FnOnce(&mut Draft)) -> String {
        let issuer = self.issuer();
        self.change(|b| {
            let now = b.clock.now().0;
            let claims = json!({
                "iss": issuer, "sub": b.user.sub, "aud": "api", "iat": now, "exp": now + 300,
                "scope": "openid email profile", "preferred_username": "demo",
            });
            let by = SignedBy::Key(b.signing_key.clone());
            let mut draft = Draft { header: b.header("at+jwt"), claims, by };
            edit(&mut draft);
            draft.sign()
        })
    }

    /// A logout token about the present user, after a change.
    pub fn logout_token(&self, edit: impl FnOnce(&mut Draft)) -> String {
        self.access_token(|draft| {
            draft.header["typ"] = json!("logout+jwt");
            let (issuer, sub, iat) = (&draft.claims["iss"], &draft.claims["sub"], &draft.claims["iat"]);
            draft.claims = json!({
                "iss": issuer, "sub": sub, "aud": CLIENT_ID, "iat": iat, "exp": draft.claims["exp"], "jti": random_token(),
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            });
            edit(draft);
        })
    }

    /// An opaque token that introspection knows.
    pub fn opaque_token(&self, answer: Value) -> String {
        let token = format!("opaque-{}", random_token());
        self.change(|b| b.introspected.insert(token.clone(), answer));
        token
    }

    /// Introspection says this of a token.
    pub fn introspects(&self, token: &str, answer: Value) {
        self.change(|b| b.introspected.insert(token.to_owned(), answer));
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.change(|b| b.asked.clone())
    }
}

impl Behaviour {
    /// A refresh token that is good.
    pub fn offer_refresh_token(&mut self, token: &str) {
        self.refresh_tokens.insert(token.to_owned(), Grant::default());
    }
}

/// The password and the client-credentials grant; `None` for others.
pub(super) fn direct(op: &OpState, behaviour: &mut Behaviour, asked: &TokenRequest) -> Option<HttpResponse> {
    let posted = |name: &str| asked.form.get(name).map(String::as_str);
    match posted("grant_type")? {
        "password" if !is_client(asked, behaviour, op.base.join("token").unwrap().as_str()) => {
            Some(refusal(401, "invalid_client"))
        }
        "password" if (posted("username"), posted("password")) != (Some(USERNAME), Some(PASSWORD)) => {
            Some(refusal(400, "invalid_grant"))
        }
        "password" => Some(HttpResponse::Ok().json(behaviour.token_answer(&op.issuer(), Grant::default(), true, true))),
        "client_credentials" if credentials(asked) != Some((MACHINE_ID.into(), MACHINE_SECRET.into())) => {
            Some(refusal(401, "invalid_client"))
        }
        "client_credentials" => {
            Some(HttpResponse::Ok().json(behaviour.token_answer(&op.issuer(), Grant::default(), false, false)))
        }
        _ => None,
    }
}

pub(super) async fn introspect(
    op: Data<OpState>,
    request: HttpRequest,
    form: Form<HashMap<String, String>>,
) -> HttpResponse {
    let asked = asked(&request, form.into_inner());
    op.answer(Door::Introspection, |op, behaviour| {
        let answer = answer_to(behaviour, asked, op.base.join("introspect").unwrap().as_str());
        let Some(answer) = answer else { return refusal(401, "invalid_client") };
        if !behaviour.sign_introspection {
            return HttpResponse::Ok().json(answer);
        }
        let claims = json!({"iss": op.issuer(), "aud": "client", "iat": behaviour.clock.now().0,
            "token_introspection": answer});
        let token = behaviour.signing_key.sign(&behaviour.header("token-introspection+jwt"), &claims);
        HttpResponse::Ok().content_type("application/token-introspection+jwt").body(token)
    })
    .await
}

/// What is known of the token, if the client may ask.
fn answer_to(behaviour: &mut Behaviour, asked: Asked, endpoint: &str) -> Option<Value> {
    let client = TokenRequest { authorization: asked.authorization.clone(), form: asked.form.clone() };
    let may_ask =
        is_client(&client, behaviour, endpoint) || asked.authorization.as_deref() == Some("Bearer of-the-api");
    let token = asked.form.get("token").cloned().unwrap_or_default();
    behaviour.asked.push(asked);
    may_ask.then(|| behaviour.introspected.get(&token).cloned().unwrap_or_else(|| json!({"active": false})))
}

fn asked(request: &HttpRequest, form: HashMap<String, String>) -> Asked {
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Asked { authorization: request.headers().get("authorization").map(text), headers, form }
}

/// `c_hash`, `at_hash` and the like: the left half of SHA-256 in base64url.
pub fn half_hash(text: &str) -> String {
    use base64::Engine as _;
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}
