//! The OpenID Connect engine: the relying party of the admin login (openid-connect.md 2.9, 2.10, 3, 4). Called by
//! `services`; knows no web framework, no admin and no portal.
//!
//! ```text
//! start_login --302--> provider --redirect--> AuthorizationResponse --LoginCookie::take--> finish_login
//!                                                                                           |  redeem the code
//!                                                                                           |  verify the ID token
//!                                                                                           v  ask UserInfo
//!                                                           session <-- Identity + TokenSet
//! ```

mod authorization_request;
pub mod authorization_response;
mod claim_checks;
pub mod client_auth;
mod code_flow;
pub mod engine;
pub mod error;
pub mod form_request;
pub mod issuer;
pub mod jws;
pub mod keys;
pub mod login_cookie;
pub mod metadata;
pub mod own_keys;
pub mod pending_login;
pub mod provider;
pub mod public_pem;
pub mod quirks;
pub mod relying_party;
mod same_login;
mod secret_text;
pub mod signing_key;
mod strict_json;
pub mod token_endpoint;
pub mod token_error;
pub mod token_failure;
pub mod tokens;
pub mod user_info;
pub mod verify;

pub use authorization_response::{AuthorizationResponse, AuthorizationResponseError};
pub use error::{ErrorClass, OidcError, RefreshError};
pub use login_cookie::LoginCookie;
pub use pending_login::{LoginPurpose, PendingLogin};
pub use provider::{Provider, ProviderStatus};
pub use relying_party::{LoginOutcome, RelyingParty};
pub use tokens::TokenSet;
pub use verify::TokenError;
