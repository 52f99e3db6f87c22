//! Pictures of the demo's products: plain drawings on a soft ground, so that nothing real is claimed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use resvg::{tiny_skia, usvg};

use super::world::Product;

/// Pixels of a side.
const SIDE: u32 = 800;

static DRAWINGS: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("drawings.toml")).unwrap_or_default());

/// Whether there is a drawing with this name.
#[cfg(test)]
pub(crate) fn has(name: &str) -> bool {
    DRAWINGS.contains_key(name)
}

/// The product's picture as PNG.
///
/// # Errors
/// When the drawing cannot be drawn.
pub(crate) fn png(product: &Product) -> Result<Vec<u8>> {
    let (ground, main, second) = &product.colours;
    let drawing =
        DRAWINGS.get(&product.drawing).with_context(|| format!("no drawing {:?}", product.drawing))?;
    let drawing = drawing.replace("{a}", main).replace("{b}", second);
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 400'><defs>\
         <linearGradient id='g' x1='0' y1='0' x2='0.4' y2='1'><stop offset='0' stop-color='#fff'/>\
         <stop offset='1' stop-color='{ground}'/></linearGradient></defs>\
         <rect width='400' height='400' fill='{ground}'/><rect width='400' height='400' fill='url(#g)'/>\
         <circle cx='330' cy='70' r='120' fill='#fff' opacity='.35'/>\
         <ellipse cx='200' cy='346' rx='130' ry='16' fill='#000' opacity='.08'/>{drawing}</svg>"
    );
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).context("read the drawing")?;
    let mut pixels = tiny_skia::Pixmap::new(SIDE, SIDE).context("memory for a picture")?;
    let scale = tiny_skia::Transform::from_scale(2.0, 2.0);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels.encode_png().context("write the picture")
}
