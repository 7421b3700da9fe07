//! Reading the audit log (kong-manager.md 7.7), for its doors and pages. Whoever calls has judged the caller.

use std::sync::Arc;

use futures_util::stream::{self, Stream};

use crate::domain::audit::{ObjectRecord, RequestRecord};
use crate::services::Services;
use crate::services::error::ServiceError;
pub use crate::store::audit::{Kept, Span};
pub use crate::store::audit_objects::ObjectFilter;
pub use crate::store::audit_requests::RequestFilter;
pub use crate::store::{Page, Paged};
use crate::store::{StoreError, audit_objects, audit_requests};

/// A page of records with the number of all that match.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// The page, newest first.
    pub page: Paged<Kept<T>>,
    /// How many records match on all pages.
    pub total: i64,
}

/// A page of a list.
///
/// # Errors
/// [`ServiceError::BadRequest`] for an offset that no list gave.
pub fn page(size: u32, offset: Option<&str>) -> Result<Page, ServiceError> {
    Ok(Page::new(size, offset)?)
}

/// Records of requests that match and have not expired, newest first.
///
/// # Errors
/// [`ServiceError::BadRequest`] for an offset of another list; the store failed.
pub async fn list_requests(
    services: &Services,
    filter: &RequestFilter,
    page: &Page,
) -> Result<Listing<RequestRecord>, ServiceError> {
    let now = services.clock.now();
    let mut connection = services.store.read().await?;
    let total = audit_requests::count_requests(&mut connection, filter, now).await?;
    let page = audit_requests::list_requests(&mut connection, filter, page, now).await?;
    Ok(Listing { page, total })
}

/// Records of changes that match and have not expired, newest first.
///
/// # Errors
/// [`ServiceError::BadRequest`] for an offset of another list; the store failed.
pub async fn list_objects(
    services: &Services,
    filter: &ObjectFilter,
    page: &Page,
) -> Result<Listing<ObjectRecord>, ServiceError> {
    let now = services.clock.now();
    let mut connection = services.store.read().await?;
    let total = audit_objects::count_objects(&mut connection, filter, now).await?;
    let page = audit_objects::list_objects(&mut connection, filter, page, now).await?;
    Ok(Listing { page, total })
}

/// The record of one request.
///
/// # Errors
/// The store failed.
pub async fn find_request(services: &Services, request_id: &str) -> Result<Option<Kept<RequestRecord>>, ServiceError> {
    let now = services.clock.now();
    Ok(audit_requests::find_request(&mut *services.store.read().await?, request_id, now).await?)
}

/// What one request changed, in its order.
///
/// # Errors
/// The store failed.
pub async fn list_objects_of(services: &Services, request_id: &str) -> Result<Vec<Kept<ObjectRecord>>, ServiceError> {
    let now = services.clock.now();
    Ok(audit_objects::list_of_request(&mut *services.store.read().await?, request_id, now).await?)
}

/// All matching records of requests from `page` on, read page by page as they are asked for.
pub fn export_requests(
    services: Arc<Services>,
    filter: RequestFilter,
    page: Page,
) -> impl Stream<Item = Result<Vec<Kept<RequestRecord>>, ServiceError>> + 'static {
    pages(page, async move |page: &Page| {
        let now = services.clock.now();
        audit_requests::list_requests(&mut *services.store.read().await?, &filter, page, now).await
    })
}

/// All matching records of changes from `page` on, read page by page as they are asked for.
pub fn export_objects(
    services: Arc<Services>,
    filter: ObjectFilter,
    page: Page,
) -> impl Stream<Item = Result<Vec<Kept<ObjectRecord>>, ServiceError>> + 'static {
    pages(page, async move |page: &Page| {
        let now = services.clock.now();
        audit_objects::list_objects(&mut *services.store.read().await?, &filter, page, now).await
    })
}

/// Reads pages until there is no next one. No connection is held between two pages.
fn pages<T: 'static>(
    first: Page,
    read: impl AsyncFn(&Page) -> Result<Paged<T>, StoreError> + 'static,
) -> impl Stream<Item = Result<Vec<T>, ServiceError>> + 'static {
    stream::try_unfold((Some(first), read), |(page, read)| async move {
        let Some(page) = page else { return Ok(None) };
        let paged = read(&page).await?;
        let next = paged.offset.as_deref().map(|offset| Page::new(page.size, Some(offset))).transpose()?;
        Ok(Some((paged.items, (next, read))))
    })
}
