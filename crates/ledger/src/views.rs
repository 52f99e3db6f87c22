//! The ledger's routes: wallets, statements, the explorer.

use std::collections::BTreeSet;

use axum::Router;
use base::{
    AccountId, BadCursor, Currency, Cursor, MerchantId, Money, OrderId, Page, PageRequest, Timestamp,
    TransferId,
};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::{self, Account, Asset, Kind, Owner};
use crate::store::{self, AccountRow, Balance, EntryRow};

/// Sorts after every chain's name.
const AFTER_ALL_CHAINS: &str = "~";

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(Router::new())
        .routes(routes!(wallet_get))
        .routes(routes!(wallet_entries))
        .routes(routes!(merchant_balance_get))
        .routes(routes!(merchant_balance_entries))
        .routes(routes!(ledger_account_list))
        .routes(routes!(ledger_account_get))
        .routes(routes!(ledger_account_entries))
        .routes(routes!(ledger_transfer_get))
}

/// A person's wallet.
#[derive(Serialize, utoipa::ToSchema)]
struct WalletView {
    account: AccountId,
    /// What may be spent.
    balance: Money,
    /// What is set aside.
    pending: Money,
}

/// One line of a statement.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerEntry {
    /// Its place in its chain.
    seq: i64,
    chain: String,
    transfer: TransferId,
    /// Why value moved: `capture`, `refund`, `commission`, …
    kind: String,
    /// `D` or `C`.
    side: String,
    amount: Money,
    /// The balance after it (credits − debits), for accounts with a floor.
    balance_after: Option<Money>,
    order: Option<OrderId>,
    at: Timestamp,
    account: AccountId,
}

/// An account, for the explorer.
#[derive(Serialize, utoipa::ToSchema)]
struct AccountView {
    account: AccountId,
    owner: String,
    kind: String,
    asset: String,
    rule: String,
    posted_debit: i64,
    posted_credit: i64,
    pending_debit: i64,
    pending_credit: i64,
    created_at: Timestamp,
}

/// What a merchant has earned and what is on its way.
#[derive(Serialize, utoipa::ToSchema)]
struct MerchantBalance {
    account: AccountId,
    /// Earned, not paid out; below zero the merchant owes.
    payable: Money,
    /// Paid by buyers, not settled yet.
    escrow: Money,
}

/// A transfer with its entries.
#[derive(Serialize, utoipa::ToSchema)]
struct TransferView {
    transfer: TransferId,
    kind: String,
    state: String,
    pending: Option<TransferId>,
    asset: String,
    amount: i64,
    order: Option<OrderId>,
    cause: String,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    entries: Vec<LedgerEntry>,
    /// Whose the accounts of the entries are.
    accounts: Vec<TransferAccount>,
}

/// An account that a transfer touches.
#[derive(Serialize, utoipa::ToSchema)]
struct TransferAccount {
    account: AccountId,
    /// The id of a person or a shop, or `platform`.
    owner: String,
    kind: String,
}

#[derive(thiserror::Error, Debug, rest::Problem)]
pub(crate) enum LedgerError {
    #[error("there is no such account or transfer")]
    #[problem(404, "ledger.not_found")]
    NotFound,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The wallet of the person who asks.
#[utoipa::path(get, path = "/api/v1/me/wallet", tag = "ledger", responses((status = 200, body = WalletView), Common))]
async fn wallet_get(ctx: rest::State, actor: Actor) -> Result<Json<WalletView>, Refused> {
    let account = Account::wallet(actor.person, Currency::CNY);
    let balance: Balance = ctx.db().read::<_, DbError, _>(move |rx| api::balance(rx, &account)).await?;
    let money = |minor| Money::new(minor, Currency::CNY);
    Ok(Json(WalletView {
        account: account.id(),
        balance: money(balance.free()),
        pending: money(balance.pending_dr),
    }))
}

/// The statement of the wallet, newest first.
#[utoipa::path(get, path = "/api/v1/me/wallet/entries", tag = "ledger", params(PageRequest),
    responses((status = 200, body = Page<LedgerEntry>), Common))]
async fn wallet_entries(
    ctx: rest::State,
    actor: Actor,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<LedgerEntry>>, Refused> {
    let account = Account::wallet(actor.person, Currency::CNY).id();
    let place = place(&page)?;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| statement(rx, account, &page, place.as_ref())).await?))
}

/// What a merchant has earned and what is on its way.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/balance", tag = "ledger",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MerchantBalance), Common))]
async fn merchant_balance_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MerchantBalance>, Refused> {
    actor.may(merchant, Right::Money)?;
    let of = move |kind| Account::new(Owner::Merchant(merchant), kind, Asset::Money(Currency::CNY));
    let read = move |rx: &mut Rx| {
        let payable = api::balance(rx, &of(Kind::Payable))?;
        let escrow = api::balance(rx, &of(Kind::Escrow))?;
        Ok((payable.credit(), escrow.credit()))
    };
    let (payable, escrow) = ctx.db().read_long::<_, DbError, _>(read).await?;
    let money = |minor| Money::new(minor, Currency::CNY);
    let account = of(Kind::Payable).id();
    Ok(Json(MerchantBalance { account, payable: money(payable), escrow: money(escrow) }))
}

/// The statement of what a merchant has earned, newest first.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/balance/entries", tag = "ledger",
    params(("merchant" = MerchantId, Path), PageRequest), responses((status = 200, body = Page<LedgerEntry>), Common))]
async fn merchant_balance_entries(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<LedgerEntry>>, Refused> {
    actor.may(merchant, Right::Money)?;
    let account = Account::new(Owner::Merchant(merchant), Kind::Payable, Asset::Money(Currency::CNY)).id();
    let place = place(&page)?;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| statement(rx, account, &page, place.as_ref())).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AccountFilter {
    /// `wallet`, `payable`, `escrow`, `bank`, `clearing`, `fee`, `debt` or `equity`; `wallet` when left out.
    #[param(max_length = 20)]
    kind: Option<String>,
    /// The id of a person or shop: the accounts of all kinds that are theirs, on one page.
    #[param(max_length = 60)]
    owner: Option<String>,
    #[param(max_length = 400)]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The accounts of one kind, or of one owner.
fn accounts(
    rx: &mut Rx,
    filter: &AccountFilter,
    (page, after): (&PageRequest, AccountId),
) -> Result<Page<AccountView>, DbError> {
    if let Some(owner) = &filter.owner {
        let mut items = Vec::new();
        for (owner, kind) in Owner::with_id(owner).into_iter().flat_map(|it| Kind::ALL.map(|kind| (it, kind)))
        {
            // An account's id follows from whose and what it is, so there is nothing to search for.
            let id = Account::new(owner, kind, Asset::Money(Currency::CNY)).id();
            if let Some(row) = store::find_account(rx, id)? {
                items.push(account_view(rx, row)?);
            }
        }
        return Ok(Page { items, next_cursor: None });
    }
    let kind = filter.kind.as_deref().unwrap_or("wallet");
    let rows = store::list_accounts(rx, kind, after, page.more())?;
    let rows = Page::by_id(rows, page, |row| row.id);
    let mut items = Vec::with_capacity(rows.items.len());
    for row in rows.items {
        items.push(account_view(rx, row)?);
    }
    Ok(Page { items, next_cursor: rows.next_cursor })
}

/// All accounts of one kind or of one owner, for operators.
#[utoipa::path(get, path = "/api/v1/ledger/accounts", tag = "ledger", params(AccountFilter),
    responses((status = 200, body = Page<AccountView>), Common))]
async fn ledger_account_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<AccountFilter>,
) -> Result<Json<Page<AccountView>>, Refused> {
    actor.must_be_operator()?;
    let page = PageRequest { cursor: filter.cursor.clone(), limit: filter.limit };
    let after = page.after()?;
    let read = move |rx: &mut Rx| accounts(rx, &filter, (&page, after));
    Ok(Json(ctx.db().read_long::<_, DbError, _>(read).await?))
}

/// One account, for operators.
#[utoipa::path(get, path = "/api/v1/ledger/accounts/{account}", tag = "ledger",
    params(("account" = AccountId, Path)), responses((status = 200, body = AccountView), Common))]
async fn ledger_account_get(
    ctx: rest::State,
    actor: Actor,
    Path(account): Path<AccountId>,
) -> Result<Json<AccountView>, Refused> {
    actor.must_be_operator()?;
    let read = move |rx: &mut Rx| {
        let row = store::find_account(rx, account)?.ok_or(LedgerError::NotFound)?;
        Ok(account_view(rx, row)?)
    };
    Ok(Json(ctx.db().read_long::<_, LedgerError, _>(read).await?))
}

/// The statement of any account, for operators; newest first.
#[utoipa::path(get, path = "/api/v1/ledger/accounts/{account}/entries", tag = "ledger",
    params(("account" = AccountId, Path), PageRequest), responses((status = 200, body = Page<LedgerEntry>), Common))]
async fn ledger_account_entries(
    ctx: rest::State,
    actor: Actor,
    Path(account): Path<AccountId>,
    Query(page): Query<PageRequest>,
) -> Result<Json<Page<LedgerEntry>>, Refused> {
    actor.must_be_operator()?;
    let place = place(&page)?;
    Ok(Json(
        ctx.db().read_long::<_, DbError, _>(move |rx| statement(rx, account, &page, place.as_ref())).await?,
    ))
}

/// A transfer with its entries, for operators.
#[utoipa::path(get, path = "/api/v1/ledger/transfers/{transfer}", tag = "ledger",
    params(("transfer" = TransferId, Path)), responses((status = 200, body = TransferView), Common))]
async fn ledger_transfer_get(
    ctx: rest::State,
    actor: Actor,
    Path(transfer): Path<TransferId>,
) -> Result<Json<TransferView>, Refused> {
    actor.must_be_operator()?;
    let read = move |rx: &mut Rx| {
        let row = store::find_transfer(rx, transfer)?.ok_or(LedgerError::NotFound)?;
        let entries = store::entries_of_transfer(rx, transfer)?;
        let touched: BTreeSet<AccountId> = entries.iter().map(|entry| entry.account).collect();
        let mut accounts = Vec::new();
        for id in touched {
            let account = store::find_account(rx, id)?;
            accounts.extend(account.map(|row| TransferAccount {
                account: id,
                owner: row.owner,
                kind: row.kind,
            }));
        }
        Ok(TransferView {
            transfer,
            kind: row.kind,
            state: row.state,
            pending: row.pending,
            asset: row.asset,
            amount: row.amount,
            order: row.order,
            cause: row.cause,
            expires_at: row.expires_at,
            created_at: row.created_at,
            entries: entries.into_iter().map(|row| entry_view(row, None)).collect(),
            accounts,
        })
    };
    Ok(Json(ctx.db().read::<_, LedgerError, _>(read).await?))
}

fn account_view(rx: &mut Rx, row: AccountRow) -> Result<AccountView, DbError> {
    let balance = match store::guarded_balance(rx, row.id)? {
        Some(balance) => balance,
        None => store::folded_balance(rx, row.id)?,
    };
    Ok(AccountView {
        account: row.id,
        owner: row.owner,
        kind: row.kind,
        asset: row.asset,
        rule: row.rule,
        posted_debit: balance.posted_dr,
        posted_credit: balance.posted_cr,
        pending_debit: balance.pending_dr,
        pending_credit: balance.pending_cr,
        created_at: row.created_at,
    })
}

fn entry_view(row: EntryRow, balance_after: Option<i64>) -> LedgerEntry {
    // Points and social currency have no ISO code; the explorer shows their entries by the account's asset.
    let currency = row.asset.parse().unwrap_or(Currency::CNY);
    LedgerEntry {
        seq: row.seq,
        chain: row.chain,
        transfer: row.transfer,
        kind: row.kind,
        side: row.side,
        amount: Money::new(row.amount, currency),
        balance_after: balance_after.map(|minor| Money::new(minor, currency)),
        order: row.order,
        at: row.at,
        account: row.account,
    }
}

/// Where a page of a statement begins: below this place of this chain, with this balance where it is known.
type Place = (String, i64, Option<i64>);

fn place(page: &PageRequest) -> Result<Option<Place>, BadCursor> {
    page.place(|cursor| Some((cursor.part(0)?, cursor.part(1)?, cursor.part(2))))
}

/// A page of a statement, newest first. The cursor carries the balance at its place, so that each page goes on
/// counting down from there and costs the same, however long the history.
fn statement(
    rx: &mut Rx,
    account: AccountId,
    page: &PageRequest,
    place: Option<&Place>,
) -> Result<Page<LedgerEntry>, DbError> {
    let mut running = match place {
        Some((.., balance)) => *balance,
        None => store::guarded_balance(rx, account)?.map(|balance| balance.credit()),
    };
    let before = place.map_or((AFTER_ALL_CHAINS, i64::MAX), |(chain, seq, _)| (chain.as_str(), *seq));
    let limit = page.limit();
    let mut rows = Vec::new();
    for row in store::list_entries(rx, account, before, page.more())? {
        let after = running;
        let change = if row.side == "C" { row.amount } else { row.amount.saturating_neg() };
        running = running.map(|balance| balance.saturating_sub(change));
        rows.push((row, after, running));
    }
    let page = Page::from_rows(rows, limit, |(row, _, before)| {
        let balance = before.map(|balance| balance.to_string());
        Cursor::new([row.chain.clone(), row.seq.to_string()].into_iter().chain(balance))
    });
    Ok(page.map(|(row, after, _)| entry_view(row, after)))
}
