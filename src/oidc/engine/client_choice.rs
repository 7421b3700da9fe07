//! Which of several clients a request asks for (openid-connect.md 4.2).

use crate::config::plugin::OpenIdConnectConf;

use super::request::RequestView;

/// The argument that is searched when a custom one finds nothing.
const DEFAULT_ARG: &str = "client_id";

/// The index of the client that the request names, by id or by its number from 1. `None` when it names none, or one
/// that there is not: then the first client counts.
#[must_use]
pub fn asked_for(conf: &OpenIdConnectConf, view: &RequestView<'_>) -> Option<usize> {
    if conf.clients.len() < 2 {
        return None;
    }
    let value = argument(&conf.client_arg, view).or_else(|| argument(DEFAULT_ARG, view))?;
    let by_id = conf.clients.iter().position(|client| client.id == value);
    let by_number = || value.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < conf.clients.len());
    by_id.or_else(by_number)
}

fn argument(name: &str, view: &RequestView<'_>) -> Option<String> {
    let header = name.replace('_', "-").to_ascii_lowercase();
    let from_headers = view.header(&format!("x-{header}")).or_else(|| view.header(&header)).map(str::to_owned);
    from_headers
        .or_else(|| view.query_argument(name))
        .or_else(|| view.body.and_then(|body| body.get(name)).map(str::to_owned))
}
