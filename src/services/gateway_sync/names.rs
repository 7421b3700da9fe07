//! Names of what stands in Kong for APIs and applications (dev-portal.md 6.5). Ids are computed, so that writing twice
//! makes nothing twice; no name holds text of a user, so that renaming touches nothing and nothing can be smuggled in.

use uuid::Uuid;

use crate::domain::ids::{ApiId, ApplicationId, ServiceId, WorkspaceId, WorkspaceName};

/// Tag of everything that kong-sso made.
pub const TAG: &str = "kong-sso";

/// Names in one workspace. Its id is random and never changes: it is the namespace of the computed ids.
#[derive(Clone, Debug)]
pub struct Names {
    namespace: WorkspaceId,
    workspace: WorkspaceName,
}

impl Names {
    /// The names of a workspace.
    #[must_use]
    pub const fn new(namespace: WorkspaceId, workspace: WorkspaceName) -> Self {
        Self { namespace, workspace }
    }

    fn id(&self, what: &str) -> Uuid {
        Uuid::new_v5(&self.namespace.0, format!("{}/{what}", self.workspace).as_bytes())
    }

    /// Id of an application's consumer.
    #[must_use]
    pub fn consumer(&self, application: ApplicationId) -> Uuid {
        self.id(&format!("app/{application}"))
    }

    /// Id of the plugin that lets only holders of the group pass.
    #[must_use]
    pub fn acl(&self, service: ServiceId) -> Uuid {
        self.id(&format!("svc/{service}/acl"))
    }

    /// Id of the plugin that identifies callers.
    #[must_use]
    pub fn auth(&self, service: ServiceId) -> Uuid {
        self.id(&format!("svc/{service}/auth"))
    }

    /// Group of those who may call a service.
    #[must_use]
    pub fn group(&self, service: ServiceId) -> String {
        format!("{}{service}", self.group_prefix())
    }

    /// How the groups of this workspace begin.
    #[must_use]
    pub fn group_prefix(&self) -> String {
        format!("portal.{}.", self.workspace)
    }

    /// Tag of everything of this workspace.
    #[must_use]
    pub fn workspace_tag(&self) -> String {
        format!("{TAG}.ws.{}", self.workspace)
    }

    /// Tags of what belongs to an application.
    #[must_use]
    pub fn application_tags(&self, application: ApplicationId) -> Vec<String> {
        vec![TAG.to_owned(), self.workspace_tag(), format!("{TAG}.app.{application}")]
    }

    /// Tags of what belongs to a published API.
    #[must_use]
    pub fn api_tags(&self, api: ApiId, service: ServiceId) -> Vec<String> {
        vec![TAG.to_owned(), self.workspace_tag(), format!("{TAG}.svc.{service}"), format!("{TAG}.api.{api}")]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_the_same_each_time_and_differ_between_installations() {
        let name = WorkspaceName::parse("payments").unwrap();
        let names = Names::new(WorkspaceId::generate(), name.clone());
        let application = ApplicationId::generate();
        assert_eq!(names.consumer(application), names.clone().consumer(application));
        assert_ne!(names.consumer(application), Names::new(WorkspaceId::generate(), name).consumer(application));
        let service = ServiceId::generate();
        assert_ne!(names.acl(service), names.auth(service));
        assert_eq!(names.group(service), format!("portal.payments.{service}"));
    }

    #[test]
    fn tags_hold_neither_commas_nor_slashes() {
        let names = Names::new(WorkspaceId::generate(), WorkspaceName::parse("a.B_c~d-1").unwrap());
        let tags = names.api_tags(ApiId::generate(), ServiceId::generate());
        assert!(
            tags.iter().chain(&names.application_tags(ApplicationId::generate())).all(|tag| !tag.contains([',', '/']))
        );
    }
}
