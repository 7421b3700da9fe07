//! Who came back from the provider, in the portal's terms.

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::portal::{PortalOidcConf, SsoSettings};
use crate::domain::claims::{ClaimPath, scalar_text};
use crate::domain::developer::EmailAddress;
use crate::domain::group_claim::listed_values;
use crate::domain::identity::Identity;
use crate::oidc::LoginOutcome;
use crate::oidc::quirks::groups_overage;

/// A proven person. Sealed where it is kept, because of the ID token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Person {
    /// `iss`.
    pub(super) issuer: String,
    /// `sub`.
    pub(super) subject: String,
    /// What `consumer_claim` says.
    pub(super) value: Option<String>,
    /// The address, in small letters.
    email: Option<String>,
    /// Whether the provider verified that address.
    pub(super) is_verified: bool,
    /// The name.
    pub(super) name: Option<String>,
    /// The groups, where teams follow them; `None` where the provider tells none, which changes nothing.
    pub(super) groups: Option<Vec<String>>,
    /// For the provider's own sign-out.
    pub(super) id_token: String,
}

impl Person {
    /// Reads the claims.
    pub(super) fn of(outcome: &LoginOutcome, conf: &PortalOidcConf, sso: &SsoSettings) -> Self {
        let identity = &outcome.identity;
        let email = identity.sources().find_map(|claims| text(claims, "email"));
        let is_of_it = |claims: &&Value| text(claims, "email") == email;
        let verdicts: Vec<bool> = identity
            .sources()
            .filter(is_of_it)
            .filter_map(|claims| claims.get("email_verified"))
            .map(is_true)
            .collect();
        let value = identity.find_claim(&conf.consumer_claim).and_then(scalar_text);
        Self {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            value: value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            is_verified: email.is_some() && !verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict),
            email: email.and_then(|text| EmailAddress::parse(&text).ok()).map(|email| email.as_str().to_owned()),
            name: identity.sources().find_map(name),
            groups: sso.followed_groups().and_then(|(claim, _)| groups(identity, claim)),
            id_token: outcome.tokens.id_token.expose_secret().to_owned(),
        }
    }

    /// The address.
    pub(super) fn email(&self) -> Option<EmailAddress> {
        self.email.as_deref().and_then(|text| EmailAddress::parse(text).ok())
    }

    /// Whether the provider says that it verified this very address.
    pub(super) fn has_proven(&self, email: &EmailAddress) -> bool {
        self.is_verified && self.email.as_deref() == Some(email.as_str())
    }
}

/// The values of the groups claim. A pointer in its place (overage) counts as no claim.
fn groups(identity: &Identity, claim: &ClaimPath) -> Option<Vec<String>> {
    if groups_overage(identity, claim) {
        tracing::warn!(%claim, "the provider only points at the groups of a login; teams stay as they are");
    }
    // What cannot be a list of names is no claim, so that teams stay as they are.
    identity.find_claim(claim).filter(|value| !value.is_null() && !value.is_object()).map(listed_values)
}

fn text(claims: &Value, name: &str) -> Option<String> {
    let text = claims.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Some providers write booleans as text.
fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

/// `name`, else the given and the family name.
fn name(claims: &Value) -> Option<String> {
    let parts = || {
        let parts: Vec<String> = ["given_name", "family_name"].iter().filter_map(|part| text(claims, part)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    text(claims, "name").or_else(parts)
}
