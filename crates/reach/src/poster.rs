//! Pictures of an entry: the QR code, and a poster to send around or print.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base::Money;
use db::DbError;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use parking_lot::Mutex;
use rest::{Common, Ctx, Denied, OpenApiRouter, Path, Refused, routes};
use resvg::{tiny_skia, usvg};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::api::{EntryPreview, EntrySecret};
use crate::entries::{entry_url, find_preview};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(entry_qr))
        .routes(routes!(entry_poster))
        .layer(Extension(Arc::new(Posters::default())))
}

/// Posters kept in memory; about 60 kB each.
const KEPT_MAX: usize = 200;
/// Posters painted at once: the rest of the machine is for shopping.
static PAINTERS: Semaphore = Semaphore::const_new(1);
/// Pixels.
const WIDTH: u32 = 750;
const HEIGHT: u32 = 1_000;
/// Seconds a browser may keep a picture.
const CACHE: &str = "public, max-age=300";
/// The fonts tried, in this order: Latin, then Chinese.
const FONTS: &str = "'DejaVu Sans', 'WenQuanYi Micro Hei', 'Noto Sans CJK SC', sans-serif";
/// Where systems keep fonts, and how deep.
const FONT_FOLDERS: [&str; 4] =
    ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "C:\\Windows\\Fonts"];
const FONT_DEPTH: u32 = 3;
/// One for Latin and one for Chinese is enough.
const FONT_FILES: [&str; 6] = [
    "DejaVuSans.ttf",
    "wqy-microhei.ttc",
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "arial.ttf",
    "msyh.ttc",
];

/// Paints posters and keeps them, by the hash of what they show.
#[derive(Default)]
struct Posters {
    kept: Mutex<HashMap<[u8; 32], bytes::Bytes>>,
    fonts: OnceLock<Arc<usvg::fontdb::Database>>,
}

impl Posters {
    /// The system's fonts, looked for once.
    fn fonts(&self) -> Arc<usvg::fontdb::Database> {
        let load = || {
            let mut fonts = usvg::fontdb::Database::new();
            for folder in FONT_FOLDERS {
                load_fonts(&mut fonts, std::path::Path::new(folder), FONT_DEPTH);
            }
            Arc::new(fonts)
        };
        Arc::clone(self.fonts.get_or_init(load))
    }

    async fn paint(self: &Arc<Self>, svg: String) -> Result<bytes::Bytes, DbError> {
        let hash: [u8; 32] = Sha256::digest(svg.as_bytes()).into();
        if let Some(kept) = self.kept(&hash) {
            return Ok(kept);
        }
        let own = Arc::clone(self);
        let paint = move || {
            // Who waited for the same poster finds it painted.
            own.kept(&hash).or_else(|| Some(own.keep(hash, png(&svg, own.fonts())?)))
        };
        rest::beside(&PAINTERS, paint).await?.ok_or_else(unpaintable)
    }

    fn kept(&self, hash: &[u8; 32]) -> Option<bytes::Bytes> {
        self.kept.lock().get(hash).cloned()
    }

    fn keep(&self, hash: [u8; 32], painted: Vec<u8>) -> bytes::Bytes {
        let painted = bytes::Bytes::from(painted);
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(hash, painted.clone());
        painted
    }
}

/// Loads the fonts posters use. A folder or file that cannot be read is passed over.
fn load_fonts(fonts: &mut usvg::fontdb::Database, folder: &std::path::Path, depth: u32) {
    let Ok(found) = std::fs::read_dir(folder) else { return };
    for file in found.flatten() {
        let (path, name) = (file.path(), file.file_name());
        if path.is_dir() && depth > 0 {
            load_fonts(fonts, &path, depth.saturating_sub(1));
        } else if FONT_FILES.iter().any(|known| name.eq_ignore_ascii_case(known))
            && let Ok(data) = std::fs::read(&path)
        {
            fonts.load_font_data(data);
        }
    }
}

fn png(svg: &str, fontdb: Arc<usvg::fontdb::Database>) -> Option<Vec<u8>> {
    let options = usvg::Options { fontdb, ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).ok()?;
    let mut pixels = tiny_skia::Pixmap::new(WIDTH, HEIGHT)?;
    resvg::render(&tree, tiny_skia::Transform::default(), &mut pixels.as_mut());
    pixels.encode_png().ok()
}

/// The QR code of a text, as an SVG.
fn qr_svg(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    Some(SvgBuilder::default().to_str(&code))
}

/// The dark squares of a QR code as a path, one unit each, and how many fit side by side.
fn qr_path(text: &str) -> Option<(String, usize)> {
    let code = QRBuilder::new(text).build().ok()?;
    let mut path = String::new();
    for (y, row) in code.data.chunks(code.size).take(code.size).enumerate() {
        for (x, module) in row.iter().enumerate() {
            if module.value() {
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
    }
    Some((path, code.size))
}

/// A text that means nothing to XML, without what XML cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Lines of at most `width` halves of a Chinese character, `lines` of them, the last one shortened.
fn wrapped(text: &str, width: usize, lines: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut used = 0_usize;
    for c in text.chars() {
        let wide = if c.is_ascii() { 1 } else { 2 };
        used = used.saturating_add(wide);
        if used > width {
            if out.len() == lines {
                if let Some(last) = out.last_mut() {
                    last.pop();
                    last.push('…');
                }
                return out;
            }
            out.push(String::new());
            used = wide;
        }
        if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out
}

/// `¥ 12.50`, or the code and the number.
fn price_text(money: Money) -> String {
    let digits = usize::from(money.currency().exponent());
    let minor = money.minor().unsigned_abs().to_string();
    let padded = format!("{minor:0>width$}", width = digits.saturating_add(1));
    let (major, rest) = padded.split_at_checked(padded.len().saturating_sub(digits)).unwrap_or((&padded, ""));
    let currency = money.currency();
    let sign = if currency == base::Currency::CNY { "¥" } else { currency.code() };
    let gap = if sign.len() == 3 { " " } else { "" };
    if rest.is_empty() { format!("{sign}{gap}{major}") } else { format!("{sign}{gap}{major}.{rest}") }
}

fn poster_svg(preview: &EntryPreview, url: &str) -> Option<String> {
    let (path, size) = qr_path(url)?;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"{FONTS}\">\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff7ed\"/>\
         <rect width=\"{WIDTH}\" height=\"16\" fill=\"#c2410c\"/>"
    );
    let mut line = |y: usize, px: usize, fill: &str, text: &str| {
        let text = escaped(text);
        svg.push_str(&format!("<text x=\"60\" y=\"{y}\" font-size=\"{px}\" fill=\"{fill}\">{text}</text>"));
    };
    line(92, 30, "#7c2d12", &format!("{} 推荐给你", wrapped(&preview.sharer_name, 30, 1).concat()));
    let mut y = 170_usize;
    for text in wrapped(&preview.title, 28, 3) {
        line(y, 44, "#1c1917", &text);
        y = y.saturating_add(62);
    }
    if let Some(price) = preview.team_price.or(preview.price) {
        line(y.saturating_add(40), 64, "#c2410c", &price_text(price));
    }
    if let (Some(price), Some(_)) = (preview.price, preview.team_price) {
        line(y.saturating_add(90), 28, "#78716c", &format!("单独购买 {}", price_text(price)));
    }
    line(960, 26, "#78716c", "长按或扫描二维码");
    let quiet = size.saturating_add(8);
    svg.push_str(&format!(
        "<svg x=\"195\" y=\"540\" width=\"360\" height=\"360\" viewBox=\"-4 -4 {quiet} {quiet}\">\
         <rect x=\"-4\" y=\"-4\" width=\"{quiet}\" height=\"{quiet}\" fill=\"#ffffff\"/>\
         <path d=\"{path}\" fill=\"#000000\" shape-rendering=\"crispEdges\"/></svg></svg>"
    ));
    Some(svg)
}

fn unpaintable() -> DbError {
    DbError::Bug("a poster or QR code could not be painted".to_owned())
}

fn picture(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, CACHE)], body).into_response()
}

/// The QR code of an entry.
#[utoipa::path(get, path = "/api/v1/entries/{code}/qr.svg", tag = "reach", params(("code" = String, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String), Common))]
async fn entry_qr(ctx: rest::State, Path(code): Path<String>) -> Result<Response, Refused> {
    let code = EntrySecret::of(&ctx).check(&code).ok_or(Denied::Unknown)?;
    let svg = qr_svg(&entry_url(&ctx, &code)).ok_or_else(unpaintable)?;
    Ok(picture("image/svg+xml", svg))
}

/// A poster of an entry: title, price, who shares, QR code.
#[utoipa::path(get, path = "/api/v1/entries/{code}/poster.png", tag = "reach", params(("code" = String, Path)),
    responses((status = 200, content_type = "image/png", body = Vec<u8>), Common))]
async fn entry_poster(
    ctx: rest::State,
    Extension(posters): Extension<Arc<Posters>>,
    Path(code): Path<String>,
) -> Result<Response, Refused> {
    let preview = find_preview(&ctx, code).await?;
    let svg = poster_svg(&preview, &entry_url(&ctx, &preview.code)).ok_or_else(unpaintable)?;
    let png = posters.paint(svg).await?;
    Ok(picture("image/png", png))
}

#[cfg(test)]
mod tests {
    use base::Currency;

    use super::*;

    #[test]
    fn prices_read_as_people_write_them() {
        let text = |minor, code: &str| price_text(Money::new(minor, code.parse().unwrap()));
        assert_eq!(price_text(Money::new(5, Currency::CNY)), "¥0.05");
        assert_eq!(price_text(Money::new(12_345, Currency::CNY)), "¥123.45");
        assert_eq!(text(1_200, "JPY"), "JPY 1200");
        assert_eq!(text(1_234, "KWD"), "KWD 1.234");
    }

    #[test]
    fn titles_are_wrapped_and_harmless() {
        assert_eq!(wrapped("一二三四", 4, 3), ["一二", "三四"]);
        assert_eq!(wrapped("一二三四五六七", 4, 3), ["一二", "三四", "五…"]);
        assert_eq!(escaped("<a b=\"1\">&\u{0}"), "&lt;a b=&quot;1&quot;&gt;&amp; ");
    }
}
