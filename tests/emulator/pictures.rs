//! Thumbnails.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgba, RgbaImage};
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

/// A picture that is red on the left and see-through blue on the right.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let half = |x: u32, _| {
        if x < width / 2 {
            Rgba([255, 0, 0, 255])
        } else {
            Rgba([0, 0, 255, 0])
        }
    };
    let drawn = DynamicImage::from(RgbaImage::from_fn(width, height, half));
    let drawn = match format {
        ImageFormat::Jpeg => drawn.to_rgb8().into(),
        _ => drawn,
    };
    let mut bytes = Cursor::new(Vec::new());
    drawn.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

fn lab() -> Lab {
    let lab = Lab::new();
    for (name, format) in [
        ("a.png", ImageFormat::Png),
        ("a.JPEG", ImageFormat::Jpeg),
        ("a.gif", ImageFormat::Gif),
        ("a.bmp", ImageFormat::Bmp),
        ("a.webp", ImageFormat::WebP),
    ] {
        let path = format!("/p/{name}");
        lab.emulator.put("main", &path, picture(200, 100, format));
    }
    lab.emulator.put("main", "/p/broken.png", "no picture");
    lab.emulator.put("main", "/p/a.txt", "text");
    lab
}

async fn download(lab: &Lab, route: &str, arg: Value) -> Reply {
    let request = lab
        .request(Method::POST, &format!("/2/{route}"))
        .bearer_auth("emulator-access-token")
        .header("dropbox-api-arg", arg.to_string());
    Reply::of(request).await.expect("an answer")
}

fn seen(reply: &Reply) -> DynamicImage {
    assert_eq!(reply.status, 200, "{}", reply.text());
    image::load_from_memory(&reply.body).expect("a picture")
}

#[tokio::test]
async fn pictures_of_every_kind_have_small_ones() {
    let lab = lab();
    for name in ["a.png", "a.JPEG", "a.gif", "a.bmp", "a.webp"] {
        let arg = json!({"path": format!("/p/{name}")});
        let reply = download(&lab, "files/get_thumbnail", arg).await;
        assert_eq!(reply.header("content-type"), "image/jpeg");
        let small = seen(&reply);
        assert_eq!(small.dimensions(), (64, 32), "{name}");
        let [red, _, blue, _] = small.get_pixel(8, 8).0;
        assert!(red > 200 && blue < 50, "{name} is red on the left");
        let told: Value = serde_json::from_str(reply.header("dropbox-api-result")).expect("JSON");
        assert_eq!(told["name"], name);
    }
}

#[tokio::test]
async fn a_small_picture_comes_as_it_is_asked_for() {
    let lab = lab();
    let asked = |more: Value| {
        let mut arg = json!({"path": "/p/a.png", "format": "png"});
        for (name, value) in more.as_object().expect("options") {
            arg[name] = value.clone();
        }
        let lab = &lab;
        async move { seen(&download(lab, "files/get_thumbnail", arg).await) }
    };
    let small = asked(json!({"size": "w32h32"})).await;
    assert_eq!(small.dimensions(), (32, 16));
    assert_eq!(
        small.get_pixel(30, 3).0[3],
        0,
        "what was seen through still is"
    );
    let covering = asked(json!({"size": "w32h32", "mode": "fitone_bestfit"})).await;
    assert_eq!(covering.dimensions(), (64, 32));
    let large = asked(json!({"size": {".tag": "w640h480"}})).await;
    assert_eq!(large.dimensions(), (200, 100), "none grows");
    let original = asked(json!({"mode": "original"})).await;
    assert_eq!(original.dimensions(), (200, 100));
}

#[tokio::test]
async fn a_picture_may_be_reached_through_a_link_and_without_a_user() {
    let lab = lab();
    let path = json!({"resource": {".tag": "path", "path": "/p/a.png"}});
    let reply = download(&lab, "files/get_thumbnail_v2", path).await;
    assert_eq!(seen(&reply).dimensions(), (64, 32));
    let told: Value = serde_json::from_str(reply.header("dropbox-api-result")).expect("JSON");
    assert_eq!(told["file_metadata"]["name"], "a.png");

    let settings = json!({"require_password": true, "link_password": "p"});
    let arg = json!({"path": "/p", "settings": settings});
    let link = lab
        .ok("sharing/create_shared_link_with_settings", arg)
        .await;
    let through = |path: &str, password: &str| {
        let resource =
            json!({".tag": "link", "url": link["url"], "path": path, "password": password});
        let request = lab
            .request(Method::POST, "/2/files/get_thumbnail_v2")
            .basic_auth("emulator-app", Some("emulator-secret"))
            .header(
                "dropbox-api-arg",
                json!({ "resource": resource }).to_string(),
            );
        async { Reply::of(request).await.expect("an answer") }
    };
    let reply = through("/a.png", "p").await;
    assert_eq!(seen(&reply).dimensions(), (64, 32));
    let told: Value = serde_json::from_str(reply.header("dropbox-api-result")).expect("JSON");
    assert_eq!(told["link_metadata"]["url"], link["url"]);
    assert_eq!(through("/a.png", "x").await.refused(), "access_denied");
    assert_eq!(through("/none.png", "p").await.refused(), "not_found");
}

#[tokio::test]
async fn what_is_no_picture_is_told_why() {
    let lab = lab();
    lab.emulator
        .put("main", "/p/vast.jpg", vec![0; (20 << 20) + 1]);
    for (path, error) in [
        ("/p/broken.png", "conversion_error"),
        ("/p/a.txt", "unsupported_extension"),
        ("/p/vast.jpg", "unsupported_image"),
        ("/p", "path/not_file"),
        ("/p/none.png", "path/not_found"),
    ] {
        let arg = json!({ "path": path });
        let refused = download(&lab, "files/get_thumbnail", arg).await;
        assert_eq!(refused.refused(), error, "{path}");
    }
}

#[tokio::test]
async fn many_come_together() {
    let lab = lab();
    let entries =
        json!({"entries": [{"path": "/p/a.png"}, {"path": "/p/a.txt"}, {"path": "/none"}]});
    let answer = lab.ok("files/get_thumbnail_batch", entries).await;
    let first = &answer["entries"][0];
    assert_eq!(first["metadata"]["name"], "a.png");
    let small = first["thumbnail"].as_str().expect("a text");
    let small = STANDARD.decode(small).expect("base64");
    let small = image::load_from_memory(&small).expect("a picture");
    assert_eq!(small.dimensions(), (64, 32));
    let error = &answer["entries"][1]["failure"][".tag"];
    assert_eq!(error, "unsupported_extension");
    let error = &answer["entries"][2]["failure"]["path"][".tag"];
    assert_eq!(error, "not_found");
}
