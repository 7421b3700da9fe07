//! Where credentials are looked for.

/// A place where a credential may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A request header.
    Header,
    /// The query.
    Query,
    /// A form or JSON body.
    Body,
    /// A cookie; bearer tokens only.
    Cookie,
}

/// Places in the order in which they are searched: header, query, body, cookie (openid-connect.md 1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(pub Vec<Place>);

impl Places {
    /// Whether `place` is searched.
    #[must_use]
    pub fn has(&self, place: Place) -> bool {
        self.0.contains(&place)
    }
}

/// Where credentials are looked for.
#[derive(Clone, Debug)]
pub struct CredentialSearch {
    /// `bearer_token_param_type`.
    pub bearer: Places,
    /// `bearer_token_header_name`, lower case.
    pub bearer_header: Option<String>,
    /// `bearer_token_cookie_name`.
    pub bearer_cookie: Option<String>,
    /// `password_param_type`.
    pub password: Places,
    /// `client_credentials_param_type`.
    pub client_credentials: Places,
    /// `refresh_token_param_type`.
    pub refresh_token: Places,
    /// `refresh_token_param_name`.
    pub refresh_token_name: Option<String>,
    /// `id_token_param_type`.
    pub id_token: Places,
    /// `id_token_param_name`.
    pub id_token_name: Option<String>,
}
