//! Bodies of the JSON API: JSON or form. Texts are read as they stand; what is no text counts as none.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::{Map, Value};

use super::guard::PortalError;
use crate::kong::body::Members;
use crate::services::error::ServiceError;
use crate::web::admin_api::own;

/// Members of a body.
pub(super) struct Body(pub(super) Members);

impl Body {
    /// A text, or nothing.
    #[must_use]
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// `meta`: an object, or the JSON text of one as Kong's clients send it; none is empty.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(super) fn meta(&self) -> Result<Map<String, Value>, PortalError> {
        let wrong = || ServiceError::field("meta", "expected a JSON string of an object");
        match self.0.get("meta") {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(Value::String(text)) if text.is_empty() => Ok(Map::new()),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| wrong().into()),
            Some(_) => Err(wrong().into()),
        }
    }
}

impl FromRequest for Body {
    type Error = PortalError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PortalError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let payload = payload.await.map_err(|_| crate::web::error::ApiError::bad_json())?;
            Ok(Self(own::read_body(&request, payload).await?))
        })
    }
}
