//! `/rbac/roles/:role/endpoints` (kong-manager.md 4.11). A rule's endpoint is the rest of the path, written as it is,
//! with a doubled slash, or as one segment with `%2F`: all three mean the same rule and are judged alike.

use super::input::{self, Input};
use super::{Answer, Call, encode, listing};
use crate::domain::rbac::EndpointPattern;
use crate::kong::body::Members;
use crate::services::representation;
use crate::services::role_rules::{self, NewRule, RuleEdit, RuleKey};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["role", "created_at", "updated_at"];

/// Answers a call of a role's rules; `path` is what follows `endpoints`.
pub(super) async fn answer(call: &Call<'_>, role: &str, path: &[&str]) -> Result<Answer, ApiError> {
    let [workspace, rest @ ..] = path else { return collection(call, role).await };
    let endpoint = pattern_of(rest).ok_or_else(ApiError::not_found)?;
    let key = RuleKey { role, workspace, endpoint };
    match call.method {
        "GET" => {
            let rule = role_rules::get(call.services, &call.here()?, &key).await?;
            Ok(Answer::ok(representation::role_endpoint(&rule)))
        }
        "PATCH" => {
            let edit = read_edit(&call.body)?;
            let rule = role_rules::update(call.services, call.caller, &call.here()?, &key, edit).await?;
            Ok(Answer::ok(representation::role_endpoint(&rule)))
        }
        "DELETE" => {
            role_rules::delete(call.services, call.caller, &call.here()?, &key).await?;
            Ok(Answer::no_content())
        }
        _ => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
    }
}

async fn collection(call: &Call<'_>, role: &str) -> Result<Answer, ApiError> {
    match call.method {
        "GET" => {
            let rules = role_rules::list(call.services, &call.here()?, role).await?;
            Ok(listing::complete(&rules, representation::role_endpoint))
        }
        "POST" => {
            let new = read_new(&call.body)?;
            let rule = role_rules::create(call.services, call.caller, &call.here()?, role, new).await?;
            Ok(Answer::created(representation::role_endpoint(&rule)))
        }
        _ => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
    }
}

/// The pattern that the rest of a path names: a lone `*` is every endpoint.
fn pattern_of(rest: &[&str]) -> Option<EndpointPattern> {
    if rest == ["*"] {
        return Some(EndpointPattern::Every);
    }
    let parts = rest.iter().flat_map(|segment| segment.split('/')).filter(|part| !part.is_empty());
    let parts = parts.map(|part| if part == "*" { part.to_owned() } else { encode(part) });
    EndpointPattern::parse(&format!("/{}", parts.collect::<Vec<_>>().join("/"))).ok()
}

fn read_new(body: &Members) -> Result<NewRule, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let workspace = input.optional("workspace", input::short_text);
    let endpoint = input.required("endpoint", EndpointPattern::parse);
    let actions = input.actions("actions");
    let negative = input.flag("negative");
    let comment = input.optional("comment", input::free_text);
    if actions == Some(None) {
        input.refuse::<()>("actions", "required field missing");
    }
    input.finish(|| {
        Some(NewRule {
            workspace: workspace?,
            endpoint: endpoint?,
            actions: actions??,
            negative: negative?.unwrap_or(false),
            comment: comment?,
        })
    })
}

fn read_edit(body: &Members) -> Result<RuleEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let actions = input.actions("actions");
    let negative = input.flag("negative");
    let comment = input.edit("comment", input::free_text);
    for key in ["workspace", "endpoint"] {
        input.refuse_if_present(key, "immutable");
    }
    input.finish(|| Some(RuleEdit { actions: actions?, negative: negative?, comment: comment? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(rest: &[&str]) -> Option<String> {
        pattern_of(rest).map(|pattern| pattern.to_string())
    }

    #[test]
    fn every_way_to_write_a_rules_endpoint_means_the_same() {
        for rest in [&["services", "*"][..], &["/services/*"], &["services/*"]] {
            assert_eq!(printed(rest).as_deref(), Some("/services/*"), "{rest:?}");
        }
        assert_eq!(printed(&["*"]).as_deref(), Some("*"));
        assert_eq!(printed(&["/*"]).as_deref(), Some("/*"));
        assert_eq!(printed(&[]).as_deref(), Some("/"));
        assert_eq!(printed(&["services", "a b", "%41"]).as_deref(), Some("/services/a%20b/%2541"));
        assert_eq!(printed(&["services", ".."]), None);
    }

    proptest! {
        #[test]
        fn a_stored_pattern_is_found_by_its_path(text in "(/[a-c*%é .]{1,4}){1,5}|\\*") {
            if let Ok(pattern) = EndpointPattern::parse(&text) {
                let printed = pattern.to_string();
                let decoded: Result<Vec<String>, _> = printed
                    .split('/')
                    .filter(|part| !part.is_empty())
                    .map(|part| percent_encoding::percent_decode_str(part).decode_utf8().map(String::from))
                    .collect();
                // A path that is not UTF-8 reaches no door.
                let Ok(decoded) = decoded else { return Ok(()) };
                let rest: Vec<&str> = decoded.iter().map(String::as_str).collect();
                if pattern == EndpointPattern::Every || rest != ["*"] {
                    prop_assert_eq!(pattern_of(&rest), Some(pattern));
                }
            }
        }
    }
}
