//! The `acl` plugin: whether the caller's groups may pass, and what the upstream is told of them. Pure.

use super::decision::{Caller, Refusal};
use crate::config::declared::AclConf;

/// Header with the ACL groups of a consumer.
pub(super) const CONSUMER_GROUPS: &str = "x-consumer-groups";
/// Header with the groups that a claim gave.
pub(super) const AUTHENTICATED_GROUPS: &str = "x-authenticated-groups";

/// The header for the upstream and its value; `None` for the value says that the header is not sent.
pub(super) type GroupsHeader = (&'static str, Option<String>);

/// Groups of a claim count where no consumer but the anonymous one is known, or where they are told to; otherwise those of
/// the consumer.
pub(super) fn judge(conf: &AclConf, caller: &Caller) -> Result<GroupsHeader, Refusal> {
    let is_somebody = caller.consumer.is_some() && !caller.is_anonymous;
    let claimed = caller.groups.as_ref().filter(|_| !is_somebody || conf.always_authenticated_groups);
    let (header, groups) = match (claimed, &caller.consumer) {
        (Some(groups), _) => (AUTHENTICATED_GROUPS, groups.clone()),
        (None, Some(consumer)) => {
            let mut groups = consumer.acl_groups.clone();
            if conf.include_consumer_groups {
                groups.extend(consumer.groups.iter().chain(&caller.consumer_groups).cloned());
            }
            (CONSUMER_GROUPS, groups)
        }
        (None, None) if caller.is_authenticated => return Err(Refusal::NotInGroup),
        (None, None) => return Err(Refusal::Unauthenticated),
    };
    let is_listed = groups.iter().any(|group| conf.groups.contains(group));
    if is_listed != conf.is_allow {
        return Err(Refusal::NotInGroup);
    }
    let is_shown = !conf.hide_groups_header && !groups.is_empty();
    Ok((header, is_shown.then(|| groups.join(", "))))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::consumer::Consumer;

    fn conf(is_allow: bool, groups: &[&str]) -> AclConf {
        AclConf {
            is_allow,
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            hide_groups_header: false,
            always_authenticated_groups: false,
            include_consumer_groups: false,
        }
    }

    fn member(groups: &[&str]) -> Caller {
        let acl_groups = groups.iter().map(|&group| group.to_owned()).collect();
        let consumer = Consumer { acl_groups, groups: vec!["tier".into()], ..Consumer::default() };
        Caller { consumer: Some(Arc::new(consumer)), is_authenticated: true, ..Caller::default() }
    }

    #[test]
    fn groups_of_the_consumer_are_held_against_the_list() {
        let passed = |text: &str| Ok((CONSUMER_GROUPS, Some(text.to_owned())));
        assert_eq!(judge(&conf(true, &["a"]), &member(&["a", "b"])), passed("a, b"));
        assert_eq!(judge(&conf(true, &["c"]), &member(&["a"])), Err(Refusal::NotInGroup));
        assert_eq!(judge(&conf(false, &["c"]), &member(&["a"])), passed("a"));
        assert_eq!(judge(&conf(false, &["a"]), &member(&["a"])), Err(Refusal::NotInGroup));
        assert_eq!(judge(&conf(true, &["tier"]), &member(&[])), Err(Refusal::NotInGroup));
        let included = AclConf { include_consumer_groups: true, ..conf(true, &["tier"]) };
        assert_eq!(judge(&included, &member(&[])), passed("tier"));
        let hidden = AclConf { hide_groups_header: true, ..conf(true, &["a"]) };
        assert_eq!(judge(&hidden, &member(&["a"])), Ok((CONSUMER_GROUPS, None)));
    }

    #[test]
    fn oidc_080_groups_of_a_claim_count_without_a_consumer_or_when_told_to() {
        let groups = Some(vec!["a".to_owned(), "b".to_owned()]);
        let claimed = Caller { groups: groups.clone(), is_authenticated: true, ..Caller::default() };
        let passed = Ok((AUTHENTICATED_GROUPS, Some("a, b".to_owned())));
        assert_eq!(judge(&conf(true, &["b"]), &claimed), passed);
        assert_eq!(judge(&conf(false, &["b"]), &claimed), Err(Refusal::NotInGroup));
        let both = Caller { groups: groups.clone(), ..member(&["c"]) };
        assert_eq!(judge(&conf(true, &["b"]), &both), Err(Refusal::NotInGroup));
        let always = AclConf { always_authenticated_groups: true, ..conf(true, &["b"]) };
        assert_eq!(judge(&always, &both), passed);
        assert_eq!(judge(&always, &member(&["b"])), Ok((CONSUMER_GROUPS, Some("b".to_owned()))), "none are claimed");
        let anonymous = Caller { is_anonymous: true, groups, ..member(&["c"]) };
        assert_eq!(judge(&conf(true, &["b"]), &anonymous), passed);
    }

    #[test]
    fn nobody_is_not_the_same_as_somebody_without_groups() {
        assert_eq!(judge(&conf(false, &["a"]), &Caller::default()), Err(Refusal::Unauthenticated));
        let unmapped = Caller { is_authenticated: true, ..Caller::default() };
        assert_eq!(judge(&conf(false, &["a"]), &unmapped), Err(Refusal::NotInGroup));
    }
}
