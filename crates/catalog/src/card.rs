//! A product in a list.

use std::collections::BTreeMap;

use base::{ActivityId, FlashSaleId, MerchantId, Money, ProductId, Timestamp};
use serde::Serialize;

use crate::api::{self, yuan};
use crate::media::Picture;
use crate::store::ProductRow;

/// An activity, as a card names it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ActivityBrief {
    id: ActivityId,
    /// The lowest price in a team.
    team_price: Money,
    size: u32,
}

/// A flash sale that runs, as a card names it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FlashBrief {
    id: FlashSaleId,
    /// The lowest price in it.
    price: Money,
    ends_at: Timestamp,
}

/// A product in a list.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProductCard {
    id: ProductId,
    merchant: MerchantId,
    merchant_name: String,
    title: String,
    picture: Option<Picture>,
    /// The lowest price of its variants.
    price: Money,
    activity: Option<ActivityBrief>,
    /// The flash sale that it is in now.
    pub(crate) flash: Option<FlashBrief>,
}

impl ProductCard {
    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }
}

pub(crate) fn card(row: ProductRow, names: &BTreeMap<MerchantId, String>, now: Timestamp) -> ProductCard {
    let is_running = |flash: &api::FlashBadge| flash.starts_at <= now && now < flash.ends_at;
    let flash = row.flash.filter(is_running).map(|flash| FlashBrief {
        id: flash.sale,
        price: yuan(flash.price_minor),
        ends_at: flash.ends_at,
    });
    let activity = row.badge.map(|badge| ActivityBrief {
        id: badge.activity,
        team_price: yuan(badge.team_price_minor),
        size: badge.size,
    });
    ProductCard {
        id: row.id,
        merchant: row.merchant,
        merchant_name: names.get(&row.merchant).cloned().unwrap_or_default(),
        title: row.title,
        picture: row.pictures.first().copied().map(Picture::from),
        price: yuan(row.price_from),
        activity,
        flash,
    }
}
