//! `files/get_thumbnail`, `files/get_thumbnail_v2`, `files/get_thumbnail_batch`: small pictures of pictures.

use std::io::Cursor;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use serde_json::{Value, json};

use super::super::answer::{API_RESULT, Answer, Payload, Refusal, header_safe};
use super::super::call::{Call, Caller, Outcome};
use super::super::fields::Fields;
use super::super::names;
use super::super::path_arg::{PathArg, Pattern};
use super::super::state::tree::{FileNode, Node};
use super::super::tag::{nested, tag};
use super::super::wire;
use super::sharing::{self, Visitor};

/// Thumbnails of one call, at most.
const MOST_THUMBNAILS: usize = 25;

/// Bytes of a picture, at most.
const LARGEST_PICTURE: u64 = 20 << 20;

/// Memory for a picture while it is looked at, at most.
const MOST_MEMORY: u64 = 256 << 20;

/// What the service takes for pictures, by their names.
const EXTENSIONS: [&str; 9] = [
    ".jpg", ".jpeg", ".png", ".tiff", ".tif", ".gif", ".webp", ".ppm", ".bmp",
];

/// `ThumbnailSize`
const SIZES: [(&str, (u32, u32)); 9] = [
    ("w32h32", (32, 32)),
    ("w64h64", (64, 64)),
    ("w128h128", (128, 128)),
    ("w256h256", (256, 256)),
    ("w480h320", (480, 320)),
    ("w640h480", (640, 480)),
    ("w960h640", (960, 640)),
    ("w1024h768", (1024, 768)),
    ("w2048h1536", (2048, 1536)),
];

pub(super) async fn get_thumbnail(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Read)?;
    let shape = Shape::read(&mut call.arg)?;
    call.arg.finish()?;
    let caller = call.caller();
    let (lower, file) = find(call, &caller, &path).map_err(Refusal::Route)?;
    let picture = shape.of(&file).await.map_err(refused)?;
    let metadata = json!(wire::file(&caller.view, &lower, &file));
    Ok(shape.answer(picture, &metadata))
}

pub(super) async fn get_thumbnail_v2(call: &mut Call) -> Outcome {
    let Some((kind, mut resource)) = call.arg.optional_union("resource")? else {
        return Err(Refusal::bad(
            "HTTP header \"Dropbox-API-Arg\": missing required field 'resource'",
        ));
    };
    let shape = Shape::read(&mut call.arg)?;
    call.arg.finish()?;
    match kind.as_str() {
        "path" => {
            let path = resource.path("path", Pattern::Read)?;
            resource.finish()?;
            let Some(caller) = call.caller.clone() else {
                let why = "an app without a user has only links";
                return Err(call.arg.refuse("resource", why));
            };
            let (lower, file) = find(call, &caller, &path).map_err(Refusal::Route)?;
            let picture = shape.of(&file).await.map_err(refused)?;
            let metadata = wire::file(&caller.view, &lower, &file);
            Ok(shape.answer(picture, &json!({ "file_metadata": metadata })))
        }
        "link" => {
            let (url, file) = linked(call, resource)?;
            let picture = shape.of(&file).await.map_err(refused)?;
            let metadata = json!({ "url": url, "id": file.id, "rev": file.rev });
            Ok(shape.answer(picture, &json!({ "link_metadata": metadata })))
        }
        other => Err(call
            .arg
            .refuse("resource", &format!("invalid tag '{other}'"))),
    }
}

pub(super) async fn get_thumbnail_batch(call: &mut Call) -> Outcome {
    let entries = call.arg.list("entries", 0..=1000)?;
    call.arg.finish()?;
    if entries.len() > MOST_THUMBNAILS {
        return Err(Refusal::Route(tag("too_many_files")));
    }
    let entries: Result<Vec<(PathArg, Shape)>, Refusal> = entries
        .into_iter()
        .map(|mut entry| {
            let path = entry.path("path", Pattern::Read)?;
            let shape = Shape::read(&mut entry)?;
            entry.finish()?;
            Ok((path, shape))
        })
        .collect();
    let (entries, caller) = (entries?, call.caller());
    let mut results = Vec::new();
    for (path, shape) in &entries {
        let made = match find(call, &caller, path) {
            Err(error) => Err(error),
            Ok((lower, file)) => match shape.of(&file).await {
                Err(error) => Err(tag(error)),
                Ok(picture) => Ok(json!({
                    ".tag": "success",
                    "metadata": wire::file(&caller.view, &lower, &file),
                    "thumbnail": STANDARD.encode(picture),
                })),
            },
        };
        results.push(made.unwrap_or_else(|error| nested("failure", error)));
    }
    Ok(Answer::json(&json!({ "entries": results })))
}

fn refused(error: &'static str) -> Refusal {
    Refusal::Route(tag(error))
}

/// The error is a `ThumbnailError`.
fn find(call: &Call, caller: &Caller, path: &PathArg) -> Result<(String, Arc<FileNode>), Value> {
    match call.shared.state().find(&caller.view, path) {
        Ok((lower, Node::File(file))) => Ok((lower, file)),
        Ok((_, Node::Folder(_))) => Err(nested("path", tag("not_file"))),
        Err(error) => Err(nested("path", wire::lookup_error(error))),
    }
}

/// What a `SharedLinkFileInfo` leads to.
fn linked(call: &Call, mut resource: Fields) -> Result<(String, Arc<FileNode>), Refusal> {
    let url = resource.text("url")?;
    let below = resource.optional_text("path")?;
    let password = resource.optional_text("password")?;
    resource.finish()?;
    let visitor = Visitor::of(call, password);
    let state = call.shared.state();
    let now = call.shared.clock.now();
    match sharing::resolve(&state, &url, below.as_deref(), &visitor, now) {
        Ok((link, _, Node::File(file))) => Ok((link.url, file)),
        Err("shared_link_access_denied") => Err(refused("access_denied")),
        Ok((_, _, Node::Folder(_))) | Err(_) => Err(refused("not_found")),
    }
}

/// How a picture is wanted.
#[derive(Clone, Copy, Debug)]
struct Shape {
    format: ImageFormat,
    width: u32,
    height: u32,
    mode: &'static str,
}

impl Shape {
    fn read(arg: &mut Fields) -> Result<Shape, Refusal> {
        let format = arg.optional_tag("format", &["jpeg", "png", "webp"])?;
        let size = arg.optional_tag("size", &SIZES.map(|(name, _)| name))?;
        let modes = ["strict", "bestfit", "fitone_bestfit", "original"];
        let mode = arg.optional_tag("mode", &modes)?;
        arg.optional_tag("quality", &["quality_80", "quality_90"])?;
        arg.nullable_flag("exclude_media_info")?;
        arg.optional_flag("preserve_transparency")?;
        let size = SIZES.iter().find(|(name, _)| Some(*name) == size);
        let (width, height) = size.map_or((64, 64), |(_, size)| *size);
        Ok(Shape {
            format: match format {
                Some("png") => ImageFormat::Png,
                Some("webp") => ImageFormat::WebP,
                _ => ImageFormat::Jpeg,
            },
            width,
            height,
            mode: mode.unwrap_or("strict"),
        })
    }

    /// The picture of this file. The error is a tag.
    async fn of(self, file: &Arc<FileNode>) -> Result<Vec<u8>, &'static str> {
        let extension = names::split_extension(names::name(&file.display)).1;
        if !EXTENSIONS.contains(&extension.to_lowercase().as_str()) {
            return Err("unsupported_extension");
        }
        if file.blob.size() > LARGEST_PICTURE {
            return Err("unsupported_image");
        }
        let file = Arc::clone(file);
        let made = tokio::task::spawn_blocking(move || self.draw(&file.blob.read().ok()?));
        let made = made.await.ok().flatten();
        made.ok_or("conversion_error")
    }

    fn draw(self, picture: &[u8]) -> Option<Vec<u8>> {
        let reader = ImageReader::new(Cursor::new(picture));
        let mut reader = reader.with_guessed_format().ok()?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_MEMORY);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().ok()?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut image = DynamicImage::from_decoder(decoder).ok()?;
        image.apply_orientation(orientation);
        let (width, height) = self.target(image.width(), image.height());
        if (width, height) != (image.width(), image.height()) {
            image = image.thumbnail_exact(width, height);
        }
        let image = match self.format {
            ImageFormat::Jpeg => image.to_rgb8().into(),
            _ => DynamicImage::from(image.to_rgba8()),
        };
        let mut drawn = Cursor::new(Vec::new());
        image.write_to(&mut drawn, self.format).ok()?;
        Some(drawn.into_inner())
    }

    /// The size that a picture gets. None grows.
    fn target(self, width: u32, height: u32) -> (u32, u32) {
        let lies = |width: u32, height: u32| width > height;
        let turned = self.mode != "strict" && lies(width, height) != lies(self.width, self.height);
        let (within, high) = if turned {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        };
        let (across, down) = (
            f64::from(within) / f64::from(width),
            f64::from(high) / f64::from(height),
        );
        let scale = match self.mode {
            "original" => 1.0,
            "fitone_bestfit" => across.max(down),
            _ => across.min(down),
        };
        let scaled = |side: u32| {
            let side = f64::from(side) * scale.min(1.0);
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is between 1 and what it was"
            )]
            let side = side.round().max(1.0) as u32;
            side
        };
        (scaled(width), scaled(height))
    }

    fn answer(self, picture: Vec<u8>, metadata: &Value) -> Answer {
        let kind = HeaderValue::from_static(self.format.to_mime_type());
        let metadata = HeaderValue::try_from(header_safe(&metadata.to_string()))
            .expect("escaped JSON is printable ASCII");
        Answer {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, kind), (API_RESULT, metadata)]),
            payload: Payload::Bytes(picture.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_fitted_as_the_mode_says_and_never_grow() {
        let target = |mode, size, picture: (u32, u32)| {
            let (_, (width, height)) = SIZES[size];
            let format = ImageFormat::Png;
            let shape = Shape {
                format,
                width,
                height,
                mode,
            };
            shape.target(picture.0, picture.1)
        };
        let (square, wide) = (1, 4);
        assert_eq!(target("strict", square, (640, 320)), (64, 32));
        assert_eq!(target("strict", wide, (640, 1280)), (160, 320));
        assert_eq!(target("bestfit", wide, (640, 1280)), (240, 480));
        assert_eq!(target("fitone_bestfit", square, (640, 320)), (128, 64));
        assert_eq!(target("fitone_bestfit", wide, (640, 1280)), (320, 640));
        assert_eq!(target("original", square, (640, 320)), (640, 320));
        assert_eq!(target("strict", square, (3, 2)), (3, 2));
        assert_eq!(target("strict", square, (10_000, 1)), (64, 1));
    }
}
