//! Thirty days in the shops: people share, buy alone and together, shops ship, some money goes back.

use anyhow::{Context, Result};
use base::{Moment, SeededRng, Timestamp};
use serde_json::{Value, json};

mod complaints;
mod gatherings;
mod points;
mod voices;

use super::world::World;
use super::{Offered, OpenShop};
use crate::inside::{Inside, items, number, text};

/// The day in four steps: morning, noon, evening, and the night; 24 hours together.
const STEPS_S: [i64; 4] = [3 * 3_600, 4 * 3_600, 4 * 3_600, 13 * 3_600];
/// How long the story is.
pub(crate) const DAYS: i64 = 30;
/// What everyone has in the wallet at first, in fen.
const WALLET: i64 = 800_000;
/// The same story every time.
const SEED: u64 = 20_261_122;

/// Somebody who buys.
struct Buyer {
    token: String,
    address: String,
}

/// How somebody pays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pay {
    Wallet,
    Provider,
    /// Leaves without paying.
    Not,
}

/// One thing bought.
struct Bought {
    team: Option<String>,
}

/// What somebody wants, and with whom.
struct Wish<'a> {
    product: &'a Offered,
    variant: u64,
    qty: i64,
    /// The activity and the team to join.
    deal: Option<(&'a str, Option<&'a str>)>,
    pay: Pay,
}

pub(super) struct Life<'a> {
    inside: &'a Inside,
    shops: &'a [OpenShop],
    buyers: Vec<Buyer>,
    dice: Moment,
}

impl<'a> Life<'a> {
    /// Lets the members come in.
    ///
    /// # Errors
    /// When a command is refused.
    pub(super) async fn begin(inside: &'a Inside, world: &World, shops: &'a [OpenShop]) -> Result<Self> {
        let mut buyers = Vec::new();
        for (n, person) in world.people().into_iter().enumerate() {
            let token = inside.sign_in(&person.phone, &person.name).await?;
            let streets = &world.members.streets;
            let street = streets.get(n % streets.len().max(1)).context("a street")?;
            let address = json!({ "name": person.name, "phone": person.phone, "region": world.members.region,
                "street": street });
            let address = text(&inside.call("POST", "/me/addresses", &token, address).await?, "/id")?;
            let money = json!({ "amount_minor": WALLET });
            inside.call("POST", "/demo/wallet-top-ups", &token, money).await?;
            buyers.push(Buyer { token, address });
        }
        let dice = Moment::new(Timestamp::from_micros(0), &SeededRng::new(SEED));
        Ok(Self { inside, shops, buyers, dice })
    }

    /// Lives through all days; the clock is then where the system's is.
    ///
    /// # Errors
    /// When the server fails or something that must work is refused.
    pub(super) async fn live(&mut self) -> Result<()> {
        for day in 0..DAYS {
            for (step, seconds) in STEPS_S.into_iter().enumerate() {
                let is_last = day + 1 == DAYS && step + 1 == STEPS_S.len();
                if step == 0 {
                    self.look_in().await?;
                    self.look_in_for_points(day).await?;
                    self.ship(day).await?;
                    self.receive().await?;
                }
                if step < 3 {
                    self.act(day).await?;
                }
                if step == 2 && day % 4 == 1 {
                    self.send_back(day).await?;
                }
                if step == 1 && day > 4 {
                    self.complain(day).await?;
                    self.answer(day).await?;
                }
                if step == 1 && day > 1 {
                    self.talk(day).await?;
                }
                self.inside.pass(seconds).await?;
                if is_last {
                    self.today().await?;
                }
            }
        }
        self.inside.pass(0).await
    }

    fn chance(&mut self, in_a_hundred: u64) -> bool {
        self.dice.below(100) < in_a_hundred
    }

    fn draw(&mut self, count: usize) -> usize {
        let bound = u64::try_from(count).unwrap_or(1);
        usize::try_from(self.dice.below(bound)).unwrap_or(0)
    }

    fn shop(&self, place: usize) -> Result<&'a OpenShop> {
        self.shops.get(place).context("a shop")
    }

    fn buyer(&self, place: usize) -> Result<&Buyer> {
        self.buyers.get(place).context("a buyer")
    }

    /// One thing that happens in a quarter of a day.
    async fn act(&mut self, day: i64) -> Result<()> {
        match self.dice.below(10) {
            0..=4 => self.buy_alone().await,
            5..=8 => {
                // One team in six does not fill.
                let is_short = self.chance(17);
                self.buy_together(is_short).await
            }
            _ if day % 2 == 0 => self.leave_unpaid().await,
            _ => Ok(()),
        }
    }

    async fn buy_alone(&mut self) -> Result<()> {
        let (shop, who) = (self.draw(self.shops.len()), self.draw(self.buyers.len()));
        let shop = self.shop(shop)?;
        let place = self.draw(shop.products.len());
        let product = shop.products.get(place).context("a product")?;
        let friend = self.draw(self.buyers.len());
        if friend != who && self.chance(55) {
            self.bring("product", &product.id, friend, who).await?;
        }
        let pay = if self.chance(45) { Pay::Provider } else { Pay::Wallet };
        let qty = if self.chance(25) { 2 } else { 1 };
        let variant = self.dice.below(8);
        self.buy(who, &Wish { product, variant, qty, deal: None, pay }).await?;
        Ok(())
    }

    async fn buy_together(&mut self, is_short: bool) -> Result<()> {
        let all: Vec<&'a Offered> =
            self.shops.iter().flat_map(|shop| &shop.products).filter(|p| p.activity.is_some()).collect();
        let place = self.draw(all.len());
        let product = all.get(place).context("an activity")?;
        let size = product.activity.as_ref().map_or(2, |(_, size)| *size);
        let people = if is_short { size - 1 } else { size };
        self.team(product, people).await?;
        Ok(())
    }

    /// A team of so many people; each is brought by the one before, through the leader's link or their own.
    async fn team(&mut self, product: &Offered, people: i64) -> Result<()> {
        let Some((activity, _)) = &product.activity else { return Ok(()) };
        let first = self.draw(self.buyers.len());
        let (mut team, mut before): (Option<String>, Option<usize>) = (None, None);
        let mut joined = 0;
        for offset in 0..self.buyers.len() {
            if joined >= people {
                break;
            }
            let who = (first + offset * 5) % self.buyers.len();
            if let (Some(team), Some(before)) = (&team, before) {
                self.bring("team", team, before, who).await?;
            }
            let variant = self.dice.below(8);
            let pay = if self.chance(50) { Pay::Provider } else { Pay::Wallet };
            let deal = Some((activity.as_str(), team.as_deref()));
            let Some(bought) = self.buy(who, &Wish { product, variant, qty: 1, deal, pay }).await? else {
                // Not for this person: the next neighbour.
                continue;
            };
            team = team.or(bought.team);
            before = Some(who);
            joined += 1;
            self.inside.pass(0).await?;
        }
        Ok(())
    }

    async fn leave_unpaid(&mut self) -> Result<()> {
        let (shop, who) = (self.draw(self.shops.len()), self.draw(self.buyers.len()));
        let shop = self.shop(shop)?;
        let place = self.draw(shop.products.len());
        let product = shop.products.get(place).context("a product")?;
        let variant = self.dice.below(8);
        self.buy(who, &Wish { product, variant, qty: 1, deal: None, pay: Pay::Not }).await?;
        Ok(())
    }

    /// What is going on right now: teams that wait for people, orders to pay and to ship.
    async fn today(&mut self) -> Result<()> {
        let all: Vec<&'a Offered> =
            self.shops.iter().flat_map(|shop| &shop.products).filter(|p| p.activity.is_some()).collect();
        for product in all {
            let size = product.activity.as_ref().map_or(2, |(_, size)| *size);
            let people = 1 + i64::try_from(self.dice.below(2)).unwrap_or(0);
            self.team(product, people.min(size - 1)).await?;
        }
        for _ in 0..5 {
            self.buy_alone().await?;
        }
        self.leave_unpaid().await?;
        self.leave_unpaid().await?;
        // Left for a person to answer.
        for day in 0..4 {
            self.complain(day).await?;
        }
        Ok(())
    }

    /// `sharer` sends a link, `friend` opens it.
    async fn bring(&self, kind: &str, id: &str, sharer: usize, friend: usize) -> Result<()> {
        let body = json!({ "kind": "link", "target": { "kind": kind, "id": id } });
        let entry = self.inside.call("POST", "/entries", &self.buyer(sharer)?.token, body).await?;
        let touch = json!({ "code": text(&entry, "/code")? });
        self.inside.call("POST", "/touches", &self.buyer(friend)?.token, touch).await?;
        Ok(())
    }

    /// Buys; `None` when a rule of the shop says no, as it will now and then.
    async fn buy(&self, who: usize, wish: &Wish<'_>) -> Result<Option<Bought>> {
        let buyer = self.buyer(who)?;
        let variants = wish.product.skus.len().max(1);
        let variant = usize::try_from(wish.variant)? % variants;
        let sku = wish.product.skus.get(variant).context("a variant")?;
        let deal = wish.deal.map(|(activity, team)| json!({ "activity": activity, "team": team }));
        let quote = json!({ "items": [{ "sku": sku, "qty": wish.qty }], "deal": deal });
        let Ok(quote) = self.inside.ask("POST", "/quotes", &buyer.token, quote).await? else {
            return Ok(None);
        };
        let body = json!({
            "source": { "kind": "now", "sku": sku, "qty": wish.qty, "deal": deal },
            "address": buyer.address, "no_return_confirmed": [sku],
            "expected_total_minor": number(&quote, "/total/amount_minor")?,
        });
        let Ok(checkout) = self.inside.ask("POST", "/checkouts", &buyer.token, body).await? else {
            return Ok(None);
        };
        let order = text(&checkout, "/orders/0")?;
        let method = match wish.pay {
            Pay::Wallet => "wallet",
            Pay::Provider => "sandbox",
            Pay::Not => return Ok(Some(Bought { team: None })),
        };
        let body = json!({ "orders": [order], "method": method });
        let Ok(payment) = self.inside.ask("POST", "/payments", &buyer.token, body).await? else {
            return Ok(None);
        };
        if wish.pay == Pay::Provider {
            let path = format!("/demo/sandbox/payments/{}/pay", text(&payment, "/id")?);
            self.inside.call("POST", &path, &buyer.token, Value::Null).await?;
        }
        self.inside.pass(0).await?;
        let team = match wish.deal {
            None => None,
            Some(_) => {
                let path = format!("/orders/{order}");
                let found = self.inside.call("GET", &path, &buyer.token, Value::Null).await?;
                found.get("team").and_then(Value::as_str).map(str::to_owned)
            }
        };
        Ok(Some(Bought { team }))
    }

    /// Everybody opens the app, so that no session ends for want of use.
    async fn look_in(&self) -> Result<()> {
        let tokens = self.shops.iter().map(|shop| &shop.token).chain(self.buyers.iter().map(|b| &b.token));
        for token in tokens {
            self.inside.call("GET", "/me", token, Value::Null).await?;
        }
        Ok(())
    }

    /// Every morning the shops ship what was confirmed.
    async fn ship(&mut self, day: i64) -> Result<()> {
        for (place, shop) in self.shops.iter().enumerate() {
            let path = format!("/merchants/{}/orders?state=confirmed&limit=100", shop.merchant);
            let list = self.inside.call("GET", &path, &shop.token, Value::Null).await?;
            for (n, order) in (0..).zip(items(&list)) {
                let tracking = format!("SF{place}{day:02}{n:04}{:04}", self.dice.below(10_000));
                let body = json!({ "carrier": "顺丰速运", "tracking": tracking });
                let path = format!("/orders/{}/shipments", text(&order, "/id")?);
                self.inside.call("POST", &path, &shop.token, body).await?;
            }
        }
        Ok(())
    }

    /// Most people confirm two or three days later; the rest is confirmed by the clock.
    async fn receive(&mut self) -> Result<()> {
        let now = self.inside.clock().now();
        for who in 0..self.buyers.len() {
            let buyer = self.buyer(who)?;
            let list = self.inside.call("GET", "/orders?state=shipped&limit=100", &buyer.token, Value::Null);
            for order in items(&list.await?) {
                let shipped: Timestamp = text(&order, "/shipped_at")?.parse()?;
                if shipped.plus_seconds(2 * 86_400) > now || !self.chance(60) {
                    continue;
                }
                let path = format!("/orders/{}/receive", text(&order, "/id")?);
                let token = &self.buyer(who)?.token;
                self.inside.call("POST", &path, token, Value::Null).await?;
            }
        }
        Ok(())
    }

    /// Something was short or broken: part or all of an order goes back.
    async fn send_back(&mut self, day: i64) -> Result<()> {
        let shop = self.shop(self.dice.clone().below(3).try_into().unwrap_or(0))?;
        let state = if day % 8 == 1 { "received" } else { "shipped" };
        let path = format!("/merchants/{}/orders?state={state}&limit=20", shop.merchant);
        let list = items(&self.inside.call("GET", &path, &shop.token, Value::Null).await?);
        let place = self.draw(list.len().max(1));
        let Some(order) = list.get(place) else { return Ok(()) };
        let line = order.pointer("/lines/0").context("a line")?;
        let left = number(line, "/total/amount_minor")? - number(line, "/refunded/amount_minor")?;
        let is_whole = self.chance(40);
        let amount = if is_whole { left } else { left / 3 };
        if amount < 1 {
            return Ok(());
        }
        let reason = if is_whole { "到货破损，全退" } else { "有几个压坏了，退一部分" };
        let body = json!({ "lines": [{ "line": number(line, "/line")?, "amount_minor": amount }],
            "reason": reason, "restock": false });
        let path = format!("/orders/{}/refunds", text(order, "/id")?);
        self.inside.call("POST", &path, &shop.token, body).await?;
        Ok(())
    }
}
