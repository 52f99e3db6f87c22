//! `tuan demo`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::cli::Where;
use crate::demo::{self, Amount, World};
use crate::output::{Refusal, complain, say};
use crate::store::{self, Found};

/// Fill a store with a small world to look around in, then serve it.
#[derive(Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    place: Where,
    /// The address to listen on.
    #[arg(long)]
    listen: Option<String>,
    /// Fill the store and end.
    #[arg(long)]
    no_serve: bool,
    /// Put nothing into it but the operator.
    #[arg(long)]
    empty: bool,
}

impl Demo {
    /// Fills the store, unless it is filled already.
    ///
    /// # Errors
    /// When the store holds something else than a demo, or cannot be used.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let config = self.place.load(&[("listen", self.listen)])?;
        match store::look(&config)? {
            Found::Demo => {}
            Found::Nothing => {
                let amount = if self.empty { Amount::Operator } else { Amount::All };
                complain("filling the demo: three shops, thirty days …");
                demo::fill(&config, amount)?;
            }
            Found::HalfDemo => {
                let text = "the demo there was not finished: remove it, or name another --dir";
                return Err(Refusal(text.to_owned()).into());
            }
            Found::Other => {
                let text = "the store there is no demo, and is left alone: name another --dir";
                return Err(Refusal(text.to_owned()).into());
            }
        }
        introduce()?;
        if self.no_serve {
            return Ok(ExitCode::SUCCESS);
        }
        super::serve::serve(&config)
    }
}

/// Says who one can sign in as.
fn introduce() -> Result<()> {
    let world = World::load()?;
    say("sign in as:");
    say(&format!("  {}  {}  the operator", world.operator.phone, world.operator.name));
    for shop in &world.shop {
        say(&format!("  {}  {}  owner of {}", shop.owner.phone, shop.owner.name, shop.name));
    }
    if let (Some(first), Some(last)) = (world.people().first(), world.people().last()) {
        say(&format!("  {} … {}  {} … {}  members", first.phone, last.phone, first.name, last.name));
    }
    say("the sign-in page shows the code; shops are run at /console/");
    Ok(())
}
