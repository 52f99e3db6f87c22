//! Ids: 16 bytes in the store, a prefix and 32 hex digits everywhere else.
//!
//! Hex, not base32, because the audit views must print the API's own text with nothing but what a stock SQLite
//! and PostgreSQL have (docs/adr/0002).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 32 hex digits")]
pub struct IdError {
    prefix: &'static str,
}

/// What all kinds of ids share.
pub trait Id: Copy + Send + Sync + 'static {
    /// The text before the underscore; unique among the kinds.
    const PREFIX: &'static str;
    /// The id with these bytes.
    fn from_bytes(bytes: [u8; 16]) -> Self;
    /// The 16 bytes, as they are stored.
    fn bytes(self) -> [u8; 16];
}

fn write_hex(f: &mut fmt::Formatter<'_>, prefix: &str, bytes: [u8; 16]) -> fmt::Result {
    write!(f, "{prefix}_{:032x}", u128::from_be_bytes(bytes))
}

fn parse_hex(prefix: &'static str, text: &str) -> Result<[u8; 16], IdError> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let lower = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    match digits {
        Some(digits) if digits.len() == 32 && digits.bytes().all(lower) => {
            u128::from_str_radix(digits, 16).map(u128::to_be_bytes).or(Err(IdError { prefix }))
        }
        _ => Err(IdError { prefix }),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_bytes(bytes: [u8; 16]) -> Self { Self(bytes) }
            fn bytes(self) -> [u8; 16] { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write_hex(f, $prefix, self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write_hex(f, $prefix, self.0) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> { parse_hex($prefix, text).map(Self) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )+

        /// Every prefix, for the test that none is used twice.
        pub const ID_PREFIXES: &[&str] = &[$($prefix),+];

        /// Calls the macro `$each` with every kind of id, so that other crates can teach all of them something.
        #[macro_export]
        macro_rules! for_each_id {
            ($each:ident) => { $each! { $($name),+ } };
        }
    };
}

ids! {
    /// A person: guest or member.
    PersonId = "per";
    /// A signed-in device.
    SessionId = "ses";
    /// A delivery address.
    AddressId = "adr";
    /// A shop that sells.
    MerchantId = "mer";
    /// One entry of the log of staff acts.
    ActId = "act";
    /// A product category.
    CategoryId = "cat";
    /// A product.
    ProductId = "prd";
    /// One sellable variant of a product.
    SkuId = "sku";
    /// A group of words that search takes for the same.
    SynonymId = "syn";
    /// An uploaded picture.
    PictureId = "pic";
    /// A place that holds stock.
    LocationId = "loc";
    /// A hold of stock for an order.
    HoldId = "hld";
    /// An order with one merchant.
    OrderId = "ord";
    /// One checkout: the orders placed together.
    CheckoutId = "chk";
    /// A payment of one or more orders.
    PaymentId = "pay";
    /// A refund of an order.
    RefundId = "rfd";
    /// An after-sale case of an order.
    CaseId = "cas";
    /// A merchant's promotion.
    PromotionId = "prm";
    /// What a merchant's coupons are made by.
    CouponTemplateId = "cpt";
    /// One person's coupon.
    CouponId = "cpn";
    /// Points of one source.
    PointsLotId = "plt";
    /// A payout to a merchant.
    PayoutId = "pyo";
    /// An invoice of an order.
    InvoiceId = "inv";
    /// A line of a merchant's statement.
    StatementLineId = "stl";
    /// A review, a question or an answer.
    PostId = "pst";
    /// A proposal for the article of a product.
    ProposalId = "prp";
    /// A list that friends fill together.
    ListId = "lst";
    /// What somebody said about a list.
    ListWordId = "lsw";
    /// A team-buying activity.
    ActivityId = "dea";
    /// A flash sale of a product.
    FlashSaleId = "fls";
    /// A team of people who buy together.
    TeamId = "tea";
    /// An entry: one code that lets people in.
    EntryId = "ent";
    /// One person using one entry.
    TouchId = "tch";
    /// A line of commission.
    CommissionId = "com";
    /// A ledger account.
    AccountId = "acc";
    /// A ledger transfer.
    TransferId = "tra";
    /// A published event.
    EventId = "evt";
    /// A request, for logs and problem answers.
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_checks_the_prefix() {
        let id = OrderId::from_bytes([0x0a; 16]);
        assert_eq!(id.to_string(), "ord_0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a");
        assert_eq!(id.to_string().parse::<OrderId>(), Ok(id));
        assert!(id.to_string().parse::<PersonId>().is_err());
        for wrong in
            ["", "ord_", "ord_0A0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "ord_+a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"]
        {
            assert!(wrong.parse::<OrderId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn prefixes_are_unique() {
        let unique: std::collections::HashSet<_> = ID_PREFIXES.iter().collect();
        assert_eq!(unique.len(), ID_PREFIXES.len());
    }
}
