//! Connecting to SQLite or PostgreSQL through one driver interface, so that one SQL text serves both.

use std::path::Path;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, Executor};

use super::error::StoreError;
use crate::config::settings::{DatabaseSettings, PostgresSettings, PostgresTls};

/// What statements run on.
pub type Connection = sqlx::AnyConnection;
/// A transaction; rolled back when dropped without commit.
pub type Transaction = sqlx::Transaction<'static, Any>;

/// Which database it is, for the few statements that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
}

impl Store {
    /// Connects. SQLite files are created with mode 0600, PostgreSQL schemas when they are missing.
    ///
    /// # Errors
    /// The database cannot be reached, or the file or schema cannot be made.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        match settings {
            DatabaseSettings::Sqlite(path) => Self::open_sqlite(path).await,
            DatabaseSettings::Postgres(settings) => Self::open_postgres(settings).await,
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        create_private_file(path).map_err(sqlx::Error::Io)?;
        let url = format!("sqlite://{}?mode=rwc", utf8_percent_encode(&path.to_string_lossy(), PATH_LETTERS));
        let pool = AnyPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
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
        Ok(Self { pool, dialect: Dialect::Sqlite })
    }

    async fn open_postgres(settings: &PostgresSettings) -> Result<Self, StoreError> {
        let url = postgres_url(settings);
        let schema = format!("CREATE SCHEMA IF NOT EXISTS \"{}\"", settings.schema.replace('"', "\"\""));
        let pool = AnyPoolOptions::new()
            .max_connections(settings.pool_size.unwrap_or(10))
            .acquire_timeout(settings.timeout)
            .connect(&url)
            .await?;
        // Audited: the only dynamic part is the quoted schema name of the operator's own settings.
        sqlx::raw_sql(sqlx::AssertSqlSafe(schema)).execute(&pool).await?;
        Ok(Self { pool, dialect: Dialect::Postgres })
    }

    /// The dialect behind the store.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The database cannot be reached in time.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction for writing. On SQLite it takes the write lock at once, so that it never has to upgrade one.
    ///
    /// # Errors
    /// The database cannot be reached in time.
    pub async fn write(&self) -> Result<Transaction, StoreError> {
        Ok(match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => self.pool.begin().await?,
        })
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
    let search_path = encode(&format!("-csearch_path={}", settings.schema));
    // A directory of a Unix socket stands in the query, where slashes are harmless.
    let (host, socket) = if settings.host.starts_with('/') {
        ("localhost".to_owned(), format!("&host={}", encode(&settings.host)))
    } else {
        (settings.host.clone(), String::new())
    };
    format!(
        "postgres://{}{password}@{host}:{}/{}?sslmode={tls}&options={search_path}{socket}",
        encode(&settings.user),
        settings.port,
        encode(&settings.database),
    )
}
