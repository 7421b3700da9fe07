//! kong-sso.
