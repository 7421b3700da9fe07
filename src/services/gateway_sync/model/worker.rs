//! The worker, one request at a time, and what becomes of each.

use super::*;

impl World {
    pub(super) fn plan(&self, row: usize) -> Plan {
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

    pub(super) fn is_doubtful(&self, row: usize) -> bool {
        self.rows[row].uncertain_until > self.time
    }

    /// A write arrives. Kong knows no keys and groups of a consumer that it does not have.
    pub(super) fn land(&mut self, step: &Step) {
        let consumer: String = step.path.split('/').take(3).collect::<Vec<_>>().join("/");
        if consumer == step.path || self.kong.0.contains_key(&consumer) {
            self.kong.apply(step);
        }
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.time += seconds;
        let (arrived, late) = std::mem::take(&mut self.late).into_iter().partition(|(by, _)| *by <= self.time);
        self.late = late;
        let arrived: Vec<(i64, Step)> = arrived;
        arrived.iter().for_each(|(_, step)| self.land(step));
    }

    pub(super) fn begin(&self, row: usize) -> Work {
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
    pub(super) fn work(&mut self, row: usize, fate: Fate) {
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

    pub(super) fn doubt(&mut self, row: usize, step: &Step) {
        if !step.is_removal() {
            self.rows[row].uncertain_until = self.time + DOUBT;
        }
    }

    pub(super) fn confirm(&mut self, row: usize, work: &Work) {
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
                Ending::Review => {
                    contract.state.ending = Ending::None;
                    contract.state.status = ContractStatus::Pending;
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

    pub(super) fn finish(&mut self, row: usize, work: &Work) {
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
}
