//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::config::Config;

/// Tuan (团): community commerce, self-hosted.
#[derive(Parser)]
#[command(name = "tuan", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the settings come from.
#[derive(Args, Clone)]
pub(crate) struct Where {
    /// The folder of the store; `./data` when nothing is said.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A `postgres://` address, to use PostgreSQL instead of the file in the folder.
    #[arg(long)]
    database: Option<String>,
    /// A TOML file with settings.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Where {
    /// The settings, with what else the command line says.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub(crate) fn load(&self, more: &[(&'static str, Option<String>)]) -> Result<Config> {
        let dir = self.dir.as_ref().map(|dir| dir.to_string_lossy().into_owned());
        let mut given = vec![("dir", dir), ("database", self.database.clone())];
        given.extend_from_slice(more);
        Config::load(self.config.as_deref(), &given)
    }
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests and do what is due.
    Serve(commands::serve::Serve),
    /// Fill a store with a small world to look around in, then serve it.
    Demo(commands::demo::Demo),
    /// Show or bring up to date the tables of the store.
    Migrate(commands::migrate::Migrate),
    /// For whoever runs the server.
    #[command(subcommand)]
    Admin(Admin),
    /// Bring in what another system has.
    #[command(subcommand)]
    Import(Import),
    /// Do again what happened elsewhere.
    #[command(subcommand)]
    Replay(Replay),
    /// Copy the store and its pictures while the server runs.
    Backup(commands::backup::Backup),
    /// Make a folder of a backup.
    Restore(commands::restore::Restore),
    /// Print the OpenAPI document.
    Openapi,
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check what the server needs.
    Doctor(commands::doctor::Doctor),
}

#[derive(Subcommand)]
enum Admin {
    /// Check every invariant; ends with 2 when one does not hold.
    Audit(commands::audit::Audit),
    /// Make operators, end sessions.
    #[command(subcommand)]
    User(commands::user::User),
    /// Look at jobs, run given-up ones again.
    #[command(subcommand)]
    Jobs(commands::jobs::Jobs),
}

#[derive(Subcommand)]
enum Import {
    /// Products from CSV: Shopify's columns, Chinese ones, or a list of items with prices.
    Catalog(commands::import::Catalog),
}

#[derive(Subcommand)]
enum Replay {
    /// Baskets from CSV, as orders with payment over the API of a demo.
    Orders(commands::replay::Orders),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print every setting and where it comes from.
    Print(Where),
}

/// Carries out what the command line says.
///
/// # Errors
/// What the command says.
pub(crate) fn run() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Serve(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Admin(Admin::Audit(command)) => command.run(),
        Command::Admin(Admin::User(command)) => command.run(),
        Command::Admin(Admin::Jobs(command)) => command.run(),
        Command::Import(Import::Catalog(command)) => command.run(),
        Command::Replay(Replay::Orders(command)) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Openapi => {
            crate::output::say(crate::openapi::document().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(ConfigCommand::Print(place)) => {
            place.load(&[])?.lines().iter().for_each(|line| crate::output::say(line));
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor(command) => command.run(),
    }
}
