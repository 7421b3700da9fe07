//! The work on one subject, under a lease.

use futures_util::StreamExt as _;
use serde_json::json;

use super::plan::{self, Deed, Plan, Prune, Step};
use super::reading::{self, Endings, Target, Upstream};
use super::{A_ROUND, LANES};
use crate::domain::application::ApplicationStatus;
use crate::domain::contract::{Cause, ContractStatus, Ending};
use crate::domain::credential::CredentialStatus;
use crate::domain::sync::{Subject, SyncState};
use crate::domain::time::UnixSeconds;
use crate::kong::client::KongError;
use crate::services::Services;
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::portal_representation as shown;
use crate::store::gateway_changes::GatewayChange;
use crate::store::gateway_objects::KnownState;
use crate::store::{
    application_credentials, applications, contracts, gateway_changes, gateway_objects, published_apis,
};

/// Seconds that a lease lasts. A request to Kong takes at most five.
const LEASE: i64 = 30;
/// Seconds for which a write that nobody answered may still take effect. Kong gives a request that it has read up to a minute
/// (its time-outs towards clients and its database are 60 s and less), however early the other side hangs up.
const DOUBT: i64 = 60;
/// Longest pause between attempts, seconds.
const LONGEST_PAUSE: i64 = 300;
/// Longest pause while access waits to be taken away, seconds.
const PAUSE_OF_ENDINGS: i64 = 5;
/// Attempts after which it is told loudly.
const LOUD_AFTER: i64 = 10;

/// How the requests of a plan went.
struct Progress {
    /// Everything that takes away was done.
    removed: bool,
    /// Requests that were made.
    done: usize,
    /// What ended it early.
    failure: Option<KongError>,
}

/// Works on what is due, a few subjects at a time.
pub(super) async fn round(services: &Services) -> Result<(), ServiceError> {
    let now = services.clock.now();
    let due = gateway_changes::list_due(&mut *services.store.read().await?, now, A_ROUND).await?;
    let work = futures_util::stream::iter(due).for_each_concurrent(LANES, async |subject| {
        if let Err(error) = attempt(services, subject).await {
            tracing::warn!(%subject, error = %error, "a change for Kong could not be worked on");
        }
    });
    work.await;
    Ok(())
}

/// One attempt, if nobody else has the lease. A subject that changes while it is worked on is taken on again at once.
pub(super) async fn attempt(services: &Services, subject: Subject) -> Result<(), ServiceError> {
    for _ in 0..3 {
        let now = services.clock.now();
        // Each attempt is somebody: one that outlives its lease must not be taken for the next one of this node.
        let owner = uuid::Uuid::now_v7().to_string();
        let mut tx = services.store.write().await?;
        let claimed = gateway_changes::claim(&mut tx, subject, &owner, now, now.plus(LEASE)).await?;
        tx.commit().await?;
        let Some(mut change) = claimed else { return Ok(()) };
        if work(services, &mut change).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// The work under a lease; `false` when the subject changed meanwhile.
async fn work(services: &Services, change: &mut GatewayChange) -> Result<bool, ServiceError> {
    let sync = &services.gateway_sync;
    let now = services.clock.now();
    let mut connection = services.store.read().await?;
    let read = reading::target(&mut connection, &sync.rules, change.subject, now).await;
    let workspace = reading::workspace(&mut connection, change.ws_id).await?;
    drop(connection);
    let Some(target) = (match read {
        Ok(target) => target,
        Err(error) => {
            let words = Some("a stored key cannot be opened".to_owned());
            postpone(services, change, SyncState::Error, words, false).await?;
            return Err(error);
        }
    }) else {
        return finish(services, change, None, SyncState::InSync, None, 0).await;
    };
    let upstream = Upstream::of(&services.kong, &sync.lanes, &workspace);
    // What Kong is seen to hold tells nothing while a write is on its way.
    let is_doubtful = change.uncertain_until > now;
    let mut plan = match plan_of(&upstream, &target, prune(services), now).await {
        Ok(plan) => plan,
        Err(error) => {
            postpone(services, change, SyncState::Error, Some(error.to_string()), waits(&target)).await?;
            return Ok(true);
        }
    };
    if let (true, Target::Application(_, wanted, endings)) = (is_doubtful, &target) {
        plan::insist(&mut plan, &upstream.names, wanted, &endings.gone);
    }
    let Some(progress) = execute(services, change, &upstream, &plan).await? else { return Ok(false) };
    if progress.removed && !plan.is_blocked && !is_doubtful {
        confirm(services, change, &target).await?;
    }
    conclude(services, change, is_doubtful, target, plan, progress).await
}

async fn plan_of(upstream: &Upstream<'_>, target: &Target, prune: Prune, now: UnixSeconds) -> Result<Plan, KongError> {
    match target {
        Target::Api(_, target) => {
            let seen = upstream.api(target).await?;
            let mut plan = plan::of_api(&upstream.names, target, &seen);
            if !seen.has_service {
                plan.conflicts.push(MISSING.to_owned());
            }
            Ok(plan)
        }
        Target::Application(_, target, _) => {
            let seen = upstream.application(target).await?;
            Ok(plan::of_application(&upstream.names, target, &seen, prune, now))
        }
    }
}

/// The service of an API is gone from Kong.
const MISSING: &str = "Kong has no such service any more";

fn waits(target: &Target) -> bool {
    match target {
        Target::Application(application, _, endings) => {
            !endings.is_empty() || application.status != ApplicationStatus::Active
        }
        Target::Api(..) => false,
    }
}

pub(super) fn prune(services: &Services) -> Prune {
    if services.settings.portal_gateway.prunes { Prune::Delete } else { Prune::Report }
}

/// Makes the requests in order until one fails; `None` when the lease was lost or something else is wanted meanwhile.
async fn execute(
    services: &Services,
    change: &mut GatewayChange,
    upstream: &Upstream<'_>,
    plan: &Plan,
) -> Result<Option<Progress>, ServiceError> {
    let mut progress = Progress { removed: false, done: 0, failure: None };
    for step in &plan.steps {
        progress.removed = progress.removed || !step.is_removal();
        let now = services.clock.now();
        // Taken back with the answer; a node that dies before it leaves it behind.
        let doubt =
            if step.is_removal() { change.uncertain_until } else { change.uncertain_until.max(now.plus(DOUBT)) };
        let mut tx = services.store.write().await?;
        let owner = change.lease_owner.as_str();
        let is_kept = gateway_changes::renew(&mut tx, change, owner, now.plus(LEASE), doubt).await?;
        if !is_kept {
            gateway_changes::release(&mut tx, change, owner).await?;
        }
        tx.commit().await?;
        if !is_kept {
            return Ok(None);
        }
        if let Err(error) = request(upstream, step).await {
            tracing::warn!(subject = %change.subject, %step, error = %error, "Kong did not take a change");
            if !step.is_removal() && error.leaves_doubt() {
                change.uncertain_until = services.clock.now().plus(DOUBT);
            }
            progress.failure = Some(error);
            return Ok(Some(progress));
        }
        progress.done += 1;
    }
    progress.removed = true;
    Ok(Some(progress))
}

async fn request(upstream: &Upstream<'_>, step: &Step) -> Result<(), KongError> {
    match &step.deed {
        Deed::Put(body) => upstream.put(&step.path, body).await,
        Deed::Patch(body) => upstream.patch(&step.path, body).await,
        Deed::Delete => upstream.delete(&step.path).await,
    }
}

/// What waited for Kong counts from now on: revocations, removals. Each is recorded once, here.
async fn confirm(services: &Services, work: &GatewayChange, target: &Target) -> Result<(), ServiceError> {
    let Target::Application(_, _, endings) = target else { return Ok(()) };
    if endings.is_empty() {
        return Ok(());
    }
    let mut change = Change::begin_late(services, &work.request_id, work.actor.as_deref()).await?;
    confirm_contracts(&mut change, endings).await?;
    for id in &endings.credentials {
        let Some(sealed) = application_credentials::find(change.connection(), *id).await? else { continue };
        let mut credential = sealed.credential;
        if credential.status != CredentialStatus::RevokePending {
            continue;
        }
        credential.status = CredentialStatus::Revoked;
        application_credentials::update(change.connection(), &credential).await?;
        let now = change.now();
        change.record(Operation::Update, "application_credentials", credential.id, shown::credential(&credential, now));
    }
    change.commit().await
}

async fn confirm_contracts(change: &mut Change<'_>, endings: &Endings) -> Result<(), ServiceError> {
    for id in &endings.contracts {
        let Some(mut contract) = contracts::find(change.connection(), *id).await? else { continue };
        match contract.state.ending {
            Ending::None => {}
            Ending::Revoke => {
                contract.state.ending = Ending::None;
                contract.state.status = ContractStatus::Revoked;
                contract.updated_at = change.now();
                contracts::update(change.connection(), &contract).await?;
                change.record(Operation::Update, "contracts", contract.id, shown::contract(&contract));
            }
            Ending::Review => {
                contract.state.ending = Ending::None;
                contract.state.status = ContractStatus::Pending;
                contract.updated_at = change.now();
                contracts::update(change.connection(), &contract).await?;
                change.record(Operation::Update, "contracts", contract.id, shown::contract(&contract));
            }
            Ending::Delete => {
                contracts::delete(change.connection(), contract.id).await?;
                change.record(Operation::Delete, "contracts", contract.id, shown::contract(&contract));
            }
        }
    }
    Ok(())
}

/// Stores how far it got.
async fn conclude(
    services: &Services,
    change: &GatewayChange,
    is_doubtful: bool,
    target: Target,
    plan: Plan,
    progress: Progress,
) -> Result<bool, ServiceError> {
    let is_waiting = waits(&target);
    if let Some(error) = progress.failure {
        let is_taken = matches!(error, KongError::Refused(409, _));
        let state = if is_taken { SyncState::Conflict } else { SyncState::Error };
        postpone(services, change, state, Some(error.to_string()), is_waiting).await?;
        return Ok(true);
    }
    let words =
        || Some([plan.conflicts.as_slice(), &plan.notices].concat().join("; ")).filter(|words| !words.is_empty());
    if let Target::Api(api, _) = &target {
        follow_service(services, change, api, plan.conflicts.iter().any(|conflict| conflict == MISSING)).await?;
    }
    if !plan.conflicts.is_empty() {
        let is_missing = plan.conflicts.iter().any(|conflict| conflict == MISSING);
        let state = if is_missing { SyncState::Error } else { SyncState::Conflict };
        postpone(services, change, state, words(), is_waiting).await?;
        return Ok(true);
    }
    if is_doubtful {
        wait(services, change, words()).await?;
        return Ok(true);
    }
    finish(services, change, Some(&target), SyncState::InSync, words(), progress.done).await
}

/// Contracts of an API whose service Kong lost are suspended; they come back with it.
async fn follow_service(
    services: &Services,
    work: &GatewayChange,
    api: &crate::domain::catalogue::PublishedApi,
    is_missing: bool,
) -> Result<(), ServiceError> {
    if api.is_missing == is_missing {
        return Ok(());
    }
    let mut change = Change::begin_late(services, &work.request_id, None).await?;
    let Some(mut api) = published_apis::find_by_id(change.connection(), api.id).await? else { return Ok(()) };
    api.is_missing = is_missing;
    api.updated_at = change.now();
    published_apis::update(change.connection(), &api).await?;
    change.record(Operation::Update, "published_apis", api.id, shown::api(&api));
    for mut contract in contracts::list_of_api(change.connection(), api.id).await? {
        contract.state.suspension = contract.state.suspension.with(Cause::Service, is_missing);
        contract.updated_at = change.now();
        contracts::update(change.connection(), &contract).await?;
        change.record(Operation::Update, "contracts", contract.id, shown::contract(&contract));
        super::enqueue(&mut change, contract.ws_id, contract.application_id).await?;
    }
    change.commit().await
}

/// Ends the work: the row goes, and with it an application that was to be removed. `false` when the subject changed.
async fn finish(
    services: &Services,
    work: &GatewayChange,
    target: Option<&Target>,
    state: SyncState,
    detail: Option<String>,
    done: usize,
) -> Result<bool, ServiceError> {
    let mut change = Change::begin_late(services, &work.request_id, work.actor.as_deref()).await?;
    if !gateway_changes::finish(change.connection(), work, &work.lease_owner).await? {
        change.commit().await?;
        return Ok(false);
    }
    let gone = match target {
        None => true,
        Some(Target::Application(application, ..)) if application.status == ApplicationStatus::Deleting => {
            applications::delete(change.connection(), application.id).await?;
            change.record(Operation::Delete, "applications", application.id, shown::application(application));
            true
        }
        Some(_) => false,
    };
    if gone {
        gateway_objects::delete(change.connection(), work.subject).await?;
    } else {
        let known = known(work.subject, state, detail, change.now());
        gateway_objects::put(change.connection(), work.ws_id, &known).await?;
    }
    if work.cause == "drift" && done > 0 {
        let repaired = json!({ "event": "sync.drift_repaired", "kind": work.subject.kind.as_str(), "requests": done });
        change.record(Operation::Update, "gateway_objects", work.subject.id, repaired);
        tracing::warn!(subject = %work.subject, requests = done, "what was changed in Kong by hand was repaired");
    }
    change.commit().await?;
    Ok(true)
}

fn known(subject: Subject, state: SyncState, detail: Option<String>, now: UnixSeconds) -> KnownState {
    KnownState {
        kind: subject.kind.as_str().to_owned(),
        subject_id: subject.id.to_string(),
        state,
        detail,
        checked_at: now,
    }
}

/// Gives the lease back for a later attempt.
async fn postpone(
    services: &Services,
    work: &GatewayChange,
    state: SyncState,
    detail: Option<String>,
    is_waiting: bool,
) -> Result<(), ServiceError> {
    let now = services.clock.now();
    let next = now.plus(pause(work.attempts, is_waiting || work.uncertain_until > now));
    if work.attempts == LOUD_AFTER {
        tracing::error!(subject = %work.subject, "Kong still differs after {LOUD_AFTER} attempts");
    }
    let mut tx = services.store.write().await?;
    gateway_changes::postpone(&mut tx, work, &work.lease_owner, next, true).await?;
    gateway_objects::put(&mut tx, work.ws_id, &known(work.subject, state, detail, now)).await?;
    Ok(tx.commit().await?)
}

/// Gives the lease back for another look, because a write on its way may change what was seen.
async fn wait(services: &Services, work: &GatewayChange, detail: Option<String>) -> Result<(), ServiceError> {
    let now = services.clock.now();
    let next = work.uncertain_until.min(now.plus(PAUSE_OF_ENDINGS));
    let mut tx = services.store.write().await?;
    gateway_changes::postpone(&mut tx, work, &work.lease_owner, next, false).await?;
    gateway_objects::put(&mut tx, work.ws_id, &known(work.subject, SyncState::Pending, detail, now)).await?;
    Ok(tx.commit().await?)
}

/// Seconds until the next attempt: twice as long each time, a little different for each node and subject.
fn pause(attempts: i64, is_waiting: bool) -> i64 {
    let longest = if is_waiting { PAUSE_OF_ENDINGS } else { LONGEST_PAUSE };
    let doubled = 1_i64.checked_shl(u32::try_from(attempts.clamp(0, 20)).unwrap_or(20)).unwrap_or(LONGEST_PAUSE);
    let jitter = i64::from(uuid::Uuid::new_v4().as_bytes().first().copied().unwrap_or_default()) % (doubled / 4 + 1);
    (doubled + jitter).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert!(pause(0, false) <= 2);
        assert!((4..=5).contains(&pause(2, false)));
        assert_eq!(pause(60, false), LONGEST_PAUSE);
        assert!((0..60).all(|attempts| pause(attempts, true) <= PAUSE_OF_ENDINGS));
    }
}
