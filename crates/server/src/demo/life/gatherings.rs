//! What shops and readers write about goods, and what friends choose together.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Life;
use crate::inside::text;

/// What a shop writes first of anything.
const ARTICLE: &str = "# 怎么挑\n看**规格**，一个人选小的，一家人选大的。\n\n- 送人选礼盒\n- 自用选简装\n\n\
    ## 怎么收\n到货先拆箱看一眼，有磕碰当天拍照给客服。";
/// What a reader would add.
const MORE: &str = "\n## 怎么放\n放在阴凉处，拆开以后尽快用完。";

/// Lists of friends: what each is for, and what they say.
const LISTS: [(&str, &str, &str); 4] = [
    ("周六烧烤", "多买点，上次不够", "饮料我带，其他的你们定"),
    ("给外婆过生日", "她上次说喜欢这个", "我出一半"),
    ("办公室零食", "下午茶用", "甜的咸的各来一点"),
    ("开学要用的", "比店里便宜", "我家也要一份"),
];

impl Life<'_> {
    /// A shop writes about one of its goods; a reader proposes more, which is accepted most of the time.
    pub(super) async fn describe(&mut self, day: i64) -> Result<()> {
        let shop = self.draw(self.shops.len());
        let reader = self.draw(self.buyers.len());
        let reader = self.buyer(reader)?.token.clone();
        let shop = self.shop(shop)?;
        let place = usize::try_from(day)? % shop.products.len().max(1);
        let product = shop.products.get(place).context("a product")?.id.clone();
        let token = shop.token.clone();
        let path = format!("/products/{product}/article");
        let now = self.inside.call("GET", &path, &token, Value::Null).await?;
        if now.get("revision") != Some(&json!(0)) {
            return Ok(());
        }
        let body = json!({ "base": 0, "words": ARTICLE, "sources": [], "comment": "第一版" });
        self.inside.call("POST", &path, &token, body).await?;
        let (words, comment) = (format!("{ARTICLE}{MORE}"), "补充怎么存放");
        let body = json!({ "base": 1, "words": words, "sources": ["https://example.org/storage"], "comment": comment });
        let proposal = self.inside.call("POST", &format!("{path}/proposals"), &reader, body).await?;
        if self.chance(60) {
            let path = format!("/article-proposals/{}/accept", text(&proposal, "/about/id")?);
            self.inside.call("POST", &path, &token, json!({})).await?;
        }
        Ok(())
    }

    /// Somebody makes a list; two friends join, put something on it, vote and talk.
    pub(super) async fn gather(&mut self, day: i64) -> Result<()> {
        let turn = usize::try_from(day)?;
        let (title, note, words) = *LISTS.get(turn % LISTS.len()).context("a list")?;
        let owner = self.buyer(turn % self.buyers.len().max(1))?.token.clone();
        let list = self.inside.call("POST", "/lists", &owner, json!({ "title": title })).await?;
        let path = format!("/lists/{}", text(&list, "/id")?);
        let join = format!("/list-invitations/{}/join", text(&list, "/code")?);
        for n in 0..3_usize {
            let friend = self.buyer(turn.saturating_add(n) % self.buyers.len().max(1))?.token.clone();
            self.inside.call("POST", &join, &friend, json!({})).await?;
            let shop = self.draw(self.shops.len());
            let shop = self.shop(shop)?;
            let product =
                shop.products.get(turn % shop.products.len().max(1)).context("a product")?.id.clone();
            let product = self.inside.call("GET", &format!("/products/{product}"), "", Value::Null).await?;
            let item = json!({ "sku": text(&product, "/skus/0/id")?, "note": note });
            self.inside.call("POST", &format!("{path}/items"), &friend, item).await?;
            let now = self.inside.call("GET", &path, &friend, Value::Null).await?;
            for item in now.get("items").and_then(Value::as_array).into_iter().flatten().take(2) {
                let vote = format!("{path}/items/{}/vote", text(item, "/sku")?);
                self.inside.call("POST", &vote, &friend, json!({ "is_wanted": true })).await?;
            }
        }
        self.inside.call("POST", &format!("{path}/words"), &owner, json!({ "words": words })).await?;
        Ok(())
    }
}
