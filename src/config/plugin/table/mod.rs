//! The table of parameters, by chapter: one row a parameter (openid-connect.md 13). The parser refuses what has no row, a
//! test holds the rows against the schema, and `docs/openid-connect-parameters.md` is printed from them.

mod access;
mod cache;
mod clients;
mod cookies;
mod endpoints;
mod flow;
mod headers;
mod later;
mod outcome;
mod provider;
mod redis;
mod search;
mod session;
mod token;
mod user_info;
mod verification;

use super::parameter::{Kind, Parameter, Rows, Status};

/// A chapter of the manual.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// Heading.
    pub title: &'static str,
    /// Its rows.
    pub rows: &'static [Parameter],
}

/// Writes rows as `"name": Kind, Preset, Status, "meaning";`.
macro_rules! table {
    ($($name:literal: $kind:expr, $preset:expr, $status:expr, $meaning:literal;)*) => {
        &[$($crate::config::plugin::parameter::Parameter {
            name: $name,
            kind: $kind,
            preset: $preset,
            status: $status,
            meaning: $meaning,
        }),*]
    };
}
use table;

/// The nine credential types.
const METHODS: &[&str] = &[
    "authorization_code",
    "bearer",
    "client_credentials",
    "introspection",
    "kong_oauth2",
    "password",
    "refresh_token",
    "session",
    "userinfo",
];
/// Ways in which a client proves itself at the provider.
const CLIENT_AUTH: &[&str] = &[
    "client_secret_basic",
    "client_secret_jwt",
    "client_secret_post",
    "none",
    "private_key_jwt",
    "self_signed_tls_client_auth",
    "tls_client_auth",
];
/// Those that need a client certificate.
const MTLS: Status = Status::Except(&["self_signed_tls_client_auth", "tls_client_auth"]);

/// All chapters.
pub const CHAPTERS: &[Chapter] = &[
    Chapter { title: "Provider", rows: provider::ROWS },
    Chapter { title: "Endpoints", rows: endpoints::ROWS },
    Chapter { title: "Clients", rows: clients::ROWS },
    Chapter { title: "Credentials", rows: search::ROWS },
    Chapter { title: "Authorization code flow", rows: flow::ROWS },
    Chapter { title: "Token endpoint", rows: token::ROWS },
    Chapter { title: "Introspection and UserInfo", rows: user_info::ROWS },
    Chapter { title: "Verification", rows: verification::ROWS },
    Chapter { title: "Caches", rows: cache::ROWS },
    Chapter { title: "Claims, consumers and groups", rows: access::ROWS },
    Chapter { title: "Headers", rows: headers::ROWS },
    Chapter { title: "Sessions", rows: session::ROWS },
    Chapter { title: "Cookies", rows: cookies::ROWS },
    Chapter { title: "Login, logout and refusals", rows: outcome::ROWS },
    Chapter { title: "Proof of possession, token exchange and principals", rows: later::ROWS },
];

/// The rows of all chapters.
const ROWS: [&[Parameter]; CHAPTERS.len()] = {
    let mut rows: [&[Parameter]; CHAPTERS.len()] = [&[]; CHAPTERS.len()];
    let mut index = 0;
    #[allow(clippy::indexing_slicing)] // Both have the same length, and this runs when it is compiled.
    while index < CHAPTERS.len() {
        rows[index] = CHAPTERS[index].rows;
        index += 1;
    }
    rows
};

/// The top level of the configuration.
pub const TABLE: Rows = &ROWS;

/// Every row of a record.
pub fn rows(of: Rows) -> impl Iterator<Item = &'static Parameter> {
    of.iter().flat_map(|rows| rows.iter())
}

/// The row of `name` in a record.
#[must_use]
pub fn find(of: Rows, name: &str) -> Option<&'static Parameter> {
    rows(of).find(|row| row.name == name)
}

/// A row with its path from the top and what becomes of it there.
#[derive(Clone, Debug)]
pub struct Flat {
    /// E.g. `redis.port` or `client_jwk[].kid`.
    pub path: String,
    /// The row.
    pub row: &'static Parameter,
    /// Its status, or that of the record around it when that does nothing.
    pub status: Status,
}

/// Rows and, after each record, the rows of its members.
#[must_use]
pub fn flattened(rows: &'static [Parameter]) -> Vec<Flat> {
    let mut flat = Vec::new();
    push(&mut flat, rows, "", Status::Implemented);
    flat
}

fn push(flat: &mut Vec<Flat>, rows: &'static [Parameter], prefix: &str, around: Status) {
    for row in rows {
        let status = if around == Status::Implemented { row.status } else { around };
        let path = format!("{prefix}{}", row.name);
        let below = if matches!(row.kind, Kind::Records(_)) { format!("{path}[].") } else { format!("{path}.") };
        flat.push(Flat { path, row, status });
        for members in row.kind.members() {
            push(flat, members, &below, status);
        }
    }
}
