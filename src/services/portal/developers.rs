//! What admins do to developers (dev-portal.md 3.3). Every change of status goes through the machine.

use serde_json::{Map, Value};

use super::{Portal, invitations, teams, transitions};
use crate::domain::access::Caller;
use crate::domain::developer::{Developer, DeveloperStatus, EmailAddress, Entry, Event};
use crate::domain::ids::DeveloperId;
use crate::domain::workspace::Workspace;
use crate::services::change::{Change, Operation};
use crate::services::edit::Edit;
use crate::services::error::ServiceError;
use crate::services::{Services, applications};
pub use crate::store::developers::DeveloperSearch;
pub use crate::store::directory::{Found, Window};
use crate::store::{Connection, Page, Paged, developers, portal_tokens};

/// A developer to be made.
#[derive(Clone, Debug)]
pub struct NewDeveloper {
    /// Its id, when the client chose one.
    pub id: Option<DeveloperId>,
    /// Address.
    pub email: EmailAddress,
    /// Second key.
    pub custom_id: Option<String>,
    /// `meta`; need not be complete.
    pub meta: Map<String, Value>,
    /// Password.
    pub password: Option<String>,
    /// Status; else as the settings say.
    pub status: Option<DeveloperStatus>,
    /// Whether an invitation is sent.
    pub invite: bool,
    /// Names of the teams that it is in.
    pub roles: Vec<String>,
}

/// Changes of a developer.
#[derive(Clone, Debug, Default)]
pub struct DeveloperEdit {
    /// Address.
    pub email: Option<EmailAddress>,
    /// Second key.
    pub custom_id: Edit<Option<String>>,
    /// `meta`, as a whole.
    pub meta: Option<Map<String, Value>>,
    /// Names of exactly the teams that it is in.
    pub roles: Option<Vec<String>>,
    /// Status.
    pub status: Option<DeveloperStatus>,
    /// Why.
    pub reason: Option<String>,
    /// Whatever the table of transitions says.
    pub force: bool,
}

/// The portal of a workspace for its admins: they see its developers also while it is off.
///
/// # Errors
/// [`ServiceError::BadRequest`] when the workspace's `config` is wrong.
pub fn portal_of(services: &Services, workspace: &Workspace) -> Result<Portal, ServiceError> {
    Portal::of(services, workspace)
        .ok_or_else(|| ServiceError::BadRequest("the config of this workspace has a wrong portal key".to_owned()))
}

/// A page of a workspace's developers by id, and how many match.
///
/// # Errors
/// The store failed.
pub async fn list(
    services: &Services,
    workspace: &Workspace,
    search: &DeveloperSearch,
    page: &Page,
) -> Result<(Paged<Developer>, u64), ServiceError> {
    let mut connection = services.store.read().await?;
    let paged = developers::list(&mut connection, workspace.id, search, page).await?;
    Ok((paged, developers::count(&mut connection, workspace.id, search).await?))
}

/// A part of a workspace's developers, the latest first, and how many of each status there are.
///
/// # Errors
/// The store failed.
pub async fn look(
    services: &Services,
    workspace: &Workspace,
    search: &DeveloperSearch,
    window: Window,
) -> Result<(Found<Developer>, Vec<(DeveloperStatus, u64)>), ServiceError> {
    let mut connection = services.store.read().await?;
    let found = developers::list_window(&mut connection, workspace.id, search, window).await?;
    Ok((found, developers::count_by_status(&mut connection, workspace.id).await?))
}

/// The developer of that id or address.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, workspace: &Workspace, key: &str) -> Result<Developer, ServiceError> {
    find(&mut *services.store.read().await?, workspace, key).await
}

async fn find(connection: &mut Connection, workspace: &Workspace, key: &str) -> Result<Developer, ServiceError> {
    developers::find(connection, workspace.id, key).await?.ok_or(ServiceError::NotFound)
}

/// Makes a developer. No mail is sent but a wanted invitation.
///
/// # Errors
/// [`ServiceError::Schema`] for a password that breaks the rules or meta that does, [`ServiceError::Unique`].
pub async fn create(
    services: &Services,
    caller: &Caller,
    workspace: &Workspace,
    new: NewDeveloper,
) -> Result<Developer, ServiceError> {
    let portal = portal_of(services, workspace)?;
    if new.invite && !portal.settings.mails.invite {
        return Err(invitations::switched_off());
    }
    let meta = partial_meta(&portal, &new.meta)?;
    let password_hash = match &new.password {
        Some(password) => {
            super::recovery::check_password(&portal, password)?;
            Some(services.portal.passwords.hash(password).await?)
        }
        None => None,
    };
    let mut change = Change::begin_portal_by(services, caller).await?;
    let entry = Entry::of_admin(portal.settings.rules, new.status);
    let mut developer = Developer::new(workspace.id, new.email, entry.status, change.now());
    developer.id = new.id.unwrap_or(developer.id);
    developer.custom_id = new.custom_id;
    developer.meta = meta;
    developer.password_hash = password_hash;
    if new.invite {
        developer.status = DeveloperStatus::Invited;
    }
    developers::create(change.connection(), &developer).await?;
    transitions::record(&mut change, Operation::Create, &developer, "developer.created");
    if !new.roles.is_empty() {
        teams::members::set(&mut change, &developer, &new.roles).await?;
    }
    if new.invite {
        invitations::send(services, &portal, &mut change, &developer).await?;
    }
    change.commit().await?;
    Ok(developer)
}

/// Values that are given must be right; admins need not know all of them.
fn partial_meta(portal: &Portal, meta: &Map<String, Value>) -> Result<Map<String, Value>, ServiceError> {
    let named = |(title, sentence): (String, String)| (format!("meta.{title}"), sentence);
    match portal.settings.meta_fields.check(meta) {
        Ok(meta) => Ok(meta),
        Err(wrong) => {
            let wrong: Vec<_> = wrong.into_iter().filter(|(_, it)| it != "required field missing").collect();
            if wrong.is_empty() {
                return Ok(meta.clone());
            }
            Err(ServiceError::Schema(wrong.into_iter().map(named).collect()))
        }
    }
}

/// Changes a developer.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Unique`], [`ServiceError::Schema`], and [`ServiceError::Conflict`] for a
/// status that does not follow from the present one.
pub async fn update(
    services: &Services,
    caller: &Caller,
    workspace: &Workspace,
    key: &str,
    edit: DeveloperEdit,
) -> Result<Developer, ServiceError> {
    let portal = portal_of(services, workspace)?;
    let mut change = Change::begin_portal_by(services, caller).await?;
    let mut developer = find(change.connection(), workspace, key).await?;
    let changes_members = edit.email.is_some() || edit.meta.is_some() || !matches!(edit.custom_id, Edit::Keep);
    if let Some(email) = edit.email.filter(|email| *email != developer.email) {
        developer.email = email;
        // Links that are on their way to the former address, or that ask for another one.
        portal_tokens::delete_of_developer(change.connection(), developer.id).await?;
    }
    if let Some(meta) = &edit.meta {
        developer.meta = partial_meta(&portal, meta)?;
    }
    edit.custom_id.apply(&mut developer.custom_id);
    if changes_members {
        transitions::store(&mut change, &mut developer, "developer.updated").await?;
    }
    if let Some(roles) = &edit.roles {
        teams::members::set(&mut change, &developer, roles).await?;
    }
    if let Some(status) = edit.status {
        let event = if edit.force { Event::Force(status) } else { Event::Set(status) };
        if status != developer.status || edit.force {
            developer.status_reason = edit.reason.filter(|reason| !reason.trim().is_empty());
        }
        transitions::apply(services, &portal, &mut change, &mut developer, event).await?;
    }
    change.commit().await?;
    Ok(developer)
}

/// Deletes a developer with sessions and tokens; the address may register again.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn delete(
    services: &Services,
    caller: &Caller,
    workspace: &Workspace,
    key: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_portal_by(services, caller).await?;
    let developer = find(change.connection(), workspace, key).await?;
    applications::owner_deleted(&mut change, developer.id).await?;
    developers::delete(change.connection(), developer.id).await?;
    transitions::record(&mut change, Operation::Delete, &developer, "developer.deleted");
    change.commit().await
}

/// What is done to many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Sets a status.
    Set(DeveloperStatus),
    /// Deletes.
    Delete,
}

/// Does the same to each, in a change of its own, so that one refusal stops nothing else.
///
/// # Errors
/// Only when the store failed; what is refused is listed with its sentence.
pub async fn bulk(
    services: &Services,
    caller: &Caller,
    workspace: &Workspace,
    ids: &[String],
    action: BulkAction,
    reason: Option<&str>,
) -> Result<(Vec<String>, Vec<(String, String)>), ServiceError> {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        let result = match action {
            BulkAction::Set(status) => {
                let reason = reason.map(str::to_owned);
                let edit = DeveloperEdit { status: Some(status), reason, ..DeveloperEdit::default() };
                update(services, caller, workspace, id, edit).await.map(drop)
            }
            BulkAction::Delete => delete(services, caller, workspace, id).await,
        };
        match result {
            Ok(()) => done.push(id.clone()),
            Err(ServiceError::Store(error)) => return Err(ServiceError::Store(error)),
            Err(refusal) => failed.push((id.clone(), refusal.to_string())),
        }
    }
    Ok((done, failed))
}

/// Every developer of a workspace as `Email, Status` lines.
///
/// # Errors
/// The store failed.
pub async fn export(services: &Services, workspace: &Workspace) -> Result<String, ServiceError> {
    let mut lines = String::from("Email, Status\r\n");
    let (search, mut page) = (DeveloperSearch::default(), Page::new(1000, None)?);
    loop {
        let paged = developers::list(&mut *services.store.read().await?, workspace.id, &search, &page).await?;
        for developer in &paged.items {
            lines.push_str(&csv_cell(developer.email.as_str()));
            lines.push_str(", ");
            lines.push_str(&developer.status.word().to_uppercase());
            lines.push_str("\r\n");
        }
        match paged.offset {
            Some(offset) => page = Page::new(1000, Some(&offset))?,
            None => return Ok(lines),
        }
    }
}

/// A cell that no spreadsheet takes for a formula.
fn csv_cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r', ' ']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dp_046_a_cell_is_no_formula() {
        assert_eq!(csv_cell("a@b.c"), "a@b.c");
        assert_eq!(csv_cell("=cmd@b.c"), "'=cmd@b.c");
        assert_eq!(csv_cell("+1@b.c"), "'+1@b.c");
        assert_eq!(csv_cell("-x, \"y\""), "\"'-x, \"\"y\"\"\"");
    }
}
