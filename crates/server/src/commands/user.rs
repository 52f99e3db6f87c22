//! `tuan admin user`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use db::{Db, DbError, Tx};
use people::api::Phone;

use crate::app::Assembly;
use crate::cli::Where;
use crate::output::say;
use crate::store;

/// Make operators, end sessions.
#[derive(Subcommand)]
pub(crate) enum User {
    /// Make the person with this phone an operator; the person becomes a member when nobody has the phone.
    Operator(Of),
    /// End all sessions of the person with this phone.
    EndSessions(Of),
}

/// A person.
#[derive(Args)]
pub(crate) struct Of {
    /// The person's phone.
    phone: String,
    #[command(flatten)]
    place: Where,
}

impl Of {
    fn open(&self) -> Result<(Phone, Db)> {
        let phone = self.phone.parse().context("understand the phone number")?;
        Ok((phone, store::open(&self.place.load(&[])?, &Assembly::new().tables)?.0))
    }
}

impl User {
    /// Does it. The server must not be running on a SQLite store.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self {
            Self::Operator(of) => {
                let (phone, db) = of.open()?;
                let person = db.write_blocking::<_, DbError, _>(move |tx: &mut Tx| {
                    let person = people::api::ensure_member(tx, &phone, "运营")?;
                    people::api::ensure_operator(tx, person)?;
                    Ok(person)
                })?;
                say(&format!("{person} is an operator"));
            }
            Self::EndSessions(of) => {
                let (phone, db) = of.open()?;
                let found = db.write_blocking::<_, DbError, _>(move |tx: &mut Tx| {
                    people::api::end_sessions(tx, &phone)
                })?;
                say(if found { "all sessions were ended" } else { "nobody has this phone" });
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
