//! What can go wrong in the store, sorted by what to do about it.

/// A failure of the store. Expected outcomes (no such row, a row already there) are not failures: `opt` returns
/// `None` and `execute` returns a row count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The transaction lost against a concurrent one. The executor runs it again; a caller sees this only when
    /// the deadline passed first.
    #[error("the transaction lost against a concurrent one")]
    Conflict,
    /// Too many requests wait already, or this one waited too long. Nothing was done.
    #[error("too many requests are waiting")]
    Busy,
    /// The server gave up a statement that took too long. Nothing was done.
    #[error("a statement took too long")]
    TooLong,
    /// A unique key was violated where the command expected none.
    #[error("unexpected duplicate: {0}")]
    Unique(String),
    /// Another constraint was violated.
    #[error("constraint violated: {0}")]
    Constraint(String),
    /// The disk is full: writes are refused, reads go on.
    #[error("the disk is full")]
    DiskFull,
    /// The file or the disk is damaged: the program must stop.
    #[error("the store is damaged: {0}")]
    Broken(String),
    /// The database cannot be reached, its file cannot be opened now, or it was lost before the transaction could be
    /// committed. Nothing was done.
    #[error("the database cannot be reached")]
    Lost,
    /// The connection was lost while the transaction was committed, and time ran out before it could be told whether
    /// it was. Whoever asks again with the same key finds out.
    #[error("it is not known yet whether this was done")]
    InDoubt,
    /// A statement failed earlier in this transaction and the command went on regardless.
    #[error("a statement failed earlier in this transaction")]
    Poisoned,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The store was made by a version of the program whose tables were others. Nothing was changed in it.
    #[error("{0}")]
    OtherVersion(String),
    /// A mistake in the program: bad SQL, a missing parameter, a stored value of another form, a panic.
    #[error("internal: {0}")]
    Bug(String),
}

impl DbError {
    /// Whether the whole transaction may simply be run again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Lost)
    }

    /// Whether the same may succeed later, unchanged: it says something about the store, nothing about what was asked.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Conflict
                | Self::Busy
                | Self::DiskFull
                | Self::Broken(_)
                | Self::Lost
                | Self::InDoubt
                | Self::Closed
        )
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Self::Bug(error.to_string());
        };
        let text = message.clone().unwrap_or_else(|| failure.to_string());
        // The rest are programming mistakes, whatever their number.
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Conflict,
            ErrorCode::DiskFull => Self::DiskFull,
            ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::Broken(text)
            }
            ErrorCode::ReadOnly => Self::Broken(text),
            // For want of file handles, most likely: the next attempt may find one.
            ErrorCode::CannotOpen => {
                tracing::error!(text, "SQLite cannot open a file");
                Self::Lost
            }
            ErrorCode::ConstraintViolation => match failure.extended_code {
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                    Self::Unique(text)
                }
                _ => Self::Constraint(text),
            },
            _ => Self::Bug(text),
        }
    }
}

impl From<postgres::Error> for DbError {
    fn from(error: postgres::Error) -> Self {
        let Some(server) = error.as_db_error() else {
            return if error.is_closed() || is_io(&error) {
                Self::Lost
            } else {
                Self::Bug(error.to_string())
            };
        };
        let text = || server.constraint().unwrap_or(server.message()).to_owned();
        Self::of_state(server.code().code(), text, server.message())
    }
}

impl DbError {
    /// What a SQLSTATE means; `text` names the constraint, where there is one.
    fn of_state(state: &str, text: impl FnOnce() -> String, message: &str) -> Self {
        match state {
            "40001" | "40P01" => Self::Conflict,
            "23505" => Self::Unique(text()),
            "53100" => Self::DiskFull,
            // The server is going away, coming up, or has no room for one more connection; it has closed this one, as
            // it does with those that idle in a transaction; or it is a copy that takes no writes, since another
            // became the first. It does not say whether a commit took place. The next connection will do.
            "53300" | "25P03" | "25006" | "40003" => Self::Lost,
            _ if state.starts_with("57P") || state.starts_with("08") => Self::Lost,
            "57014" => Self::TooLong,
            // Out of something else than disk: nothing was done.
            _ if state.starts_with("53") => Self::Busy,
            _ if state.starts_with("23") => Self::Constraint(text()),
            // Data or index corrupted, or the disk failed. Other internal errors of the server are no damage.
            "XX001" | "XX002" | "58030" => Self::Broken(message.to_owned()),
            _ => Self::Bug(format!("{state}: {message}")),
        }
    }
}

fn is_io(error: &postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(state: &str) -> DbError {
        DbError::of_state(state, || "key".to_owned(), "message")
    }

    #[test]
    fn a_database_that_goes_away_is_lost_and_never_broken() {
        // Shutdowns, a crash of another session, a start that is not finished, connections refused or closed.
        for state in
            ["57P01", "57P02", "57P03", "57P05", "08000", "08003", "08006", "53300", "25P03", "25006"]
        {
            assert_eq!(of(state), DbError::Lost, "{state}");
            assert!(of(state).is_retryable() && of(state).is_passing(), "{state}");
        }
    }

    #[test]
    fn only_damage_stops_the_program() {
        for state in ["XX001", "XX002", "58030"] {
            assert_eq!(of(state), DbError::Broken("message".to_owned()), "{state}");
        }
        for state in ["XX000", "58000", "58P01", "0A000", "42601"] {
            assert_eq!(of(state), DbError::Bug(format!("{state}: message")), "{state}");
        }
    }

    #[test]
    fn the_others_are_told_apart() {
        for (state, error) in [
            ("40001", DbError::Conflict),
            ("40P01", DbError::Conflict),
            ("23505", DbError::Unique("key".to_owned())),
            ("23514", DbError::Constraint("key".to_owned())),
            ("53100", DbError::DiskFull),
            ("53200", DbError::Busy),
            ("57014", DbError::TooLong),
        ] {
            assert_eq!(of(state), error, "{state}");
        }
    }
}
