//! Teams of developers: who is in them, what they let developers see and use, and the applications that they own.

mod doors;
mod membership;

use kong_sso::domain::ids::DeveloperId;
use kong_sso::services::change::{Actor, Change};
use kong_sso::services::portal::teams::{self, NewTeam, members};
use kong_sso::store::developers;

use crate::applications::desk::Desk;
