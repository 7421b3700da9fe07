//! The search, place by place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::config::plugin::Places;
use crate::domain::method::MethodSet;
use crate::oidc::engine::copies;
use crate::oidc::engine::request::Arguments;
use crate::oidc::engine::tests_support::{self, Lines, everywhere};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

/// A request: headers, query, body.
#[derive(Default)]
struct Sent<'s> {
    headers: &'s [(&'s str, &'s str)],
    query: Option<&'s str>,
    body: &'s [(&'s str, &'s str)],
}

fn with_view<T>(sent: &Sent<'_>, look: impl FnOnce(&RequestView<'_>) -> T) -> T {
    let headers = Lines(sent.headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
    let body = Arguments(sent.body.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
    let body = Some(&body).filter(|body| !body.0.is_empty());
    look(&view(&headers, sent.query, body))
}

fn view<'r>(headers: &'r Lines, query: Option<&'r str>, body: Option<&'r Arguments>) -> RequestView<'r> {
    RequestView { query, body, ..tests_support::view(headers) }
}

fn search(methods: &[Method], places: &CredentialSearch, sent: &Sent<'_>) -> Result<Option<String>, Malformed> {
    let methods: MethodSet = methods.iter().copied().collect();
    with_view(sent, |view| Ok(find(methods, places, view)?.as_ref().map(text)))
}

/// A credential as `kind value @ spots`.
fn text(found: &Found<'_>) -> String {
    let credential = match &found.credential {
        Credential::Token(token) => format!("token {token}"),
        Credential::RefreshToken(token) => format!("refresh {}", token.expose_secret()),
        Credential::Pair(pair) => {
            let uses = format!("{}{}", if pair.as_password { "p" } else { "" }, if pair.as_client { "c" } else { "" });
            format!("{uses} {}:{}", pair.name, pair.secret.expose_secret())
        }
    };
    let spots = found.spots.iter().map(|spot| match spot {
        Spot::Header(name) => format!("header {name}"),
        Spot::Query(name) => format!("query {name}"),
        Spot::Body(name) => format!("body {name}"),
        Spot::Cookie(name) => format!("cookie {name}"),
    });
    format!("{credential} @ {}", spots.collect::<Vec<_>>().join(", "))
}

#[test]
fn oidc_018_a_bearer_token_is_found_in_every_place_in_order() {
    let all = Sent {
        headers: &[
            ("authorization", "bEARER  one"),
            ("access-token", "two"),
            ("x-access-token", "three"),
            ("cookie", "a=b; at=six"),
        ],
        query: Some("x=1&access_token=fo%75r"),
        body: &[("access_token", "five")],
    };
    let bearer = |sent: &Sent<'_>| search(&[Method::Bearer], &everywhere(), sent).unwrap();
    assert_eq!(bearer(&all).unwrap(), "token one @ header authorization");
    let without = |count: usize| Sent { headers: &all.headers[count..], ..Sent { headers: &[], ..all } };
    assert_eq!(bearer(&without(1)).unwrap(), "token two @ header access-token");
    assert_eq!(bearer(&without(2)).unwrap(), "token three @ header x-access-token");
    assert_eq!(bearer(&without(3)).unwrap(), "token four @ query access_token");
    assert_eq!(bearer(&Sent { query: None, ..without(3) }).unwrap(), "token five @ body access_token");
    assert_eq!(bearer(&Sent { query: None, body: &[], ..without(3) }).unwrap(), "token six @ cookie at");
    assert_eq!(bearer(&Sent::default()), None);
}

#[test]
fn a_place_that_is_not_listed_is_not_searched() {
    let places = CredentialSearch { bearer: Places(vec![Place::Query]), ..everywhere() };
    let sent = Sent { headers: &[("authorization", "Bearer one")], ..Sent::default() };
    assert_eq!(search(&[Method::Bearer], &places, &sent).unwrap(), None);
    let broken = Sent { headers: &[("authorization", "Bearer a"), ("authorization", "Bearer b")], ..Sent::default() };
    assert_eq!(search(&[Method::Bearer], &places, &broken).unwrap(), None);
}

#[test]
fn oidc_019_a_configured_header_is_the_only_one() {
    let places = CredentialSearch { bearer_header: Some("x-jwt".into()), ..everywhere() };
    let found = |headers| search(&[Method::Bearer], &places, &Sent { headers, ..Sent::default() }).unwrap();
    assert_eq!(found(&[("authorization", "Bearer one"), ("access-token", "one")]), None);
    assert_eq!(found(&[("x-jwt", "two")]).unwrap(), "token two @ header x-jwt");
    assert_eq!(found(&[("x-jwt", "Bearer two")]).unwrap(), "token two @ header x-jwt");
}

#[test]
fn what_is_there_twice_or_is_no_token_is_malformed() {
    let long = "a".repeat(MAX_TOKEN + 1);
    for headers in [
        &[("authorization", "Bearer a"), ("authorization", "Bearer b")][..],
        &[("access-token", "a"), ("access-token", "a")],
        &[("authorization", "Bearer a b")],
        &[("authorization", "Bearer \u{e9}")],
        &[("access-token", long.as_str())],
    ] {
        let sent = Sent { headers, ..Sent::default() };
        assert!(search(&[Method::Bearer], &everywhere(), &sent).is_err(), "{headers:?}");
    }
    let twice = Sent { query: Some("access_token=a&access_token=b"), ..Sent::default() };
    assert!(search(&[Method::Bearer], &everywhere(), &twice).is_err());
    let twice = Sent { body: &[("access_token", "a"), ("access_token", "b")], ..Sent::default() };
    assert!(search(&[Method::Bearer], &everywhere(), &twice).is_err());
    for empty in ["Bearer", "Bearer ", "Bearer    ", "Negotiate abc", ""] {
        let sent = Sent { headers: &[("authorization", empty)], ..Sent::default() };
        assert_eq!(search(&[Method::Bearer], &everywhere(), &sent).unwrap(), None, "{empty}");
    }
}

#[test]
fn oidc_015_a_token_hides_the_credentials_behind_it() {
    let sent = Sent {
        headers: &[("authorization", "Basic dTpw"), ("refresh-token", "r")],
        query: Some("access_token=bad"),
        ..Sent::default()
    };
    let found = |methods: &[Method]| search(methods, &everywhere(), &sent).unwrap().unwrap();
    let all = [Method::UserInfo, Method::RefreshToken, Method::Password, Method::ClientCredentials];
    assert_eq!(found(&all), "token bad @ query access_token");
    assert_eq!(found(&all[1..]), "refresh r @ header refresh-token");
    assert_eq!(found(&all[2..]), "pc u:p @ header authorization");
    assert_eq!(found(&[Method::Password]), "p u:p @ header authorization");
    assert_eq!(found(&[Method::ClientCredentials]), "c u:p @ header authorization");
}

#[test]
fn a_name_with_its_secret_is_found_in_basic_query_and_body() {
    let all = [Method::Password, Method::ClientCredentials];
    let found = |sent: &Sent<'_>| search(&all, &everywhere(), sent);
    let basic = |value| search(&all, &everywhere(), &Sent { headers: &[("authorization", value)], ..Sent::default() });
    // user:pa:ss in Base64, and plain as older configurations know it.
    assert_eq!(basic("Basic dXNlcjpwYTpzcw==").unwrap().unwrap(), "pc user:pa:ss @ header authorization");
    assert_eq!(basic("basic user:pa:ss").unwrap().unwrap(), "pc user:pa:ss @ header authorization");
    assert!(basic("Basic ****").is_err() && basic("Basic Og==").is_err());
    let query = Sent { query: Some("username=u&password=&client_id=c&client_secret=s"), ..Sent::default() };
    assert_eq!(found(&query).unwrap().unwrap(), "p u: @ query username, query password");
    let body =
        Sent { query: Some("client_id=2"), body: &[("client_id", "c"), ("client_secret", "s")], ..Sent::default() };
    assert_eq!(found(&body).unwrap().unwrap(), "c c:s @ body client_id, body client_secret");
    assert_eq!(found(&Sent { query: Some("username=u"), ..Sent::default() }).unwrap(), None);
}

#[test]
fn oidc_039_a_refresh_token_has_the_name_that_is_configured() {
    let found = |places: &CredentialSearch, headers| {
        search(&[Method::RefreshToken], places, &Sent { headers, ..Sent::default() }).unwrap()
    };
    assert_eq!(found(&everywhere(), &[("refresh-token", "r")]).unwrap(), "refresh r @ header refresh-token");
    assert_eq!(found(&everywhere(), &[("x-refresh-token", "r")]).unwrap(), "refresh r @ header x-refresh-token");
    let unnamed = CredentialSearch { refresh_token_name: None, ..everywhere() };
    assert_eq!(found(&unnamed, &[("refresh-token", "r")]), None);
}

#[test]
fn a_body_is_wanted_only_where_nothing_before_it_is_found() {
    let wanted = |methods: &[Method], places: &CredentialSearch, sent: &Sent<'_>| {
        let methods: MethodSet = methods.iter().copied().collect();
        with_view(sent, |view| may_need_body(methods, places, view, false))
    };
    let bearer = Sent { headers: &[("authorization", "Bearer a")], ..Sent::default() };
    assert!(!wanted(&[Method::Bearer], &everywhere(), &bearer));
    assert!(wanted(&[Method::Bearer], &everywhere(), &Sent::default()));
    assert!(wanted(&[Method::Password], &everywhere(), &bearer));
    let malformed = Sent { headers: &[("authorization", "Bearer a b")], ..Sent::default() };
    let for_copies = |sent: &Sent<'_>| {
        with_view(sent, |view| may_need_body([Method::Bearer].into_iter().collect(), &everywhere(), view, true))
    };
    assert!(!wanted(&[Method::Bearer], &everywhere(), &malformed) && for_copies(&malformed) && !for_copies(&bearer));
    let header_only = CredentialSearch { bearer: Places(vec![Place::Header]), ..everywhere() };
    assert!(!wanted(&[Method::Bearer], &header_only, &Sent::default()));
    assert!(wanted(&[Method::Bearer, Method::Password], &header_only, &Sent::default()));
    assert!(!wanted(&[Method::Session, Method::AuthorizationCode], &everywhere(), &Sent::default()));
}

const NAMES: [&str; 8] = [
    "authorization",
    "access-token",
    "x-access-token",
    "cookie",
    "refresh-token",
    "x-refresh-token",
    "id-token",
    "host",
];

proptest! {
    /// Whatever is sent: no panic, and what is found stands where it is said to stand.
    #[test]
    fn what_is_found_stands_where_it_is_said_to_stand(
        headers in proptest::collection::vec((0..NAMES.len(), "(Bearer |basic |at=|)[ -~]{0,20}"), 0..4),
        query in proptest::option::of("((access_token|username|password|client_id|client_secret)=[a-z%0-9]{0,6}&?){0,4}"),
        body in proptest::collection::vec(("access_token|refresh_token|username|password", "[ -~]{0,8}"), 0..4),
        methods in proptest::collection::vec(0..Method::ALL.len(), 0..5),
    ) {
        let methods: MethodSet = methods.into_iter().map(|index| Method::ALL[index]).collect();
        let headers = Lines(headers.into_iter().map(|(name, value)| (NAMES[name].into(), value.into_bytes())).collect());
        let body = Arguments(body);
        let view = view(&headers, query.as_deref(), Some(&body));
        let found = find(methods, &everywhere(), &view);
        let _ = find_id_token(&everywhere(), &view);
        if let Ok(Some(found)) = &found {
            for spot in &found.spots {
                let stands_there = match spot {
                    Spot::Header(name) => view.header(name).is_some(),
                    Spot::Query(name) => view.query_argument(name).is_some(),
                    Spot::Body(name) => body.get(name).is_some(),
                    Spot::Cookie(name) => view.cookie(name).is_some(),
                };
                prop_assert!(stands_there);
                prop_assert!(copies::spots(methods, &everywhere(), &view).contains(spot), "{spot:?} would go on");
            }
        }
        // Without a wish for the body, the body changes nothing.
        if !may_need_body(methods, &everywhere(), &view, false) {
            let without = RequestView { body: None, ..view };
            let seen = |found: Result<Option<Found<'_>>, Malformed>| found.map(|found| found.as_ref().map(text));
            prop_assert_eq!(seen(find(methods, &everywhere(), &without)), seen(found));
        }
    }
}
