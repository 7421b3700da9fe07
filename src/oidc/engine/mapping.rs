//! Who the caller is for the gateway (openid-connect.md 7.4 to 7.7, 1.7): consumer, consumer groups, groups for the `acl`
//! plugin, and the credential of callers who are no consumer. Pure, given the gateway's consumers.
//!
//! ```text
//! consumer not found, mandatory        -> anonymous, when configured and there; 401 when it is not there; else 403
//! consumer group not found, mandatory  -> 401
//! ```

use std::sync::Arc;

use serde_json::Value;

use crate::config::plugin::{ConsumerField, MappingConf};
use crate::domain::claims::scalar_text;
use crate::domain::consumer::Consumer;

use super::claim_values::words;
use super::proof::{ClaimSources, Proof};
use super::refusal::{ChallengeError, Refusal};

/// The gateway's consumers, in memory.
pub trait ConsumerDirectory: Send + Sync {
    /// The consumer whose `field` is `value`. `ignore_case` concerns usernames only.
    fn find(&self, field: ConsumerField, value: &str, ignore_case: bool) -> Option<Arc<Consumer>>;

    /// Whether there is a consumer group of that name.
    fn has_group(&self, name: &str) -> bool;
}

/// Who the caller is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The consumer.
    pub consumer: Option<Arc<Consumer>>,
    /// Whether the consumer stands for nobody.
    pub is_anonymous: bool,
    /// Values of `authenticated_groups_claim`; `None` when that is not configured or not found.
    pub groups: Option<Vec<String>>,
    /// Consumer groups by `consumer_groups_claim`.
    pub consumer_groups: Vec<String>,
    /// The virtual credential, where no consumer is mapped.
    pub credential: Option<String>,
}

/// Who the caller of a proved credential is.
///
/// # Errors
/// A consumer or a consumer group is demanded, and there is none.
pub fn identify(conf: &MappingConf, proof: &Proof, directory: &dyn ConsumerDirectory) -> Result<Caller, Refusal> {
    let claims = &proof.claims;
    let consumer = proof.consumer.clone().or_else(|| mapped(conf, claims, directory));
    if consumer.is_none() && !conf.consumer_claims.is_empty() && !conf.consumer_optional {
        return without_consumer(conf, directory);
    }
    let credential = claims.for_headers(&conf.credential_claim).and_then(scalar_text).filter(|_| consumer.is_none());
    Ok(Caller {
        consumer,
        is_anonymous: false,
        groups: conf.groups_claim.as_ref().and_then(|path| claims.for_headers(path)).map(words),
        consumer_groups: consumer_groups(conf, claims, directory)?,
        credential,
    })
}

/// The caller without valid credentials, if the anonymous consumer is configured and still there.
#[must_use]
pub fn anonymous(conf: &MappingConf, directory: &dyn ConsumerDirectory) -> Option<Caller> {
    let name = conf.anonymous.as_deref()?;
    let by = |field| directory.find(field, name, false);
    let consumer = by(ConsumerField::Id).or_else(|| by(ConsumerField::Username))?;
    Some(Caller { consumer: Some(consumer), is_anonymous: true, ..Caller::default() })
}

/// The consumer that the first path with a value names; of a list, the first element that names one.
fn mapped(conf: &MappingConf, claims: &ClaimSources, directory: &dyn ConsumerDirectory) -> Option<Arc<Consumer>> {
    let value = conf.consumer_claims.iter().find_map(|path| claims.for_mapping(path))?;
    let candidates = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let find =
        |value: String| conf.consumer_by.iter().find_map(|field| directory.find(*field, &value, conf.ignore_case));
    candidates.iter().filter_map(scalar_text).filter(|value| !value.is_empty()).find_map(find)
}

/// Nobody was found, and somebody is demanded.
fn without_consumer(conf: &MappingConf, directory: &dyn ConsumerDirectory) -> Result<Caller, Refusal> {
    if conf.anonymous.is_none() {
        return Err(Refusal::forbidden("consumer_not_found", "no consumer was found for the caller"));
    }
    let detail = "no consumer was found for the caller, and the anonymous one is not there";
    anonymous(conf, directory)
        .ok_or_else(|| Refusal::unauthorized(ChallengeError::InvalidToken, "anonymous_not_found", detail))
}

fn consumer_groups(
    conf: &MappingConf,
    claims: &ClaimSources,
    directory: &dyn ConsumerDirectory,
) -> Result<Vec<String>, Refusal> {
    let Some(path) = &conf.consumer_groups_claim else { return Ok(Vec::new()) };
    let named = claims.for_headers(path).map(words).unwrap_or_default();
    let groups: Vec<String> = named.into_iter().filter(|name| directory.has_group(name)).collect();
    if groups.is_empty() && !conf.consumer_groups_optional {
        let detail = "no consumer group was found for the caller";
        return Err(Refusal::unauthorized(ChallengeError::InvalidToken, "consumer_group_not_found", detail));
    }
    Ok(groups)
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
