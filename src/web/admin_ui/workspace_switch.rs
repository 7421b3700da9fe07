//! `POST /workspace`: the workspace that pages and Kong Manager show from now on. It grants nothing.

use serde::Deserialize;

use super::extractors::{CsrfForm, see_other};
use super::frame::{PageResult, page_of};
use crate::web::error::ApiError;

/// What is chosen, and where the browser goes then.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    workspace: String,
    to: String,
}

/// Takes the choice.
pub(super) async fn choose(form: CsrfForm<Choice>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let chosen = visitor.reachable().into_iter().find(|one| one.name.as_str() == fields.workspace);
    let chosen = chosen.ok_or_else(|| ApiError::workspace_not_found(&fields.workspace))?;
    let to = match fields.to.as_str() {
        "manager" => format!("{}/", visitor.services.settings.gui.path),
        _ => page_of(&visitor.arrival()),
    };
    let mut response = see_other(&to);
    response.add_cookie(&visitor.workspace_cookie(chosen)).map_err(|_| ApiError::internal())?;
    Ok(response)
}
