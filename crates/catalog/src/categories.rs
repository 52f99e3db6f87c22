//! The categories: a fixed list, the same everywhere.

use base::{CategoryId, Id};
use rest::{Common, Json};
use serde::Serialize;

/// A category of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its number; the id follows from it.
    number: u8,
    /// In addresses: `fruit`.
    pub slug: &'static str,
    /// In Chinese.
    pub name: &'static str,
    /// In English.
    pub name_en: &'static str,
}

impl Category {
    /// Its id.
    pub fn id(&self) -> CategoryId {
        let mut bytes = [0; 16];
        if let Some(last) = bytes.last_mut() {
            *last = self.number;
        }
        CategoryId::from_bytes(bytes)
    }
}

macro_rules! categories {
    ($($number:literal $slug:literal $name:literal $name_en:literal;)+) => {
        /// All categories, in the order in which they are shown.
        pub const CATEGORIES: &[Category] =
            &[$(Category { number: $number, slug: $slug, name: $name, name_en: $name_en }),+];
    };
}

categories! {
    1 "fruit" "新鲜水果" "Fresh fruit";
    2 "vegetables" "蔬菜豆制品" "Vegetables";
    3 "meat-eggs" "肉禽蛋" "Meat and eggs";
    4 "seafood" "海鲜水产" "Seafood";
    5 "grain-oil" "粮油调味" "Grain, oil and spices";
    6 "snacks" "零食烘焙" "Snacks and bakery";
    7 "drinks" "酒水饮料" "Drinks";
    8 "dairy" "乳品冷饮" "Dairy and ice";
    9 "household" "家居日用" "Household";
    10 "cleaning" "清洁纸品" "Cleaning and paper";
    11 "beauty" "美妆个护" "Beauty and care";
    12 "baby" "母婴玩具" "Baby and toys";
    13 "clothing" "服饰鞋包" "Clothing, shoes and bags";
    14 "electronics" "数码家电" "Electronics";
    15 "garden" "花卉园艺" "Flowers and garden";
    16 "pets" "宠物用品" "Pets";
    17 "auto" "汽车用品" "Car supplies";
    18 "handmade" "手工定制" "Handmade";
    99 "other" "其他" "Other";
}

/// What fits nowhere else.
pub(crate) fn other() -> CategoryId {
    CATEGORIES.last().map_or_else(|| CategoryId::from_bytes([0; 16]), Category::id)
}

pub(crate) fn exists(id: CategoryId) -> bool {
    CATEGORIES.iter().any(|category| category.id() == id)
}

/// The category with this slug or name, whatever the case.
pub(crate) fn find(text: &str) -> Option<&'static Category> {
    let text = text.trim().to_lowercase();
    CATEGORIES.iter().find(|category| {
        category.slug == text || category.name == text || category.name_en.to_lowercase() == text
    })
}

/// A category of products.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryView {
    id: CategoryId,
    slug: &'static str,
    name: &'static str,
    name_en: &'static str,
    /// Always `null` so far: the list is flat.
    parent: Option<CategoryId>,
}

/// All categories.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Categories {
    items: Vec<CategoryView>,
}

/// The categories, in the order in which they are shown.
#[utoipa::path(get, path = "/api/v1/categories", tag = "catalog",
    responses((status = 200, body = Categories), Common))]
pub(crate) async fn category_list() -> Json<Categories> {
    let view = |category: &Category| CategoryView {
        id: category.id(),
        slug: category.slug,
        name: category.name,
        name_en: category.name_en,
        parent: None,
    };
    Json(Categories { items: CATEGORIES.iter().map(view).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_differ() {
        let ids: std::collections::HashSet<_> = CATEGORIES.iter().map(Category::id).collect();
        let slugs: std::collections::HashSet<_> = CATEGORIES.iter().map(|category| category.slug).collect();
        assert_eq!((ids.len(), slugs.len()), (CATEGORIES.len(), CATEGORIES.len()));
        assert_eq!(find(" Fresh Fruit ").map(Category::id), Some(CATEGORIES[0].id()));
        assert!(exists(other()));
    }
}
