//! Whole comparisons (dev-portal.md 6.7): everything of a workspace here against everything in its Kong. Lists are read, not
//! entities one by one; what differs becomes a row of the outbox, whose worker looks again before it touches anything.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use futures_util::try_join;
use serde_json::Value;

use super::credentials::Door;
use super::names::Names;
use super::plan::{self, Plan, Prune, SeenApi, SeenApplication, entity_id, is_ours, reference, text};
use super::reading::{self, Target, Upstream};
use super::work;
use crate::domain::ids::WorkspaceId;
use crate::domain::sync::{Subject, SyncState};
use crate::domain::time::UnixSeconds;
use crate::kong::client::KongError;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::gateway_changes::Cause;
use crate::store::gateway_objects::KnownState;
use crate::store::{
    Page, applications, epochs, gateway_changes, gateway_objects, gateway_scans, published_apis, workspaces,
};

/// Seconds between comparisons while somebody changes Kong.
const PAUSE: i64 = 5;

/// What a comparison would change of one subject.
#[derive(Clone, Debug)]
pub struct PlannedSubject {
    /// The subject.
    pub subject: Subject,
    /// Requests in their order.
    pub steps: Vec<String>,
    /// What stands in the way.
    pub conflicts: Vec<String>,
    /// What an admin should know.
    pub notices: Vec<String>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Subjects that differ or have something to tell.
    pub subjects: Vec<PlannedSubject>,
    /// Paths of what carries kong-sso's tag and belongs to nobody.
    pub orphans: Vec<String>,
    /// How many subjects were compared.
    pub compared: usize,
}

/// Everything of a workspace in Kong.
struct Everything {
    consumers: HashMap<String, Value>,
    credentials: Vec<(Door, Value)>,
    grants: Vec<Value>,
    plugins: Vec<Value>,
    services: Vec<Value>,
    routes: Vec<Value>,
}

pub(super) async fn due(services: &Services) -> Result<(), ServiceError> {
    let interval = services.settings.portal_gateway.scan_every;
    if interval == 0 {
        return Ok(());
    }
    let now = services.clock.now();
    let changed_at = UnixSeconds(services.gateway_sync.changed_at.load(Ordering::Relaxed));
    let before = now.plus(-interval).max(changed_at.min(now.plus(-PAUSE)));
    let due = gateway_scans::list_due(&mut *services.store.read().await?, before).await?;
    for workspace in due {
        let mut tx = services.store.write().await?;
        let is_ours = gateway_scans::claim(&mut tx, workspace, before, now).await?;
        tx.commit().await?;
        if is_ours && let Err(error) = now_in(services, workspace).await {
            tracing::warn!(%workspace, error = %error, "Kong could not be compared");
        }
    }
    Ok(())
}

pub(super) async fn now(services: &Services, workspace: WorkspaceId) -> Result<Report, ServiceError> {
    let now = services.clock.now();
    let mut tx = services.store.write().await?;
    gateway_scans::claim(&mut tx, workspace, now, now).await?;
    tx.commit().await?;
    now_in(services, workspace).await
}

async fn now_in(services: &Services, workspace: WorkspaceId) -> Result<Report, ServiceError> {
    let found = dry_run(services, workspace).await;
    let problem = found.as_ref().err().map(ToString::to_string);
    let now = services.clock.now();
    let mut tx = services.store.write().await?;
    gateway_scans::finish(&mut tx, workspace, problem.as_deref(), now).await?;
    if let Ok(report) = &found {
        keep(&mut tx, workspace, report, now).await?;
    }
    tx.commit().await?;
    let report = found?;
    if work::prune(services) == Prune::Delete {
        prune_orphans(services, workspace, &report).await?;
    }
    Ok(report)
}

/// What differs becomes a row; what belongs to nobody is noted.
async fn keep(
    connection: &mut crate::store::Connection,
    workspace: WorkspaceId,
    report: &Report,
    now: UnixSeconds,
) -> Result<(), ServiceError> {
    // Transactions that touch several rows wait for each other here, or they might wait for each other for ever.
    epochs::hold_rights(connection).await?;
    let request_id = uuid::Uuid::now_v7().to_string();
    let cause = Cause { cause: "drift", request_id: &request_id, actor: None };
    for planned in &report.subjects {
        let is_known = gateway_objects::find(connection, planned.subject).await?;
        let words = [planned.conflicts.as_slice(), &planned.notices].concat().join("; ");
        let is_news = is_known.is_none_or(|known| known.detail.unwrap_or_default() != words);
        if !planned.steps.is_empty() || is_news {
            gateway_changes::enqueue_if_absent(connection, workspace, planned.subject, cause, now).await?;
        }
    }
    gateway_objects::delete_orphans(connection, workspace).await?;
    for path in &report.orphans {
        let orphan = KnownState {
            kind: "orphan".to_owned(),
            subject_id: path.clone(),
            state: SyncState::Conflict,
            detail: Some("carries kong-sso's tag but belongs to nothing here".to_owned()),
            checked_at: now,
        };
        gateway_objects::put(connection, workspace, &orphan).await?;
    }
    Ok(())
}

async fn prune_orphans(services: &Services, workspace: WorkspaceId, report: &Report) -> Result<(), ServiceError> {
    let workspace = reading::workspace(&mut *services.store.read().await?, workspace).await?;
    let upstream = Upstream::of(&services.kong, &services.gateway_sync.lanes, &workspace);
    for path in &report.orphans {
        // It may have changed hands since the lists were read.
        if upstream.find(path).await?.is_some_and(|entity| is_ours(&entity)) {
            upstream.delete(path).await?;
            tracing::warn!(%path, "an orphan was removed from Kong");
        }
    }
    Ok(())
}

pub(super) async fn dry_run(services: &Services, workspace: WorkspaceId) -> Result<Report, ServiceError> {
    let (targets, workspace) = targets(services, workspace).await?;
    let upstream = Upstream::of(&services.kong, &services.gateway_sync.lanes, &workspace);
    let everything = Everything::read(&upstream).await?;
    let (names, prune, now) = (&upstream.names, work::prune(services), services.clock.now());
    let mut orphans = everything.orphans(names, &targets);
    if !orphans.is_empty() {
        // What was made while the lists were read is known by now: nothing is written to Kong before it is stored here.
        orphans = everything.orphans(names, &self::targets(services, workspace.id).await?.0);
    }
    let mut report = Report { orphans, ..Report::default() };
    for target in &targets {
        report.compared += 1;
        let (subject, plan) = everything.compare(names, target, prune, now);
        let is_missing = matches!(target, Target::Api(api, _) if api.is_missing == everything.has_service(&api.service_id.to_string()));
        let mut plan = plan;
        if is_missing {
            plan.notices.push("the service came or went".to_owned());
        }
        if !plan.is_empty() || !plan.notices.is_empty() {
            report.subjects.push(PlannedSubject {
                subject,
                steps: plan.steps.iter().map(ToString::to_string).collect(),
                conflicts: plan.conflicts,
                notices: plan.notices,
            });
        }
    }
    Ok(report)
}

async fn targets(
    services: &Services,
    workspace: WorkspaceId,
) -> Result<(Vec<Target>, crate::domain::workspace::Workspace), ServiceError> {
    let now = services.clock.now();
    let rules = &services.gateway_sync.rules;
    let mut connection = services.store.read().await?;
    let workspace = workspaces::find_by_id(&mut connection, workspace).await?.ok_or(ServiceError::NotFound)?;
    let apis = published_apis::list_all(&mut connection, workspace.id).await?;
    let mut subjects: Vec<Subject> = apis.iter().map(|api| api.id.into()).collect();
    let mut page = Page { size: 1000, after: String::new() };
    loop {
        let found = applications::list(&mut connection, workspace.id, &page).await?;
        subjects.extend(found.items.iter().map(|application| Subject::from(application.id)));
        let Some(offset) = &found.offset else { break };
        page = Page::new(1000, Some(offset))?;
    }
    let mut targets = Vec::new();
    for subject in subjects {
        targets.extend(reading::target(&mut connection, rules, subject, now).await?);
    }
    Ok((targets, workspace))
}

impl Everything {
    async fn read(upstream: &Upstream<'_>) -> Result<Self, KongError> {
        let tagged = format!("tags={}", upstream.names.workspace_tag());
        // Memberships and plugins that somebody made by hand carry no tag, and are what has to be found. A key that was
        // made by hand opens nothing by itself.
        let of_door = async |door: Door| {
            let found = upstream.list(door.list(), &tagged).await?;
            Ok(found.into_iter().map(|held| (door, held)).collect::<Vec<_>>())
        };
        let (consumers, keys, clients, jwts, grants, plugins, services, routes) = try_join!(
            upstream.list("/consumers", &tagged),
            of_door(Door::KeyAuth),
            of_door(Door::Oauth2),
            of_door(Door::Jwt),
            upstream.list("/acls", ""),
            upstream.list("/plugins", ""),
            upstream.list("/services", ""),
            upstream.list("/routes", ""),
        )?;
        let consumers = consumers.into_iter().map(|consumer| (entity_id(&consumer).to_owned(), consumer)).collect();
        let credentials = [keys, clients, jwts].concat();
        Ok(Self { consumers, credentials, grants, plugins, services, routes })
    }

    fn has_service(&self, id: &str) -> bool {
        self.services.iter().any(|service| entity_id(service) == id)
    }

    fn compare(&self, names: &Names, target: &Target, prune: Prune, now: UnixSeconds) -> (Subject, Plan) {
        match target {
            Target::Api(api, target) => {
                (api.id.into(), plan::of_api(names, target, &self.api(target.service.to_string())))
            }
            Target::Application(application, target, _) => {
                let seen = self.application(&names.consumer(target.id).to_string(), target.doors);
                (application.id.into(), plan::of_application(names, target, &seen, prune, now))
            }
        }
    }

    fn api(&self, service: String) -> SeenApi {
        let of_service = |plugin: &&Value| reference(plugin, "service") == Some(&service);
        let (route_plugins, plugins): (Vec<Value>, Vec<Value>) =
            self.plugins.iter().filter(of_service).cloned().partition(|plugin| reference(plugin, "route").is_some());
        let mut seen = SeenApi { has_service: self.has_service(&service), plugins, route_plugins };
        for route in self.routes.iter().filter(|route| reference(route, "service") == Some(&service)) {
            let id = entity_id(route);
            let of_route = self.plugins.iter().filter(|plugin| {
                reference(plugin, "route") == Some(id) && reference(plugin, "service") != Some(&service)
            });
            seen.route_plugins.extend(of_route.cloned());
        }
        seen
    }

    fn application(&self, consumer: &str, doors: &[Door]) -> SeenApplication {
        let of_consumer = |entity: &&Value| reference(entity, "consumer") == Some(consumer);
        SeenApplication {
            consumer: self.consumers.get(consumer).cloned(),
            credentials: self
                .credentials
                .iter()
                .filter(|(door, held)| doors.contains(door) && of_consumer(&held))
                .cloned()
                .collect(),
            grants: self.grants.iter().filter(of_consumer).cloned().collect(),
        }
    }

    /// Paths of what carries this workspace's tag and belongs to nothing here.
    fn orphans(&self, names: &Names, targets: &[Target]) -> Vec<String> {
        let mut known: Vec<String> = Vec::new();
        for target in targets {
            match target {
                Target::Api(_, target) => {
                    known.extend([names.acl(target.service).to_string(), names.auth(target.service).to_string()]);
                }
                Target::Application(_, target, _) => known.push(names.consumer(target.id).to_string()),
            }
        }
        let tag = names.workspace_tag();
        let is_tagged = |entity: &&Value| {
            entity.get("tags").and_then(Value::as_array).is_some_and(|tags| tags.iter().any(|it| *it == tag.as_str()))
        };
        let is_unknown = |entity: &&Value| !known.iter().any(|known| known == entity_id(entity));
        let consumers = self.consumers.values().filter(is_unknown).map(|it| format!("/consumers/{}", entity_id(it)));
        let plugins = self.plugins.iter().filter(is_tagged).filter(is_unknown);
        let plugins = plugins.map(|it| format!("/plugins/{}", entity_id(it)));
        let of_strangers = |entity: &&Value| {
            reference(entity, "consumer").is_none_or(|consumer| !known.iter().any(|known| known == consumer))
        };
        let lost = self.credentials.iter().filter(|(_, held)| is_tagged(&held) && of_strangers(&held));
        let lost = lost.map(|(door, it)| format!("{}/{}", door.list(), entity_id(it)));
        let is_of_ours = |group: &str| group.starts_with(&names.group_prefix());
        let grants = self.grants.iter().filter(is_tagged).filter(of_strangers);
        let grants = grants.filter(|grant| text(grant, "group").is_some_and(is_of_ours));
        let grants = grants.map(|it| format!("/acls/{}", entity_id(it)));
        let mut paths: Vec<String> = consumers.chain(plugins).chain(lost).chain(grants).collect();
        paths.sort();
        paths
    }
}
