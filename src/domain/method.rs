//! The nine credential types of the engine, in the fixed order in which they are searched (openid-connect.md 1.3).

/// A credential type: one value of `auth_methods`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// `session`
    Session,
    /// `bearer`
    Bearer,
    /// `kong_oauth2`
    KongOAuth2,
    /// `introspection`
    Introspection,
    /// `userinfo`
    UserInfo,
    /// `refresh_token`
    RefreshToken,
    /// `password`
    Password,
    /// `client_credentials`
    ClientCredentials,
    /// `authorization_code`
    AuthorizationCode,
}

impl Method {
    /// All of them, in search order.
    pub const ALL: [Self; 9] = [
        Self::Session,
        Self::Bearer,
        Self::KongOAuth2,
        Self::Introspection,
        Self::UserInfo,
        Self::RefreshToken,
        Self::Password,
        Self::ClientCredentials,
        Self::AuthorizationCode,
    ];

    /// The word in `auth_methods`, logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Bearer => "bearer",
            Self::KongOAuth2 => "kong_oauth2",
            Self::Introspection => "introspection",
            Self::UserInfo => "userinfo",
            Self::RefreshToken => "refresh_token",
            Self::Password => "password",
            Self::ClientCredentials => "client_credentials",
            Self::AuthorizationCode => "authorization_code",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// Some of the nine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MethodSet(u16);

impl MethodSet {
    /// All nine.
    pub const ALL: Self = Self(0x1ff);

    /// Whether `method` is among them.
    #[must_use]
    pub const fn has(self, method: Method) -> bool {
        self.0 & (1 << method as u16) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in it, in search order.
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.has(*method))
    }
}

impl FromIterator<Method> for MethodSet {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        Self(methods.into_iter().fold(0, |set, method| set | 1 << method as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_keeps_the_search_order() {
        let set: MethodSet = [Method::AuthorizationCode, Method::Session, Method::Password].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Method::Session, Method::Password, Method::AuthorizationCode]);
        assert!(!set.has(Method::Bearer) && MethodSet::default().is_empty());
        assert_eq!(Method::ALL.into_iter().collect::<MethodSet>(), MethodSet::ALL);
        assert!(Method::ALL.into_iter().all(|method| Method::named(method.name()) == Some(method)));
    }
}
