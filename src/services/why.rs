//! "Why is my call refused?": every condition that a call of an application has to meet, in the order in which Kong and
//! kong-sso ask for them, and the first one that is not met (dev-portal.md 15.6). The same for developers and for support.

use super::Services;
use super::applications::{self, Reach, Whose};
use super::error::ServiceError;
use super::gateway_sync::{self, View};
use super::portal::sight;
use super::strategies::are_compatible;
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::{Cause, Contract, ContractStatus, Ending};
use crate::domain::credential::Credential;
use crate::domain::strategy::{Enforcer, Strategy, StrategyConfig};
use crate::domain::sync::SyncState;
use crate::domain::team::Owner;
use crate::domain::time::UnixSeconds;
use crate::store::{application_credentials, contracts, published_apis, strategies, strategy_keys};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `owner`, `contract`, `suspension`, `strategy`, `service`, `gate`, `credential` or `gateway`.
    pub name: &'static str,
    /// Whether it is met.
    pub is_met: bool,
    /// What is so, or what to do.
    pub sentence: String,
}

/// What is known of an application and an API.
struct Facts<'f> {
    application: &'f Application,
    api: &'f PublishedApi,
    contract: Option<&'f Contract>,
    keys: &'f [Credential],
    /// The application's.
    strategy: &'f Strategy,
    is_compatible: bool,
    /// What checks tokens of an identity provider.
    enforcer: Option<Enforcer>,
    has_signing_key: bool,
    of_application: View,
    of_api: View,
    now: UnixSeconds,
}

/// Every condition of the calls of an application to an API.
///
/// # Errors
/// [`ServiceError::NotFound`] for an application out of reach or an API that does not exist.
pub async fn explain(
    services: &Services,
    reach: Reach,
    application: &str,
    api: &str,
) -> Result<(PublishedApi, Vec<Condition>), ServiceError> {
    let overview = gateway_sync::overview(services, reach.workspace).await?;
    let has_teams = sight::has_teams_in(services, reach.workspace).await?;
    let mut connection = services.store.read().await?;
    let application = applications::find(&mut connection, reach, application).await?;
    let api = published_apis::find(&mut connection, reach.workspace, api).await?.ok_or(ServiceError::NotFound)?;
    let contract = contracts::find_between(&mut connection, application.id, api.id).await?;
    // Whoever has no contract learns nothing of an API that is hidden.
    if contract.is_none()
        && let Whose::Within(developer) = reach.whose
    {
        let sight = sight::of_owner(&mut connection, has_teams, Owner::Developer(developer)).await?;
        if !sight.sees(&api) {
            return Err(ServiceError::NotFound);
        }
    }
    let keys = application_credentials::list(&mut connection, application.id).await?;
    let keys: Vec<Credential> = keys.into_iter().map(|sealed| sealed.credential).collect();
    let strategy = strategies::get(&mut connection, application.strategy_id).await?;
    let of_api = strategies::get(&mut connection, api.strategy_id).await?;
    let known = strategy_keys::find(&mut connection, strategy.id).await?;
    let facts = Facts {
        is_compatible: are_compatible(services, &strategy, &of_api),
        enforcer: match &strategy.config {
            StrategyConfig::OpenidConnect(config) => {
                Some(gateway_sync::gate::effective(config, services.settings.portal_gateway.enforcer))
            }
            _ => None,
        },
        has_signing_key: known.is_some_and(|known| known.key.is_some()),
        strategy: &strategy,
        application: &application,
        contract: contract.as_ref(),
        keys: &keys,
        of_application: overview.of(application.id),
        of_api: overview.of(api.id),
        api: &api,
        now: services.clock.now(),
    };
    let conditions = facts.conditions();
    Ok((api, conditions))
}

impl Facts<'_> {
    fn conditions(&self) -> Vec<Condition> {
        vec![
            self.owner(),
            self.contract(),
            self.suspension(),
            self.strategy(),
            self.service(),
            self.gate(),
            self.credential(),
            self.gateway(),
        ]
    }

    fn owner(&self) -> Condition {
        match self.application.status {
            ApplicationStatus::Active => met("owner", "The owner of the application may use the portal."),
            ApplicationStatus::Suspended => unmet("owner", "The owner of the application has no access to the portal."),
            ApplicationStatus::Deleting => unmet("owner", "The application is being deleted."),
        }
    }

    fn contract(&self) -> Condition {
        let Some(contract) = self.contract else {
            return unmet("contract", "The application has not asked for access to this API.");
        };
        match (contract.state.status, contract.state.ending) {
            (_, Ending::Revoke) => unmet("contract", "Access is being revoked."),
            (_, Ending::Review) => {
                unmet("contract", "The client id changed: access is being closed until it is approved again.")
            }
            (_, Ending::Delete) => unmet("contract", "Access is being given up."),
            (ContractStatus::Approved, _) => met("contract", "Access was approved."),
            (ContractStatus::Pending, _) => unmet("contract", "The request for access waits for a decision."),
            (ContractStatus::Rejected, _) => unmet("contract", "The request for access was rejected."),
            (ContractStatus::Revoked, _) => unmet("contract", "Access was revoked."),
        }
    }

    fn suspension(&self) -> Condition {
        let suspension = self.contract.map(|contract| contract.state.suspension).unwrap_or_default();
        if suspension.has(Cause::Admin) {
            unmet("suspension", "An admin paused the access.")
        } else if suspension.is_any() {
            unmet("suspension", "The access is paused: its owner or its API is not available.")
        } else {
            met("suspension", "The access is not paused.")
        }
    }

    fn strategy(&self) -> Condition {
        if self.is_compatible {
            met("strategy", "The application's credentials are of the kind that the API takes.")
        } else {
            unmet("strategy", "The application's credentials are of another kind than the API takes.")
        }
    }

    fn service(&self) -> Condition {
        if self.api.is_missing {
            unmet("service", "The gateway has no such service any more.")
        } else {
            met("service", "The gateway has the service.")
        }
    }

    fn gate(&self) -> Condition {
        told("gate", &self.of_api, "The gateway guards the API as it should.", "The guard of the API")
    }

    fn credential(&self) -> Condition {
        if self.strategy.kind().is_external() {
            return self.client();
        }
        let live = self.keys.iter().filter(|key| key.is_live(self.now)).count();
        match (live, self.keys.len()) {
            (0, 0) => unmet("credential", "The application has no credential."),
            (0, _) => unmet("credential", "Every credential of the application was revoked or has expired."),
            (1, _) => met("credential", "The application has a credential that works."),
            (many, _) => met("credential", &format!("The application has {many} credentials that work.")),
        }
    }

    /// The client at an identity provider, and the key with which that signs.
    fn client(&self) -> Condition {
        let Some(client) = &self.application.custom_id else {
            return unmet("credential", "The application has no client id of the identity provider.");
        };
        match (self.enforcer, self.has_signing_key) {
            (Some(Enforcer::Jwt), false) => {
                unmet("credential", "The identity provider publishes no key with which the gateway could check tokens.")
            }
            _ => met("credential", &format!("Tokens of the identity provider for the client {client} are recognised.")),
        }
    }

    fn gateway(&self) -> Condition {
        told(
            "gateway",
            &self.of_application,
            "The gateway knows the application and its credentials.",
            "The application",
        )
    }
}

fn told(name: &'static str, view: &View, fine: &str, subject: &str) -> Condition {
    match view.state {
        SyncState::InSync => met(name, fine),
        SyncState::Pending => unmet(name, &format!("{subject} is on its way to the gateway.")),
        SyncState::Error => unmet(name, &format!("{subject} did not reach the gateway yet; it is tried again.")),
        SyncState::Conflict => {
            unmet(name, &format!("{subject} meets something in the gateway that is not ours; an admin has to look."))
        }
    }
}

fn met(name: &'static str, sentence: &str) -> Condition {
    Condition { name, is_met: true, sentence: sentence.to_owned() }
}

fn unmet(name: &'static str, sentence: &str) -> Condition {
    Condition { name, is_met: false, sentence: sentence.to_owned() }
}
