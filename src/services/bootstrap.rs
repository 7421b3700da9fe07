//! The first super-admin (kong-manager.md 2.9): by `KONG_PASSWORD` on an empty store, and a check that somebody can act
//! at all before RBAC is enforced.

use secrecy::{ExposeSecret as _, SecretString};

use super::error::ServiceError;
use super::token;
use crate::config::Settings;
use crate::config::settings::EnforceRbac;
use crate::domain::admin::{Admin, AdminStatus};
use crate::domain::ids::{AdminId, RbacUserId, UserName};
use crate::domain::role::{RoleSource, SUPER_ADMIN};
use crate::domain::time::UnixSeconds;
use crate::store::epochs::{self, Epoch};
use crate::store::{Store, StoreError, admins, grants, rbac_users, roles, user_roles, workspaces};

/// Name of the admin that `KONG_PASSWORD` makes.
pub const KONG_ADMIN: &str = "kong_admin";

/// Why a node must not start.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// RBAC would lock everybody out.
    #[error(
        "enforce_rbac = on, but nobody has the role super-admin and nobody could get it. Choose one way:
  1. KONG_PASSWORD=<secret> kong-sso migrations bootstrap   (makes the admin kong_admin with that RBAC token)
  2. start with enforce_rbac = off, make roles, groups and admins, then switch it on
  3. sso_bootstrap_groups = <group at the identity provider>   (its members are super-admins from their first sign-in on)
  4. sso_super_admins = <value of admin_claim>   (super-admin at sign-in while there is none)"
    )]
    LockedOut,
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

/// Makes the workspace `default` with its roles if it is missing.
///
/// # Errors
/// The store failed.
pub async fn ensure_default(store: &Store, now: UnixSeconds) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    workspaces::ensure_default(&mut transaction, now).await?;
    transaction.commit().await
}

/// Refuses to enforce RBAC while nobody is super-admin and no setting makes somebody one.
///
/// # Errors
/// [`BootstrapError::LockedOut`].
pub async fn refuse_lock_out(store: &Store, settings: &Settings) -> Result<(), BootstrapError> {
    let login = &settings.login;
    let comes_by_sign_in =
        settings.admin_auth.is_some() && !(login.bootstrap_groups.is_empty() && login.super_admins.is_empty());
    if settings.rbac.enforce == EnforceRbac::Off || comes_by_sign_in {
        return Ok(());
    }
    let mut connection = store.read().await?;
    if !grants::list_super_admins(&mut connection).await?.is_empty() {
        return Ok(());
    }
    if rbac_users::count(&mut connection).await? == 0 {
        return Err(BootstrapError::LockedOut);
    }
    tracing::warn!("nobody has the role super-admin: some things nobody may do");
    Ok(())
}

/// Makes `kong_admin` with `password` as RBAC token; `false` when the store has users already and nothing was done.
///
/// # Errors
/// The store failed, or the token could not be hashed.
pub async fn first_super_admin(store: &Store, password: &SecretString, now: UnixSeconds) -> Result<bool, ServiceError> {
    let plain = password.clone();
    let hash = tokio::task::spawn_blocking(move || token::hash(plain.expose_secret()));
    let hash = hash.await.map_err(|_| ServiceError::Hash)??;
    let mut transaction = store.write().await?;
    epochs::bump(&mut transaction, Epoch::Rbac).await?;
    if rbac_users::count(&mut transaction).await? > 0 {
        return Ok(false);
    }
    let home = workspaces::ensure_default(&mut transaction, now).await?;
    let admin = Admin {
        id: AdminId::generate(),
        username: UserName::from_stored(KONG_ADMIN.to_owned()),
        custom_id: None,
        email: None,
        status: AdminStatus::Approved,
        rbac_token_enabled: true,
        rbac_user_id: RbacUserId::generate(),
        ws_id: home.id,
        binding: None,
        last_login_at: None,
        created_at: now,
        updated_at: now,
    };
    admins::create(&mut transaction, &admin).await?;
    let mut user = rbac_users::find_by_id(&mut transaction, admin.rbac_user_id).await?.ok_or(ServiceError::NotFound)?;
    user.user_token = Some(hash);
    user.user_token_ident = Some(token::ident(password.expose_secret()));
    rbac_users::update(&mut transaction, &user).await?;
    let role = roles::find(&mut transaction, home.id, SUPER_ADMIN).await?.ok_or(ServiceError::NotFound)?;
    user_roles::assign(&mut transaction, user.id, role.id, RoleSource::Local).await?;
    transaction.commit().await?;
    Ok(true)
}
