//! `tuan serve`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use db::{Engine, Location};
use rest::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use work::Tasks;

use crate::app::{App, Assembly};
use crate::cli::Where;
use crate::config::Config;
use crate::http::{self, Limits, Listener, Site};
use crate::output::{Refusal, say};
use crate::{demo, log, openapi, store};

/// Answer requests and do what is due.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    place: Where,
    /// What this process does: `web`, `worker` or both.
    #[arg(long)]
    roles: Option<String>,
    /// The address to listen on; port 0 takes any free one.
    #[arg(long)]
    listen: Option<String>,
    /// The address to give figures at; none when nothing is said.
    #[arg(long)]
    metrics_listen: Option<String>,
}

impl Serve {
    /// Serves until told to stop.
    ///
    /// # Errors
    /// When it cannot start, or the store is damaged.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let given = [("roles", self.roles), ("listen", self.listen), ("metrics_listen", self.metrics_listen)];
        serve(&self.place.load(&given)?)
    }
}

/// Serves the store that the settings name, until told to stop.
///
/// # Errors
/// As [`Serve::run`].
pub(crate) fn serve(config: &Config) -> Result<ExitCode> {
    log::start(config.text("log"));
    let listener = Listener::bind(config.listen()?)?;
    let metrics = config.metrics_listen()?.map(Listener::bind).transpose()?;
    if let Location::File(path) = config.location()
        && !path.exists()
    {
        // Nothing is made before it is clear that it may be used.
        refuse_unsafe(config)?;
    }
    let assembly = Assembly::new();
    let (db, facts) = store::open(config, &assembly.tables)?;
    if !facts.is_demo {
        refuse_unsafe(config)?;
    }
    let settings = Settings { is_demo: facts.is_demo, public_url: public_url(config, &listener)? };
    say(&format!("listening on {}", settings.public_url));
    let app = assembly.over(db.clone(), config, settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(run(config, app, listener, metrics));
    runtime.shutdown_timeout(Duration::from_secs(1));
    db.close();
    ended?;
    Ok(ExitCode::SUCCESS)
}

fn refuse_unsafe(config: &Config) -> Result<()> {
    let missing = config.unsafe_defaults();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    let text = format!(
        "this is no demo, so these settings are needed (in a file, as TUAN_… or on the command line):\n{list}\n\
         to look around first: tuan demo"
    );
    Err(Refusal(text).into())
}

/// Where people reach this server: as told, else the address it listens on.
fn public_url(config: &Config, listener: &Listener) -> Result<String> {
    let told = config.text("public_url").trim_end_matches('/');
    if !told.is_empty() {
        return Ok(told.to_owned());
    }
    let address = listener.address()?;
    Ok(if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    })
}

async fn run(config: &Config, app: App, listener: Listener, metrics: Option<Listener>) -> Result<()> {
    let (roles, db, tasks) = (config.roles()?, app.ctx.db().clone(), Tasks::default());
    let is_demo = app.ctx.settings().is_demo;
    let limits = Limits::new(
        Duration::from_secs(config.number("request_seconds")?),
        config.flag("trust_forwarded")?,
        config.anonymous_writes_per_minute(is_demo)?,
    );
    let site = Site::new(app.ctx.clone(), limits, openapi::document());
    let (stop, stopping) = watch::channel(false);
    let drain = Duration::from_secs(config.number("drain_seconds")?);
    let connections = usize::try_from(config.number("connections_max")?)?;
    if is_demo && db.engine() == Engine::Postgres {
        tasks.spawn(demo::follow_clock(app.ctx.clone(), tasks.stopping()));
    }
    if roles.worker {
        tasks.spawn(app.worker.run(tasks.stopping()));
    }
    if roles.web {
        tasks.spawn(app.follower.run(tasks.stopping()));
    }
    if let Some(metrics) = metrics {
        let router = http::metrics_router(&site);
        let (stopping, drain) = (stopping.clone(), Duration::from_secs(1));
        tasks.spawn(async move {
            if let Err(error) = http::serve(metrics, router, 64, stopping, drain).await {
                tracing::error!(%error, "the listener for figures ended");
            }
        });
    }
    // Without the role `web` only the probes answer.
    let router = if roles.web { http::router(&site, app.routes) } else { http::metrics_router(&site) };
    let serving = http::serve(listener, router, connections, stopping, drain);
    tokio::pin!(serving);
    let broken = tokio::select! {
        ended = &mut serving => return ended,
        reason = db.broken() => Some(reason),
        signalled = signalled() => { signalled?; None }
    };
    if let Some(reason) = broken {
        // Nothing more may be acknowledged; whatever is under way is answered with 503 or not at all.
        bail!("the store is damaged: {reason}");
    }
    tracing::info!("stopping: no new work, what is under way is finished");
    site.drain();
    stop.send_replace(true);
    serving.await?;
    tasks.stop().await;
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
async fn signalled() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
