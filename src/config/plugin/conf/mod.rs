//! The parts of a plugin's configuration, grouped by what reads them, not by the alphabet.

mod cache;
mod clients;
mod headers;
mod identity;
mod outcome;
mod provider;
mod requests;
mod search;
mod session;
mod verification;

pub use cache::CacheConf;
pub use clients::{ClientConf, ClientKey, PerClient};
pub use headers::{HeaderConf, SessionProperty, TokenHeader};
pub use identity::{AccessConf, ConsumerField, MappingConf, RequiredClaim};
pub use outcome::{FailureConf, LoginAction, LoginActionConf, LoginToken, LogoutConf};
pub use provider::{EndpointOverrides, ProviderConf};
pub use requests::{AuthorizationRequestConf, IntrospectionConf, TokenRequestConf, UserInfoConf};
pub use search::{CredentialSearch, Place, Places};
pub use session::{CookieConf, PluginSessionConf, RedisConf, RememberConf, SessionBinding, SessionStorage};
pub use verification::VerificationConf;
