//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{
    ActivityId, CategoryId, Currency, FieldProblem, FlashSaleId, MerchantId, Money, PictureId, ProductId,
    SkuId, Timestamp,
};
use db::{DbError, Rx, Tx};
use stock::api::StockError;

pub use crate::card::{ActivityBrief, ProductCard};
pub use crate::categories::{CATEGORIES, Category};
pub use crate::listed::{Listed, cards, changes_after, feed_ends, listed};
pub use crate::media::Media;
pub use crate::model::{Attribute, Invalid, NewProduct, NewSku, ProductOption, ProductState};
use crate::store::{self, SkuRow, StoredPicture, Written};
use crate::words;

/// A variant, as carts and orders see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuInfo {
    /// Its id.
    pub sku: SkuId,
    /// The merchant's code.
    pub code: String,
    /// The product.
    pub product: ProductId,
    /// In which category.
    pub category: CategoryId,
    /// Who sells it.
    pub merchant: MerchantId,
    /// The product's title.
    pub title: String,
    /// What distinguishes it: `红`, `XL`.
    pub option_values: Vec<String>,
    /// The price of one.
    pub price: Money,
    /// The product's cover.
    pub picture: Option<PictureId>,
    /// Whether it is offered now; says nothing of stock.
    pub is_sellable: bool,
    /// Whether it may be returned within seven days without a reason.
    pub no_reason_return: bool,
    /// Whether nothing is sent.
    pub is_virtual: bool,
    /// The flash sale that its product is in; whether it counts now, the sale says.
    pub flash: Option<FlashSaleId>,
}

/// A product, as other modules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductInfo {
    /// Its id.
    pub id: ProductId,
    /// Who sells it.
    pub merchant: MerchantId,
    /// Its title.
    pub title: String,
    /// Where it is in its life.
    pub state: ProductState,
    /// Its cover.
    pub picture: Option<PictureId>,
    /// The lowest price of its variants.
    pub price_from: Money,
    /// The variants offered, in their order.
    pub skus: Vec<SkuId>,
}

/// What a product's card says of a team-buying activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The activity.
    pub activity: ActivityId,
    /// The lowest price in a team.
    pub team_price_minor: i64,
    /// How many people make a team.
    pub size: u32,
}

/// What lists say of a flash sale that a product is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashBadge {
    /// The sale.
    pub sale: FlashSaleId,
    /// The lowest price of its variants in it.
    pub price_minor: i64,
    /// From when on it counts.
    pub starts_at: Timestamp,
    /// Until when it counts.
    pub ends_at: Timestamp,
}

/// Why a product was not written; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub enum ProductError {
    /// Also the answer when the product may not be known.
    #[error("there is no such product")]
    #[problem(404, "product.not_found")]
    NotFound,
    /// Something of it does not fit.
    #[error(transparent)]
    #[problem(transparent)]
    Invalid(#[from] Invalid),
    /// Another product of the shop has this code.
    #[error("the code {code} belongs to another product of the shop")]
    #[problem(409, "product.code_taken")]
    CodeTaken {
        /// Which.
        code: String,
    },
    /// Somebody else changed it in the meantime.
    #[error("the product was changed in the meantime and is at version {version}; look at it again")]
    #[problem(409, "product.version_conflict")]
    VersionConflict {
        /// The present version.
        version: i64,
    },
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

impl From<StockError> for ProductError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::Db(error) => Self::Db(error),
            // First stock is never below what is held.
            other => Self::Db(DbError::Bug(format!("first stock: {other}"))),
        }
    }
}

/// Minor units as money of the one currency there is so far.
pub(crate) fn yuan(minor: i64) -> Money {
    Money::new(minor, Currency::CNY)
}

/// Variants, in the order asked for, each once; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn skus(rx: &mut Rx, skus: &[SkuId]) -> Result<Vec<SkuInfo>, DbError> {
    let rows = store::find_skus(rx, skus)?;
    let info = |row: store::SkuWithProduct| SkuInfo {
        sku: row.sku.id,
        code: row.sku.code,
        product: row.sku.product,
        category: row.category,
        merchant: row.merchant,
        title: row.title,
        option_values: row.sku.option_values,
        price: yuan(row.sku.price),
        picture: row.pictures.first().map(|picture| picture.id),
        is_sellable: row.sku.is_offered && row.is_published,
        no_reason_return: row.no_reason_return,
        is_virtual: row.is_virtual,
        flash: row.flash,
    };
    Ok(rows.into_iter().map(info).collect())
}

/// The variants of these products, as [`skus`] tells of them.
///
/// # Errors
/// Whatever the store says.
pub fn skus_of(rx: &mut Rx, products: &[ProductId]) -> Result<Vec<SkuInfo>, DbError> {
    let ids: Vec<SkuId> = store::list_skus(rx, products)?.into_iter().map(|row| row.id).collect();
    skus(rx, &ids)
}

/// A product in any state.
///
/// # Errors
/// Whatever the store says.
pub fn product(rx: &mut Rx, product: ProductId) -> Result<Option<ProductInfo>, DbError> {
    let Some(row) = store::find_product(rx, product)? else { return Ok(None) };
    let skus = store::list_skus(rx, &[product])?;
    Ok(Some(ProductInfo {
        id: row.id,
        merchant: row.merchant,
        title: row.title,
        state: row.state,
        picture: row.pictures.first().map(|picture| picture.id),
        price_from: yuan(row.price_from),
        skus: skus.into_iter().filter(|sku| sku.is_offered).map(|sku| sku.id).collect(),
    }))
}

/// Titles and covers of products; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn product_titles(
    rx: &mut Rx,
    products: &[ProductId],
) -> Result<BTreeMap<ProductId, (String, Option<PictureId>)>, DbError> {
    let rows = store::find_products(rx, products)?;
    let brief = |row: store::ProductRow| (row.title, row.pictures.first().map(|picture| picture.id));
    Ok(rows.into_iter().map(|(id, row)| (id, brief(row))).collect())
}

/// Where a picture is served; `width` is 360 for the small one, anything else for the full one.
pub fn picture_url(picture: PictureId, width: u32) -> String {
    if width == crate::media::SMALL {
        format!("/media/{picture}.jpg?w=360")
    } else {
        format!("/media/{picture}.jpg")
    }
}

/// Makes a product in the state draft, with its variants and their first stock.
///
/// # Errors
/// See [`ProductError`]; an error must end the transaction.
pub fn create_product(
    tx: &mut Tx,
    merchant: MerchantId,
    product: &NewProduct,
) -> Result<ProductId, ProductError> {
    create_with_handle(tx, merchant, product, None)
}

pub(crate) fn create_with_handle(
    tx: &mut Tx,
    merchant: MerchantId,
    product: &NewProduct,
    handle: Option<&str>,
) -> Result<ProductId, ProductError> {
    product.check()?;
    let pictures = own_pictures(tx, merchant, &product.pictures)?;
    let id: ProductId = tx.new_id();
    store::insert_product(tx, &Written { id, merchant, product, pictures: &pictures, handle })?;
    let mut new = Vec::with_capacity(product.skus.len());
    for (place, sku) in (0_i64..).zip(&product.skus) {
        new.push((tx.new_id(), place, sku));
    }
    add_skus(tx, merchant, id, &new)?;
    store::set_words(tx, id, &words::words(product.texts()))?;
    store::note_change(tx, merchant, id)?;
    Ok(id)
}

/// Writes a product anew. A variant keeps its id by its code; one that is no longer named is no longer offered.
///
/// # Errors
/// See [`ProductError`]; an error must end the transaction.
pub fn update_product(
    tx: &mut Tx,
    id: ProductId,
    version: i64,
    product: &NewProduct,
) -> Result<(), ProductError> {
    product.check()?;
    let row = store::find_product(tx, id)?.ok_or(ProductError::NotFound)?;
    let merchant = row.merchant;
    let pictures = own_pictures(tx, merchant, &product.pictures)?;
    let written = Written { id, merchant, product, pictures: &pictures, handle: None };
    if !store::update_product(tx, &written, version)? {
        return Err(ProductError::VersionConflict { version: row.version });
    }
    let known: BTreeMap<String, SkuRow> =
        store::list_skus(tx, &[id])?.into_iter().map(|sku| (sku.code.clone(), sku)).collect();
    let (mut kept, mut revived, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for (place, sku) in (0_i64..).zip(&product.skus) {
        match known.get(&sku.code) {
            Some(row) => {
                kept.push((row.id, place, sku));
                if !row.is_offered {
                    revived.push((sku.code.as_str(), row.id));
                }
            }
            None => new.push((tx.new_id(), place, sku)),
        }
    }
    // A code that was handed over to another product is claimed again, like a new one.
    claim_codes(tx, merchant, &revived)?;
    store::put_skus(tx, id, &kept)?;
    let is_named = |row: &SkuRow| product.skus.iter().any(|sku| sku.code == row.code);
    let gone = known.values().filter(|row| row.is_offered && !is_named(row)).map(|row| row.id);
    store::retire_skus(tx, id, &gone.collect::<Vec<_>>())?;
    add_skus(tx, merchant, id, &new)?;
    store::set_words(tx, id, &words::words(product.texts()))?;
    Ok(store::note_change(tx, merchant, id)?)
}

fn add_skus(
    tx: &mut Tx,
    merchant: MerchantId,
    product: ProductId,
    new: &[(SkuId, i64, &NewSku)],
) -> Result<(), ProductError> {
    let codes: Vec<(&str, SkuId)> = new.iter().map(|(id, _, sku)| (sku.code.as_str(), *id)).collect();
    claim_codes(tx, merchant, &codes)?;
    store::put_skus(tx, product, new)?;
    // Those without units too, so that staff find them when the first arrive.
    let first: Vec<(SkuId, i64)> =
        new.iter().map(|(id, _, sku)| (*id, sku.stock.unwrap_or(0).max(0))).collect();
    Ok(stock::api::stock_new(tx, merchant, &first)?)
}

/// Claims codes; one that a variant has which is no longer offered is taken over.
fn claim_codes(tx: &mut Tx, merchant: MerchantId, codes: &[(&str, SkuId)]) -> Result<(), ProductError> {
    let claimed = store::claim_codes(tx, merchant, codes)?;
    if usize::try_from(claimed).is_ok_and(|claimed| claimed == codes.len()) {
        return Ok(());
    }
    let names: Vec<&str> = codes.iter().map(|(code, _)| *code).collect();
    // One product may take a code in the moment in which another offers its variant again.
    store::lock_codes(tx, merchant, &names)?;
    let holders = store::code_holders(tx, merchant, &names)?;
    for (code, sku) in codes {
        match holders.get(*code) {
            Some(holder) if holder.sku == *sku => {}
            Some(holder)
                if !holder.is_offered && store::take_code(tx, (merchant, code), holder.sku, *sku)? => {}
            _ => return Err(ProductError::CodeTaken { code: (*code).to_owned() }),
        }
    }
    Ok(())
}

/// The pictures with their sizes; all must be the merchant's.
fn own_pictures(
    rx: &mut Rx,
    merchant: MerchantId,
    ids: &[PictureId],
) -> Result<Vec<StoredPicture>, ProductError> {
    let found = store::find_pictures(rx, ids)?;
    let mut pictures = Vec::with_capacity(ids.len());
    let mut wrong = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        match found.get(id).filter(|picture| picture.merchant == merchant) {
            Some(row) => pictures.push(StoredPicture { id: *id, width: row.width, height: row.height }),
            None => wrong.push(FieldProblem {
                pointer: format!("/pictures/{n}"),
                code: "picture.unknown".to_owned(),
                detail: "there is no such picture of this shop".to_owned(),
            }),
        }
    }
    if wrong.is_empty() { Ok(pictures) } else { Err(Invalid(wrong).into()) }
}

/// Puts a product on sale. Answers whether it was not yet.
///
/// # Errors
/// Whatever the store says.
pub fn publish(tx: &mut Tx, product: ProductId) -> Result<bool, DbError> {
    store::move_state(tx, product, ProductState::Published)
}

/// Takes a product off sale. Answers whether it was not yet.
///
/// # Errors
/// Whatever the store says.
pub fn archive(tx: &mut Tx, product: ProductId) -> Result<bool, DbError> {
    store::move_state(tx, product, ProductState::Archived)
}

/// Sets what the product's card says of an activity; `None` takes it away.
///
/// # Errors
/// Whatever the store says.
pub fn set_badge(tx: &mut Tx, product: ProductId, badge: Option<Badge>) -> Result<(), DbError> {
    store::set_badge(tx, product, badge)
}

/// What lists say of the flash sale that a product is in.
///
/// # Errors
/// Whatever the store says.
pub fn set_flash(tx: &mut Tx, product: ProductId, flash: Option<FlashBadge>) -> Result<(), DbError> {
    store::set_flash(tx, product, flash)
}
