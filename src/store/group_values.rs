//! The group values that came with sign-ins, for the list of values that no group maps yet.

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use super::statement::Statement;
use crate::domain::group::{ReceivedValue, SeenGroupValue};
use crate::domain::ids::{AdminId, GroupName};
use crate::domain::time::UnixSeconds;

/// How many values go into one statement.
const ROWS_AT_ONCE: usize = 200;

/// Makes `values` the group values of an admin's last sign-in. Values that cannot name a group are left out.
///
/// # Errors
/// [`StoreError::ForeignKey`] when the admin is gone.
pub async fn replace_seen(
    connection: &mut Connection,
    admin: AdminId,
    values: &[String],
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let admin = admin.to_string();
    sqlx::query("DELETE FROM admin_group_values WHERE admin_id = $1").bind(&admin).execute(&mut *connection).await?;
    let values: Vec<&str> = values.iter().filter(|value| GroupName::parse(value).is_ok()).map(String::as_str).collect();
    for some in values.chunks(ROWS_AT_ONCE) {
        let mut statement = Statement::new("INSERT INTO admin_group_values (admin_id, value, seen_at) VALUES ");
        for (index, value) in some.iter().enumerate() {
            statement.push(if index == 0 { "(" } else { ", (" });
            statement.bind(admin.as_str()).push(", ").bind(*value).push(", ").bind(now.0).push(")");
        }
        statement.push(" ON CONFLICT DO NOTHING");
        statement.execute(connection).await?;
    }
    Ok(())
}

/// The values of an admin's last sign-in by name, each with the group of that name.
///
/// # Errors
/// The database failed.
pub async fn list_of_admin(connection: &mut Connection, admin: AdminId) -> Result<Vec<ReceivedValue>, StoreError> {
    let rows = sqlx::query(
        "SELECT v.value, v.seen_at, g.id AS group_id FROM admin_group_values v
         LEFT JOIN idp_groups g ON g.name = v.value WHERE v.admin_id = $1 ORDER BY v.value",
    )
    .bind(admin.to_string())
    .fetch_all(connection)
    .await?;
    all(&rows, |row| {
        Ok(ReceivedValue {
            value: row.text("value")?,
            seen_at: row.time("seen_at")?,
            group: row.maybe_parsed("group_id")?,
        })
    })
}

/// Values of last sign-ins that are no group's name, the latest first.
///
/// # Errors
/// The database failed.
pub async fn list_unmapped(connection: &mut Connection, limit: u32) -> Result<Vec<SeenGroupValue>, StoreError> {
    let rows = sqlx::query(
        "SELECT v.value, COUNT(*) AS admins, MAX(v.seen_at) AS last_seen FROM admin_group_values v
         WHERE NOT EXISTS (SELECT 1 FROM idp_groups g WHERE g.name = v.value)
         GROUP BY v.value ORDER BY MAX(v.seen_at) DESC, v.value LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    all(&rows, |row| {
        Ok(SeenGroupValue {
            value: row.text("value")?,
            admins: u64::try_from(row.number("admins")?).unwrap_or_default(),
            last_seen: row.time("last_seen")?,
        })
    })
}
