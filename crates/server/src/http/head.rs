//! What stands in a page's head for those who only look at it: title, text, picture and price of what a link shows.

use std::fmt::Write;
use std::sync::Arc;

use base::{MerchantId, Money, PictureId, ProductId, TeamId};
use catalog::api::ProductState;
use db::{DbError, Rx};
use reach::api::EntryTarget;
use serde_json::json;

use super::Site;

/// What a preview shows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Preview {
    title: String,
    description: String,
    /// Addresses, as paths of this server.
    picture: Option<String>,
    path: String,
    /// What one pays, and whether it can be had; products only.
    offer: Option<(Money, bool)>,
}

pub(super) async fn product(site: &Arc<Site>, id: &str) -> Option<String> {
    let id: ProductId = id.parse().ok()?;
    shown(site, move |rx| of_product(rx, id)).await
}

pub(super) async fn team(site: &Arc<Site>, id: &str) -> Option<String> {
    let id: TeamId = id.parse().ok()?;
    let read = move |rx: &mut Rx| {
        let Some(team) = deals::api::team_brief(rx, id)? else { return Ok(None) };
        let Some(of) = of_product(rx, team.product)? else { return Ok(None) };
        let description = format!("{} 拼团价，差你一个 · {}", yuan(team.price), of.description);
        let offer = of.offer.map(|(_, is_available)| (team.price, is_available));
        Ok(Some(Preview { description, path: format!("/t/{id}"), offer, ..of }))
    };
    shown(site, read).await
}

pub(super) async fn merchant(site: &Arc<Site>, id: &str) -> Option<String> {
    let id: MerchantId = id.parse().ok()?;
    let read = move |rx: &mut Rx| {
        let found = people::api::merchant(rx, id)?;
        Ok(found.map(|info| Preview {
            title: info.name,
            description: info.about,
            path: format!("/m/{id}"),
            ..Preview::default()
        }))
    };
    shown(site, read).await
}

pub(super) async fn entry(site: &Arc<Site>, code: &str) -> Option<String> {
    let (ctx, code) = (site.ctx.clone(), code.to_owned());
    let read = move |rx: &mut Rx| {
        let Some(entry) = reach::api::preview(rx, &ctx, &code)? else { return Ok(None) };
        let price = entry.team_price.or(entry.price);
        let price_text = price.map(|price| format!("{} · ", yuan(price))).unwrap_or_default();
        let is_product = !matches!(entry.target, EntryTarget::Merchant(_));
        let poster = format!("/api/v1/entries/{}/poster.png", entry.code);
        Ok(Some(Preview {
            title: entry.title,
            description: format!("{price_text}{} 分享给你", entry.sharer_name),
            // Without a picture of its own it is shown by its poster: title, price and code.
            picture: entry.picture.map(|picture| picture.url).or(Some(poster)),
            path: format!("/s/{}", entry.code),
            offer: price.filter(|_| is_product).map(|price| (price, true)),
        }))
    };
    shown(site, read).await
}

pub(super) async fn coupon(site: &Arc<Site>, code: &str) -> Option<String> {
    let code = code.to_owned();
    let read = move |rx: &mut Rx| {
        let Some(link) = coupons::api::link_brief(rx, &code)? else { return Ok(None) };
        let shop = people::api::merchant(rx, link.merchant)?.map(|info| info.name).unwrap_or_default();
        let owner = people::api::person_names(rx, &[link.owner])?.remove(&link.owner).unwrap_or_default();
        let owner = people::api::public_name(&owner);
        Ok(Some(Preview {
            title: format!("{shop} · {}", link.title),
            description: format!("帮 {owner} 的券变大，你也得一张"),
            path: format!("/c/{code}"),
            ..Preview::default()
        }))
    };
    shown(site, read).await
}

fn of_product(rx: &mut Rx, id: ProductId) -> Result<Option<Preview>, DbError> {
    let found = catalog::api::product(rx, id)?.filter(|product| product.state == ProductState::Published);
    let Some(product) = found else { return Ok(None) };
    let shop = people::api::merchant(rx, product.merchant)?.map(|info| info.name).unwrap_or_default();
    let in_stock = stock::api::available(rx, &product.skus)?.values().any(|available| *available > 0);
    let team = deals::api::team_price(rx, id)?;
    let team_text = team.map(|price| format!("拼团 {} · ", yuan(price))).unwrap_or_default();
    Ok(Some(Preview {
        title: product.title,
        description: format!("{team_text}单买 {} · {shop}", yuan(product.price_from)),
        picture: product.picture.map(|picture: PictureId| catalog::api::picture_url(picture, 0)),
        path: format!("/p/{id}"),
        offer: Some((product.price_from, in_stock)),
    }))
}

async fn shown<F>(site: &Arc<Site>, read: F) -> Option<String>
where
    F: FnMut(&mut Rx) -> Result<Option<Preview>, DbError> + Send + 'static,
{
    match site.ctx.db().read::<_, DbError, _>(read).await {
        Ok(found) => found.map(|preview| tags(&preview, &site.ctx.settings().public_url)),
        // The page itself works without; it asks again and tells what is wrong.
        Err(error) => {
            tracing::warn!(%error, "a preview cannot be read");
            None
        }
    }
}

/// An amount for people: `¥19.80`.
fn yuan(money: Money) -> String {
    format!("¥{}", decimal(money))
}

/// An amount as a decimal number: `19.80`.
fn decimal(money: Money) -> String {
    let digits = usize::from(money.currency().exponent());
    let unit = 10_u64.saturating_pow(u32::from(money.currency().exponent())).max(1);
    let (sign, minor) = (if money.minor() < 0 { "-" } else { "" }, money.minor().unsigned_abs());
    let (whole, rest) = (minor.checked_div(unit).unwrap_or(0), minor.checked_rem(unit).unwrap_or(0));
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:0digits$}") }
}

fn tags(preview: &Preview, public_url: &str) -> String {
    let mut out = String::new();
    let title = escape(&preview.title);
    let url = format!("{public_url}{}", preview.path);
    let image = preview.picture.as_ref().map(|path| format!("{public_url}{path}"));
    let mut put = |kind: &str, name: &str, value: &str| {
        write!(out, "<meta {kind}=\"{name}\" content=\"{}\">", escape(value)).unwrap_or(());
    };
    put("name", "description", &preview.description);
    put("property", "og:site_name", "团");
    put("property", "og:type", if preview.offer.is_some() { "product" } else { "website" });
    put("property", "og:title", &preview.title);
    put("property", "og:description", &preview.description);
    put("property", "og:url", &url);
    if let Some(image) = &image {
        put("property", "og:image", image);
        put("name", "twitter:card", "summary_large_image");
    }
    if let Some((price, _)) = preview.offer {
        put("property", "product:price:amount", &decimal(price));
        put("property", "product:price:currency", price.currency().code());
    }
    let data = preview.offer.map(|(price, is_available)| {
        let availability = if is_available { "InStock" } else { "OutOfStock" };
        json!({
            "@context": "https://schema.org", "@type": "Product", "name": preview.title,
            "description": preview.description, "image": image, "url": url,
            "offers": { "@type": "Offer", "price": decimal(price), "priceCurrency": price.currency().code(),
                "availability": format!("https://schema.org/{availability}"), "url": url },
        })
    });
    // `<` would end the script; as an escape it is the same JSON.
    let data = data.map(|data| {
        let text = data.to_string().replace('<', "\\u003c");
        format!("<script type=\"application/ld+json\">{text}</script>")
    });
    format!("<title>{title} · 团</title>{out}{}", data.unwrap_or_default())
}

/// Text for HTML, in an attribute too.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The page with `tags` in place of its title.
pub(super) fn insert(html: &str, tags: &str) -> String {
    match (html.split_once("<title>"), html.split_once("</title>")) {
        (Some((before, _)), Some((_, after))) => format!("{before}{tags}{after}"),
        _ => html.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use base::Currency;

    use super::*;

    #[test]
    fn what_people_wrote_cannot_leave_its_place() {
        let preview = Preview {
            title: "</title><script>alert(1)</script>".to_owned(),
            description: "\"><img src=x>".to_owned(),
            picture: None,
            path: "/p/x".to_owned(),
            offer: Some((Money::new(1_980, Currency::CNY), true)),
        };
        let tags = tags(&preview, "https://shop.example");
        assert_eq!(tags.matches("<script").count(), 1, "{tags}");
        assert_eq!(tags.matches("</script>").count(), 1, "{tags}");
        assert!(!tags.contains("<img") && tags.contains("\"price\":\"19.80\""), "{tags}");
        let page = insert("<head><title>团</title></head>", &tags);
        assert!(page.starts_with("<head><title>&lt;/title&gt;") && page.ends_with("</head>"), "{page}");
    }

    #[test]
    fn amounts_are_written_with_all_their_digits() {
        assert_eq!(yuan(Money::new(5, Currency::CNY)), "¥0.05");
        assert_eq!(decimal(Money::new(-1_234, Currency::CNY)), "-12.34");
    }
}
