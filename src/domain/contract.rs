//! Contracts: an application's access to a published API (dev-portal.md 6.2).
//!
//! ```text
//!            +--> approved (0) --revoke--> revoked (3)
//! request ---+        ^    ^                  |
//!            |     approve +----reinstate-----+
//!            +--> pending (1) --reject--> rejected (2) --reinstate--> approved
//! ```
//!
//! Suspension stands beside the status: the owner lost access to the portal, Kong lost the service, or an admin paused the
//! contract. What still has to happen in Kong before a revocation or removal counts is [`Ending`].

use super::ids::{ApiId, ApplicationId, ContractId, WorkspaceId};
use super::time::UnixSeconds;

/// Status of a contract, with Kong's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractStatus {
    /// 0.
    Approved,
    /// 1.
    Pending,
    /// 2.
    Rejected,
    /// 3.
    Revoked,
}

impl ContractStatus {
    /// All, by number.
    pub const ALL: [Self; 4] = [Self::Approved, Self::Pending, Self::Rejected, Self::Revoked];

    /// Kong's number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The status with that number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.number() == number)
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
        }
    }
}

impl std::str::FromStr for ContractStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|status| status.as_str() == text);
        let numbered = || text.parse().ok().and_then(Self::from_number);
        named.or_else(numbered).ok_or("expected one of: approved (0), pending (1), rejected (2), revoked (3)")
    }
}

/// Why a contract is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its owner may not use the portal.
    Owner,
    /// Kong lost the service.
    Service,
    /// An admin said so.
    Admin,
}

/// All causes for which a contract is suspended at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspension(u8);

impl Suspension {
    /// As it is stored.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0 as i64
    }

    /// From the store; unknown bits suspend too.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        Self(u8::try_from(bits).unwrap_or(u8::MAX))
    }

    /// Whether there is any cause.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.0 != 0
    }

    /// Whether this is one of the causes.
    #[must_use]
    pub const fn has(self, cause: Cause) -> bool {
        self.0 & Self::bit(cause) != 0
    }

    /// The same with or without a cause.
    #[must_use]
    pub const fn with(self, cause: Cause, is_on: bool) -> Self {
        Self(if is_on { self.0 | Self::bit(cause) } else { self.0 & !Self::bit(cause) })
    }

    const fn bit(cause: Cause) -> u8 {
        match cause {
            Cause::Owner => 1,
            Cause::Service => 2,
            Cause::Admin => 4,
        }
    }
}

/// What Kong must confirm before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing.
    None,
    /// The grant must go; then the contract is revoked.
    Revoke,
    /// The grant must go; then the contract is gone.
    Delete,
    /// The grant must go; then the contract waits for a decision again.
    Review,
}

impl Ending {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Revoke => "revoke",
            Self::Delete => "delete",
            Self::Review => "review",
        }
    }
}

impl std::str::FromStr for Ending {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::None, Self::Revoke, Self::Delete, Self::Review];
        all.into_iter().find(|it| it.as_str() == text).ok_or("unknown ending")
    }
}

/// What decides whether a contract lets calls through, as far as the contract itself goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractState {
    /// Status.
    pub status: ContractStatus,
    /// Suspension.
    pub suspension: Suspension,
    /// What Kong must confirm.
    pub ending: Ending,
}

/// What admins do to a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractEvent {
    /// Pending to approved; also brings a rejected or revoked one back.
    Approve,
    /// Pending to rejected.
    Reject,
    /// Approved to revoked: begins now, counts when Kong confirmed it.
    Revoke,
}

impl ContractEvent {
    /// What leads to a status, for clients that set a status.
    #[must_use]
    pub const fn towards(status: ContractStatus) -> Option<Self> {
        match status {
            ContractStatus::Approved => Some(Self::Approve),
            ContractStatus::Rejected => Some(Self::Reject),
            ContractStatus::Revoked => Some(Self::Revoke),
            ContractStatus::Pending => None,
        }
    }
}

/// The event does not fit the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid status transition")]
pub struct InvalidTransition;

impl ContractState {
    /// A new contract.
    #[must_use]
    pub const fn requested(is_auto_approved: bool) -> Self {
        let status = if is_auto_approved { ContractStatus::Approved } else { ContractStatus::Pending };
        Self { status, suspension: Suspension(0), ending: Ending::None }
    }

    /// Whether Kong should hold the grant.
    #[must_use]
    pub fn wants_grant(&self) -> bool {
        self.status == ContractStatus::Approved && !self.suspension.is_any() && self.ending == Ending::None
    }

    /// The state once the application is another client: what was approved is decided again.
    #[must_use]
    pub fn reviewed(self) -> Self {
        match (self.status, self.ending) {
            (ContractStatus::Approved, Ending::None) => Self { ending: Ending::Review, ..self },
            _ => self,
        }
    }

    /// Whether an admin refused the access or took it away, for good or for a while: its owner cannot undo that.
    #[must_use]
    pub fn is_barred(&self) -> bool {
        matches!(self.status, ContractStatus::Rejected | ContractStatus::Revoked)
            || self.ending == Ending::Revoke
            || self.suspension.has(Cause::Admin)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`InvalidTransition`].
    pub const fn after(self, event: ContractEvent) -> Result<Self, InvalidTransition> {
        use ContractEvent::{Approve, Reject, Revoke};
        use ContractStatus::{Approved, Pending, Rejected, Revoked};
        let (status, ending) = match (self.status, self.ending, event) {
            (Pending | Rejected | Revoked, Ending::None, Approve) => (Approved, Ending::None),
            (Pending, Ending::None, Reject) => (Rejected, Ending::None),
            (Approved, Ending::None, Revoke) => (Approved, Ending::Revoke),
            _ => return Err(InvalidTransition),
        };
        Ok(Self { status, suspension: self.suspension, ending })
    }
}

/// Whether a new contract needs no decision: the portal's setting rules over the API's (dev-portal.md 5.4).
#[must_use]
pub const fn is_auto_approved(by_portal: bool, by_api: bool) -> bool {
    by_portal || by_api
}

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Key.
    pub id: ContractId,
    /// Workspace.
    pub ws_id: WorkspaceId,
    /// Application.
    pub application_id: ApplicationId,
    /// Published API.
    pub api_id: ApiId,
    /// State.
    pub state: ContractState,
    /// Why the developer wants access.
    pub reason: Option<String>,
    /// What the admin said to it.
    pub comment: Option<String>,
    /// When it was requested.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const EVENTS: [ContractEvent; 3] = [ContractEvent::Approve, ContractEvent::Reject, ContractEvent::Revoke];

    fn state(status: ContractStatus) -> ContractState {
        ContractState { status, suspension: Suspension::default(), ending: Ending::None }
    }

    #[test]
    fn the_table_of_transitions() {
        use ContractStatus::{Approved, Pending, Rejected, Revoked};
        for (from, [approve, reject, revoke]) in [
            (Approved, [None, None, Some((Approved, Ending::Revoke))]),
            (Pending, [Some((Approved, Ending::None)), Some((Rejected, Ending::None)), None]),
            (Rejected, [Some((Approved, Ending::None)), None, None]),
            (Revoked, [Some((Approved, Ending::None)), None, None]),
        ] {
            let found = EVENTS.map(|event| state(from).after(event).ok().map(|next| (next.status, next.ending)));
            assert_eq!(found, [approve, reject, revoke], "{from:?}");
        }
    }

    #[test]
    fn what_an_admin_refused_or_took_away_is_barred() {
        let held = state(ContractStatus::Approved);
        assert!(!held.is_barred() && !state(ContractStatus::Pending).is_barred());
        assert!(state(ContractStatus::Rejected).is_barred() && state(ContractStatus::Revoked).is_barred());
        assert!(ContractState { ending: Ending::Revoke, ..held }.is_barred());
        assert!(!ContractState { ending: Ending::Delete, ..held }.is_barred());
        for (cause, is_barred) in [(Cause::Owner, false), (Cause::Service, false), (Cause::Admin, true)] {
            assert_eq!(ContractState { suspension: held.suspension.with(cause, true), ..held }.is_barred(), is_barred);
        }
    }

    #[test]
    fn dp_065_the_portals_setting_rules_over_the_apis() {
        for (portal, api, status) in [(true, false, 0), (false, true, 0), (true, true, 0), (false, false, 1)] {
            assert_eq!(ContractState::requested(is_auto_approved(portal, api)).status.number(), status);
        }
    }

    #[test]
    fn statuses_are_read_by_number_and_name() {
        for status in ContractStatus::ALL {
            assert_eq!(status.as_str().parse::<ContractStatus>().unwrap(), status);
            assert_eq!(status.number().to_string().parse::<ContractStatus>().unwrap(), status);
        }
        assert!("4".parse::<ContractStatus>().is_err());
    }

    fn any_state() -> impl Strategy<Value = ContractState> {
        let endings = [Ending::None, Ending::Revoke, Ending::Delete];
        (0_usize..4, 0_i64..8, 0_usize..3).prop_map(move |(status, bits, ending)| ContractState {
            status: ContractStatus::ALL.get(status).copied().unwrap_or(ContractStatus::Pending),
            suspension: Suspension::from_bits(bits),
            ending: endings.get(ending).copied().unwrap_or(Ending::None),
        })
    }

    proptest! {
        #[test]
        fn nothing_but_an_approval_ever_gives_a_grant(start in any_state(), events in proptest::collection::vec(0_usize..3, 0..12)) {
            let mut state = start;
            for event in events.into_iter().filter_map(|at| EVENTS.get(at).copied()) {
                let Ok(next) = state.after(event) else { continue };
                prop_assert_eq!(next.suspension, state.suspension);
                if next.wants_grant() && !state.wants_grant() {
                    prop_assert_eq!(event, ContractEvent::Approve);
                }
                if event != ContractEvent::Approve {
                    prop_assert!(!next.wants_grant());
                }
                state = next;
            }
        }

        #[test]
        fn an_ending_contract_takes_no_event(state in any_state()) {
            prop_assume!(state.ending != Ending::None);
            prop_assert!(!state.wants_grant());
            prop_assert!(EVENTS.iter().all(|event| state.after(*event).is_err()));
        }

        #[test]
        fn causes_of_suspension_come_and_go_alone(bits in 0_i64..8) {
            let held = Suspension::from_bits(bits);
            for cause in [Cause::Owner, Cause::Service, Cause::Admin] {
                prop_assert!(held.with(cause, true).has(cause) && !held.with(cause, false).has(cause));
                for other in [Cause::Owner, Cause::Service, Cause::Admin].into_iter().filter(|it| *it != cause) {
                    prop_assert_eq!(held.with(cause, true).has(other), held.has(other));
                }
            }
            prop_assert_eq!(held.is_any(), bits != 0);
        }
    }
}
