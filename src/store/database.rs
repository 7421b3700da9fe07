//! Connecting to SQLite or PostgreSQL through one driver interface, so that one SQL text serves both.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, AssertSqlSafe, Connection as _, Executor};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::error::StoreError;
use crate::config::settings::{DatabaseSettings, PostgresSettings, PostgresTls};

/// What statements run on.
pub type Connection = sqlx::AnyConnection;

/// A writing transaction; rolled back when dropped without commit.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, Any>,
    /// Held until the end on SQLite, see [`Store::write`].
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    /// Makes the changes permanent and visible to others.
    ///
    /// # Errors
    /// The database failed; then nothing of the transaction remains.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.inner
    }
}

/// Which database it is, for the few statements that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Embedded.
    Sqlite,
    /// PostgreSQL, with the schema of all tables.
    Postgres {
        /// `pg_schema`.
        schema: String,
    },
}

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    turn: Arc<Mutex<()>>,
}

impl Store {
    /// Connects. A SQLite file is made, readable by its owner only, with its directory. The tables, and the schema on
    /// PostgreSQL, come with [`migrations::up`](super::migrations::up).
    ///
    /// # Errors
    /// The database cannot be reached, or the file cannot be made.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (pool, dialect) = match settings {
            DatabaseSettings::Sqlite(path) => (open_sqlite(path).await?, Dialect::Sqlite),
            DatabaseSettings::Postgres(settings) => {
                (open_postgres(settings).await?, Dialect::Postgres { schema: settings.schema.clone() })
            }
        };
        Ok(Self { pool, dialect, turn: Arc::default() })
    }

    /// Whether there is something to connect to: looking must not make a SQLite file. A directory that cannot be looked
    /// into counts as one with a file, which [`Store::connect`] then reports.
    #[must_use]
    pub fn is_made(settings: &DatabaseSettings) -> bool {
        match settings {
            DatabaseSettings::Sqlite(path) => path.try_exists().unwrap_or(true),
            DatabaseSettings::Postgres(_) => true,
        }
    }

    pub(super) const fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The database cannot be reached in time.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction for writing. SQLite has one writer at a time: the write lock is taken at once, so that it never has
    /// to be upgraded, and writers of this process wait in line before they occupy a connection.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process keeps the write lock; the database cannot be reached in time.
    pub async fn write(&self) -> Result<Transaction, StoreError> {
        if matches!(self.dialect, Dialect::Postgres { .. }) {
            return Ok(Transaction { inner: self.pool.begin().await?, _turn: None });
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(Transaction { inner: self.pool.begin_with("BEGIN IMMEDIATE").await?, _turn: Some(turn) })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn open_sqlite(path: &Path) -> Result<AnyPool, StoreError> {
    create_private_file(path).map_err(|cause| StoreError::File { path: path.to_owned(), cause })?;
    let url = format!("sqlite://{}?mode=rw", utf8_percent_encode(&path.to_string_lossy(), PATH_LETTERS));
    let pool = AnyPoolOptions::new()
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(SQLITE_WAIT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("PRAGMA busy_timeout = 5000").await?;
                connection.execute("PRAGMA journal_mode = WAL").await?;
                connection.execute("PRAGMA synchronous = NORMAL").await?;
                connection.execute("PRAGMA foreign_keys = ON").await?;
                Ok(())
            })
        })
        .connect(&url)
        .await?;
    Ok(pool)
}

async fn open_postgres(settings: &PostgresSettings) -> Result<AnyPool, StoreError> {
    let search_path: Arc<str> = format!("SET search_path TO {}", quoted(&settings.schema)).into();
    let lock_timeout: Arc<str> = format!("SET lock_timeout = {}", settings.timeout.as_millis()).into();
    let url = postgres_url(settings);
    // A pool would try again until its time is up and then name no cause: the first connection is made by hand.
    let first = tokio::time::timeout(settings.timeout, Connection::connect(&url));
    let first = first.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    first.map_err(|error| not_let_in(settings, &error))?.close().await?;
    let pool = AnyPoolOptions::new()
        .max_connections(settings.pool_size.unwrap_or(10))
        .acquire_timeout(settings.timeout)
        .after_connect(move |connection, _| {
            let (search_path, lock_timeout) = (Arc::clone(&search_path), Arc::clone(&lock_timeout));
            Box::pin(async move {
                // Audited: a quoted name of the operator's settings, and a number.
                connection.execute(AssertSqlSafe(&*search_path)).await?;
                connection.execute(AssertSqlSafe(&*lock_timeout)).await?;
                Ok(())
            })
        })
        .connect(&url)
        .await?;
    Ok(pool)
}

/// Which server it was and which keys lead there, in place of sqlx's bare sentence.
fn not_let_in(settings: &PostgresSettings, error: &sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|cause| cause.code()).unwrap_or_default();
    let keys = match error {
        _ if code.starts_with("28") => "`pg_user` and `pg_password`",
        _ if code == "3D000" => "`pg_database`",
        sqlx::Error::Tls(_) => "`pg_ssl`, `pg_ssl_required` and `pg_ssl_verify`",
        _ => "`pg_host` and `pg_port`",
    };
    let cause = match error {
        sqlx::Error::PoolTimedOut => format!("no answer within {} ms", settings.timeout.as_millis()),
        sqlx::Error::Io(cause) => cause.to_string(),
        sqlx::Error::Database(cause) => cause.message().to_owned(),
        other => other.to_string(),
    };
    StoreError::Server { address: format!("{}:{}", bracketed(&settings.host), settings.port), cause, keys }
}

/// A name as a quoted identifier of SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

const SQLITE_CONNECTIONS: u32 = 8;
const SQLITE_WAIT: Duration = Duration::from_secs(10);
const PATH_LETTERS: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');

fn create_private_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

fn postgres_url(settings: &PostgresSettings) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let password =
        settings.password.as_ref().map_or_else(String::new, |secret| format!(":{}", encode(secret.expose_secret())));
    let tls = match settings.tls {
        PostgresTls::Off => "disable",
        PostgresTls::Prefer => "prefer",
        PostgresTls::Require => "require",
        PostgresTls::Verify => "verify-full",
    };
    // A directory of a Unix socket stands in the query, where slashes are harmless.
    let (host, socket) = if settings.host.starts_with('/') {
        ("localhost".to_owned(), format!("&host={}", encode(&settings.host)))
    } else {
        (bracketed(&settings.host).into_owned(), String::new())
    };
    format!(
        "postgres://{}{password}@{host}:{}/{}?sslmode={tls}&application_name=kong-sso{socket}",
        encode(&settings.user),
        settings.port,
        encode(&settings.database),
    )
}

/// An IPv6 address as URLs want it.
fn bracketed(host: &str) -> Cow<'_, str> {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]").into() } else { host.into() }
}
