//! Entities of the portal as the Admin API, the portal and audit records show them (dev-portal.md 5.2, 6). Secrets never are.

use serde_json::{Value, json};

use super::contracts::Connected;
use super::gateway_sync::gate;
use super::gateway_sync::names::Names;
use super::gateway_sync::{Overview, Report, View};

use crate::domain::application::{Application, RedirectUri};
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::{Contract, Ending};
use crate::domain::credential::{Credential, CredentialKind};
use crate::domain::strategy::{Enforcer, Strategy, StrategyConfig};
use crate::domain::team::{AssignedRole, Owner, Team, TeamGroup};
use crate::domain::time::UnixSeconds;
use crate::domain::visibility::ApiActions;
use crate::domain::workspace::Workspace;
use crate::store::strategy_keys::KnownKey;

/// A strategy.
#[must_use]
pub fn strategy(strategy: &Strategy) -> Value {
    json!({
        "id": strategy.id,
        "name": strategy.name,
        "display_name": strategy.display_name,
        "strategy_type": strategy.kind().as_str(),
        "configs": { strategy.kind().member(): strategy.config.to_value() },
        "created_at": strategy.created_at,
        "updated_at": strategy.updated_at,
    })
}

/// A strategy, as far as developers need it to call an API. The issuer is told by [`issuer`] alone.
#[must_use]
pub fn strategy_for_developers(strategy: &Strategy) -> Value {
    let shown = json!({
        "id": strategy.id, "display_name": strategy.display_name, "strategy_type": strategy.kind().as_str(),
    });
    match &strategy.config {
        StrategyConfig::KeyAuth(config) => with(shown, [("key_names", json!(config.key_names))]),
        StrategyConfig::KongOauth2(config) => with(shown, [("scopes", json!(config.scopes))]),
        StrategyConfig::Jwt(config) => with(
            shown,
            [
                ("key_claim_name", json!(config.key_claim_name)),
                ("maximum_expiration", json!(config.maximum_expiration)),
            ],
        ),
        StrategyConfig::OpenidConnect(config) => {
            with(shown, [("scopes", json!(config.scopes)), ("auth_methods", json!(config.auth_methods))])
        }
    }
}

/// The issuer of an API's identity provider, where developers are told.
#[must_use]
pub fn issuer<'s>(api: &PublishedApi, strategy: &'s Strategy) -> Option<&'s str> {
    match &strategy.config {
        StrategyConfig::OpenidConnect(config) if api.show_issuer => Some(&config.issuer),
        _ => None,
    }
}

/// A strategy with the key of its provider, and what admins must know of what checks its tokens (dev-portal.md 9.2).
#[must_use]
pub fn strategy_with_key(strategy: &Strategy, known: Option<&KnownKey>, by_settings: Option<Enforcer>) -> Value {
    let shown = self::strategy(strategy);
    let StrategyConfig::OpenidConnect(config) = &strategy.config else { return shown };
    let enforcer = gate::effective(config, by_settings);
    let key = known.map(|known| {
        json!({
            "kid": known.key.as_ref().and_then(|key| key.kid.as_deref()),
            "algorithm": known.key.as_ref().map(|key| key.algorithm.as_str()),
            "chosen_at": known.key.as_ref().map(|key| key.chosen_at),
            "checked_at": known.checked_at,
            "problem": known.problem,
        })
    });
    let warnings = enforcer_warnings(enforcer);
    with(shown, [("signing_key", json!(key)), ("enforcer", json!(enforcer.as_str())), ("warnings", json!(warnings))])
}

/// What admins must know of what checks tokens at the gateway (dev-portal.md 9.2).
#[must_use]
pub const fn enforcer_warnings(enforcer: Enforcer) -> &'static [&'static str] {
    match enforcer {
        Enforcer::Jwt => &[
            "Kong's jwt plugin does not check iss and aud: any token that the provider signed for the client passes, also ID \
             tokens and tokens for other audiences. Use an authorization server of its own for each audience.",
            "While the provider rotates its signing key only one of both keys is valid: some tokens may be refused.",
        ],
        Enforcer::OpenidConnect => &[],
        Enforcer::None => {
            &["Nothing of kong-sso identifies callers: without a plugin of yours every call is refused with 401."]
        }
    }
}

/// A published API, as admins see it.
#[must_use]
pub fn api(api: &PublishedApi) -> Value {
    json!({
        "id": api.id,
        "name": api.name,
        "slug": api.slug,
        "description": api.description,
        "document": api.document,
        "service": { "id": api.service_id, "name": api.service_name },
        "visibility": api.visibility.as_str(),
        "auth_strategy_id": api.strategy_id,
        "auto_approve": api.auto_approve,
        "registration_enabled": api.registration_enabled,
        "show_issuer": api.show_issuer,
        "status": if api.is_published { "published" } else { "unpublished" },
        "gate": api.has_gate,
        "link_state": if api.is_missing { "missing" } else { "linked" },
        "created_at": api.created_at,
        "updated_at": api.updated_at,
    })
}

/// What somebody may do with an API.
#[must_use]
pub fn actions(actions: ApiActions) -> Value {
    json!({
        "view": actions.view, "register": actions.register, "view_documentation": actions.view_documentation,
    })
}

/// A team.
#[must_use]
pub fn team(team: &Team) -> Value {
    json!({
        "id": team.id,
        "name": team.name,
        "description": team.description,
        "can_own_applications": team.can_own_applications,
        "created_at": team.created_at,
        "updated_at": team.updated_at,
    })
}

/// A team as the developer role that it is for Kong Enterprise.
#[must_use]
pub fn developer_role(team: &Team) -> Value {
    json!({
        "id": team.id, "name": team.name, "comment": team.description, "permissions": {}, "created_at": team.created_at,
    })
}

/// A role that a team has.
#[must_use]
pub fn assigned_role(assigned: &AssignedRole) -> Value {
    json!({
        "id": assigned.id,
        "role_name": assigned.role.as_str(),
        "entity_id": assigned.scope.to_string(),
        "entity_type_name": "APIs",
        "entity_region": "*",
        "created_at": assigned.created_at,
    })
}

/// A group that fills a team.
#[must_use]
pub fn team_group(mapping: &TeamGroup) -> Value {
    json!({
        "id": mapping.id, "team_id": mapping.team_id, "group": mapping.group, "created_at": mapping.created_at,
    })
}

/// An application.
#[must_use]
pub fn application(application: &Application) -> Value {
    let uris: Vec<&str> = application.redirect_uris.iter().map(RedirectUri::as_str).collect();
    json!({
        "id": application.id,
        "name": application.name,
        "description": application.description,
        "redirect_uri": uris.first(),
        "redirect_uris": uris,
        "custom_id": application.custom_id,
        "auth_strategy_id": application.strategy_id,
        "owner": owner(application.owner),
        "developer": application.owner.developer().map(|id| json!({ "id": id })),
        "status": application.status.as_str(),
        "created_at": application.created_at,
        "updated_at": application.updated_at,
    })
}

fn owner(owner: Owner) -> Value {
    json!({ "type": owner.kind(), "id": owner.id() })
}

/// A contract.
#[must_use]
pub fn contract(contract: &Contract) -> Value {
    json!({
        "id": contract.id,
        "application": { "id": contract.application_id },
        "api": { "id": contract.api_id },
        "status": contract.state.status.number(),
        "suspended": contract.state.suspension.is_any(),
        "revoke_pending": matches!(contract.state.ending, Ending::Revoke | Ending::Review),
        "delete_pending": contract.state.ending == Ending::Delete,
        "reason": contract.reason,
        "comment": contract.comment,
        "created_at": contract.created_at,
        "updated_at": contract.updated_at,
    })
}

/// A credential, without its value.
#[must_use]
pub fn credential(credential: &Credential, now: UnixSeconds) -> Value {
    let mut shown = json!({
        "type": credential.kind.as_str(),
        "id": credential.id,
        "application": { "id": credential.application_id },
        "display_name": credential.display_name,
        "status": credential.shown_status(now),
        "expires_at": credential.expires_at,
        "created_at": credential.created_at,
    });
    if let (Some(name), Some(members)) = (identifier_member(credential.kind), shown.as_object_mut()) {
        members.insert(name.to_owned(), json!(credential.identifier));
    }
    if let (Some(algorithm), Some(members)) = (credential.algorithm, shown.as_object_mut()) {
        members.insert("algorithm".to_owned(), json!(algorithm.as_str()));
    }
    shown
}

/// The member that holds the public half of a credential.
const fn identifier_member(kind: CredentialKind) -> Option<&'static str> {
    match kind {
        CredentialKind::ApiKey => None,
        CredentialKind::ClientSecret => Some("client_id"),
        CredentialKind::Jwt => Some("key"),
    }
}

/// How far Kong is what it should be.
#[must_use]
pub fn gateway(view: &View) -> Value {
    json!({
        "state": view.state.as_str(),
        "detail": view.detail,
        "checked_at": view.checked_at,
        "attempts": view.attempts,
    })
}

/// A published API with the state of its gate.
#[must_use]
pub fn api_with_state(api: &PublishedApi, overview: &Overview) -> Value {
    with(self::api(api), [("gateway", gateway(&overview.of(api.id)))])
}

/// An application with its consumer and the state of both.
#[must_use]
pub fn application_with_state(application: &Application, workspace: &Workspace, overview: &Overview) -> Value {
    let names = Names::new(workspace.id, workspace.name.clone());
    let consumer = json!({ "id": names.consumer(application.id) });
    let state = gateway(&overview.of(application.id));
    with(self::application(application), [("consumer", consumer), ("gateway", state)])
}

/// A contract with what it connects: it works when both sides do.
#[must_use]
pub fn connected(connected: &Connected, overview: &Overview) -> Value {
    let Connected { contract, application, api } = connected;
    let state = overview.of(application.id);
    let of_api = overview.of(api.id);
    let developer = application.owner.developer().map(|id| json!({ "id": id }));
    with(
        self::contract(contract),
        [
            (
                "application",
                json!({
                    "id": application.id, "name": application.name, "owner": owner(application.owner), "developer": developer,
                }),
            ),
            ("service", json!({ "id": api.service_id, "name": api.service_name })),
            ("api", json!({ "id": api.id, "name": api.name, "slug": api.slug })),
            ("composite_id", json!(format!("{}_{}", application.id, api.service_id))),
            ("gateway", gateway(state.worse(&of_api))),
        ],
    )
}

/// What a comparison with Kong found.
#[must_use]
pub fn report(report: &Report) -> Value {
    let subjects: Vec<Value> = report
        .subjects
        .iter()
        .map(|planned| {
            json!({
                "kind": planned.subject.kind.as_str(), "id": planned.subject.id, "steps": planned.steps,
                "conflicts": planned.conflicts, "notices": planned.notices,
            })
        })
        .collect();
    json!({ "compared": report.compared, "changes": subjects, "orphans": report.orphans })
}

fn with<const N: usize>(mut entity: Value, more: [(&str, Value); N]) -> Value {
    if let Some(members) = entity.as_object_mut() {
        members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    entity
}
