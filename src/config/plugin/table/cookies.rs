//! Cookies.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const SAME_SITE: &[&str] = &["Default", "Lax", "None", "Strict"];

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "session_cookie_name": Text, Is("\"session\""), Implemented, "Name of the session cookie.";
    "session_cookie_path": Text, Is("\"/\""), Implemented, "Its `Path`.";
    "session_cookie_domain": Text, Unset, Implemented, "Its `Domain`.";
    "session_cookie_http_only": Flag, Is("true"), Implemented, "Hides it from scripts.";
    "session_cookie_secure": Flag, Unset, Implemented, "Its `Secure`; unset = when the request came by https.";
    "session_cookie_same_site": Word(SAME_SITE), Is("\"Lax\""), Implemented, "Its `SameSite`; `Default` = none.";
    "authorization_cookie_name": Text, Is("\"authorization\""), Implemented, "Name of the cookie that remembers a login under way.";
    "authorization_cookie_path": Text, Is("\"/\""), Implemented, "Its `Path`.";
    "authorization_cookie_domain": Text, Unset, Implemented, "Its `Domain`.";
    "authorization_cookie_http_only": Flag, Is("true"), Implemented, "Hides it from scripts.";
    "authorization_cookie_secure": Flag, Unset, Implemented, "Its `Secure`; unset = when the request came by https.";
    "authorization_cookie_same_site": Word(SAME_SITE), Is("\"Default\""), Implemented, "Its `SameSite`; `Default` = none.";
    "authorization_rolling_timeout": Number, Is("600"), Implemented, "Seconds that a login may take; 0 = any.";
};
