//! Which route a request takes (Kong's documented priorities of the traditional router). Pure: rules go in once, then each
//! request is matched without a compile or an allocation. Called by `services::gateway`.
//!
//! A route counts once for each of its paths and each kind of its hosts. Of those that match, the first wins by: the number
//! of kinds of criteria (hosts, headers, paths, methods) and then which; plain hosts before wildcards; regex paths before
//! prefixes; more header names; higher `regex_priority`; longer prefix; earlier declaration.

mod path;
mod router;
mod rule;
mod target;
#[cfg(test)]
mod tests;

pub use path::{has_plain_segments, normalized};
pub use router::{Found, HeaderLines, Router, RoutingRequest};
pub use rule::{HeaderRule, HostRule, PathRule, RouteRule, RuleError};
pub use target::upstream_path;
