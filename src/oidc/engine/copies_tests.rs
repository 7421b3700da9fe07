//! What is taken from a caller who proved nothing.

use super::*;
use crate::domain::method::Method;
use crate::oidc::engine::request::Arguments;
use crate::oidc::engine::tests_support::{Lines, everywhere, view};

fn found(methods: &[Method], headers: &[(&str, &[u8])], query: &str, body: &[(&str, &str)]) -> Vec<String> {
    let headers = Lines(headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect());
    let body = Arguments(body.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
    let view = RequestView { query: Some(query), body: Some(&body), ..view(&headers) };
    let spots =
        spots(methods.iter().copied().collect(), &CredentialSearch { id_token_name: None, ..everywhere() }, &view);
    let text = |spot: Spot| match spot {
        Spot::Header(name) => format!("header {name}"),
        Spot::Query(name) => format!("query {name}"),
        Spot::Body(name) => format!("body {name}"),
        Spot::Cookie(name) => format!("cookie {name}"),
    };
    spots.into_iter().map(text).collect()
}

#[test]
fn a_token_goes_from_every_place_also_where_it_is_malformed_or_repeated() {
    let all = ["header authorization", "header x-access-token", "query access_token", "body access_token", "cookie at"];
    for authorization in [b"Bearer a".as_slice(), b"Bearer \xff", b"bearer not a token"] {
        let headers = [("authorization", authorization), ("x-access-token", b"b"), ("cookie", b"at=c")];
        let query = "access_token=d&access_token=e";
        assert_eq!(found(&[Method::Bearer], &headers, query, &[("access_token", "f")]), all);
    }
    let twice = [("authorization", b"Basic x".as_slice()), ("authorization", b"Bearer y")];
    assert_eq!(found(&[Method::Bearer], &twice, "", &[]), ["header authorization"]);
}

#[test]
fn what_no_enabled_method_reads_stays() {
    let headers = [("authorization", b"Basic YTpi".as_slice()), ("cookie", b"other=1")];
    assert!(found(&[Method::Bearer], &headers, "username=a&password=b", &[("refresh_token", "r")]).is_empty());
    assert_eq!(
        found(&[Method::Password, Method::RefreshToken], &headers, "username=a&password=b", &[("refresh_token", "r")]),
        ["body refresh_token", "header authorization", "query username", "query password"]
    );
    assert!(found(&[Method::Password], &[], "username=a", &[("client_id", "x")]).is_empty(), "a name alone");
}
