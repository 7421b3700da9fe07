//! The synchronization against a Kong in memory: any interleaving of decisions and of a worker whose requests fail, get lost
//! or die halfway ends with Kong as it should be, and opens nothing on the way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kong;
mod worker;
mod world;

use proptest::prelude::*;
use serde_json::json;

use kong::Kong;
use world::{Work, World};

use super::credentials::{Door, Held};
use super::gate::Gate;
use super::names::Names;
use super::plan::{self, Deed, Plan, Prune, SeenApi, SeenApplication, Step};
use super::target::{ApiTarget, ApplicationTarget, Gone};
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::contract::{Cause, Contract, ContractEvent, ContractState, ContractStatus, Ending};
use crate::domain::credential::{Credential, CredentialKind, CredentialStatus, SecretValue};
use crate::domain::ids::{
    ApiId, ApplicationId, ContractId, CredentialId, DeveloperId, ServiceId, StrategyId, WorkspaceId, WorkspaceName,
};
use crate::domain::strategy::{KeyAuthConfig, StrategyConfig, StrategyType};
use crate::domain::team::Owner;
use crate::domain::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds(1000);
/// Seconds within which a write that nobody answered takes effect, if ever.
const DOUBT: i64 = 60;
const APPS: usize = 2;
const APIS: usize = 2;

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

impl World {
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
