//! Reading columns by name, with the type the schema gives them.

use std::str::FromStr;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::error::StoreError;
use crate::domain::time::UnixSeconds;

/// Typed access to the columns of a row.
pub(super) trait Columns {
    fn text(&self, column: &'static str) -> Result<String, StoreError>;
    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError>;
    fn number(&self, column: &'static str) -> Result<i64, StoreError>;

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.number(column)? != 0)
    }

    fn time(&self, column: &'static str) -> Result<UnixSeconds, StoreError> {
        Ok(UnixSeconds(self.number(column)?))
    }

    fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Corrupt(column))
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        Ok(self.try_get(column)?)
    }
}

/// Turns a violated unique constraint into the fields that collide.
pub(super) fn on_unique(error: sqlx::Error, entity: &'static str, fields: &[(&str, &str)]) -> StoreError {
    match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => StoreError::Unique {
            entity,
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        },
        _ => error.into(),
    }
}
