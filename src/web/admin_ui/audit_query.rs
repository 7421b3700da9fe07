//! The address of the audit pages: filters that the door of the Admin API knows too (kong-manager.md 7.7), the place in
//! the list, and the links that keep both.

use serde::Deserialize;
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::extractors::AdminSession;
use super::lists::address;
use crate::domain::audit::Verdict;
use crate::domain::ids::WorkspaceId;
use crate::domain::rbac::Action;
use crate::domain::time::UnixSeconds;
use crate::services::audit::{self, ObjectFilter, Page, RequestFilter, Span};
use crate::web::error::ApiError;

/// Records of a page when the address does not say.
const ROWS: u32 = 50;
/// Most records of a page.
const MOST_ROWS: u32 = 200;

/// What the address says; empty text is no filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AuditQuery {
    pub(super) user: String,
    pub(super) method: String,
    pub(super) status: String,
    pub(super) path: String,
    pub(super) verdict: String,
    pub(super) client: String,
    pub(super) request: String,
    pub(super) source: String,
    pub(super) workspace: String,
    pub(super) kind: String,
    pub(super) key: String,
    pub(super) operation: String,
    pub(super) after: String,
    pub(super) before: String,
    offset: String,
    seen: u64,
    size: Option<u32>,
}

/// The only workspace whose records the visitor may see; `None` = all.
pub(super) fn scope(visitor: &AdminSession, endpoint: &str) -> Result<Option<WorkspaceId>, ApiError> {
    let place = visitor.require_place(endpoint, Action::Read)?;
    visitor.trail.record_read();
    visitor.trail.note(|trail| {
        trail.workspace = Some(place.id);
        trail.verdict = Verdict::Allowed;
        trail.rule = Some(format!("may read {endpoint} in {}", place.name).into());
    });
    Ok((!place.name.is_default()).then_some(place.id))
}

impl AuditQuery {
    /// The wanted records of requests.
    ///
    /// # Errors
    /// 400 for a value that cannot be meant: it must not look like "no record".
    pub(super) fn requests(&self, scope: Option<WorkspaceId>) -> Result<RequestFilter, ApiError> {
        Ok(RequestFilter {
            status: given(&self.status).map(|text| number(&text)).transpose()?,
            method: given(&self.method),
            path: given(&self.path),
            client_ip: given(&self.client),
            rbac_user_name: given(&self.user),
            request_id: given(&self.request),
            request_source: given(&self.source),
            workspace: self.workspace(scope),
            verdict: given(&self.verdict).map(|text| Verdict::from_stored(&text)),
            span: self.span()?,
        })
    }

    /// The wanted records of changes.
    ///
    /// # Errors
    /// 400 for a time that is none.
    pub(super) fn objects(&self, scope: Option<WorkspaceId>) -> Result<ObjectFilter, ApiError> {
        Ok(ObjectFilter {
            request_id: given(&self.request),
            dao_name: given(&self.kind),
            entity_key: given(&self.key),
            operation: given(&self.operation),
            rbac_user_id: None,
            workspace: self.workspace(scope),
            span: self.span()?,
        })
    }

    fn workspace(&self, scope: Option<WorkspaceId>) -> Option<String> {
        scope.map(|id| id.to_string()).or_else(|| given(&self.workspace))
    }

    fn span(&self) -> Result<Span, ApiError> {
        let time = |text: &String| given(text).map(|text| moment(&text)).transpose();
        Ok(Span { after: time(&self.after)?, before: time(&self.before)? })
    }

    /// The part of the list.
    ///
    /// # Errors
    /// 400 for an offset that no list gave.
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let size = self.size.unwrap_or(ROWS).clamp(1, MOST_ROWS);
        Ok(audit::page(size, Some(self.offset.as_str()).filter(|offset| !offset.is_empty()))?)
    }

    /// Whether some filter is set.
    pub(super) fn is_filtered(&self) -> bool {
        self.filters().iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether one of the filters is set that the page hides at first.
    pub(super) fn has_more(&self) -> bool {
        let hidden = [&self.client, &self.request, &self.source, &self.workspace, &self.after, &self.before];
        hidden.iter().any(|value| !value.is_empty())
    }

    fn filters(&self) -> [(&'static str, &str); 14] {
        [
            ("user", &self.user),
            ("method", &self.method),
            ("status", &self.status),
            ("path", &self.path),
            ("verdict", &self.verdict),
            ("client", &self.client),
            ("request", &self.request),
            ("source", &self.source),
            ("workspace", &self.workspace),
            ("kind", &self.kind),
            ("key", &self.key),
            ("operation", &self.operation),
            ("after", &self.after),
            ("before", &self.before),
        ]
    }

    /// The same filters at `page`.
    pub(super) fn link(&self, page: &str) -> String {
        address(page, &self.filters())
    }

    /// Where the list stands, and its neighbours.
    pub(super) fn pager(&self, page: &str, shown: usize, total: i64, next: Option<&str>) -> AuditPager {
        let size = self.size.map(|size| size.to_string()).unwrap_or_default();
        let to = self.seen + shown as u64;
        let seen = to.to_string();
        let mut pairs = self.filters().to_vec();
        pairs.push(("size", &size));
        let newest = (!self.offset.is_empty()).then(|| address(page, &pairs));
        let older = next.map(|offset| {
            pairs.extend([("offset", offset), ("seen", seen.as_str())]);
            address(page, &pairs)
        });
        let from = if shown == 0 { self.seen } else { self.seen + 1 };
        AuditPager { from, to, total: u64::try_from(total).unwrap_or_default(), newest, older }
    }
}

/// Where the list stands. Records come newest first and new ones all the time: one can go on, or back to the newest.
pub(super) struct AuditPager {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) total: u64,
    pub(super) newest: Option<String>,
    pub(super) older: Option<String>,
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(text: &str) -> Result<u16, ApiError> {
    text.parse().map_err(|_| ApiError::bad_request("bad_filter", format!("'{text}' is no status")))
}

/// A time as `<input type="datetime-local">` sends it, in UTC.
fn moment(text: &str) -> Result<UnixSeconds, ApiError> {
    let minutes = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let parsed = PrimitiveDateTime::parse(text, minutes).or_else(|_| PrimitiveDateTime::parse(text, seconds));
    let parsed = parsed.map_err(|_| ApiError::bad_request("bad_filter", format!("'{text}' is no time")))?;
    Ok(UnixSeconds(parsed.assume_utc().unix_timestamp()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn km_101_times_are_utc_and_nonsense_is_refused() {
        assert_eq!(moment("2026-11-24T05:15").unwrap(), UnixSeconds(1_795_497_300));
        assert_eq!(moment("2026-11-24T05:15:37").unwrap(), UnixSeconds(1_795_497_337));
        assert!(moment("yesterday").is_err() && number("2x").is_err());
    }

    #[test]
    fn the_next_page_keeps_the_filters() {
        let query = AuditQuery { user: "a b".into(), seen: 50, offset: "o1".into(), ..AuditQuery::default() };
        let pager = query.pager("/_sso/audit", 50, 120, Some("o2"));
        assert_eq!((pager.from, pager.to, pager.total), (51, 100, 120));
        assert_eq!(pager.older.unwrap(), "/_sso/audit?user=a+b&offset=o2&seen=100");
        assert_eq!(pager.newest.unwrap(), "/_sso/audit?user=a+b");
        let first = AuditQuery::default().pager("/x", 0, 0, None);
        assert_eq!((first.from, first.to, first.newest, first.older), (0, 0, None, None));
    }

    #[test]
    fn somebody_of_one_workspace_asks_for_no_other() {
        let own = WorkspaceId::generate();
        let query = AuditQuery { workspace: "other".into(), ..AuditQuery::default() };
        assert_eq!(query.requests(Some(own)).unwrap().workspace, Some(own.to_string()));
        assert_eq!(query.objects(Some(own)).unwrap().workspace, Some(own.to_string()));
        assert_eq!(query.requests(None).unwrap().workspace.as_deref(), Some("other"));
    }
}
