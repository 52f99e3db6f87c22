//! What PostgreSQL's own programs need to know to work on a store.

use std::str::FromStr;

use postgres::config::{Host, SslMode};
use postgres::{Config, NoTls};

use crate::DbError;

/// The environment for `pg_dump` and `pg_restore` to find the database at `url`. Not their arguments, which other
/// people on the machine can read.
///
/// # Errors
/// [`DbError::Broken`] when `url` is no address.
pub fn postgres_environment(url: &str) -> Result<Vec<(&'static str, String)>, DbError> {
    let config = Config::from_str(url).map_err(|error| DbError::Broken(error.to_string()))?;
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.to_string_lossy().into_owned(),
    });
    let ports = config.get_ports().iter().map(ToString::to_string);
    let ssl = match config.get_ssl_mode() {
        SslMode::Disable => "disable",
        SslMode::Require => "require",
        _ => "prefer",
    };
    let user = config.get_user().unwrap_or_default();
    let told = [
        ("PGHOST", hosts.collect::<Vec<_>>().join(",")),
        ("PGPORT", ports.collect::<Vec<_>>().join(",")),
        ("PGUSER", user.to_owned()),
        ("PGPASSWORD", String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned()),
        ("PGDATABASE", config.get_dbname().unwrap_or(user).to_owned()),
        ("PGSSLMODE", ssl.to_owned()),
    ];
    Ok(told.into_iter().filter(|(_, value)| !value.is_empty()).collect())
}

/// Whether the database at `url` has no tables yet.
///
/// # Errors
/// Whatever the engine says.
#[expect(clippy::disallowed_methods, reason = "a look at a database that is no store yet")]
pub fn postgres_is_empty(url: &str) -> Result<bool, DbError> {
    let mut client = postgres::Client::connect(url, NoTls)?;
    let sql = "SELECT COUNT(*) FROM pg_catalog.pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let tables: i64 = client.query_one(sql, &[])?.get(0);
    Ok(tables == 0)
}

/// Removes a fact from the store at `url`, which nobody has open yet.
///
/// # Errors
/// Whatever the engine says.
#[expect(clippy::disallowed_methods, reason = "a store that is being put back has no server yet")]
pub fn postgres_forget_fact(url: &str, name: &str) -> Result<(), DbError> {
    let mut client = postgres::Client::connect(url, NoTls)?;
    client.execute("DELETE FROM db_fact WHERE name = $1", &[&name])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_an_environment() {
        let told = postgres_environment("postgres://me:secret@db.example:5433/shop?sslmode=require").unwrap();
        let expected = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "me"),
            ("PGPASSWORD", "secret"),
            ("PGDATABASE", "shop"),
            ("PGSSLMODE", "require"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name, value.to_owned())));
        assert!(postgres_environment("postgres://me@h:port/x").is_err());
    }
}
