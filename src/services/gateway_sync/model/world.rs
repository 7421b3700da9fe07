//! What is decided, and what of it waits for Kong.

use super::*;

/// Work under a lease.
pub(super) struct Work {
    pub(super) generation: u64,
    pub(super) plan: Plan,
    pub(super) at: usize,
    pub(super) endings: (Vec<ContractId>, Vec<CredentialId>),
    pub(super) is_removal: bool,
    pub(super) is_doubtful: bool,
}

#[derive(Default)]
pub(super) struct Row {
    pub(super) generation: u64,
    pub(super) is_there: bool,
    pub(super) uncertain_until: i64,
    pub(super) work: Option<Work>,
}

pub(super) struct World {
    pub(super) names: Names,
    pub(super) kong: Kong,
    pub(super) apps: Vec<Option<Application>>,
    pub(super) app_ids: Vec<ApplicationId>,
    pub(super) keys: Vec<Vec<(Credential, SecretValue)>>,
    pub(super) contracts: Vec<Vec<Option<Contract>>>,
    pub(super) services: Vec<(ApiId, ServiceId)>,
    pub(super) gates: Vec<bool>,
    pub(super) guarded: Vec<bool>,
    pub(super) rows: Vec<Row>,
    pub(super) made: u8,
    pub(super) time: i64,
    /// Writes on their way, each with the moment by which it has arrived.
    pub(super) late: Vec<(i64, Step)>,
}

fn application(id: ApplicationId, ws_id: WorkspaceId) -> Application {
    Application {
        id,
        ws_id,
        owner: Owner::Developer(DeveloperId::generate()),
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
    pub(super) fn new() -> Self {
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

    pub(super) fn touch(&mut self, row: usize) {
        self.rows[row].generation += 1;
        self.rows[row].is_there = true;
    }

    pub(super) fn is_active(&self, app: usize) -> bool {
        self.apps[app].as_ref().is_some_and(|it| it.status == ApplicationStatus::Active)
    }

    pub(super) fn business(&mut self, business: Business) {
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

    pub(super) fn new_contract(&self, app: usize, api: usize, auto: bool) -> Contract {
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

    pub(super) fn owner(&mut self, app: usize, has_access: bool) {
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

    pub(super) fn new_key(&mut self, app: usize) {
        let Some(application) = self.apps[app].as_ref().filter(|it| it.status != ApplicationStatus::Deleting) else {
            return;
        };
        self.made = self.made.wrapping_add(1);
        let credential = Credential {
            id: CredentialId::generate(),
            ws_id: application.ws_id,
            application_id: application.id,
            kind: CredentialKind::ApiKey,
            identifier: None,
            algorithm: None,
            is_hashed: false,
            display_name: "k".into(),
            status: CredentialStatus::Active,
            expires_at: None,
            created_at: NOW,
        };
        self.keys[app].push((credential, SecretValue::of("k", "w", [self.made; 32])));
        self.touch(app);
    }

    pub(super) fn consumer(&self, app: usize) -> String {
        format!("/consumers/{}", self.names.consumer(self.app_ids[app]))
    }

    pub(super) fn application_target(&self, app: usize) -> Option<(ApplicationTarget, Gone)> {
        let application = self.apps[app].as_ref()?;
        let contracts: Vec<_> = self.contracts[app]
            .iter()
            .enumerate()
            .filter_map(|(api, contract)| Some((contract.clone()?, self.services[api].1)))
            .collect();
        let held: Vec<_> =
            self.keys[app].iter().map(|(key, value)| Held::of(application, key, value, false, NOW)).collect();
        let target = ApplicationTarget::of(application, StrategyType::KeyAuth, &contracts, &held);
        let gone = Gone::of(&target, &contracts, &held);
        Some((target, gone))
    }

    pub(super) fn api_target(&self, api: usize) -> ApiTarget {
        let (id, service) = self.services[api];
        ApiTarget {
            id,
            service,
            gate: self.gates[api].then(|| Gate::of(&StrategyConfig::KeyAuth(KeyAuthConfig::default()), None)),
        }
    }
}
