//! The providers that are set up here.

use std::collections::BTreeMap;
use std::sync::Arc;

use db::Db;
use rest::{Common, Ctx, Json, OpenApiRouter, Refused, routes};
use serde::Serialize;

use crate::method::{Kind, Method};
use crate::provider::Provider;
use crate::sandbox::{Sandbox, SandboxSecret};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(payment_method_list))
}

/// The providers that are set up. Put into the context's extensions at start; without it there is just the sandbox.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<Method, Arc<dyn Provider>>);

impl Providers {
    /// These providers.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self(providers.into_iter().map(|provider| (provider.method(), provider)).collect())
    }

    /// Just the sandbox, with the secret of a demo.
    pub(crate) fn sandbox(db: &Db) -> Self {
        Self::new(vec![Arc::new(Sandbox::new(db.clone(), SandboxSecret::default()))])
    }

    /// The provider of a method; `None` when it is not set up.
    pub fn of(&self, method: Method) -> Option<Arc<dyn Provider>> {
        self.0.get(&method).map(Arc::clone)
    }

    /// All of them.
    pub(crate) fn list(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.values()
    }
}

/// The providers of this server.
pub(crate) fn providers(ctx: &Ctx) -> Arc<Providers> {
    ctx.extension().unwrap_or_else(|| Arc::new(Providers::sandbox(ctx.db())))
}

/// How a payment is to be made, as the payer says.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The method.
    pub method: Method,
    /// In which of the provider's ways; the first one when nothing is said.
    pub kind: Option<Kind>,
    /// The payer's id in the provider's app, for payments inside it.
    pub account: String,
    /// The payer's IP address, where it is known.
    pub address: String,
}

/// How a payment is made: a method that can be used here. Only [`choose`] and [`Choice::cash`] make one.
#[derive(Clone)]
pub struct Choice {
    pub(crate) method: Method,
    pub(crate) kind: Kind,
    pub(crate) account: String,
    pub(crate) address: String,
    pub(crate) provider: Option<Arc<dyn Provider>>,
}

impl Choice {
    fn at_once(method: Method) -> Self {
        let (account, address) = (String::new(), String::new());
        Self { method, kind: Kind::Element, account, address, provider: None }
    }

    /// Cash that somebody of the shop has in hand. The caller checks that it is somebody who may say so.
    pub fn cash() -> Self {
        Self::at_once(Method::Cash)
    }

    /// Whether the money is there in the transaction that begins the payment.
    pub fn is_at_once(&self) -> bool {
        self.method.is_at_once()
    }
}

/// Why a payment cannot be made in the way it was wanted. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum MethodError {
    /// It is not set up.
    #[error("this method is not set up here; GET /api/v1/payment-methods lists those that are")]
    #[problem(422, "payment.method_unavailable")]
    Unavailable,
    /// The provider cannot be used in this way here.
    #[error("this method cannot be used in this way here; GET /api/v1/payment-methods lists the ways")]
    #[problem(422, "payment.kind_unavailable")]
    Kind,
    /// Inside WeChat the payer's id there is needed.
    #[error("payer_account is missing: a payment inside WeChat needs the payer's openid")]
    #[problem(422, "payment.account_missing")]
    Account,
    /// Cash is paid at the till.
    #[error("cash is paid at the till of the shop, and noted down there")]
    #[problem(422, "payment.cash_at_till")]
    Cash,
}

/// Checks that a payment can be made in the way it is wanted.
///
/// # Errors
/// See [`MethodError`].
pub fn choose(ctx: &Ctx, wanted: Wanted) -> Result<Choice, MethodError> {
    let Wanted { method, kind, account, address } = wanted;
    match method {
        Method::Wallet if kind.is_some() => return Err(MethodError::Kind),
        Method::Wallet => return Ok(Choice::at_once(method)),
        Method::Cash => return Err(MethodError::Cash),
        Method::Sandbox | Method::WechatPay | Method::Alipay | Method::Stripe => {}
    }
    let provider = providers(ctx).of(method).ok_or(MethodError::Unavailable)?;
    let kinds = provider.kinds();
    let kind = kind.or_else(|| kinds.first().copied()).filter(|kind| kinds.contains(kind));
    let kind = kind.ok_or(MethodError::Kind)?;
    if kind == Kind::Jsapi && account.is_empty() {
        return Err(MethodError::Account);
    }
    Ok(Choice { method, kind, account, address, provider: Some(provider) })
}

/// A way to pay.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MethodView {
    method: Method,
    /// In which ways; empty when there is just one.
    kinds: Vec<Kind>,
    /// Whether no real money moves.
    is_test: bool,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MethodsView {
    items: Vec<MethodView>,
}

/// The ways to pay that are set up here. Cash is paid at the till and is not among them.
#[utoipa::path(get, path = "/api/v1/payment-methods", tag = "payments",
    responses((status = 200, body = MethodsView), Common))]
async fn payment_method_list(ctx: rest::State) -> Result<Json<MethodsView>, Refused> {
    let view = |provider: &Arc<dyn Provider>| {
        let method = provider.method();
        let is_test = method == Method::Sandbox;
        let kinds = if is_test { Vec::new() } else { provider.kinds() };
        MethodView { method, kinds, is_test }
    };
    let mut items: Vec<MethodView> = providers(&ctx).list().map(view).collect();
    // Real providers first, play money last.
    items.sort_by_key(|item| item.is_test);
    items.push(MethodView { method: Method::Wallet, kinds: Vec::new(), is_test: false });
    Ok(Json(MethodsView { items }))
}
