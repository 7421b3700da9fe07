//! What can go wrong in the store, told apart so that services can answer each case.

use std::path::PathBuf;

use sqlx::error::{DatabaseError, ErrorKind};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row asked for does not exist.
    #[error("no such row")]
    NotFound,
    /// A row with these values exists: (field, value) pairs of the violated constraint.
    #[error("{entity} exists already")]
    Unique {
        /// The kind of entity.
        entity: &'static str,
        /// The fields whose values collide.
        fields: Vec<(String, String)>,
    },
    /// A row that the statement refers to does not exist (any more).
    #[error("a referenced row does not exist")]
    ForeignKey,
    /// The offset of a list was not made by this server.
    #[error("'{0}' is not a valid offset")]
    Offset(String),
    /// A text holds the NUL character, which PostgreSQL cannot store.
    #[error("a text holds the NUL character")]
    Nul,
    /// A stored value cannot be read back.
    #[error("the stored {0} cannot be read")]
    Corrupt(&'static str),
    /// Another writer held a lock for too long, or two transactions waited for each other. Trying again may help.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// The database cannot be reached or refused the statement.
    #[error("the database failed")]
    Unavailable(#[source] sqlx::Error),
    /// The embedded database's file can be neither opened nor made.
    #[error(
        "{path} can be neither opened nor made: {cause}. Make `prefix` a directory this user may write to, or name \
         another file with `sso_database = sqlite:PATH`"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The PostgreSQL server does not let us in.
    #[error("PostgreSQL at {address}: {cause}; check {keys}")]
    Server {
        /// `pg_host` and `pg_port`.
        address: String,
        /// Why, without any secret.
        cause: String,
        /// The keys that may be wrong.
        keys: &'static str,
    },
    /// The schema is missing and may not be made.
    #[error(
        "{user} may not make the schema {schema} (`pg_schema`): have the owner of the database run \
         `GRANT CREATE ON DATABASE {database} TO {user}` (docs/operations.md)"
    )]
    SchemaRights {
        /// `pg_schema`.
        schema: String,
        /// The database, as SQL writes it.
        database: String,
        /// The user, as SQL writes it.
        user: String,
    },
    /// The migrations cannot be applied.
    #[error("the migrations failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(cause) => match cause.kind() {
                ErrorKind::ForeignKeyViolation => Self::ForeignKey,
                _ => match cause.code().as_deref() {
                    Some("22021") => Self::Nul,
                    Some(code) if is_contention(code) => Self::Busy(error),
                    _ => Self::Unavailable(error),
                },
            },
            _ => Self::Unavailable(error),
        }
    }
}

/// Lock time-outs, deadlocks and serialization failures: SQLSTATE of PostgreSQL, result codes of SQLite
/// (5 busy, 6 locked, and their extended forms, whose lowest byte is the same).
fn is_contention(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "55P03")
        || code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Names the columns of the violated unique constraint; `None` when the failure is another one.
///
/// SQLite lists `table.column, ...` in its message. PostgreSQL names the constraint, and the migrations name
/// constraints `table__column__column`.
pub(super) fn unique_columns(error: &dyn DatabaseError) -> Option<Vec<String>> {
    if !error.is_unique_violation() {
        return None;
    }
    Some(match error.constraint() {
        Some(constraint) => constraint.split("__").skip(1).map(str::to_owned).collect(),
        None => {
            let (_, columns) = error.message().rsplit_once(": ").unwrap_or_default();
            columns.split(", ").filter_map(|column| column.rsplit_once('.')).map(|(_, name)| name.to_owned()).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contention_is_told_from_other_failures() {
        for code in ["40001", "40P01", "55P03", "5", "6", "261", "517"] {
            assert!(is_contention(code), "{code}");
        }
        for code in ["23505", "22021", "08006", "1", "19", "2067", "00005"] {
            assert!(!is_contention(code), "{code}");
        }
    }
}
