//! Statements whose number of conditions or rows is known only at run time. Only fixed text goes into the SQL; every
//! value is bound, as `$1`, `$2`, ... which both databases understand.

use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow};
use sqlx::{Any, Arguments as _, AssertSqlSafe, Encode, Type};

use super::database::Connection;
use super::error::StoreError;

/// A statement in the making.
#[derive(Default)]
pub(super) struct Statement {
    sql: String,
    arguments: AnyArguments,
    failure: Option<sqlx::error::BoxDynError>,
}

impl Statement {
    /// Begins with fixed text.
    pub(super) fn new(text: &'static str) -> Self {
        Self { sql: text.to_owned(), ..Self::default() }
    }

    /// Adds fixed text.
    pub(super) fn push(&mut self, text: &'static str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Adds a placeholder and its value.
    pub(super) fn bind<'v>(&mut self, value: impl Encode<'v, Any> + Type<Any>) -> &mut Self {
        self.add(value);
        self.sql.push('$');
        self.sql.push_str(&self.arguments.len().to_string());
        self
    }

    /// Adds the value of a placeholder that the text has already: a number that stands there several times, or a `?` where
    /// a statement for SQLite has hundreds of them, which it would find by their numbers one by one.
    pub(super) fn add<'v>(&mut self, value: impl Encode<'v, Any> + Type<Any>) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.failure = Some(error);
        }
        self
    }

    /// Adds `(v1, v2, ...)`.
    pub(super) fn bind_list<'v>(&mut self, values: impl IntoIterator<Item = &'v str>) -> &mut Self {
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")")
    }

    /// Runs it. Such statements have many shapes, so none is kept prepared.
    pub(super) async fn execute(self, connection: &mut Connection) -> Result<AnyQueryResult, sqlx::Error> {
        let (sql, arguments) = self.finish()?;
        sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(false).execute(connection).await
    }

    /// Runs one that comes again and again with the same text: it is kept prepared.
    pub(super) async fn execute_kept(self, connection: &mut Connection) -> Result<AnyQueryResult, sqlx::Error> {
        let (sql, arguments) = self.finish()?;
        sqlx::query_with(AssertSqlSafe(sql), arguments).execute(connection).await
    }

    /// Runs it and returns its rows.
    pub(super) async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<AnyRow>, StoreError> {
        let (sql, arguments) = self.finish()?;
        Ok(sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(false).fetch_all(connection).await?)
    }

    fn finish(self) -> Result<(String, AnyArguments), sqlx::Error> {
        match self.failure {
            Some(failure) => Err(sqlx::Error::Encode(failure)),
            None => Ok((self.sql, self.arguments)),
        }
    }
}
