//! Opens the shops: people, products, pictures, prices, activities.

use anyhow::{Context, Result};
use base::MerchantId;
use people::api::Phone;
use serde_json::{Value, json};

use super::world::{Activity, PaidCard, Person, Product, Shop, World};
use super::{Offered, OpenShop, pictures};
use crate::inside::{Inside, items, text};

/// Makes the operator and all shops with what they sell.
///
/// # Errors
/// When a command is refused.
pub(crate) async fn open(inside: &Inside, world: &World) -> Result<Vec<OpenShop>> {
    let operator = operator(inside, &world.operator).await?;
    let categories = items(&inside.call("GET", "/categories", "", Value::Null).await?);
    let fee = json!({ "rate_bp": 100, "note": "平台服务费 1%，只按实际成交收取" });
    inside.call("PUT", "/fee-rules", &operator, fee).await?;
    let mut shops = Vec::new();
    for shop in &world.shop {
        shops.push(open_one(inside, &operator, shop).await?);
    }
    for product in &world.product {
        let shop = shops.iter_mut().find(|shop| shop.key == product.shop).context("a product of no shop")?;
        let category =
            categories.iter().find(|c| c.get("slug").is_some_and(|slug| *slug == *product.category));
        let category = text(category.context("a product of no category")?, "/id")?;
        let offered = offer(inside, shop, product, &category, false).await?;
        shop.products.push(offered);
    }
    for card in &world.card {
        let shop = shops.iter().find(|shop| shop.key == card.product.shop).context("a card of no shop")?;
        let category =
            categories.iter().find(|c| c.get("slug").is_some_and(|slug| *slug == *card.product.category));
        let category = text(category.context("a card of no category")?, "/id")?;
        sell_card(inside, shop, card, &category).await?;
    }
    for activity in &world.activity {
        let found = shops.iter_mut().find_map(|shop| {
            let place = shop.products.iter().position(|product| product.title == activity.of)?;
            Some((shop, place))
        });
        let (shop, place) = found.context("an activity of no product")?;
        start(inside, shop, place, activity).await?;
    }
    Ok(shops)
}

/// Begins the flash sales: they are short, so the demo's past would be over them.
///
/// # Errors
/// When a command is refused.
pub(crate) async fn begin_flash_sales(inside: &Inside, world: &World, shops: &[OpenShop]) -> Result<()> {
    for sale in &world.flash {
        let found = shops
            .iter()
            .find_map(|shop| Some((shop, shop.products.iter().find(|product| product.title == sale.of)?)));
        let (shop, product) = found.context("a flash sale of no product")?;
        let of = world.shop.iter().find(|one| one.key == shop.key).context("a shop of no world")?;
        let token = inside.sign_in(&of.owner.phone, &of.owner.name).await?;
        let now = inside.clock().now();
        let prices = product.skus.iter().zip(&sale.prices);
        let skus: Vec<Value> = prices
            .map(|(sku, (price, quota))| json!({ "sku": sku, "price_minor": price, "quota": quota }))
            .collect();
        let (from, to) = sale.hours;
        let body = json!({ "product": product.id, "title": sale.title, "skus": skus, "per_person": sale.per_person,
            "starts_at": now.plus_seconds(from * 3_600), "ends_at": now.plus_seconds(to * 3_600) });
        inside.call("POST", &format!("/merchants/{}/flash-sales", shop.merchant), &token, body).await?;
    }
    Ok(())
}

/// Makes the operator.
///
/// # Errors
/// Whatever the store says.
pub(crate) async fn operator(inside: &Inside, operator: &Person) -> Result<String> {
    let (phone, name) = (operator.phone.parse::<Phone>()?, operator.name.clone());
    inside
        .command(move |tx| {
            let person = people::api::ensure_member(tx, &phone, &name)?;
            people::api::ensure_operator(tx, person)
        })
        .await?;
    inside.sign_in(&operator.phone, &operator.name).await
}

async fn open_one(inside: &Inside, operator: &str, shop: &Shop) -> Result<OpenShop> {
    let token = inside.sign_in(&shop.owner.phone, &shop.owner.name).await?;
    let helper = inside.sign_in(&shop.staff.phone, &shop.staff.name).await?;
    let body = json!({ "name": shop.name, "about": shop.about, "owner_phone": shop.owner.phone });
    let merchant = text(&inside.call("POST", "/merchants", operator, body).await?, "/id")?;
    let of = format!("/merchants/{merchant}");
    let staff = json!({ "phone": shop.staff.phone, "rights": shop.staff.rights });
    inside.call("POST", &format!("{of}/staff"), &token, staff).await?;
    let accept = format!("/me/invitations/{merchant}/accept");
    inside.call("POST", &accept, &helper, Value::Null).await?;
    let reductions: Vec<Value> = shop
        .reductions
        .iter()
        .map(|(threshold, off)| json!({ "threshold_minor": threshold, "off_minor": off }))
        .collect();
    let (base, free) = shop.freight;
    let pricing = json!({ "full_reductions": reductions,
        "freight": { "base_minor": base, "free_from_minor": free } });
    inside.call("PUT", &format!("{of}/pricing"), &token, pricing).await?;
    let tiers = json!([
        { "code": "silver", "title": "银卡", "threshold": 100, "off_bp": 200, "is_freight_free": false },
        { "code": "gold", "title": "金卡", "threshold": 1_000, "off_bp": 500, "is_freight_free": true },
    ]);
    let membership = json!({ "factor": 1, "days": 365, "tiers": tiers, "version": 0 });
    inside.call("PUT", &format!("{of}/membership"), &token, membership).await?;
    give_coupons(inside, &of, &token).await?;
    if shop.key == "green" {
        let rules = json!({ "is_on": true, "per_unit": 10, "worth_minor": 1, "share_bp": 3_000, "days": 180,
            "check_in": 5, "streak_bonus": 30, "utc_offset_minutes": 480 });
        let program = json!({ "rules": rules, "version": 0 });
        inside.call("PUT", &format!("{of}/points"), &token, program).await?;
    }
    // Goods from the field are taxed less than those of the workshop.
    let rate_bp = if shop.key == "green" { 900 } else { 1_300 };
    let invoices = json!({ "is_on": true, "rate_bp": rate_bp, "rates": [], "version": 0 });
    inside.call("PUT", &format!("{of}/invoice-terms"), &token, invoices).await?;
    let (level1, level2) = shop.commission;
    let rules = json!({ "level1_bp": level1, "level2_bp": level2, "window_hours": 72, "model": "last_touch",
        "return_window_days": 7 });
    inside.call("PUT", &format!("{of}/commission-rules"), &token, rules).await?;
    let terms = json!({ "address": { "name": shop.staff.name, "phone": shop.staff.phone,
        "region": "浙江省杭州市余杭区", "street": "良渚街道 88 号仓库" }, "price_protection_days": 15, "version": 0 });
    inside.call("PUT", &format!("{of}/after-sale-terms"), &token, terms).await?;
    Ok(OpenShop {
        key: shop.key.clone(),
        merchant: merchant.parse::<MerchantId>()?,
        token,
        products: Vec::new(),
    })
}

/// Three coupons: from an amount on, a share, and one that grows by friends and by days.
async fn give_coupons(inside: &Inside, of: &str, token: &str) -> Result<()> {
    let now = inside.clock().now();
    let growth = json!({ "per_friend_minor": 100, "per_day_minor": 50, "to_minor": 1_200 });
    let coupons = [
        json!({ "title": "满 59 减 6 元", "gift": { "kind": "cash", "off_minor": 600 }, "threshold_minor": 5_900,
            "is_stacking": true }),
        json!({ "title": "九折券，最多减 20 元", "gift": { "kind": "percent", "off_bp": 1_000, "cap_minor": 2_000 },
            "threshold_minor": 3_900 }),
        json!({ "title": "膨胀券，2 元起，最高 12 元", "gift": { "kind": "cash", "off_minor": 200 }, "growth": growth,
            "threshold_minor": 2_900, "is_stacking": true }),
    ];
    for mut body in coupons {
        let more = json!({ "validity": { "kind": "days", "days": 30 }, "starts_at": now,
            "ends_at": now.plus_seconds(120 * 86_400), "issue_max": 5_000, "worth_max_minor": 10_000_000 });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        inside.call("POST", &format!("{of}/coupon-templates"), token, body).await?;
    }
    Ok(())
}

/// A card is not among what the people of the demo buy: they would wait for its parcel.
async fn sell_card(inside: &Inside, shop: &OpenShop, card: &PaidCard, category: &str) -> Result<()> {
    let offered = offer(inside, shop, &card.product, category, true).await?;
    let sku = offered.skus.first().context("a card without a variant")?;
    let gives = json!({ "title": card.product.title, "days": card.days, "off_bp": card.off_bp,
        "is_freight_free": card.is_freight_free, "version": 0 });
    let path = format!("/merchants/{}/membership/cards/{sku}", shop.merchant);
    inside.call("PUT", &path, &shop.token, gives).await?;
    Ok(())
}

async fn offer(
    inside: &Inside,
    shop: &OpenShop,
    product: &Product,
    category: &str,
    is_virtual: bool,
) -> Result<Offered> {
    let of = format!("/merchants/{}", shop.merchant);
    let png = pictures::png(product)?;
    let picture = inside.try_call("POST", &format!("{of}/pictures"), &shop.token, "image/png", png).await?;
    let picture = text(&picture.map_err(|code| anyhow::anyhow!("picture refused: {code}"))?, "/id")?;
    let place = shop.products.len();
    let skus: Vec<Value> = (1..)
        .zip(&product.variants)
        .map(|(n, (value, price, stock))| {
            let values: Vec<&String> = product.option.iter().map(|_| value).collect();
            json!({ "code": format!("{}-{:02}-{n}", shop.key.to_uppercase(), place + 1), "option_values": values,
                "price_minor": price, "stock": stock })
        })
        .collect();
    let options: Vec<Value> = product
        .option
        .iter()
        .map(|name| json!({ "name": name, "values": product.variants.iter().map(|v| &v.0).collect::<Vec<_>>() }))
        .collect();
    let facts: Vec<Value> =
        product.facts.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let is_fresh = ["fruit", "vegetables", "meat-eggs", "snacks"].contains(&product.category.as_str());
    let body = json!({ "title": product.title, "description": product.text, "category": category,
        "options": options, "attributes": facts, "no_reason_return": !is_fresh && !is_virtual,
        "is_virtual": is_virtual, "pictures": [picture],
        "skus": skus });
    let made = inside.call("POST", &format!("{of}/products"), &shop.token, body).await?;
    let id = text(&made, "/id")?;
    inside.call("POST", &format!("/products/{id}/publish"), &shop.token, Value::Null).await?;
    let skus = made.get("skus").and_then(Value::as_array).cloned().unwrap_or_default();
    let skus = skus.iter().map(|sku| text(sku, "/id")).collect::<Result<_>>()?;
    Ok(Offered { id, title: product.title.clone(), skus, activity: None })
}

async fn start(inside: &Inside, shop: &mut OpenShop, place: usize, activity: &Activity) -> Result<()> {
    let now = inside.clock().now();
    let Some(product) = shop.products.get_mut(place) else { return Ok(()) };
    let skus: Vec<Value> = product
        .skus
        .iter()
        .zip(&activity.prices)
        .map(|(sku, price)| {
            let tiers: Vec<Value> = activity
                .ladder
                .iter()
                .map(|(people, off)| json!({ "people": people, "price_minor": price - off }))
                .collect();
            let leader = activity.leader_off.map(|off| price - off);
            json!({ "sku": sku, "team_price_minor": price, "leader_price_minor": leader, "tiers": tiers })
        })
        .collect();
    let body = json!({ "product": product.id, "title": activity.title, "skus": skus, "size": activity.size,
        "window_minutes": activity.hours * 60, "starts_at": now, "ends_at": now.plus_seconds(120 * 86_400),
        "quota": activity.quota, "per_person_limit": activity.per_person,
        "new_buyers_only": activity.new_buyers_only });
    let path = format!("/merchants/{}/activities", shop.merchant);
    let id = text(&inside.call("POST", &path, &shop.token, body).await?, "/id")?;
    inside.call("POST", &format!("/activities/{id}/start"), &shop.token, Value::Null).await?;
    product.activity = Some((id, activity.size));
    Ok(())
}
