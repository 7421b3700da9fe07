//! `/`: the first page.

use actix_web::http::StatusCode;
use askama::Template;

use super::catalogue::{self, ApiRow};
use super::shell::{PortalSection, PortalShell};
use super::visitor::PageVisitor;
use crate::web::portal_api::guard::PortalResult;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct HomePage {
    shell: PortalShell,
    /// Whether the visitor may go on to applications.
    signed_in: bool,
    /// The first few APIs.
    apis: Vec<ApiRow>,
}

/// How many APIs are shown.
const SHOWN: usize = 6;

/// `GET /`
pub(super) async fn show(visitor: PageVisitor) -> PortalResult {
    let mut apis = catalogue::rows(&visitor, "").await?;
    apis.truncate(SHOWN);
    let shell = visitor.shell("Home", PortalSection::Home)?;
    let page = HomePage { shell, signed_in: visitor.is_signed_in(), apis };
    visitor.render(StatusCode::OK, &page)
}
