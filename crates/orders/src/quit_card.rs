//! Somebody gives up a paid card: what its days that have not begun are worth goes back, less what it has saved.

use axum::http::StatusCode;
use axum::response::Response;
use base::{Currency, MerchantId, Money, OrderId, PersonId, RefundId};
use db::{DbError, Rx, Tx};
use membership::api::OpenTerm;
use pricing::api::Explanation;
use rest::{Command, Common, Ctx, Json, Member, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::OrderState;
use crate::refund_order::{Refund, RefundError, RefundPart, refund};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(card_quit_get)).routes(routes!(card_quit))
}

/// The reason of what a card gives back.
const REASON: &str = "card";
/// Most orders since the card began that are looked at; with more of them the card has long been worth its price.
const ORDERS_MAX: i64 = 500;

/// What giving up a card brings.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CardQuitView {
    /// How many cards that are not over the person has with the shop.
    cards: usize,
    /// What the days that have not begun are worth of what was paid.
    unused: Money,
    /// What the running card has saved on orders that were not given back.
    saved: Money,
    /// What goes back: the worth of the days less what was saved, never below 0.
    back: Money,
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CardQuitBody {
    /// What the person was shown; when it is another now, nothing happens.
    #[schema(minimum = 1)]
    expected_back_minor: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CardQuitError {
    #[error("there is no paid card of this shop that is not over")]
    #[problem(409, "card.none")]
    None,
    #[error("nothing would go back; the card stays until it is over")]
    #[problem(409, "card.nothing_back")]
    NothingBack,
    #[error("{back_minor} goes back now; show it and ask again")]
    #[problem(409, "card.changed")]
    Changed { back_minor: i64 },
    #[error(transparent)]
    #[problem(transparent)]
    Refund(#[from] RefundError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What goes back of one order's line.
struct Share {
    order: OrderId,
    line: i64,
    amount: i64,
}

struct Worth {
    currency: Currency,
    terms: Vec<OpenTerm>,
    unused: i64,
    saved: i64,
    shares: Vec<Share>,
}

impl Worth {
    fn back(&self) -> i64 {
        self.shares.iter().map(|share| share.amount).fold(0, i64::saturating_add)
    }

    fn view(&self) -> CardQuitView {
        let money = |minor| Money::new(minor, self.currency);
        CardQuitView {
            cards: self.terms.len(),
            unused: money(self.unused),
            saved: money(self.saved),
            back: money(self.back()),
        }
    }
}

fn worth(rx: &mut Rx, merchant: MerchantId, person: PersonId) -> Result<Worth, DbError> {
    let now = rx.now();
    let terms = membership::api::open_terms(rx, merchant, person, now)?;
    let saved = match terms.iter().map(|term| term.starts_at).min().filter(|from| *from <= now) {
        Some(from) => saved(rx, (merchant, person), from)?,
        None => 0,
    };
    let (mut currency, mut unused, mut less, mut shares) = (Currency::CNY, 0_i64, saved, Vec::new());
    for term in &terms {
        let Some(order) = store::find_order(rx, term.order)? else { continue };
        let lines = store::lines(rx, term.order)?;
        let Some(line) = lines.iter().find(|line| line.line == term.line) else { continue };
        currency = order.currency;
        let worth = term.unused.min(line.total.saturating_sub(line.refunded));
        unused = unused.saturating_add(worth);
        // What was saved is taken off the running card first.
        let off = less.min(worth);
        less = less.saturating_sub(off);
        shares.push(Share { order: order.id, line: line.line, amount: worth.saturating_sub(off) });
    }
    Ok(Worth { currency, terms, unused, saved, shares })
}

/// What cards have taken off the person's orders since then.
fn saved(
    rx: &mut Rx,
    (merchant, person): (MerchantId, PersonId),
    from: base::Timestamp,
) -> Result<i64, DbError> {
    let mut sum = 0_i64;
    for (state, explanations) in store::explained_since(rx, merchant, person, from, ORDERS_MAX)? {
        if [OrderState::Cancelled.word(), OrderState::Refunded.word()].contains(&state.as_str()) {
            continue;
        }
        let all: Vec<Explanation> =
            serde_json::from_str(&explanations).map_err(|error| DbError::Bug(error.to_string()))?;
        let of_cards = all.iter().filter(|one| pricing::api::is_of_card(one));
        sum = of_cards.fold(sum, |sum, one| sum.saturating_sub(one.amount.minor()));
    }
    Ok(sum)
}

struct QuitCard {
    person: PersonId,
    merchant: MerchantId,
    expected: i64,
}

fn quit(tx: &mut Tx, command: &QuitCard) -> Result<CardQuitView, CardQuitError> {
    membership::api::take_turn(tx, command.merchant, command.person)?;
    let worth = worth(tx, command.merchant, command.person)?;
    if worth.terms.is_empty() {
        return Err(CardQuitError::None);
    }
    let back = worth.back();
    if back < 1 {
        return Err(CardQuitError::NothingBack);
    }
    if back != command.expected {
        return Err(CardQuitError::Changed { back_minor: back });
    }
    for share in worth.shares.iter().filter(|share| share.amount > 0) {
        let order = store::find_order(tx, share.order)?.ok_or(CardQuitError::None)?;
        let id: RefundId = tx.new_id();
        let part = RefundPart { line: share.line, amount_minor: share.amount, units: 0 };
        let what = Refund {
            id,
            lines: vec![part],
            shipping: 0,
            reason: REASON.to_owned(),
            actor: Some(command.person),
            is_by_staff: false,
        };
        refund(tx, order, &what)?;
    }
    for term in &worth.terms {
        membership::api::end(tx, term.order, term.line)?;
    }
    Ok(worth.view())
}

/// What giving up the person's paid cards of a shop would bring now.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/membership/cards/quit", tag = "membership",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = CardQuitView), Common))]
async fn card_quit_get(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<CardQuitView>, Refused> {
    let person = actor.person;
    let read = move |rx: &mut Rx| Ok(worth(rx, merchant, person)?.view());
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}

/// Give up the paid cards of a shop: they end now, and what they are worth goes back the way it was paid.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/membership/cards/quit", tag = "membership",
    params(("merchant" = MerchantId, Path)), request_body = CardQuitBody,
    responses((status = 200, body = CardQuitView), CardQuitError, Common))]
async fn card_quit(
    ctx: rest::State,
    Member(actor): Member,
    Path(merchant): Path<MerchantId>,
    command: Command<CardQuitBody>,
) -> Result<Response, Refused> {
    let expected = command.body.expected_back_minor;
    let quit_card = QuitCard { person: actor.person, merchant, expected };
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| quit(tx, &quit_card)).await
}
