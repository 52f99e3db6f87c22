//! What is wrong with goods, and how it is put right.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Life;
use crate::inside::{items, text};

/// What people ask for, in turn: the kind, the reason, and what they say.
const ASKED: [(&str, &str, &str); 5] = [
    ("return", "no_reason", ""),
    ("refund", "damaged", "有两个压坏了，照片已留"),
    ("return", "faulty", "打开发现坏了"),
    ("exchange", "wrong_item", "发错规格了，想换一份"),
    ("refund", "not_as_described", "和图片差得有点多"),
];

impl Life<'_> {
    /// Somebody is not content with what came.
    pub(super) async fn complain(&mut self, day: i64) -> Result<()> {
        let who = self.draw(self.buyers.len());
        let token = self.buyer(who)?.token.clone();
        let list = self.inside.call("GET", "/orders?state=received&limit=20", &token, Value::Null).await?;
        let list: Vec<Value> = items(&list)
            .into_iter()
            .filter(|order| order.get("after_sale_state") == Some(&json!("none")))
            .collect();
        let place = self.draw(list.len().max(1));
        let Some(order) = list.get(place) else { return Ok(()) };
        let turn = usize::try_from(day)? % ASKED.len();
        let (kind, reason, words) = ASKED.get(turn).context("something to ask for")?;
        let item = match *kind {
            "refund" => json!({ "line": 1, "units": 0, "amount_minor": 300 }),
            _ => json!({ "line": 1, "units": 1 }),
        };
        let words = (!words.is_empty()).then_some(words);
        let body = json!({ "kind": kind, "reason": reason, "words": words, "items": [item] });
        let path = format!("/orders/{}/after-sales", text(order, "/id")?);
        // Some goods may not go back without a reason, and some orders cost too little.
        let Ok(case) = self.inside.ask("POST", &path, &token, body).await? else { return Ok(()) };
        if case.get("state") == Some(&json!("awaiting_goods")) && self.chance(75) {
            self.send(&token, &text(&case, "/id")?).await?;
        }
        Ok(())
    }

    async fn send(&mut self, token: &str, case: &str) -> Result<()> {
        let body =
            json!({ "carrier": "中通快递", "tracking": format!("ZT{:08}", self.dice.below(100_000_000)) });
        self.inside.call("POST", &format!("/after-sales/{case}/send"), token, body).await?;
        Ok(())
    }

    /// The shops answer what was asked, and look at what came back.
    pub(super) async fn answer(&mut self, day: i64) -> Result<()> {
        for place in 0..self.shops.len() {
            let shop = self.shop(place)?;
            let path = format!("/merchants/{}/after-sales?state=requested", shop.merchant);
            for case in items(&self.inside.call("GET", &path, &shop.token, Value::Null).await?) {
                let id = text(&case, "/id")?;
                let (verb, words) = if self.chance(80) {
                    ("agree", "抱歉，马上处理")
                } else {
                    ("decline", "照片看不出问题")
                };
                let body = json!({ "words": words });
                self.inside.call("POST", &format!("/after-sales/{id}/{verb}"), &shop.token, body).await?;
            }
            let path = format!("/merchants/{}/after-sales?state=goods_sent", shop.merchant);
            for case in items(&self.inside.call("GET", &path, &shop.token, Value::Null).await?) {
                let is_exchange = case.get("kind") == Some(&json!("exchange"));
                let outcome = if is_exchange { "replace" } else { "refund" };
                let units = day % 2;
                let body = json!({ "outcome": outcome, "shelf": [{ "line": 1, "units": units }] });
                let path = format!("/after-sales/{}/accept", text(&case, "/id")?);
                // Other goods may be sold out; the case then waits for another day.
                let _answer = self.inside.ask("POST", &path, &shop.token, body).await?;
            }
        }
        self.go_on(day).await
    }

    /// Buyers send what was agreed, and some do not take a no.
    async fn go_on(&mut self, day: i64) -> Result<()> {
        for who in 0..self.buyers.len() {
            let token = self.buyer(who)?.token.clone();
            let list = self.inside.call("GET", "/after-sales?limit=20", &token, Value::Null).await?;
            for case in items(&list) {
                let id = text(&case, "/id")?;
                match case.get("state").and_then(Value::as_str) {
                    Some("awaiting_goods") if self.chance(70) => self.send(&token, &id).await?,
                    Some("declined") if day % 3 == 0 => {
                        let body = json!({ "words": "照片很清楚，请平台看看" });
                        self.inside.call("POST", &format!("/after-sales/{id}/dispute"), &token, body).await?;
                    }
                    Some(_) | None => {}
                }
            }
        }
        Ok(())
    }
}
