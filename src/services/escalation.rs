//! Nobody grants more than they have, and nobody changes their own roles (kong-manager.md 4.8). Called by every service
//! that changes who may do what. Nothing is guarded while RBAC is off.

mod super_admins;
mod watch;

pub(super) use watch::{Watch, holders, members, of_group, of_role, of_users};

use super::Services;
use super::error::ServiceError;
use super::granted::RoleRules;
use super::here::Here;
use crate::domain::access::Caller;
use crate::domain::ids::{RbacUserId, WorkspaceName};
use crate::domain::rbac::{ActionSet, EndpointPattern, Gain, GrantedRule, Policy, WorkspaceScope};

/// What a caller may hand out.
pub(super) struct Guard<'c> {
    caller: &'c Caller,
    applies: bool,
}

impl<'c> Guard<'c> {
    /// The guard of a caller.
    pub(super) fn of(services: &Services, caller: &'c Caller) -> Self {
        Self { caller, applies: services.access.is_enforced() }
    }

    fn policy(&self) -> &Policy {
        &self.caller.principal.policy
    }

    /// Whether there is nothing that this caller may not hand out.
    fn is_unlimited(&self) -> bool {
        !self.applies || self.policy().covers(&WorkspaceScope::Any, &EndpointPattern::Every, ActionSet::ALL)
    }

    /// Refuses a change of the caller's own roles.
    pub(super) fn refuse_own_roles(&self, user: RbacUserId) -> Result<(), ServiceError> {
        if self.applies && self.caller.is_user(user) { Err(own_roles()) } else { Ok(()) }
    }

    /// Refuses a change of what gives rights to `holders` when the caller is one of them and no super-admin.
    pub(super) fn refuse_holder(&self, holders: &[RbacUserId]) -> Result<(), ServiceError> {
        let holds = holders.iter().any(|user| self.caller.is_user(*user));
        if self.applies && holds && !self.caller.principal.is_super_admin { Err(own_roles()) } else { Ok(()) }
    }

    /// Refuses to grant a role whose rights the caller does not have.
    pub(super) fn may_grant_role(&self, role: &RoleRules) -> Result<(), ServiceError> {
        self.refuse_super_admin(role)?;
        self.may_grant(&role.rules)
    }

    /// The same for a role that a group gives its members in one workspace.
    pub(super) fn may_link(&self, role: RoleRules, workspace: &WorkspaceName) -> Result<(), ServiceError> {
        self.refuse_super_admin(&role)?;
        self.may_grant(&role.narrowed(workspace))
    }

    fn refuse_super_admin(&self, role: &RoleRules) -> Result<(), ServiceError> {
        if self.applies && role.is_super_admin() && !self.caller.principal.is_super_admin {
            return Err(ServiceError::Forbidden("Super-admin role can be granted only by its holders".to_owned()));
        }
        Ok(())
    }

    /// Refuses to grant rights that the caller does not have. Negative rules grant nothing.
    pub(super) fn may_grant(&self, rules: &[GrantedRule]) -> Result<(), ServiceError> {
        let mut positive = rules.iter().filter(|rule| !rule.negative);
        positive.try_for_each(|rule| self.may_give(&rule.workspace, &rule.endpoint, rule.actions))
    }

    /// Refuses rules for another workspace than `here` to callers who rule over one workspace only.
    pub(super) fn may_rule(&self, here: &Here<'_>, scope: &WorkspaceScope) -> Result<(), ServiceError> {
        let is_here = matches!(scope, WorkspaceScope::Named(name) if *name == here.workspace.name);
        if !self.applies || is_here || self.policy().governs(scope) {
            return Ok(());
        }
        Err(ServiceError::no_permission(self.caller, here.action))
    }

    /// Refuses rights that a change would give as a side effect.
    fn may_gain(&self, gains: &[Gain]) -> Result<(), ServiceError> {
        gains.iter().try_for_each(|gain| self.may_give(&gain.workspace, &gain.endpoint, gain.actions))
    }

    /// Refuses to take over a user: to set its token or the name it signs in with, or to let it act again, is as good
    /// as being granted its rights.
    pub(super) fn may_control(&self, user: RbacUserId, rights: &Rights) -> Result<(), ServiceError> {
        if !self.applies || self.caller.is_user(user) || self.caller.principal.is_super_admin {
            return Ok(());
        }
        if rights.is_super_admin {
            return Err(super_admins::only_super_admins());
        }
        let mut rules = rights.policy.rules();
        rules.try_for_each(|rule| self.may_give(&rule.workspace, &rule.endpoint, rule.allowed.minus(rule.denied)))
    }

    /// Refuses one right that the caller does not have.
    pub(super) fn may_give(
        &self,
        scope: &WorkspaceScope,
        endpoint: &EndpointPattern,
        actions: ActionSet,
    ) -> Result<(), ServiceError> {
        if !self.applies || actions.is_empty() || self.policy().covers(scope, endpoint, actions) {
            return Ok(());
        }
        let name = &self.caller.principal.name;
        let what = format!("{actions} on {endpoint} in workspace {scope}");
        Err(ServiceError::Forbidden(format!("{name}, you cannot give permissions that you do not have: {what}")))
    }
}

/// The rights of a user.
pub(super) struct Rights {
    /// Its compiled rules.
    pub(super) policy: Policy,
    /// Whether it holds `super-admin`.
    pub(super) is_super_admin: bool,
}

fn own_roles() -> ServiceError {
    ServiceError::Forbidden("the admin should not update their own roles".to_owned())
}
