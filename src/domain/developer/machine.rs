//! The status machine of dev-portal.md 3.2 as a pure function: what an event does to a developer, and what follows.
//!
//! ```text
//!   register --> unverified --verify--> pending --approve--> approved --revoke--> revoked --approve--> approved
//!            \-> pending / approved        \--reject--> rejected --approve--> approved
//!   invite --> invited --complete--> pending / approved
//! ```

use super::status::DeveloperStatus::{self, Approved, Invited, Pending, Rejected, Revoked, Unverified};

/// What the workspace's settings say about new accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `portal_auto_approve`.
    pub auto_approve: bool,
    /// `portal_email_verification`.
    pub email_verification: bool,
}

/// `sso_portal_sso_approve`: whom the identity provider's word lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SsoApproval {
    /// As `portal_auto_approve` says.
    Inherit,
    /// Everybody: approving is the provider's business.
    Always,
    /// Nobody: an admin approves.
    Never,
}

/// A mail about an account's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountMail {
    /// To the person: verify your address.
    Verification,
    /// To the person: verified, and approved.
    VerifiedApproved,
    /// To the person: verified, an admin has to approve.
    VerifiedPending,
    /// To the admins: somebody waits.
    AccessRequest,
    /// To the person: approved.
    Approved,
}

/// How an account begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// First status.
    pub status: DeveloperStatus,
    /// Mails that follow.
    pub mails: &'static [AccountMail],
}

/// What happens to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The person followed the verification link.
    Verify,
    /// The person completed the registration of an invitation; that proves the address.
    CompleteInvitation,
    /// The person came through an identity provider.
    SignIn {
        /// Whom the provider's word lets in.
        approval: SsoApproval,
        /// Whether the provider proved the address of the account.
        proves_address: bool,
    },
    /// An admin asks for a status.
    Set(DeveloperStatus),
    /// The same, whatever the table says.
    Force(DeveloperStatus),
}

/// What an event does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The status afterwards.
    pub to: DeveloperStatus,
    /// Whether the address has still to be verified before a login.
    pub must_verify: bool,
    /// Every session of the person ends.
    pub ends_sessions: bool,
    /// Contracts of own applications: `Some(true)` are suspended, `Some(false)` work again.
    pub suspends_contracts: Option<bool>,
    /// Mails that follow.
    pub mails: &'static [AccountMail],
}

/// An event that the status does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid status transition")]
pub struct Refused;

impl SsoApproval {
    const fn first_status(self, rules: Rules) -> DeveloperStatus {
        match self {
            Self::Inherit if rules.auto_approve => Approved,
            Self::Always => Approved,
            Self::Inherit | Self::Never => Pending,
        }
    }
}

/// Tells the admins of somebody who waits.
const fn request_of(status: DeveloperStatus) -> &'static [AccountMail] {
    match status {
        Pending => &[AccountMail::AccessRequest],
        _ => &[],
    }
}

impl Entry {
    /// The first status of somebody who registers.
    #[must_use]
    pub const fn of_registration(rules: Rules) -> Self {
        match (rules.email_verification, rules.auto_approve) {
            (true, _) => Self { status: Unverified, mails: &[AccountMail::Verification] },
            (false, false) => Self { status: Pending, mails: &[AccountMail::AccessRequest] },
            (false, true) => Self { status: Approved, mails: &[AccountMail::Approved] },
        }
    }

    /// The first status of somebody who comes through an identity provider. No mail tells of an approval: the person is in.
    #[must_use]
    pub fn of_sso(rules: Rules, approval: SsoApproval, is_address_proven: bool) -> Self {
        if rules.email_verification && !is_address_proven && approval != SsoApproval::Never {
            return Self { status: Unverified, mails: &[AccountMail::Verification] };
        }
        let status = approval.first_status(rules);
        Self { status, mails: request_of(status) }
    }

    /// The first status of somebody whom an admin creates; no mail follows.
    #[must_use]
    pub fn of_admin(rules: Rules, given: Option<DeveloperStatus>) -> Self {
        let usual = if rules.auto_approve { Approved } else { Pending };
        Self { status: given.unwrap_or(usual), mails: &[] }
    }
}

impl DeveloperStatus {
    /// What a sign-in through a provider does: it completes an invitation, proves an address, and approves who waits where
    /// the provider's word does that. It never lifts a rejection or a revocation.
    fn signed_in(self, approval: SsoApproval, proves_address: bool, must_verify: bool, rules: Rules) -> Transition {
        let settled = approval.first_status(rules);
        match self {
            Pending if approval == SsoApproval::Always => Transition::new(self, Approved, false),
            Invited => Transition::new(self, settled, false).with(request_of(settled)),
            Unverified if proves_address => Transition::new(self, settled, false).with(request_of(settled)),
            Approved => Transition::new(self, Approved, must_verify && !proves_address),
            _ => Transition::new(self, self, must_verify),
        }
    }

    /// What `event` does to an account of this status. `must_verify` is the account's flag.
    ///
    /// # Errors
    /// [`Refused`] when the table has no such row.
    pub fn after(self, event: Event, must_verify: bool, rules: Rules) -> Result<Transition, Refused> {
        let settled = if rules.auto_approve { Approved } else { Pending };
        Ok(match (self, event) {
            (Unverified, Event::Verify) if rules.auto_approve => {
                Transition::new(self, settled, false).with(&[AccountMail::VerifiedApproved])
            }
            (Unverified, Event::Verify) => {
                Transition::new(self, settled, false).with(&[AccountMail::VerifiedPending, AccountMail::AccessRequest])
            }
            (Approved, Event::Verify) if must_verify => {
                Transition::new(self, Approved, false).with(&[AccountMail::VerifiedApproved])
            }
            (Invited, Event::CompleteInvitation) => {
                let mail: &[AccountMail] =
                    if rules.auto_approve { &[AccountMail::Approved] } else { &[AccountMail::AccessRequest] };
                Transition::new(self, settled, false).with(mail)
            }
            (from, Event::SignIn { approval, proves_address }) => {
                from.signed_in(approval, proves_address, must_verify, rules)
            }
            (from, Event::Set(to)) if from == to => Transition::new(self, to, must_verify),
            (from, Event::Force(to)) if from == to => Transition::new(self, to, false),
            (Pending | Rejected | Revoked, Event::Set(Approved)) => {
                Transition::new(self, Approved, false).with(&[AccountMail::Approved])
            }
            (Unverified, Event::Set(Approved)) => Transition::new(self, Approved, true).with(&[AccountMail::Approved]),
            (Pending | Unverified, Event::Set(Rejected)) => Transition::new(self, Rejected, false),
            (Approved, Event::Set(Revoked)) => Transition::new(self, Revoked, false),
            (_, Event::Force(Approved)) => Transition::new(self, Approved, false).with(&[AccountMail::Approved]),
            (_, Event::Force(to)) => Transition::new(self, to, false),
            _ => return Err(Refused),
        })
    }
}

impl Transition {
    /// The consequences that follow from the two statuses alone.
    fn new(from: DeveloperStatus, to: DeveloperStatus, must_verify: bool) -> Self {
        let is_other = from != to;
        Self {
            to,
            must_verify,
            ends_sessions: is_other && to != Approved,
            suspends_contracts: if is_other { Some(contracts_of(to)) } else { None },
            mails: &[],
        }
    }

    const fn with(mut self, mails: &'static [AccountMail]) -> Self {
        self.mails = mails;
        self
    }
}

/// Whether contracts of an owner with that status are suspended.
#[must_use]
pub fn contracts_of(status: DeveloperStatus) -> bool {
    status != Approved
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAREFUL: Rules = Rules { auto_approve: false, email_verification: true };
    const OPEN: Rules = Rules { auto_approve: true, email_verification: false };

    #[test]
    fn registration_begins_where_the_settings_say() {
        let rules = |email_verification, auto_approve| Rules { auto_approve, email_verification };
        let cases = [
            (rules(true, true), Unverified, &[AccountMail::Verification][..]),
            (rules(true, false), Unverified, &[AccountMail::Verification]),
            (rules(false, false), Pending, &[AccountMail::AccessRequest]),
            (rules(false, true), Approved, &[AccountMail::Approved]),
        ];
        for (rules, status, mails) in cases {
            assert_eq!(Entry::of_registration(rules), Entry { status, mails }, "{rules:?}");
        }
        assert_eq!(Entry::of_admin(OPEN, None).status, Approved);
        assert_eq!(Entry::of_admin(CAREFUL, None).status, Pending);
        assert_eq!(Entry::of_admin(CAREFUL, Some(Revoked)), Entry { status: Revoked, mails: &[] });
    }

    /// A row: from, event, rules, the status and the flag afterwards, mails; `None` is refused.
    type Row = (DeveloperStatus, Event, Rules, Option<(DeveloperStatus, bool, &'static [AccountMail])>);

    #[test]
    fn the_table_of_transitions() {
        let approved: &[AccountMail] = &[AccountMail::Approved];
        let rows: &[Row] = &[
            (Unverified, Event::Verify, OPEN, Some((Approved, false, &[AccountMail::VerifiedApproved]))),
            (
                Unverified,
                Event::Verify,
                CAREFUL,
                Some((Pending, false, &[AccountMail::VerifiedPending, AccountMail::AccessRequest])),
            ),
            (Pending, Event::Verify, OPEN, None),
            (Invited, Event::CompleteInvitation, OPEN, Some((Approved, false, approved))),
            (Invited, Event::CompleteInvitation, CAREFUL, Some((Pending, false, &[AccountMail::AccessRequest]))),
            (Revoked, Event::CompleteInvitation, OPEN, None),
            (Pending, Event::Set(Approved), CAREFUL, Some((Approved, false, approved))),
            (Rejected, Event::Set(Approved), CAREFUL, Some((Approved, false, approved))),
            (Revoked, Event::Set(Approved), CAREFUL, Some((Approved, false, approved))),
            (Unverified, Event::Set(Approved), CAREFUL, Some((Approved, true, approved))),
            (Unverified, Event::Force(Approved), CAREFUL, Some((Approved, false, approved))),
            (Invited, Event::Set(Approved), CAREFUL, None),
            (Pending, Event::Set(Rejected), CAREFUL, Some((Rejected, false, &[]))),
            (Unverified, Event::Set(Rejected), CAREFUL, Some((Rejected, false, &[]))),
            (Approved, Event::Set(Rejected), CAREFUL, None),
            (Approved, Event::Force(Rejected), CAREFUL, Some((Rejected, false, &[]))),
            (Approved, Event::Set(Revoked), CAREFUL, Some((Revoked, false, &[]))),
            (Pending, Event::Set(Revoked), CAREFUL, None),
            (Pending, Event::Force(Revoked), CAREFUL, Some((Revoked, false, &[]))),
            (Approved, Event::Set(Pending), CAREFUL, None),
            (Approved, Event::Set(Approved), CAREFUL, Some((Approved, false, &[]))),
        ];
        for (from, event, rules, expected) in rows {
            let done = from.after(*event, false, *rules).ok();
            let seen = done.map(|done| (done.to, done.must_verify, done.mails));
            assert_eq!(seen, *expected, "{from:?} {event:?} {rules:?}");
        }
    }

    #[test]
    fn dp_033_a_sign_in_through_a_provider_settles_an_account_and_lifts_nothing() {
        use SsoApproval::{Always, Inherit, Never};
        let request: &[AccountMail] = &[AccountMail::AccessRequest];
        type Row<'r> = (DeveloperStatus, SsoApproval, bool, Rules, DeveloperStatus, &'r [AccountMail]);
        let rows: &[Row<'_>] = &[
            (Pending, Always, true, CAREFUL, Approved, &[]),
            (Pending, Inherit, true, OPEN, Pending, &[]),
            (Pending, Never, true, OPEN, Pending, &[]),
            (Invited, Always, false, CAREFUL, Approved, &[]),
            (Invited, Inherit, true, OPEN, Approved, &[]),
            (Invited, Never, true, OPEN, Pending, request),
            (Unverified, Always, true, CAREFUL, Approved, &[]),
            (Unverified, Always, false, CAREFUL, Unverified, &[]),
            (Unverified, Inherit, true, CAREFUL, Pending, request),
            (Approved, Never, false, CAREFUL, Approved, &[]),
            (Rejected, Always, true, OPEN, Rejected, &[]),
            (Revoked, Always, true, OPEN, Revoked, &[]),
        ];
        for (from, approval, proves_address, rules, to, mails) in rows {
            let event = Event::SignIn { approval: *approval, proves_address: *proves_address };
            let done = from.after(event, false, *rules).map(|done| (done.to, done.mails));
            assert_eq!(done, Ok((*to, *mails)), "{from:?} {event:?} {rules:?}");
        }
        let must_verify = |proves_address| {
            let event = Event::SignIn { approval: Inherit, proves_address };
            Approved.after(event, true, CAREFUL).map(|done| done.must_verify)
        };
        assert_eq!((must_verify(true), must_verify(false)), (Ok(false), Ok(true)));
        let entry = |rules, approval, proven| Entry::of_sso(rules, approval, proven).status;
        assert_eq!(entry(CAREFUL, Inherit, true), Pending);
        assert_eq!(entry(CAREFUL, Always, false), Unverified);
        assert_eq!(entry(CAREFUL, Never, false), Pending, "an admin decides, and the address is told");
        assert_eq!((entry(OPEN, Inherit, false), entry(OPEN, Never, true)), (Approved, Pending));
    }

    #[test]
    fn who_was_approved_before_verifying_verifies_once() {
        let done = Approved.after(Event::Verify, true, CAREFUL);
        assert!(done.is_ok_and(|done| done.to == Approved && !done.must_verify && !done.ends_sessions));
        assert_eq!(Approved.after(Event::Verify, false, CAREFUL), Err(Refused));
    }

    #[test]
    fn force_lets_somebody_in_who_never_verified() {
        let done = Approved.after(Event::Force(Approved), true, CAREFUL);
        assert!(done.is_ok_and(|done| !done.must_verify && done.mails.is_empty()));
        let done = Approved.after(Event::Set(Approved), true, CAREFUL);
        assert!(done.is_ok_and(|done| done.must_verify));
    }

    fn any_status() -> impl Strategy<Value = DeveloperStatus> {
        proptest::sample::select(DeveloperStatus::ALL.to_vec())
    }

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Verify),
            Just(Event::CompleteInvitation),
            any_status().prop_map(Event::Set),
            any_status().prop_map(Event::Force),
        ]
    }

    proptest! {
        #[test]
        fn whoever_loses_access_loses_sessions_and_contracts(
            from in any_status(), event in any_event(), auto_approve: bool, email_verification: bool, must_verify: bool,
        ) {
            if let Ok(done) = from.after(event, must_verify, Rules { auto_approve, email_verification }) {
                let is_other = done.to != from;
                prop_assert_eq!(done.ends_sessions, is_other && done.to != Approved);
                prop_assert_eq!(done.suspends_contracts, is_other.then_some(done.to != Approved));
                prop_assert!(is_other || !done.mails.contains(&AccountMail::Approved), "approved again");
            }
        }

        #[test]
        fn nobody_gets_back_in_by_an_own_deed(
            from in proptest::sample::select(vec![Rejected, Revoked]), auto_approve: bool, must_verify: bool,
        ) {
            let rules = Rules { auto_approve, email_verification: true };
            prop_assert!(from.after(Event::Verify, must_verify, rules).is_err());
            prop_assert!(from.after(Event::CompleteInvitation, must_verify, rules).is_err());
            for approval in [SsoApproval::Inherit, SsoApproval::Always, SsoApproval::Never] {
                let event = Event::SignIn { approval, proves_address: true };
                prop_assert_eq!(from.after(event, must_verify, rules).map(|done| done.to), Ok(from));
            }
        }
    }
}
