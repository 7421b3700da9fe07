//! How APIs of each kind of strategy are called: what the pages of an API and of an application print (dev-portal.md 9.1).

use crate::domain::strategy::{
    Enforcer, JwtConfig, KeyAuthConfig, KongOauth2Config, OpenidConnectConfig, Strategy, StrategyConfig,
};
use crate::services::gateway_sync::gate;

/// Instructions.
pub(super) struct HowTo {
    /// What to do, a sentence each.
    pub(super) steps: Vec<String>,
    /// Commands for a terminal.
    pub(super) commands: Vec<String>,
    /// The issuer of the identity provider, where developers are told.
    pub(super) issuer: Option<String>,
    /// What 401 means.
    pub(super) refused: &'static str,
}

const CALL: &str = "curl -H 'Authorization: Bearer TOKEN' https://GATEWAY/PATH";

impl HowTo {
    /// The instructions of a strategy; `enforcer` is that of the settings.
    pub(super) fn of(strategy: &Strategy, issuer: Option<&str>, enforcer: Option<Enforcer>) -> Self {
        match &strategy.config {
            StrategyConfig::KeyAuth(config) => key_auth(config),
            StrategyConfig::KongOauth2(config) => kong_oauth2(config),
            StrategyConfig::Jwt(config) => jwt(config),
            StrategyConfig::OpenidConnect(config) => external(config, issuer, gate::effective(config, enforcer)),
        }
    }
}

fn key_auth(config: &KeyAuthConfig) -> HowTo {
    let names = config.key_names.join(", ");
    let first = config.key_names.first().map_or("apikey", String::as_str);
    let which = if config.key_names.len() > 1 { "one of the headers" } else { "the header" };
    HowTo {
        steps: vec![format!("Send a key of your application in {which} {names}.")],
        commands: vec![format!("curl -H '{first}: YOUR_KEY' https://GATEWAY/PATH")],
        issuer: None,
        refused: "the key is missing or unknown",
    }
}

fn kong_oauth2(config: &KongOauth2Config) -> HowTo {
    let scopes = config.scopes.join(" ");
    let scope = if scopes.is_empty() { String::new() } else { format!(" -d 'scope={scopes}'") };
    let mut steps = vec![
        "Get a token with the client id and the client secret of your application, over HTTPS.".to_owned(),
        format!("Send it with each call. It lives {} seconds.", config.token_expiration),
    ];
    if !scopes.is_empty() {
        steps.push(format!("Scopes: {scopes}."));
    }
    let mut commands = Vec::new();
    if config.enable_client_credentials {
        commands.push(format!(
            "curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials{scope} https://GATEWAY/PATH/oauth2/token"
        ));
    }
    commands.push(CALL.to_owned());
    HowTo { steps, commands, issuer: None, refused: "the token is missing, over, or was ended with its secret" }
}

fn jwt(config: &JwtConfig) -> HowTo {
    HowTo {
        steps: vec![
            format!(
                "Sign a JSON Web Token with a credential of your application: claim {} is the name of the key, exp lies at \
                 most {} seconds ahead, alg is that of the credential.",
                config.key_claim_name, config.maximum_expiration
            ),
            "Send it with each call.".to_owned(),
        ],
        commands: vec![CALL.to_owned()],
        issuer: None,
        refused: "the token is missing, over, or not signed with a credential that is known",
    }
}

fn external(config: &OpenidConnectConfig, issuer: Option<&str>, enforcer: Enforcer) -> HowTo {
    let scopes = config.scopes.join(" ");
    let has = |method: &str| config.auth_methods.iter().any(|it| it == method);
    let is_exchanged = enforcer == Enforcer::OpenidConnect && has("client_credentials");
    let mut steps = vec![
        "Register a client at the identity provider, and give its client id to your application here.".to_owned(),
        "Ask the provider for an access token for that client, and send it with each call.".to_owned(),
    ];
    if is_exchanged {
        steps.push("Or send client id and secret with HTTP Basic: the gateway gets the token.".to_owned());
    }
    let scope = if scopes.is_empty() { String::new() } else { format!(" -d 'scope={scopes}'") };
    let mut commands = Vec::new();
    if has("client_credentials") {
        commands
            .push(format!("curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials{scope} TOKEN_ENDPOINT"));
    }
    commands.push(CALL.to_owned());
    HowTo {
        steps,
        commands,
        issuer: issuer.map(str::to_owned),
        refused: "the token is missing, over, or not of a client that is known here",
    }
}
