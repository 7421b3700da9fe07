//! Reading columns by name with the type the schema gives them, and small helpers that every aggregate needs.

use std::str::FromStr;

use sqlx::Row;
use sqlx::any::{AnyQueryResult, AnyRow};

use super::error::{StoreError, unique_columns};
use crate::domain::time::UnixSeconds;

/// Typed access to the columns of a row.
pub(super) trait Columns {
    fn text(&self, column: &'static str) -> Result<String, StoreError>;
    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError>;
    fn number(&self, column: &'static str) -> Result<i64, StoreError>;
    fn maybe_number(&self, column: &'static str) -> Result<Option<i64>, StoreError>;

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.number(column)? != 0)
    }

    fn time(&self, column: &'static str) -> Result<UnixSeconds, StoreError> {
        Ok(UnixSeconds(self.number(column)?))
    }

    fn maybe_time(&self, column: &'static str) -> Result<Option<UnixSeconds>, StoreError> {
        Ok(self.maybe_number(column)?.map(UnixSeconds))
    }

    fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Corrupt(column))
    }

    fn maybe_parsed<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.maybe_text(column)?.map(|text| text.parse().map_err(|_| StoreError::Corrupt(column))).transpose()
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }

    fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }

    fn maybe_number(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }
}

/// Reads every row with `read`.
pub(super) fn all<T>(
    rows: &[AnyRow],
    read: impl FnMut(&AnyRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}

/// Turns a violated unique constraint into the fields that collide. `fields` gives the values of the statement; of
/// them those are reported whose column (`name` or `name_id`) belongs to the constraint.
pub(super) fn on_unique(error: sqlx::Error, entity: &'static str, fields: &[(&str, &str)]) -> StoreError {
    let columns = match &error {
        sqlx::Error::Database(cause) => unique_columns(cause.as_ref()),
        _ => None,
    };
    let Some(columns) = columns else {
        return error.into();
    };
    let is_hit = |name: &str| {
        columns.iter().any(|column| column.strip_suffix("_id").unwrap_or(column) == name || column == name)
    };
    let hits = fields.iter().filter(|(name, _)| is_hit(name));
    StoreError::Unique { entity, fields: hits.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
}

/// Refuses a change that met no row.
pub(super) fn found(done: &AnyQueryResult) -> Result<(), StoreError> {
    if done.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// The id that a person wrote where names are accepted too: a hyphenated UUID, in either case of letters.
pub(super) fn as_id(name_or_id: &str) -> Option<String> {
    let hyphenated = Some(name_or_id).filter(|text| text.len() == 36)?;
    uuid::Uuid::try_parse(hyphenated).ok().map(|id| id.to_string())
}
