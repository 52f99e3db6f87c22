//! Pictures: taken apart, made small, stored under what they are, served for ever.
//!
//! An upload is decoded and written anew as JPEG, so nothing of the original file stays but what is seen: no EXIF,
//! no place where it was taken, no trailing archive. Files are named by their SHA-256; the row comes after the file,
//! so a row never names a file that is not there.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{MerchantId, PictureId, Problem};
use bytes::Bytes;
use db::{DbError, Lane, Tx};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, RgbImage};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Path, Query, Refused, Right, routes};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::api::picture_url;
use crate::store::{self, PictureRow, StoredPicture};

/// Longest side of the small form.
pub(crate) const SMALL: u32 = 360;
/// Longest side of the full form.
const FULL: u32 = 1_600;
const BYTES_MAX: usize = 8 * 1024 * 1024;
const PIXELS_MAX: u64 = 40_000_000;
const QUALITY: u8 = 84;

/// How many pictures are decoded at a time: one of 40 megapixels takes up to 300 MB for a moment.
static DECODING: Semaphore = Semaphore::const_new(2);

/// Where pictures lie. Put into the context's extensions at start.
#[derive(Clone, Debug)]
pub struct Media {
    /// The folder of the program's data; pictures lie in `media` below it.
    pub dir: PathBuf,
}

impl Media {
    fn path(&self, sha256: &str, width: u32) -> PathBuf {
        let (shelf, rest) = sha256.split_at_checked(2).unwrap_or(("", sha256));
        self.dir.join("media").join(shelf).join(format!("{rest}-{width}.jpg"))
    }

    /// Writes a file under its final name only when it is whole and on the disk.
    fn write(&self, sha256: &str, width: u32, bytes: &[u8]) -> std::io::Result<()> {
        use std::io::Write;
        let path = self.path(sha256, width);
        if path.exists() {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.dir);
        std::fs::create_dir_all(folder)?;
        // Two uploads of the same picture write the same bytes; each under a name of its own until then.
        let part = path.with_extension(format!("{:?}.part", std::thread::current().id()));
        let mut file = std::fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        std::fs::File::open(folder)?.sync_all()
    }
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PictureError {
    #[error("there is no such picture")]
    #[problem(404, "picture.not_found")]
    NotFound,
    #[error("a picture may have 8 MiB")]
    #[problem(413, "picture.too_large")]
    TooLarge,
    #[error("a picture may have 40 megapixels; make it smaller first")]
    #[problem(422, "picture.too_many_pixels")]
    TooManyPixels,
    #[error("this is no JPEG, PNG, WebP or GIF that can be read")]
    #[problem(422, "picture.unreadable")]
    Unreadable,
    /// Where pictures lie is not set, or not writable.
    #[error("pictures cannot be stored at the moment")]
    #[problem(503, "picture.store", retry_after = 10)]
    Store,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// A picture, ready to be shown.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Picture {
    id: PictureId,
    /// `/media/pic_….jpg`; with `?w=360` the small form.
    url: String,
    width: u32,
    height: u32,
}

impl From<StoredPicture> for Picture {
    fn from(stored: StoredPicture) -> Self {
        let StoredPicture { id, width, height } = stored;
        Self { id, url: picture_url(id, 0), width, height }
    }
}

/// Both forms of a picture.
struct Made {
    sha256: String,
    width: u32,
    height: u32,
    full: Vec<u8>,
    small: Vec<u8>,
}

/// Whatever a decoder says of bytes from outside is their fault, not ours.
#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn unreadable(error: ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooManyPixels,
        _ => PictureError::Unreadable,
    }
}

fn decode(upload: &[u8]) -> Result<DynamicImage, PictureError> {
    let reader = ImageReader::new(Cursor::new(upload)).with_guessed_format();
    let mut decoder = reader.or(Err(PictureError::Unreadable))?.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width).saturating_mul(u64::from(height)) > PIXELS_MAX {
        return Err(PictureError::TooManyPixels);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(512 * 1024 * 1024);
    decoder.set_limits(limits).map_err(unreadable)?;
    // The orientation is in the EXIF data that goes: it is applied to the pixels instead.
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Lays a picture with see-through parts on white.
fn on_white(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let mut white = image::RgbaImage::from_pixel(image.width(), image.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut white, &image.to_rgba8(), 0, 0);
    DynamicImage::ImageRgba8(white).to_rgb8()
}

fn fitted(image: &DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side {
        image.clone()
    } else {
        image.resize(side, side, FilterType::CatmullRom)
    }
}

fn jpeg(image: &RgbImage) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(image);
    written.or(Err(PictureError::Unreadable))?;
    Ok(bytes)
}

fn make(upload: &[u8]) -> Result<Made, PictureError> {
    let full = on_white(&fitted(&decode(upload)?, FULL));
    let (width, height) = full.dimensions();
    let full_bytes = jpeg(&full)?;
    let small = fitted(&DynamicImage::ImageRgb8(full), SMALL).to_rgb8();
    let mut sha256 = String::with_capacity(64);
    for byte in Sha256::digest(&full_bytes) {
        sha256.push_str(&format!("{byte:02x}"));
    }
    Ok(Made { sha256, width, height, full: full_bytes, small: jpeg(&small)? })
}

async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, PictureError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(DbError::Bug(format!("a picture task failed: {error}")).into()))
}

fn media(ctx: &Ctx) -> Result<Arc<Media>, PictureError> {
    ctx.extension::<Media>().ok_or(PictureError::Store)
}

/// Takes an upload apart and stores both forms; answers what is written down of it.
async fn keep(media: Arc<Media>, upload: Bytes) -> Result<(String, u32, u32), PictureError> {
    rest::beside(&DECODING, move || {
        let made = make(&upload)?;
        let written = media
            .write(&made.sha256, SMALL, &made.small)
            .and_then(|()| media.write(&made.sha256, FULL, &made.full));
        written.map_err(|error| {
            tracing::error!(%error, "a picture could not be written");
            PictureError::Store
        })?;
        Ok((made.sha256, made.width, made.height))
    })
    .await?
}

/// Reads a body of up to the route's limit.
pub(crate) async fn read_body(request: Request, ctx: &Ctx) -> Result<Bytes, Refused> {
    Bytes::from_request(request, ctx).await.map_err(|rejection| {
        let status = rejection.into_response().status();
        let (code, detail) = if status == StatusCode::PAYLOAD_TOO_LARGE {
            ("body.too_large", "the body is larger than this route takes")
        } else {
            ("body.unreadable", "the body could not be read")
        };
        Refused(Problem::new(status.as_u16(), code, detail))
    })
}

/// Uploads a picture: JPEG, PNG, WebP or GIF, up to 8 MiB and 40 megapixels. It is written anew as JPEG without
/// anything but what is seen.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/pictures", tag = "catalog",
    params(("merchant" = MerchantId, Path)),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 201, body = Picture), PictureError, Common))]
pub(crate) async fn picture_create(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    request: Request,
) -> Result<Response, Refused> {
    actor.may(merchant, Right::Products)?;
    let media = media(&ctx)?;
    let upload = read_body(request, &ctx).await?;
    if upload.len() > BYTES_MAX {
        return Err(PictureError::TooLarge.into());
    }
    let (sha256, width, height) = keep(media, upload).await?;
    let insert = move |tx: &mut Tx| {
        let id: PictureId = tx.new_id();
        store::insert_picture(tx, &PictureRow { id, merchant, sha256: sha256.clone(), width, height })?;
        Ok(StoredPicture { id, width, height })
    };
    let stored = ctx.db().write::<_, DbError, _>(Lane::Interactive, insert).await?;
    Ok((StatusCode::CREATED, Json(Picture::from(stored))).into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Width {
    /// 360 for the small form.
    w: Option<u32>,
}

/// A picture. It never changes, so it may be kept for ever.
#[utoipa::path(get, path = "/media/{file}", tag = "catalog",
    params(("file" = String, Path, description = "`pic_….jpg`"), Width),
    responses((status = 200, body = Vec<u8>, content_type = "image/jpeg"), (status = 304), Common))]
pub(crate) async fn picture_get(
    ctx: rest::State,
    Path(file): Path<String>,
    Query(width): Query<Width>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let id = file.strip_suffix(".jpg").and_then(|id| id.parse::<PictureId>().ok());
    let id = id.ok_or(PictureError::NotFound)?;
    let found = ctx.db().read::<_, DbError, _>(move |rx| store::find_pictures(rx, &[id])).await?;
    let row = found.into_values().next().ok_or(PictureError::NotFound)?;
    let side = if width.w.is_some_and(|w| w <= SMALL) { SMALL } else { FULL };
    let tag = format!("\"{}-{side}\"", row.sha256);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let cached = [(header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, cached, [(header::ETAG, tag)]).into_response());
    }
    let media = media(&ctx)?;
    let bytes = off_the_loop(move || {
        std::fs::read(media.path(&row.sha256, side)).map_err(|error| {
            tracing::error!(%error, picture = %id, "a picture's file could not be read");
            PictureError::NotFound
        })
    })
    .await?;
    let kind = [(header::CONTENT_TYPE, "image/jpeg")];
    Ok((cached, kind, [(header::ETAG, tag)], bytes).into_response())
}

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    let upload = OpenApiRouter::from(axum::Router::new())
        .routes(routes!(picture_create))
        .layer(DefaultBodyLimit::max(BYTES_MAX));
    OpenApiRouter::from(axum::Router::new()).routes(routes!(picture_get)).merge(upload)
}
