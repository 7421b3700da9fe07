//! What a link in a mail of the portal is good for (dev-portal.md 2.8).

use std::str::FromStr;

/// Purpose of a token: one made for another purpose is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Set another password.
    Reset,
    /// Prove the address of a new account.
    Verify,
    /// Complete the registration of an invitation.
    Invite,
    /// Prove another address of an account.
    EmailChange,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Reset, Self::Verify, Self::Invite, Self::EmailChange];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Invite => "invite",
            Self::EmailChange => "email_change",
        }
    }
}

impl FromStr for Purpose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(())
    }
}
