//! What a product is made of, and what makes one impossible; nothing here touches the store.

use std::collections::BTreeSet;

use base::{CategoryId, FieldProblem, PictureId, Problem};
use rest::ToProblem;
use serde::{Deserialize, Serialize};

use crate::categories;

const TITLE_MAX: usize = 120;
const DESCRIPTION_MAX: usize = 20_000;
const OPTIONS_MAX: usize = 3;
const VALUES_MAX: usize = 100;
const ATTRIBUTES_MAX: usize = 30;
const PICTURES_MAX: usize = 10;
pub(crate) const SKUS_MAX: usize = 100;
/// ¥1,000,000.00
const PRICE_MAX: i64 = 100_000_000;
const STOCK_MAX: i64 = 10_000_000;

/// Where a product is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductState {
    /// Not shown yet.
    Draft,
    /// On sale.
    Published,
    /// Taken off sale.
    Archived,
}

impl ProductState {
    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    pub(crate) fn is(word: &str) -> Self {
        match word {
            "published" => Self::Published,
            "archived" => Self::Archived,
            _ => Self::Draft,
        }
    }
}

/// What variants differ in: a name and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    /// `颜色`.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// `红`, `蓝`.
    #[schema(max_items = 100)]
    pub values: Vec<String>,
}

/// A fact about a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// `产地`.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// `山东烟台`.
    #[schema(max_length = 400)]
    pub value: String,
}

/// A variant about to be offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSku {
    /// The merchant's own code; unique in the shop.
    #[schema(min_length = 1, max_length = 60)]
    pub code: String,
    /// One value for each option.
    #[schema(max_items = 3)]
    pub option_values: Vec<String>,
    /// The price of one.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub price_minor: i64,
    /// What it cost before; not below the price.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub compare_price_minor: Option<i64>,
    /// Units that lie there at first. Ignored for a variant that is there already: its stock is counted elsewhere.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub stock: Option<i64>,
}

/// A product about to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewProduct {
    /// The title.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// One of the fixed categories.
    pub category: CategoryId,
    /// What variants differ in; empty for a product with one variant.
    pub options: Vec<ProductOption>,
    /// Facts.
    pub attributes: Vec<Attribute>,
    /// Whether it may be returned within seven days without a reason.
    pub no_reason_return: bool,
    /// Whether nothing is sent: it is handed over by being paid for good, and needs no address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_virtual: bool,
    /// Pictures of the same merchant, the first is the cover.
    pub pictures: Vec<PictureId>,
    /// Variants, at least one.
    pub skus: Vec<NewSku>,
}

/// What is wrong with a product.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the product does not fit: {}", summary(.0))]
pub struct Invalid(pub Vec<FieldProblem>);

fn summary(fields: &[FieldProblem]) -> String {
    fields.iter().map(|field| format!("{}: {}", field.pointer, field.detail)).collect::<Vec<_>>().join("; ")
}

impl ToProblem for Invalid {
    fn problem(&self) -> Problem {
        let problem = Problem::new(422, "product.invalid", "the product does not fit; see fields");
        Problem { fields: self.0.clone(), ..problem }
    }

    fn documented() -> Vec<(u16, &'static str)> {
        vec![(422, "product.invalid")]
    }
}

#[derive(Default)]
struct Findings(Vec<FieldProblem>);

impl Findings {
    fn note(&mut self, pointer: String, code: &str, detail: impl Into<String>) {
        self.0.push(FieldProblem { pointer, code: code.to_owned(), detail: detail.into() });
    }

    fn text(&mut self, pointer: String, text: &str, min: usize, max: usize) {
        let got = text.chars().count();
        if got < min || got > max {
            self.note(pointer, "text.length", format!("must have {min} to {max} characters, has {got}"));
        } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.note(pointer, "text.control", "must not contain control characters");
        }
    }

    fn count(&mut self, pointer: &str, got: usize, max: usize) {
        if got > max {
            self.note(pointer.to_owned(), "list.too_long", format!("at most {max}, {got} given"));
        }
    }
}

impl NewProduct {
    /// The same product with the spaces around its texts gone.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        let trim = |text: &mut String| *text = text.trim().to_owned();
        trim(&mut self.title);
        trim(&mut self.description);
        for option in &mut self.options {
            trim(&mut option.name);
            option.values.iter_mut().for_each(trim);
        }
        for attribute in &mut self.attributes {
            trim(&mut attribute.name);
            trim(&mut attribute.value);
        }
        for sku in &mut self.skus {
            trim(&mut sku.code);
            sku.option_values.iter_mut().for_each(trim);
        }
        self
    }

    /// Checks everything that can be seen without the store.
    ///
    /// # Errors
    /// [`Invalid`], with every part that does not fit.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut findings = Findings::default();
        findings.text("/title".to_owned(), &self.title, 1, TITLE_MAX);
        findings.text("/description".to_owned(), &self.description, 0, DESCRIPTION_MAX);
        if !categories::exists(self.category) {
            findings.note("/category".to_owned(), "category.unknown", "there is no such category");
        }
        findings.count("/attributes", self.attributes.len(), ATTRIBUTES_MAX);
        for (n, attribute) in self.attributes.iter().enumerate() {
            findings.text(format!("/attributes/{n}/name"), &attribute.name, 1, 40);
            findings.text(format!("/attributes/{n}/value"), &attribute.value, 0, 400);
        }
        findings.count("/pictures", self.pictures.len(), PICTURES_MAX);
        self.check_options(&mut findings);
        self.check_skus(&mut findings);
        if findings.0.is_empty() { Ok(()) } else { Err(Invalid(findings.0)) }
    }

    fn check_options(&self, findings: &mut Findings) {
        findings.count("/options", self.options.len(), OPTIONS_MAX);
        let mut names = BTreeSet::new();
        for (n, option) in self.options.iter().enumerate() {
            findings.text(format!("/options/{n}/name"), &option.name, 1, 40);
            findings.count(&format!("/options/{n}/values"), option.values.len(), VALUES_MAX);
            if !names.insert(&option.name) {
                findings.note(format!("/options/{n}/name"), "option.twice", "this option is there already");
            }
            let mut values = BTreeSet::new();
            for (m, value) in option.values.iter().enumerate() {
                findings.text(format!("/options/{n}/values/{m}"), value, 1, 60);
                if !values.insert(value) {
                    let pointer = format!("/options/{n}/values/{m}");
                    findings.note(pointer, "option.value_twice", "this value is there already");
                }
            }
        }
    }

    fn check_skus(&self, findings: &mut Findings) {
        findings.count("/skus", self.skus.len(), SKUS_MAX);
        if self.skus.is_empty() {
            findings.note("/skus".to_owned(), "sku.none", "at least one variant is needed");
        }
        let (mut codes, mut choices) = (BTreeSet::new(), BTreeSet::new());
        for (n, sku) in self.skus.iter().enumerate() {
            findings.text(format!("/skus/{n}/code"), &sku.code, 1, 60);
            if !codes.insert(&sku.code) {
                findings.note(format!("/skus/{n}/code"), "sku.code_twice", "this code is there already");
            }
            let fits = sku.option_values.len() == self.options.len()
                && self.options.iter().zip(&sku.option_values).all(|(o, value)| o.values.contains(value));
            if !fits {
                let detail = "one of the values of each option is needed, in the order of the options";
                findings.note(format!("/skus/{n}/option_values"), "sku.option_values", detail);
            } else if !choices.insert(&sku.option_values) {
                let detail = "another variant has the same values";
                findings.note(format!("/skus/{n}/option_values"), "sku.option_values_twice", detail);
            }
            if !(1..=PRICE_MAX).contains(&sku.price_minor) {
                let detail = format!("must be 1 to {PRICE_MAX} in minor units");
                findings.note(format!("/skus/{n}/price_minor"), "sku.price", detail);
            }
            let compare = sku.compare_price_minor.unwrap_or(sku.price_minor);
            if compare < sku.price_minor || compare > PRICE_MAX {
                let detail = "the price before must not be below the price";
                findings.note(format!("/skus/{n}/compare_price_minor"), "sku.compare_price", detail);
            }
            if !(0..=STOCK_MAX).contains(&sku.stock.unwrap_or(0)) {
                findings.note(format!("/skus/{n}/stock"), "sku.stock", format!("must be 0 to {STOCK_MAX}"));
            }
        }
    }

    /// The lowest price of the variants.
    pub(crate) fn price_from(&self) -> i64 {
        self.skus.iter().map(|sku| sku.price_minor).min().unwrap_or(1)
    }

    /// The texts the product is found by.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let codes = self.skus.iter().map(|sku| sku.code.as_str());
        let values = self.options.iter().flat_map(|option| option.values.iter().map(String::as_str));
        let attributes = self.attributes.iter().map(|attribute| attribute.value.as_str());
        std::iter::once(self.title.as_str()).chain(codes).chain(values).chain(attributes)
    }
}
