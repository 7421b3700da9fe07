//! The engine of one `openid-connect` plugin (openid-connect.md 1): a request view goes in, a verdict comes out. It knows no
//! web framework, no page, no admin and no portal. Called by `services::gateway`.
//!
//! ```text
//! RequestView --> credential search --> proof --> claims --> consumer --> session --> Verdict
//!                    (1.3)              (2)       (7.1)      (7.4)        (5)
//! ```

pub mod proof;
pub mod request;
pub mod verdict;

pub use proof::{ClaimSources, Proof, ProvedTokens};
pub use request::{Arguments, Headers, RequestView};
pub use verdict::{Answer, Changes, Forwarded, Verdict};
