//! What headers may say of a session (openid-connect.md 5.8).

use crate::config::plugin::{HeaderConf, SessionProperty};
use crate::domain::session::{SessionLimits, SessionTimes};
use crate::domain::time::UnixSeconds;

/// Properties of a session at the time of a request; timeouts are remaining seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Its id.
    pub id: String,
    /// `session_audience`.
    pub audience: String,
    /// `sub`.
    pub subject: Option<String>,
    /// Until it ends when unused; `None` without that limit.
    pub idling: Option<i64>,
    /// Until it ends unless renewed.
    pub rolling: Option<i64>,
    /// Until it ends however it is used.
    pub absolute: Option<i64>,
}

impl SessionFacts {
    /// What is left of each limit.
    #[must_use]
    pub(super) fn left(limits: &SessionLimits, times: &SessionTimes, now: UnixSeconds) -> [Option<i64>; 3] {
        let left =
            |limit: i64, since: UnixSeconds| (limit > 0).then(|| limit.saturating_sub(now.since(since).max(0)).max(0));
        [
            left(limits.idling, times.last_seen_at),
            left(limits.rolling, times.renewed_at),
            left(limits.absolute, times.created_at),
        ]
    }

    /// A property as text; `None` when the session has none.
    #[must_use]
    pub fn property(&self, property: SessionProperty) -> Option<String> {
        let seconds = |left: Option<i64>| left.map(|left| left.to_string());
        match property {
            SessionProperty::Id => Some(self.id.clone()),
            SessionProperty::Audience => Some(self.audience.clone()),
            SessionProperty::Subject => self.subject.clone(),
            SessionProperty::Timeout => seconds([self.idling, self.rolling, self.absolute].into_iter().flatten().min()),
            SessionProperty::IdlingTimeout => seconds(self.idling),
            SessionProperty::RollingTimeout => seconds(self.rolling),
            SessionProperty::AbsoluteTimeout => seconds(self.absolute),
        }
    }

    /// The headers that a configuration asks for: `Session-*` and `*_session_id_header`. Names are lower case.
    #[must_use]
    pub fn headers(&self, conf: &HeaderConf) -> Vec<(String, String)> {
        let properties = conf.session.iter().filter_map(|property| {
            // A subject is the provider's text: nothing that ends a header line may come with it.
            let value = self.property(*property)?.replace(['\r', '\n', '\0'], "");
            Some((header_name(*property).to_owned(), value))
        });
        let id = conf.session_id.iter().map(|name| (name.clone(), self.id.clone()));
        properties.chain(id).collect()
    }
}

const fn header_name(property: SessionProperty) -> &'static str {
    match property {
        SessionProperty::Id => "session-id",
        SessionProperty::Audience => "session-audience",
        SessionProperty::Subject => "session-subject",
        SessionProperty::Timeout => "session-timeout",
        SessionProperty::IdlingTimeout => "session-idling-timeout",
        SessionProperty::RollingTimeout => "session-rolling-timeout",
        SessionProperty::AbsoluteTimeout => "session-absolute-timeout",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidc_064_the_headers_say_what_is_left_of_a_session() {
        let limits = SessionLimits { idling: 900, rolling: 3600, absolute: 0 };
        let times =
            SessionTimes { created_at: UnixSeconds(0), last_seen_at: UnixSeconds(980), renewed_at: UnixSeconds(500) };
        let [idling, rolling, absolute] = SessionFacts::left(&limits, &times, UnixSeconds(1000));
        let (id, audience) = ("id".to_owned(), "default".to_owned());
        let facts = SessionFacts { id, audience, subject: Some("a\r\nb".into()), idling, rolling, absolute };
        let conf = HeaderConf {
            session: vec![SessionProperty::Id, SessionProperty::Timeout, SessionProperty::Subject],
            session_id: Some("x-sid".to_owned()),
            ..HeaderConf::default()
        };
        let told = facts.headers(&conf);
        let told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            told,
            [("session-id", "id"), ("session-timeout", "880"), ("session-subject", "ab"), ("x-sid", "id")]
        );
        assert_eq!(facts.property(SessionProperty::RollingTimeout).as_deref(), Some("3100"));
        assert_eq!(facts.property(SessionProperty::AbsoluteTimeout), None);
    }
}
