//! The demo's world, as written in `world.toml`.

use anyhow::{Context, Result};
use serde::Deserialize;

/// All of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct World {
    pub(crate) operator: Person,
    pub(crate) shop: Vec<Shop>,
    pub(crate) product: Vec<Product>,
    pub(crate) activity: Vec<Activity>,
    pub(crate) card: Vec<PaidCard>,
    pub(crate) flash: Vec<FlashSale>,
    pub(crate) members: Members,
}

/// Somebody with a phone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) phone: String,
    /// Staff only.
    #[serde(default)]
    pub(crate) rights: Vec<String>,
}

/// A shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shop {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) owner: Person,
    pub(crate) staff: Person,
    /// Threshold and what is taken off, in fen.
    pub(crate) reductions: Vec<(i64, i64)>,
    /// Freight, and from when on there is none, in fen.
    pub(crate) freight: (i64, i64),
    /// Both levels, in basis points.
    pub(crate) commission: (i64, i64),
}

/// A product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    pub(crate) shop: String,
    pub(crate) category: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) drawing: String,
    /// Ground, main and second colour.
    pub(crate) colours: (String, String, String),
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) option: Option<String>,
    /// Value, price in fen, stock.
    pub(crate) variants: Vec<(String, i64, i64)>,
}

/// A paid card of a shop: a virtual product, and what it gives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaidCard {
    pub(crate) product: Product,
    pub(crate) days: i64,
    pub(crate) off_bp: i64,
    pub(crate) is_freight_free: bool,
}

/// A flash sale of one product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlashSale {
    /// The product's title.
    pub(crate) of: String,
    pub(crate) title: String,
    /// The price of each variant, in fen, and how many there are.
    pub(crate) prices: Vec<(i64, i64)>,
    pub(crate) per_person: Option<i64>,
    /// From how many hours after the demo's beginning to how many.
    pub(crate) hours: (i64, i64),
}

/// A team-buying activity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    /// The product's title.
    pub(crate) of: String,
    pub(crate) title: String,
    /// The team price of each variant.
    pub(crate) prices: Vec<i64>,
    pub(crate) size: i64,
    pub(crate) hours: i64,
    /// From how many people on how much less.
    #[serde(default)]
    pub(crate) ladder: Vec<(i64, i64)>,
    pub(crate) leader_off: Option<i64>,
    pub(crate) quota: Option<i64>,
    pub(crate) per_person: Option<i64>,
    #[serde(default)]
    pub(crate) new_buyers_only: bool,
}

/// Those who buy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Members {
    pub(crate) names: Vec<String>,
    pub(crate) streets: Vec<String>,
    pub(crate) region: String,
}

impl World {
    /// Reads it.
    ///
    /// # Errors
    /// When the text does not fit.
    pub(crate) fn load() -> Result<Self> {
        toml::from_str(include_str!("world.toml")).context("read the demo's world")
    }

    /// The members: phones count up from 13800000001.
    pub(crate) fn people(&self) -> Vec<Person> {
        let person = |(n, name): (u64, &String)| Person {
            name: name.clone(),
            phone: (13_800_000_000_u64.saturating_add(n)).to_string(),
            rights: Vec::new(),
        };
        (1..).zip(&self.members.names).map(person).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_whole() {
        let world = World::load().unwrap();
        assert!(world.product.len() >= 36);
        assert_eq!(world.people().len(), 24);
        for product in &world.product {
            assert!(world.shop.iter().any(|shop| shop.key == product.shop), "{}", product.title);
            assert!(super::super::pictures::has(&product.drawing), "{}", product.drawing);
            assert_eq!(product.option.is_none(), product.variants.len() == 1, "{}", product.title);
        }
        for activity in &world.activity {
            let of = world.product.iter().find(|product| product.title == activity.of).unwrap();
            assert_eq!(of.variants.len(), activity.prices.len(), "{}", activity.title);
        }
    }
}
