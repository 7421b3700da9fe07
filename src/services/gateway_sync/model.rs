//! The synchronization against a Kong in memory: any interleaving of decisions and of a worker whose requests fail, get lost
//! or die halfway ends with Kong as it should be, and opens nothing on the way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::names::Names;
use super::plan::{self, Deed, Plan, Prune, SeenApi, SeenApplication, Step};
use super::target::{ApiTarget, ApplicationTarget, Gone};
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::contract::{Cause, Contract, ContractEvent, ContractState, ContractStatus, Ending};
use crate::domain::credential::{ApiKey, Credential, CredentialStatus};
use crate::domain::ids::{
    ApiId, ApplicationId, ContractId, CredentialId, DeveloperId, ServiceId, StrategyId, WorkspaceId, WorkspaceName,
};
use crate::domain::strategy::KeyAuthConfig;
use crate::domain::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds(1000);
/// Seconds within which a write that nobody answered takes effect, if ever.
const DOUBT: i64 = 60;
const APPS: usize = 2;
const APIS: usize = 2;

/// Kong in memory: entities by path.
#[derive(Default)]
struct Kong(BTreeMap<String, Value>);

impl Kong {
    fn apply(&mut self, step: &Step) {
        match &step.deed {
            Deed::Put(body) => {
                let mut body = body.clone();
                let id = step.path.rsplit('/').next().unwrap();
                // A membership is named by its group; Kong makes up its id.
                body["id"] = json!(id);
                self.0.insert(step.path.clone(), body);
            }
            Deed::Delete => {
                let below = format!("{}/", step.path);
                self.0.retain(|path, _| *path != step.path && !path.starts_with(&below));
            }
        }
    }

    fn below(&self, prefix: &str) -> Vec<Value> {
        self.0.iter().filter(|(path, _)| path.starts_with(prefix)).map(|(_, entity)| entity.clone()).collect()
    }

    fn application(&self, consumer: &str) -> SeenApplication {
        let Some(found) = self.0.get(consumer) else { return SeenApplication::default() };
        SeenApplication {
            consumer: Some(found.clone()),
            keys: self.below(&format!("{consumer}/key-auth/")),
            grants: self.below(&format!("{consumer}/acls/")),
        }
    }

    fn api(&self, service: ServiceId) -> SeenApi {
        let plugins = self.below(&format!("/services/{service}/plugins/"));
        SeenApi { has_service: true, plugins, route_plugins: vec![] }
    }
}

/// What is decided.
#[derive(Clone, Copy, Debug)]
enum Business {
    Event(usize, usize, ContractEvent),
    Request(usize, usize, bool),
    Delete(usize, usize),
    Owner(usize, bool),
    NewKey(usize),
    RevokeKey(usize),
    Gate(usize, bool),
    DeleteApplication(usize),
}

/// How a request of the worker ends.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Fine,
    /// Kong did nothing.
    Failed,
    /// Kong did it, but the answer was lost.
    Lost,
    /// Nobody answered; a PUT for an application takes effect later.
    Late,
    /// The node died; its lease will end.
    Died,
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Business(Business),
    /// One step of the worker of an application or, beyond them, of an API.
    Work(usize, Fate),
    /// One of the writes that are on their way arrives.
    Land(usize),
    /// Seconds go by.
    Wait(i64),
}

/// Work under a lease.
struct Work {
    generation: u64,
    plan: Plan,
    at: usize,
    endings: (Vec<ContractId>, Vec<CredentialId>),
    is_removal: bool,
    is_doubtful: bool,
}

#[derive(Default)]
struct Row {
    generation: u64,
    is_there: bool,
    uncertain_until: i64,
    work: Option<Work>,
}

struct World {
    names: Names,
    kong: Kong,
    apps: Vec<Option<Application>>,
    app_ids: Vec<ApplicationId>,
    keys: Vec<Vec<(Credential, ApiKey)>>,
    contracts: Vec<Vec<Option<Contract>>>,
    services: Vec<(ApiId, ServiceId)>,
    gates: Vec<bool>,
    guarded: Vec<bool>,
    rows: Vec<Row>,
    made: u8,
    time: i64,
    /// Writes on their way, each with the moment by which it has arrived.
    late: Vec<(i64, Step)>,
}

fn application(id: ApplicationId, ws_id: WorkspaceId) -> Application {
    Application {
        id,
        ws_id,
        developer_id: DeveloperId::generate(),
        name: "a".into(),
        description: None,
        redirect_uris: vec![],
        custom_id: None,
        strategy_id: StrategyId::generate(),
        status: ApplicationStatus::Active,
        created_at: NOW,
        updated_at: NOW,
    }
}

impl World {
    fn new() -> Self {
        let ws_id = WorkspaceId::generate();
        let app_ids: Vec<_> = (0..APPS).map(|_| ApplicationId::generate()).collect();
        let mut world = Self {
            names: Names::new(ws_id, WorkspaceName::default_workspace()),
            kong: Kong::default(),
            apps: app_ids.iter().map(|id| Some(application(*id, ws_id))).collect(),
            app_ids,
            keys: vec![vec![]; APPS],
            contracts: vec![vec![None; APIS]; APPS],
            services: (0..APIS).map(|_| (ApiId::generate(), ServiceId::generate())).collect(),
            gates: vec![false; APIS],
            guarded: vec![false; APIS],
            rows: (0..APPS + APIS).map(|_| Row::default()).collect(),
            made: 0,
            time: 0,
            late: vec![],
        };
        (0..APPS).for_each(|app| world.touch(app));
        world
    }

    fn touch(&mut self, row: usize) {
        self.rows[row].generation += 1;
        self.rows[row].is_there = true;
    }

    fn is_active(&self, app: usize) -> bool {
        self.apps[app].as_ref().is_some_and(|it| it.status == ApplicationStatus::Active)
    }

    fn business(&mut self, business: Business) {
        match business {
            Business::Event(app, api, event) => {
                let Some(contract) = &mut self.contracts[app][api] else { return };
                let Ok(next) = contract.state.after(event) else { return };
                contract.state = next;
                self.touch(app);
            }
            Business::Request(app, api, auto) => {
                if self.is_active(app) && self.contracts[app][api].is_none() {
                    self.contracts[app][api] = Some(self.new_contract(app, api, auto));
                    self.touch(app);
                }
            }
            Business::Delete(app, api) => {
                let Some(contract) = &mut self.contracts[app][api] else { return };
                contract.state.ending = Ending::Delete;
                self.touch(app);
            }
            Business::Owner(app, has_access) => self.owner(app, has_access),
            Business::NewKey(app) => self.new_key(app),
            Business::RevokeKey(app) => {
                let live = self.keys[app].iter_mut().find(|(key, _)| key.status == CredentialStatus::Active);
                let Some((key, _)) = live else { return };
                key.status = CredentialStatus::RevokePending;
                self.touch(app);
            }
            Business::Gate(api, is_on) => {
                self.gates[api] = is_on;
                self.guarded[api] &= is_on;
                self.touch(APPS + api);
            }
            Business::DeleteApplication(app) => {
                let Some(application) = &mut self.apps[app] else { return };
                application.status = ApplicationStatus::Deleting;
                self.touch(app);
            }
        }
    }

    fn new_contract(&self, app: usize, api: usize, auto: bool) -> Contract {
        let application = self.apps[app].as_ref().unwrap();
        Contract {
            id: ContractId::generate(),
            ws_id: application.ws_id,
            application_id: application.id,
            api_id: self.services[api].0,
            state: ContractState::requested(auto),
            reason: None,
            comment: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn owner(&mut self, app: usize, has_access: bool) {
        let Some(application) = &mut self.apps[app] else { return };
        let (from, to) = match has_access {
            true => (ApplicationStatus::Suspended, ApplicationStatus::Active),
            false => (ApplicationStatus::Active, ApplicationStatus::Suspended),
        };
        if application.status != from {
            return;
        }
        application.status = to;
        for contract in self.contracts[app].iter_mut().flatten() {
            contract.state.suspension = contract.state.suspension.with(Cause::Owner, !has_access);
        }
        self.touch(app);
    }

    fn new_key(&mut self, app: usize) {
        let Some(application) = self.apps[app].as_ref().filter(|it| it.status != ApplicationStatus::Deleting) else {
            return;
        };
        self.made = self.made.wrapping_add(1);
        let credential = Credential {
            id: CredentialId::generate(),
            ws_id: application.ws_id,
            application_id: application.id,
            display_name: "k".into(),
            status: CredentialStatus::Active,
            expires_at: None,
            created_at: NOW,
        };
        self.keys[app].push((credential, ApiKey::of("k", "w", [self.made; 32])));
        self.touch(app);
    }

    fn consumer(&self, app: usize) -> String {
        format!("/consumers/{}", self.names.consumer(self.app_ids[app]))
    }

    fn application_target(&self, app: usize) -> Option<(ApplicationTarget, Gone)> {
        let application = self.apps[app].as_ref()?;
        let contracts: Vec<_> = self.contracts[app]
            .iter()
            .enumerate()
            .filter_map(|(api, contract)| Some((contract.clone()?, self.services[api].1)))
            .collect();
        let target = ApplicationTarget::of(application, &contracts, &self.keys[app], NOW);
        let gone = Gone::of(&target, &contracts, &self.keys[app]);
        Some((target, gone))
    }

    fn api_target(&self, api: usize) -> ApiTarget {
        let (id, service) = self.services[api];
        ApiTarget { id, service, gate: self.gates[api].then(KeyAuthConfig::default) }
    }

    fn plan(&self, row: usize) -> Plan {
        if row >= APPS {
            let target = self.api_target(row - APPS);
            return plan::of_api(&self.names, &target, &self.kong.api(target.service));
        }
        let Some((target, gone)) = self.application_target(row) else { return Plan::default() };
        let seen = self.kong.application(&self.consumer(row));
        let mut plan = plan::of_application(&self.names, &target, &seen, Prune::Report, NOW);
        if self.is_doubtful(row) {
            plan::insist(&mut plan, &self.names, &target, &gone);
        }
        plan
    }

    fn is_doubtful(&self, row: usize) -> bool {
        self.rows[row].uncertain_until > self.time
    }

    /// A write arrives. Kong knows no keys and groups of a consumer that it does not have.
    fn land(&mut self, step: &Step) {
        let consumer: String = step.path.split('/').take(3).collect::<Vec<_>>().join("/");
        if consumer == step.path || self.kong.0.contains_key(&consumer) {
            self.kong.apply(step);
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.time += seconds;
        let (arrived, late) = std::mem::take(&mut self.late).into_iter().partition(|(by, _)| *by <= self.time);
        self.late = late;
        let arrived: Vec<(i64, Step)> = arrived;
        arrived.iter().for_each(|(_, step)| self.land(step));
    }

    fn begin(&self, row: usize) -> Work {
        let endings = if row < APPS {
            let contracts = self.contracts[row].iter().flatten().filter(|it| it.state.ending != Ending::None);
            let keys = self.keys[row].iter().filter(|(key, _)| key.status == CredentialStatus::RevokePending);
            (contracts.map(|it| it.id).collect(), keys.map(|(key, _)| key.id).collect())
        } else {
            (vec![], vec![])
        };
        let is_removal =
            row < APPS && self.apps[row].as_ref().is_some_and(|it| it.status == ApplicationStatus::Deleting);
        Work {
            generation: self.rows[row].generation,
            plan: self.plan(row),
            at: 0,
            endings,
            is_removal,
            is_doubtful: self.is_doubtful(row),
        }
    }

    /// One request of the worker, or its end.
    fn work(&mut self, row: usize, fate: Fate) {
        if !self.rows[row].is_there {
            return;
        }
        let Some(mut work) = self.rows[row].work.take() else {
            let work = self.begin(row);
            self.rows[row].work = Some(work);
            return;
        };
        let is_wanted = work.generation == self.rows[row].generation;
        let Some(step) = work.plan.steps.get(work.at).cloned().filter(|_| is_wanted) else {
            if !is_wanted {
                return;
            }
            self.confirm(row, &work);
            return self.finish(row, &work);
        };
        if !step.is_removal() {
            self.confirm(row, &work);
        }
        match fate {
            Fate::Fine => {
                self.kong.apply(&step);
                work.at += 1;
                self.rows[row].work = Some(work);
            }
            Fate::Lost => {
                self.kong.apply(&step);
                self.doubt(row, &step);
            }
            Fate::Late => {
                self.doubt(row, &step);
                if row < APPS && !step.is_removal() {
                    self.late.push((self.time + DOUBT, step));
                }
            }
            Fate::Died => self.doubt(row, &step),
            Fate::Failed => {}
        }
    }

    fn doubt(&mut self, row: usize, step: &Step) {
        if !step.is_removal() {
            self.rows[row].uncertain_until = self.time + DOUBT;
        }
    }

    fn confirm(&mut self, row: usize, work: &Work) {
        if row >= APPS || work.is_doubtful {
            return;
        }
        for slot in &mut self.contracts[row] {
            let Some(contract) = slot.as_mut().filter(|it| work.endings.0.contains(&it.id)) else { continue };
            match contract.state.ending {
                Ending::Revoke => {
                    contract.state.ending = Ending::None;
                    contract.state.status = ContractStatus::Revoked;
                }
                Ending::Delete => *slot = None,
                Ending::None => {}
            }
        }
        for (key, _) in &mut self.keys[row] {
            if work.endings.1.contains(&key.id) {
                key.status = CredentialStatus::Revoked;
            }
        }
    }

    fn finish(&mut self, row: usize, work: &Work) {
        if self.rows[row].generation != work.generation || work.is_doubtful {
            return;
        }
        self.rows[row].is_there = false;
        if work.is_removal {
            self.apps[row] = None;
            self.contracts[row] = vec![None; APIS];
            self.keys[row].clear();
        }
    }

    fn has_grant(&self, app: usize, api: usize) -> bool {
        let group = self.names.group(self.services[api].1);
        self.kong.0.contains_key(&format!("{}/acls/{group}", self.consumer(app)))
    }

    fn has_plugin(&self, api: usize, name: &str) -> bool {
        self.kong.api(self.services[api].1).plugins.iter().any(|plugin| plugin["name"] == name)
    }

    /// What must hold at every moment.
    fn check(&mut self) -> Result<(), TestCaseError> {
        for api in 0..APIS {
            let (acl, auth) = (self.has_plugin(api, "acl"), self.has_plugin(api, "key-auth"));
            prop_assert!(acl || !auth, "callers are identified but not held back");
            self.guarded[api] |= acl && self.gates[api];
            prop_assert!(acl || !self.guarded[api], "a guarded service lost its guard");
        }
        for app in 0..APPS {
            for api in 0..APIS {
                if !self.has_grant(app, api) {
                    continue;
                }
                let contract = self.contracts[app][api].as_ref();
                prop_assert!(contract.is_some(), "a grant outlived its contract");
                let state = contract.unwrap().state;
                prop_assert_eq!(state.status, ContractStatus::Approved, "a grant without approval");
                prop_assert!(state.wants_grant() || self.rows[app].is_there, "nobody is at work to take it away");
            }
        }
        let held = |app: usize| self.kong.below(&format!("{}/key-auth/", self.consumer(app)));
        for app in 0..APPS {
            for (key, _) in self.keys[app].iter().filter(|(key, _)| key.status == CredentialStatus::Revoked) {
                prop_assert!(held(app).iter().all(|it| it["id"] != json!(key.id)), "a revoked key is known");
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.wait(DOUBT);
        for _ in 0..1000 {
            let Some(row) = self.rows.iter().position(|row| row.is_there) else { return };
            self.work(row, Fate::Fine);
        }
    }
}

fn any_business() -> impl Strategy<Value = Business> {
    let events = prop_oneof![Just(ContractEvent::Approve), Just(ContractEvent::Reject), Just(ContractEvent::Revoke)];
    prop_oneof![
        4 => (0..APPS, 0..APIS, events).prop_map(|(app, api, event)| Business::Event(app, api, event)),
        4 => (0..APPS, 0..APIS, any::<bool>()).prop_map(|(app, api, auto)| Business::Request(app, api, auto)),
        1 => (0..APPS, 0..APIS).prop_map(|(app, api)| Business::Delete(app, api)),
        2 => (0..APPS, any::<bool>()).prop_map(|(app, has_access)| Business::Owner(app, has_access)),
        3 => (0..APPS).prop_map(Business::NewKey),
        1 => (0..APPS).prop_map(Business::RevokeKey),
        2 => (0..APIS, any::<bool>()).prop_map(|(api, is_on)| Business::Gate(api, is_on)),
        1 => (0..APPS).prop_map(Business::DeleteApplication),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    let fate = prop_oneof![6 => Just(Fate::Fine), 1 => Just(Fate::Failed), 1 => Just(Fate::Lost), 1 => Just(Fate::Late), 1 => Just(Fate::Died)];
    prop_oneof![
        1 => any_business().prop_map(Move::Business),
        4 => (0..APPS + APIS, fate).prop_map(|(row, fate)| Move::Work(row, fate)),
        1 => any::<usize>().prop_map(Move::Land),
        1 => (1..40_i64).prop_map(Move::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_kong_ends_as_it_should_and_nothing_was_open(moves in proptest::collection::vec(any_move(), 0..150)) {
        let mut world = World::new();
        for it in moves {
            match it {
                Move::Business(business) => world.business(business),
                Move::Work(row, fate) => world.work(row, fate),
                Move::Land(at) if !world.late.is_empty() => {
                    let (_, step) = world.late.remove(at % world.late.len());
                    world.land(&step);
                }
                Move::Land(_) => {}
                Move::Wait(seconds) => world.wait(seconds),
            }
            world.check()?;
        }
        world.settle();
        world.check()?;
        for row in 0..APPS + APIS {
            prop_assert!(!world.rows[row].is_there);
            prop_assert!(world.plan(row).is_empty(), "{:?}", world.plan(row));
        }
        for app in 0..APPS {
            for api in 0..APIS {
                let wanted = world.is_active(app) && world.contracts[app][api].as_ref().is_some_and(|it| it.state.wants_grant());
                prop_assert_eq!(world.has_grant(app, api), wanted);
            }
        }
        for api in 0..APIS {
            prop_assert_eq!(world.has_plugin(api, "acl"), world.gates[api]);
            prop_assert_eq!(world.has_plugin(api, "key-auth"), world.gates[api]);
        }
    }
}
