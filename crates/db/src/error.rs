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
    /// The connection was lost before the transaction could be committed. Nothing was done.
    #[error("connection to the database lost")]
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
    /// A mistake in the program: bad SQL, a missing parameter, a stored value of another form, a panic.
    #[error("internal: {0}")]
    Bug(String),
}

impl DbError {
    /// Whether the whole transaction may simply be run again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Lost)
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
            ErrorCode::ReadOnly | ErrorCode::CannotOpen => Self::Broken(text),
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
        use postgres::error::SqlState;
        let Some(server) = error.as_db_error() else {
            return if error.is_closed() || std::error::Error::source(&error).is_some() && is_io(&error) {
                Self::Lost
            } else {
                Self::Bug(error.to_string())
            };
        };
        let code = server.code();
        let text = || server.constraint().unwrap_or(server.message()).to_owned();
        if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
            Self::Conflict
        } else if *code == SqlState::UNIQUE_VIOLATION {
            Self::Unique(text())
        } else if code.code().starts_with("23") {
            Self::Constraint(text())
        } else if *code == SqlState::DISK_FULL {
            Self::DiskFull
        } else if code.code().starts_with("57P") || code.code().starts_with("08") {
            // The server is going away or coming up: the next connection will do.
            Self::Lost
        } else if code.code().starts_with("XX") || *code == SqlState::IO_ERROR {
            Self::Broken(server.message().to_owned())
        } else {
            Self::Bug(format!("{}: {}", code.code(), server.message()))
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
