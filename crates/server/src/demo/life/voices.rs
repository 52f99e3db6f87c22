//! What people say of goods, ask about them, and are told.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Life;
use crate::inside::{items, text};

/// Reviews of anything, in turn: stars, words, tags, and what is added later.
const REVIEWS: [(i64, &str, &[&str], &str); 14] = [
    (5, "第二次买了，和上次一样好，邻居也跟着下了单。", &["回购", "放心"], "又买了一次，还是满意。"),
    (4, "东西不错，就是箱子有点大，拿上楼费劲。", &["实在"], ""),
    (5, "拆开没有一点磕碰，包得很仔细。", &["包装好"], ""),
    (3, "中规中矩，对得起这个价，没有惊喜。", &[], ""),
    (5, "给爸妈买的，打电话说好，让我以后就认这家。", &["送长辈"], "爸妈已经用完了，催我再买。"),
    (2, "比想的小一圈，下单前没看清规格，提醒大家看一眼。", &["偏小"], "后来找了客服，处理得挺快。"),
    (4, "和朋友拼的，便宜不少，到手比预计早一天。", &["划算", "快"], ""),
    (5, "细节做得好，看得出是用心的店。", &["用心"], ""),
    (1, "到手有一个坏的，虽然赔了，心情还是受影响。", &["有破损"], "补寄的没问题，加一颗星的心意。"),
    (4, "连着买了三样，这一样最值。", &["值"], ""),
    (5, "周末全家都在，一会儿就分完了。", &["全家喜欢"], ""),
    (3, "颜色比图片深一点，能接受。", &["有色差"], ""),
    (4, "用了一周再来说，目前一切正常。", &["耐用"], "一个月了，还是正常。"),
    (5, "客服回得快，问什么答什么。", &["服务好"], ""),
];

/// Questions with what the shop and others say.
const QUESTIONS: [(&str, &str, &str); 10] = [
    ("一般几天能到？", "江浙沪两天，别处三到五天。", "我在城西，隔天就收到了。"),
    ("可以指定送货时间吗？", "备注里写上，我们转告快递。", "写了备注，真的是晚上送的。"),
    ("送人合适吗？有没有好看的盒子？", "默认是普通纸箱，礼盒请先问客服。", "我送了同事，她说挺好。"),
    ("和实体店是同一批货吗？", "是同一批，线上线下一起发。", ""),
    ("坏了包赔吗？", "收到当天拍照，按件赔。", "赔过一次，当天到账。"),
    ("几个人一起买最划算？", "看团的价格，凑满就是最低价。", "我们三个人买的。"),
    ("保质期多久？", "包装上有日期，到手都是新的。", ""),
    ("能开发票吗？", "可以，下单后把抬头发给客服。", ""),
    ("小规格够两个人用吗？", "够的，用得多就选大的。", "我家两口人，正好。"),
    ("退货运费谁出？", "有问题我们出，不喜欢的话您出。", ""),
];

const REPLIES: [&str; 4] = [
    "谢谢您，欢迎再来。",
    "谢谢提醒，已经告诉打包的同事了。",
    "给您添麻烦了，有问题随时找我们。",
    "您喜欢就好，下次有新货先告诉您。",
];

impl Life<'_> {
    /// Some review what came, some ask, shops and others answer.
    pub(super) async fn talk(&mut self, day: i64) -> Result<()> {
        for _ in 0..3 {
            self.review().await?;
        }
        self.ask(day).await?;
        self.describe(day).await?;
        self.gather(day).await?;
        self.reply().await
    }

    /// Somebody reviews what came, and adds to what was written before.
    async fn review(&mut self) -> Result<()> {
        let who = self.draw(self.buyers.len());
        let token = self.buyer(who)?.token.clone();
        let list = self.inside.call("GET", "/orders?state=received&limit=20", &token, Value::Null).await?;
        let orders = items(&list);
        let place = self.draw(orders.len().max(1));
        let Some(order) = orders.get(place) else { return Ok(()) };
        let path = format!("/orders/{}/reviews", text(order, "/id")?);
        let (stars, words, tags, more) = *REVIEWS.get(self.draw(REVIEWS.len())).context("a review")?;
        for line in items(&self.inside.call("GET", &path, &token, Value::Null).await?) {
            if line.get("may_review") == Some(&json!(true)) {
                let body = json!({ "line": line.get("line"), "stars": stars, "words": words, "tags": tags,
                    "is_anonymous": self.chance(25) });
                self.inside.call("POST", &path, &token, body).await?;
            } else if let Some(id) = line.pointer("/review/id").and_then(Value::as_str)
                && line.pointer("/review/follow_up") == Some(&Value::Null)
                && !more.is_empty()
            {
                let path = format!("/posts/{id}/follow-up");
                self.inside.call("POST", &path, &token, json!({ "words": more })).await?;
            }
        }
        Ok(())
    }

    /// Somebody asks; the shop and somebody else answer, and others find it helpful.
    async fn ask(&mut self, day: i64) -> Result<()> {
        let turn = usize::try_from(day)? % QUESTIONS.len();
        let (question, told, heard) = *QUESTIONS.get(turn).context("a question")?;
        let shop = self.draw(self.shops.len());
        let shop = self.shop(shop)?;
        let place = self.draw(shop.products.len());
        let product = shop.products.get(place).context("a product")?.id.clone();
        let (asker, other) = (self.draw(self.buyers.len()), self.draw(self.buyers.len()));
        let (asker, other) = (self.buyer(asker)?.token.clone(), self.buyer(other)?.token.clone());
        let path = format!("/products/{product}/questions");
        let asked = self.inside.call("POST", &path, &asker, json!({ "words": question })).await?;
        let path = format!("/posts/{}/answers", text(&asked, "/id")?);
        let answer = self.inside.call("POST", &path, &shop.token, json!({ "words": told })).await?;
        if !heard.is_empty() {
            self.inside.call("POST", &path, &other, json!({ "words": heard })).await?;
        }
        let answer = text(&answer, "/id")?;
        if self.chance(60) {
            self.inside.call("POST", &format!("/posts/{answer}/accept"), &asker, json!({})).await?;
        }
        self.inside.call("POST", &format!("/posts/{answer}/helpful"), &other, json!({})).await?;
        Ok(())
    }

    /// A shop replies to some reviews.
    async fn reply(&mut self) -> Result<()> {
        for place in 0..self.shops.len() {
            let shop = self.shop(place)?;
            let path = format!("/merchants/{}/posts?kind=review&limit=5", shop.merchant);
            for post in items(&self.inside.call("GET", &path, &shop.token, Value::Null).await?) {
                if post.get("reply") == Some(&Value::Null) && self.chance(40) {
                    let words = *REPLIES.get(self.draw(REPLIES.len())).context("a reply")?;
                    let path = format!("/posts/{}/reply", text(&post, "/id")?);
                    self.inside.call("POST", &path, &shop.token, json!({ "words": words })).await?;
                }
            }
        }
        Ok(())
    }
}
