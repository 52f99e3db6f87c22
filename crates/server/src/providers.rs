//! The payment providers that the settings name: one section each.

use std::sync::Arc;

use anyhow::{Context, Result};
use db::Db;
use payments::api::{Alipay, AlipaySettings};
use payments::api::{Means, Provider, Providers, Sandbox, SandboxSecret};
use payments::api::{Stripe, StripeSettings};
use payments::api::{WechatPay, WechatPaySettings};
use rest::Settings;
use serde::Deserialize;

use crate::config::Config;

/// The sections of the settings' file that set up a provider each.
pub(crate) const SECTIONS: [&str; 3] = ["wechat_pay", "alipay", "stripe"];

/// What the sandbox provider signs with: known in a demo, else what is set. Without it there is no sandbox.
pub(crate) fn sandbox_secret(config: &Config, settings: &Settings) -> Option<SandboxSecret> {
    match config.text("sandbox_secret") {
        "" => settings.is_demo.then(SandboxSecret::default),
        text => Some(SandboxSecret(text.to_owned())),
    }
}

/// A section as the provider reads it; `None` when it is not there.
fn section<T: for<'de> Deserialize<'de>>(config: &Config, name: &str) -> Result<Option<T>> {
    let table = config.section(name).map(|table| toml::Value::Table(table.clone()).try_into());
    table.transpose().with_context(|| format!("understand the section [{name}]"))
}

/// Checks the sections without reading the files they name.
///
/// # Errors
/// When a section has an unknown or misses a needed setting.
pub(crate) fn check(config: &Config) -> Result<()> {
    section::<WechatPaySettings>(config, "wechat_pay")?;
    section::<AlipaySettings>(config, "alipay")?;
    section::<StripeSettings>(config, "stripe")?;
    Ok(())
}

/// The providers that are set up.
///
/// # Errors
/// When a key cannot be read.
pub(crate) fn providers(db: &Db, config: &Config, settings: &Settings) -> Result<Providers> {
    let means = Means {
        clock: Arc::clone(db.clock()),
        rng: Arc::clone(db.rng()),
        public_url: settings.public_url.clone(),
    };
    let mut all: Vec<Arc<dyn Provider>> = Vec::new();
    if let Some(wechat_pay) = section::<WechatPaySettings>(config, "wechat_pay")? {
        all.push(Arc::new(WechatPay::new(&wechat_pay, means.clone()).context("set up [wechat_pay]")?));
    }
    if let Some(alipay) = section::<AlipaySettings>(config, "alipay")? {
        all.push(Arc::new(Alipay::new(&alipay, means.clone()).context("set up [alipay]")?));
    }
    if let Some(stripe) = section::<StripeSettings>(config, "stripe")? {
        all.push(Arc::new(Stripe::new(&stripe, means).context("set up [stripe]")?));
    }
    if let Some(secret) = sandbox_secret(config, settings) {
        all.push(Arc::new(Sandbox::new(db.clone(), secret)));
    }
    Ok(Providers::new(all))
}
