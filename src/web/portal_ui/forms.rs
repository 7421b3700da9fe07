//! Forms that a page of the portal was given: from the same site, and with the token of this visitor.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::ORIGIN;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use url::form_urlencoded;

use super::visitor::{DeveloperPage, PageVisitor};
use crate::web::error::ApiError;
use crate::web::outlive::BODY_DEADLINE;
use crate::web::portal_api::guard::{PortalError, PortalVisit, Site};

/// What a form says: of several fields of one name the last.
#[derive(Clone, Debug, Default)]
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// The text of a field without spaces around it; absent is empty.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// Whether the form had the field.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The text of a field as it was typed: a password may begin with a space.
    #[must_use]
    pub fn exact(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// A form of anybody.
pub struct PageForm {
    /// Who sent it.
    pub visitor: PageVisitor,
    /// What it says.
    pub fields: Fields,
}

/// A form of an approved developer.
pub struct DeveloperForm {
    /// Who sent it.
    pub page: DeveloperPage,
    /// What it says.
    pub fields: Fields,
}

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, PortalError>>>>;

impl FromRequest for PageForm {
    type Error = PortalError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visit = PortalVisit::of(request);
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let visitor = PageVisitor::of(visit?).await?;
            let body = tokio::time::timeout(BODY_DEADLINE, body).await.map_err(|_| ApiError::body_timeout())?;
            let fields = checked(&visitor, body)?;
            Ok(Self { visitor, fields })
        })
    }
}

impl FromRequest for DeveloperForm {
    type Error = PortalError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = PageForm::from_request(request, payload);
        Box::pin(async move {
            let PageForm { visitor, fields } = form.await?;
            Ok(Self { page: DeveloperPage::of(visitor)?, fields })
        })
    }
}

fn checked(visitor: &PageVisitor, body: Result<Bytes, actix_web::Error>) -> Result<Fields, ApiError> {
    if !is_same_site(visitor) {
        return Err(ApiError::cross_site());
    }
    let body = body.map_err(|_| ApiError::bad_request("bad_form", "Cannot parse form body"))?;
    let mut fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let token = fields.remove("csrf").unwrap_or_default();
    let is_of = |owner: &String| visitor.services.notes.is_portal_form_token(owner, &token);
    if !visitor.owners().iter().any(is_of) {
        return Err(ApiError::stale_form());
    }
    Ok(Fields(fields))
}

/// This origin, or the configured one of the pages: a proxy in front may give the request another host.
fn is_same_site(visitor: &PageVisitor) -> bool {
    if visitor.site() == Site::Own {
        return true;
    }
    let public = url::Url::parse(&visitor.portal.url()).map(|url| url.origin().ascii_serialization());
    let origin = visitor.request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| public.is_ok_and(|public| public == origin))
}
