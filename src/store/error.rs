//! What can go wrong in the store, told apart so that services can answer each case.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row asked for does not exist.
    #[error("no such row")]
    NotFound,
    /// A row with these values exists: (field, value) pairs.
    #[error("{entity} exists already")]
    Unique {
        /// The kind of entity.
        entity: &'static str,
        /// The fields whose values collide.
        fields: Vec<(String, String)>,
    },
    /// The offset of a list was not made by this server.
    #[error("'{0}' is not a valid offset")]
    Offset(String),
    /// A stored value cannot be read back.
    #[error("the stored {0} cannot be read")]
    Corrupt(&'static str),
    /// The database cannot be reached or refused the statement.
    #[error("the database failed")]
    Unavailable(#[from] sqlx::Error),
    /// The migrations cannot be applied.
    #[error("the migrations failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
}
