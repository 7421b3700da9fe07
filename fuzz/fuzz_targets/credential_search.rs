//! Headers, query and body that may hold credentials: the search never panics and finds nothing that is not there.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use kong_sso::config::plugin::{CredentialSearch, Place, Places};
use kong_sso::domain::method::MethodSet;
use kong_sso::oidc::engine::search::{Spot, find, find_id_token, may_need_body};
use kong_sso::oidc::engine::{Arguments, Headers, RequestView};
use libfuzzer_sys::fuzz_target;

struct Lines(Vec<(String, Vec<u8>)>);

impl Headers for Lines {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.iter().filter(|(known, _)| known == name).nth(index).map(|(_, value)| value.as_slice())
    }
}

type Sent = (Vec<(u8, Vec<u8>)>, Option<String>, Vec<(String, String)>);

fuzz_target!(|sent: Sent| {
    let (headers, query, body) = sent;
    let names = ["authorization", "access-token", "x-access-token", "cookie", "refresh-token", "id-token"];
    let named = |(name, value): (u8, Vec<u8>)| (names[usize::from(name) % names.len()].to_owned(), value);
    let headers = Lines(headers.into_iter().map(named).collect());
    let body = Arguments(body);
    let places = || Places(vec![Place::Header, Place::Query, Place::Body]);
    let search = CredentialSearch {
        bearer: Places(vec![Place::Header, Place::Query, Place::Body, Place::Cookie]),
        bearer_header: None,
        bearer_cookie: Some("at".into()),
        password: places(),
        client_credentials: places(),
        refresh_token: places(),
        refresh_token_name: Some("refresh_token".into()),
        id_token: places(),
        id_token_name: Some("id_token".into()),
    };
    let view = RequestView {
        method: "POST",
        scheme: "https",
        authority: "api.test",
        path: "/",
        query: query.as_deref(),
        headers: &headers,
        body: Some(&body),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        is_authenticated: false,
    };
    let _ = (find_id_token(&search, &view), may_need_body(MethodSet::ALL, &search, &view, true));
    if let Ok(Some(found)) = find(MethodSet::ALL, &search, &view) {
        assert!(found.spots.iter().all(|spot| match spot {
            Spot::Header(name) => view.header(name).is_some(),
            Spot::Query(name) => view.query_argument(name).is_some(),
            Spot::Body(name) => body.get(name).is_some(),
            Spot::Cookie(name) => view.cookie(name).is_some(),
        }));
    }
});
