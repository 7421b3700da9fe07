//! `/`: the first page.

use actix_web::http::StatusCode;
use askama::Template;

use super::shell::{PortalSection, PortalShell};
use super::visitor::PageVisitor;
use crate::web::portal_api::guard::PortalResult;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct HomePage {
    shell: PortalShell,
    /// Whether the visitor may go on to applications.
    signed_in: bool,
}

/// `GET /`
pub(super) async fn show(visitor: PageVisitor) -> PortalResult {
    let page = HomePage { shell: visitor.shell("Home", PortalSection::Home)?, signed_in: visitor.is_signed_in() };
    visitor.render(StatusCode::OK, &page)
}
