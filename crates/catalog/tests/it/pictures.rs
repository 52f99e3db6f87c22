use super::*;
use image::{DynamicImage, ImageFormat, RgbaImage};
use testkit::app_test;

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let image = RgbaImage::from_fn(width, height, |x, _| {
        image::Rgba([200, 30, 30, if x % 2 == 0 { 255 } else { 0 }])
    });
    encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png)
}

pub(crate) async fn upload_png(app: &App, shop: &Shop, width: u32, height: u32) -> Value {
    upload(app, &shop.path("pictures"), &shop.token, "image/png", png(width, height)).await.expect(201)
}

app_test!(a_picture_is_kept_in_two_sizes_for_ever, parts, |app| {
    let shop = shop(&app, 1).await;
    let picture = upload_png(&app, &shop, 2000, 1000).await;
    assert_eq!((&picture["width"], &picture["height"]), (&json!(1600), &json!(800)));
    let url = picture["url"].as_str().unwrap();
    let full = app.get(url, "").await;
    assert_eq!((full.status.as_u16(), &full.headers["content-type"]), (200, &"image/jpeg".parse().unwrap()));
    assert_eq!(full.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(image::load_from_memory(&full.body).unwrap().width(), 1600);
    let small = app.get(&format!("{url}?w=360"), "").await;
    assert_eq!(image::load_from_memory(&small.body).unwrap().height(), 180);
    assert_ne!(small.headers["etag"], full.headers["etag"]);
    let known = Request::get(url).header("if-none-match", &full.headers["etag"]).body(Body::empty());
    let answer = app.send(known.unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));

    let mut body = simple("a", "A", 100);
    body["pictures"] = json!([picture["id"]]);
    let product = shop.publish(&app, body).await;
    assert_eq!(product["pictures"], json!([picture]));
    let card = app.get("/api/v1/products", "").await.expect(200)["items"][0].clone();
    assert_eq!(card["picture"], picture);
    let unknown = "/media/pic_00000000000000000000000000000000.jpg";
    for path in [unknown, "/media/x.jpg", "/media/..%2Fpic.jpg"] {
        app.get(path, "").await.expect_problem(404, "picture.not_found");
    }
});

app_test!(nothing_but_what_is_seen_stays, parts, |app| {
    let shop = shop(&app, 1).await;
    // EXIF with orientation 6 (turned right) and a text where GPS data would be.
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPS-CANARY 30.2741N");
    let plain = encoded(&DynamicImage::new_rgb8(40, 20), ImageFormat::Jpeg);
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    bytes.extend(&exif);
    bytes.extend(&plain[2..]);
    bytes.extend(b"PK-TRAILER-CANARY");
    let answer = upload(&app, &shop.path("pictures"), &shop.token, "image/jpeg", bytes).await;
    let picture = answer.expect(201);
    assert_eq!((&picture["width"], &picture["height"]), (&json!(20), &json!(40)));
    for query in ["", "?w=360"] {
        let file = app.get(&format!("{}{query}", picture["url"].as_str().unwrap()), "").await.body;
        for canary in [&b"Exif"[..], b"CANARY"] {
            assert!(!file.windows(canary.len()).any(|window| window == canary));
        }
    }
});

app_test!(what_is_no_picture_is_refused, parts, |app| {
    let shop = shop(&app, 1).await;
    let mut huge = b"GIF89a".to_vec();
    huge.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, b';']);
    let mut cut = png(50, 50);
    cut.truncate(100);
    let cases = [
        (b"<svg onload=alert(1)>".to_vec(), "picture.unreadable"),
        (Vec::new(), "picture.unreadable"),
        (cut, "picture.unreadable"),
        (huge, "picture.unreadable"),
        (encoded(&DynamicImage::new_luma8(7_000, 6_000), ImageFormat::Png), "picture.too_many_pixels"),
    ];
    for (bytes, code) in cases {
        let answer = upload(&app, &shop.path("pictures"), &shop.token, "image/png", bytes).await;
        answer.expect_problem(422, code);
    }
    let big = vec![0; 8 * 1024 * 1024 + 1];
    upload(&app, &shop.path("pictures"), &shop.token, "image/png", big)
        .await
        .expect_problem(413, "body.too_large");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM catalog_picture").await, 0);
});
