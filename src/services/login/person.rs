//! From a proven identity to an admin (kong-manager.md 2.5): bound before, found by the claim's value, or created.

use serde_json::Value;

use super::error::LoginError;
use crate::config::auth_conf::{AdminField, AdminMappingConf};
use crate::domain::admin::{Admin, AdminStatus, IdpBinding};
use crate::domain::claims::scalar_text;
use crate::domain::identity::Identity;
use crate::domain::ids::{AdminId, RbacUserId, UserName};
use crate::services::change::{Change, Operation};
use crate::services::representation;
use crate::store::{Connection, admins, rbac_users, workspaces};

/// The last number that is tried behind the name of a new admin.
const LAST_NUMBER: u32 = 9;

/// Who came back from the provider, in the terms of the mapping.
pub(super) struct Person {
    claim_value: String,
    email: Option<String>,
    binding: IdpBinding,
}

impl Person {
    /// Reads the claims.
    pub(super) fn of(
        identity: &Identity,
        mapping: &AdminMappingConf,
        require_verified_email: bool,
    ) -> Result<Self, LoginError> {
        let value = identity.find_claim(&mapping.admin_claim).and_then(scalar_text);
        let claim_value = value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let claim_value = claim_value.ok_or_else(|| LoginError::ClaimMissing(mapping.admin_claim.to_string()))?;
        let is_email = matches!(mapping.admin_claim.members(), [only] if only == "email");
        let is_unverified = |claims: &Value| match claims.get("email_verified") {
            Some(Value::Bool(verified)) => !verified,
            Some(Value::String(text)) => text == "false",
            _ => false,
        };
        if is_email && require_verified_email && identity.sources().any(is_unverified) {
            return Err(LoginError::EmailUnverified(claim_value));
        }
        let email = identity.sources().find_map(|claims| claims.get("email")?.as_str().map(str::to_owned));
        let email = email.or_else(|| claim_value.contains('@').then(|| claim_value.clone()));
        let binding = IdpBinding { issuer: identity.issuer.clone(), subject: identity.subject.clone() };
        Ok(Self { claim_value, email, binding })
    }

    pub(super) fn claim_value(&self) -> &str {
        &self.claim_value
    }

    /// The admin this person is now, without changing anything.
    pub(super) async fn find(
        &self,
        connection: &mut Connection,
        mapping: &AdminMappingConf,
    ) -> Result<Option<Admin>, LoginError> {
        let found = match admins::find_by_binding(connection, &self.binding).await? {
            Some(bound) => Some(bound),
            None => self.find_by_value(connection, &mapping.admin_by).await?,
        };
        let Some(admin) = found else { return Ok(None) };
        if admin.binding.as_ref().is_some_and(|binding| *binding != self.binding) {
            return Err(LoginError::OtherSubject(admin.username.to_string()));
        }
        if !matches!(admin.status, AdminStatus::Approved | AdminStatus::Invited) {
            return Err(LoginError::Status(self.claim_value.clone(), admin.status));
        }
        match rbac_users::find_by_id(connection, admin.rbac_user_id).await? {
            Some(user) if user.enabled => Ok(Some(admin)),
            _ => Err(LoginError::Disabled(self.claim_value.clone())),
        }
    }

    async fn find_by_value(
        &self,
        connection: &mut Connection,
        fields: &[AdminField],
    ) -> Result<Option<Admin>, LoginError> {
        let mut found: Vec<Admin> = Vec::new();
        for field in fields {
            let matches = match field {
                AdminField::Username => match admins::find_by_username(connection, &self.claim_value).await? {
                    Some(exact) => vec![exact],
                    None => admins::find_by_username_lower(connection, &self.claim_value).await?,
                },
                AdminField::CustomId => {
                    admins::find_by_custom_id(connection, &self.claim_value).await?.into_iter().collect()
                }
            };
            for admin in matches {
                if !found.iter().any(|other| other.id == admin.id) {
                    found.push(admin);
                }
            }
        }
        if found.len() > 1 {
            tracing::error!(claim = %self.claim_value, "two admins fit one login; nobody is signed in");
            return Err(LoginError::Ambiguous(self.claim_value.clone()));
        }
        Ok(found.pop())
    }

    /// The admin of this person, bound to the identity; created when `admin_auto_create` allows. With it, whether it
    /// is new.
    pub(super) async fn resolve(
        &self,
        change: &mut Change<'_>,
        mapping: &AdminMappingConf,
    ) -> Result<(Admin, bool), LoginError> {
        match self.find(change.connection(), mapping).await? {
            Some(admin) => Ok((self.welcome(change, admin).await?, false)),
            None if mapping.auto_create => Ok((self.create(change, mapping).await?, true)),
            None => Err(LoginError::Unknown(self.claim_value.clone())),
        }
    }

    /// Binds at the first login, and approves who was invited.
    async fn welcome(&self, change: &mut Change<'_>, mut admin: Admin) -> Result<Admin, LoginError> {
        let now = change.now();
        let is_first = admin.binding.is_none();
        let was_invited = admin.status == AdminStatus::Invited;
        if is_first {
            admins::set_binding(change.connection(), admin.id, &self.binding).await?;
            admin.binding = Some(self.binding.clone());
        }
        if was_invited {
            admins::set_status(change.connection(), admin.id, AdminStatus::Approved, now).await?;
            admin.status = AdminStatus::Approved;
            change.touch_rights().await?;
        }
        if is_first || was_invited {
            change.record(Operation::Update, "admins", admin.id, representation::admin(&admin));
        }
        Ok(admin)
    }

    /// The claim's value, or something like it when a service account has that name: whoever made it must not keep a
    /// person out, nor become one. The identity is bound, so the name matters no more at the next sign-in.
    async fn free_name(&self, connection: &mut Connection) -> Result<UserName, LoginError> {
        let numbers = (2..=LAST_NUMBER).map(|number| number.to_string());
        // Whoever took all of these on purpose cannot guess the last one.
        let endings = numbers.chain([AdminId::generate().to_string()]).map(|ending| format!("~{ending}"));
        for ending in std::iter::once(String::new()).chain(endings) {
            let name = format!("{}{ending}", self.claim_value);
            let name = UserName::parse(&name).map_err(|error| LoginError::BadName(error.to_string()))?;
            if rbac_users::find(connection, name.as_str()).await?.is_none() {
                if !ending.is_empty() {
                    tracing::warn!(claim = %self.claim_value, admin = %name, "a user has the name of a new admin");
                }
                return Ok(name);
            }
        }
        Err(LoginError::BadName("a user of that name exists".to_owned()))
    }

    async fn create(&self, change: &mut Change<'_>, mapping: &AdminMappingConf) -> Result<Admin, LoginError> {
        let now = change.now();
        let username = self.free_name(change.connection()).await?;
        let home = workspaces::ensure_default(change.connection(), now).await?;
        let email_is_free = match &self.email {
            Some(email) => admins::find_by_email(change.connection(), email).await?.is_none(),
            None => false,
        };
        let admin = Admin {
            id: AdminId::generate(),
            username,
            custom_id: None,
            email: self.email.clone().filter(|_| email_is_free),
            status: AdminStatus::Approved,
            rbac_token_enabled: mapping.auto_create_token_enabled,
            rbac_user_id: RbacUserId::generate(),
            ws_id: home.id,
            binding: Some(self.binding.clone()),
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        admins::create(change.connection(), &admin).await?;
        change.record(Operation::Create, "admins", admin.id, representation::admin(&admin));
        Ok(admin)
    }
}
