//! Which records a query asks for. What is not understood is refused: a mistyped filter must not look like no match.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::form_urlencoded;

use super::super::{Call, Place, Query};
use crate::domain::audit::Verdict;
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;
use crate::services::audit::{self, ObjectFilter, Page, RequestFilter, Span};
use crate::web::error::ApiError;

/// Records of a page by default, and at most.
const SIZE: u32 = 100;
const LARGEST_SIZE: u32 = 1000;
/// Members of a request's record that can be asked for.
const REQUEST_FIELDS: &[&str] = &[
    "client_ip",
    "method",
    "path",
    "rbac_user_name",
    "request_id",
    "request_source",
    "status",
    "verdict",
    "workspace",
];
/// Members of a change's record that can be asked for.
const OBJECT_FIELDS: &[&str] = &["dao_name", "entity_key", "operation", "rbac_user_id", "request_id", "workspace"];

/// Records of which kind.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// `/audit/requests`
    Requests(RequestFilter),
    /// `/audit/objects`
    Objects(ObjectFilter),
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    pub(super) page: Page,
    /// Path and query of the list without `offset`.
    link: String,
}

impl Wanted {
    /// Reads a call of this door.
    pub(super) async fn of(call: &Call<'_>) -> Result<Self, ApiError> {
        let ["audit", kind @ ("requests" | "objects")] =
            &call.segments.iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            return Err(ApiError::not_found());
        };
        if call.method != "GET" {
            return Err(ApiError::method_not_allowed("GET, HEAD"));
        }
        let workspaces = call.services.access.workspaces().await?;
        Self::read(&call.query, kind, &call.place, &workspaces)
    }

    fn read(query: &Query, kind: &str, place: &Place<'_>, workspaces: &[Workspace]) -> Result<Self, ApiError> {
        let is_requests = kind == "requests";
        let fields = Fields::read(query, if is_requests { REQUEST_FIELDS } else { OBJECT_FIELDS })?;
        let workspace = fields.text("workspace").map(|named| workspace_id(&named, workspaces));
        let workspace = within(place.workspace, workspace);
        let kind_of = if is_requests {
            Kind::Requests(fields.request_filter(workspace)?)
        } else {
            Kind::Objects(fields.object_filter(workspace))
        };
        let page = audit::page(fields.size, query.get("offset").map(String::as_str))?;
        let given: BTreeMap<_, _> = query.iter().filter(|(name, _)| *name != "offset").collect();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        Ok(Self { kind: kind_of, page, link: format!("{}/audit/{kind}?{query}", place.prefix) })
    }

    /// The link to the next page.
    pub(super) fn next_link(&self, offset: &str) -> String {
        let separator = if self.link.ends_with('?') { "" } else { "&" };
        format!("{}{separator}offset={offset}", self.link)
    }
}

/// The id of a workspace that is named by name or id. Another text stays as it is, and matches nothing.
fn workspace_id(named: &str, workspaces: &[Workspace]) -> String {
    let found = workspaces.iter().find(|workspace| workspace.name.as_str() == named);
    found.map_or_else(|| named.to_owned(), |workspace| workspace.id.to_string())
}

/// The workspace filter of a call in `place`: outside `default`, nothing but that workspace.
fn within(place: &Workspace, asked: Option<String>) -> Option<String> {
    if place.name.is_default() {
        return asked;
    }
    let own = place.id.to_string();
    match asked {
        // Matches nothing, like any other filter without a match.
        Some(other) if other != own => Some(String::new()),
        _ => Some(own),
    }
}

/// The arguments of a query, checked.
struct Fields<'q> {
    equal: BTreeMap<&'q str, &'q str>,
    span: Span,
    size: u32,
}

impl<'q> Fields<'q> {
    fn read(query: &'q Query, known: &[&str]) -> Result<Self, ApiError> {
        let mut fields = Self { equal: BTreeMap::new(), span: Span::default(), size: SIZE };
        for (name, value) in query {
            match name.as_str() {
                "offset" => {}
                "size" => fields.size = size(value)?,
                name if known.contains(&name) => {
                    fields.equal.insert(name, value);
                }
                name => {
                    let bound = bound(name).ok_or_else(|| unknown(name, known))?;
                    narrow(&mut fields.span, bound, seconds(name, value)?);
                }
            }
        }
        Ok(fields)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.equal.get(name).map(|value| (*value).to_owned())
    }

    fn request_filter(&self, workspace: Option<String>) -> Result<RequestFilter, ApiError> {
        let status = self
            .equal
            .get("status")
            .map(|text| text.parse::<u16>().map_err(|_| bad_value("status", "a number such as 403")));
        let verdict = self.equal.get("verdict").map(|text| match Verdict::from_stored(text) {
            verdict if verdict.as_str() == *text => Ok(verdict),
            _ => Err(bad_value("verdict", "allowed, denied, unauthenticated or none")),
        });
        Ok(RequestFilter {
            status: status.transpose()?,
            method: self.text("method").map(|method| method.to_ascii_uppercase()),
            path: self.text("path"),
            client_ip: self.text("client_ip"),
            rbac_user_name: self.text("rbac_user_name"),
            request_id: self.text("request_id"),
            request_source: self.text("request_source"),
            workspace,
            verdict: verdict.transpose()?,
            span: self.span,
        })
    }

    fn object_filter(&self, workspace: Option<String>) -> ObjectFilter {
        ObjectFilter {
            request_id: self.text("request_id"),
            dao_name: self.text("dao_name"),
            entity_key: self.text("entity_key"),
            operation: self.text("operation"),
            rbac_user_id: self.text("rbac_user_id"),
            workspace,
            span: self.span,
        }
    }
}

/// A bound of time. Times are whole seconds, so an inclusive one is the exclusive one a second off.
#[derive(Clone, Copy)]
enum Bound {
    Later(i64),
    Earlier(i64),
}

fn bound(name: &str) -> Option<Bound> {
    Some(match name {
        "after" | "request_timestamp[gt]" | "request_timestamp[after]" => Bound::Later(0),
        "request_timestamp[gte]" => Bound::Later(-1),
        "before" | "request_timestamp[lt]" | "request_timestamp[before]" => Bound::Earlier(0),
        "request_timestamp[lte]" => Bound::Earlier(1),
        _ => return None,
    })
}

/// Several bounds hold together.
fn narrow(span: &mut Span, bound: Bound, at: UnixSeconds) {
    match bound {
        Bound::Later(by) => span.after = Some(span.after.map_or(at.plus(by), |known| known.max(at.plus(by)))),
        Bound::Earlier(by) => span.before = Some(span.before.map_or(at.plus(by), |known| known.min(at.plus(by)))),
    }
}

/// Whole seconds, or a time as RFC 3339 has it.
fn seconds(name: &str, value: &str) -> Result<UnixSeconds, ApiError> {
    if let Ok(seconds) = value.parse() {
        return Ok(UnixSeconds(seconds));
    }
    // A plus sign that was not encoded arrives as a space.
    let parsed = OffsetDateTime::parse(&value.trim().replace(' ', "+"), &Rfc3339);
    let time = parsed.map_err(|_| bad_value(name, "seconds since 1970 or a time such as 2026-01-31T00:00:00Z"))?;
    Ok(UnixSeconds(time.unix_timestamp()))
}

fn size(value: &str) -> Result<u32, ApiError> {
    let number: i64 = value.parse().map_err(|_| ApiError::bad_request("invalid_size", "size must be a number"))?;
    let size = u32::try_from(number).ok().filter(|size| (1..=LARGEST_SIZE).contains(size));
    size.ok_or_else(|| ApiError::bad_request("invalid_size", "size must be an integer between 1 and 1000"))
}

fn unknown(name: &str, known: &[&str]) -> ApiError {
    let known = known.join(", ");
    let message = format!(
        "unknown filter '{name}'; known are {known}, before, after, request_timestamp[lt|lte|gt|gte], size, offset"
    );
    ApiError::bad_request("unknown_filter", message)
}

fn bad_value(name: &str, expected: &str) -> ApiError {
    ApiError::bad_request("bad_filter", format!("{name} must be {expected}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::ids::{WorkspaceId, WorkspaceName};
    use proptest::prelude::*;

    fn workspace(name: &str, id: u128) -> Workspace {
        Workspace {
            id: WorkspaceId(uuid::Uuid::from_u128(id)),
            name: WorkspaceName::parse(name).unwrap(),
            comment: None,
            config: serde_json::Map::new(),
            meta: serde_json::Map::new(),
            upstream_admin_url: None,
            created_at: UnixSeconds(0),
            updated_at: UnixSeconds(0),
        }
    }

    fn read(query: &str, kind: &str, place: &str) -> Result<Wanted, ApiError> {
        let workspaces = [workspace("default", 1), workspace("payments", 2)];
        let here = workspaces.iter().find(|workspace| workspace.name.as_str() == place).unwrap();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Wanted::read(&query, kind, &Place { workspace: here, prefix: "/_api" }, &workspaces)
    }

    fn requests(query: &str) -> RequestFilter {
        match read(query, "requests", "default").unwrap().kind {
            Kind::Requests(filter) => filter,
            Kind::Objects(_) => unreachable!(),
        }
    }

    #[test]
    fn km_101_bounds_of_time_are_read_in_every_spelling_and_hold_together() {
        let at = |after, before| Span { after: after_of(after), before: after_of(before) };
        fn after_of(seconds: i64) -> Option<UnixSeconds> {
            (seconds >= 0).then_some(UnixSeconds(seconds))
        }
        for (query, span) in [
            ("after=10&before=20", at(10, 20)),
            ("request_timestamp[gt]=10&request_timestamp[lt]=20", at(10, 20)),
            ("request_timestamp[gte]=10&request_timestamp[lte]=20", at(9, 21)),
            ("request_timestamp%5Bafter%5D=10&request_timestamp[before]=20", at(10, 20)),
            ("after=10&request_timestamp[gt]=15&request_timestamp[gte]=12", at(15, -1)),
            ("before=20&request_timestamp[lte]=12", at(-1, 13)),
            ("after=1970-01-01T00:00:10Z&before=1970-01-01T02:00:20%2B02:00", at(10, 20)),
            ("before=1970-01-01T02:00:20+02:00", at(-1, 20)),
        ] {
            assert_eq!(requests(query).span, span, "{query}");
        }
    }

    #[test]
    fn fields_are_compared_and_a_workspace_may_be_named() {
        let filter = requests("status=403&method=get&workspace=payments&verdict=denied&rbac_user_name=ann");
        assert_eq!((filter.status, filter.method.as_deref()), (Some(403), Some("GET")));
        assert_eq!(filter.workspace, Some(uuid::Uuid::from_u128(2).to_string()));
        assert_eq!((filter.verdict, filter.rbac_user_name.as_deref()), (Some(Verdict::Denied), Some("ann")));
    }

    #[test]
    fn what_is_not_understood_is_400() {
        for query in [
            "user=ann",
            "dao_name=groups",
            "status=abc",
            "verdict=maybe",
            "before=yesterday",
            "request_timestamp=10",
            "request_timestamp[ne]=10",
            "size=0",
            "size=1001",
            "size=x",
            "offset=zzz",
            "after=",
        ] {
            assert_eq!(read(query, "requests", "default").unwrap_err().status().as_u16(), 400, "{query}");
        }
        assert_eq!(read("status=200", "objects", "default").unwrap_err().status().as_u16(), 400);
        assert!(read("dao_name=groups&operation=create&entity_key=x", "objects", "default").is_ok());
    }

    #[test]
    fn outside_default_only_the_own_workspace_is_seen() {
        let workspace_of = |query, place| match read(query, "objects", place).unwrap().kind {
            Kind::Objects(filter) => filter.workspace,
            Kind::Requests(_) => unreachable!(),
        };
        let own = Some(uuid::Uuid::from_u128(2).to_string());
        assert_eq!(workspace_of("", "default"), None);
        assert_eq!(workspace_of("", "payments"), own);
        assert_eq!(workspace_of("workspace=payments", "payments"), own);
        assert_eq!(workspace_of("workspace=default", "payments"), Some(String::new()));
    }

    #[test]
    fn the_next_link_keeps_the_filters() {
        let link = |query| read(query, "requests", "default").unwrap().next_link("abc");
        assert_eq!(link(""), "/_api/audit/requests?offset=abc");
        assert_eq!(
            link("status=403&size=2&after=1970-01-01T00:00:10%2B00:00&offset=WyIxOjIiXQ"),
            "/_api/audit/requests?after=1970-01-01T00%3A00%3A10%2B00%3A00&size=2&status=403&offset=abc"
        );
    }

    proptest! {
        #[test]
        fn no_query_panics(name in "[a-z_\\[\\]]{0,24}", value in "\\PC{0,30}") {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let _ = read(&query, "requests", "payments");
            let _ = read(&format!("after={value}"), "objects", "default");
        }
    }
}
