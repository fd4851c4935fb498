//! Downloads, whole and in part.

use serde_json::json;

use crate::behaviour::Sure::{Documentation, Open, Specification};
use crate::behaviour::Wanted::Refused;
use crate::behaviour::{Behaviour, case, contains, equal, holds, row};
use crate::scene::{Scene, text};
use crate::service::Reply;

const HTTP: &str = "HTTP documentation";

/// Downloads `a`, which holds ten digits, with one more header.
async fn with(at: &Scene, name: &str, value: &str) -> Result<Reply, String> {
    at.put("a", "0123456789").await?;
    again_with(at, name, value).await
}

/// The same without writing it first.
async fn again_with(at: &Scene, name: &str, value: &str) -> Result<Reply, String> {
    let argument = json!({"path": at.path("a")}).to_string();
    let request = at.content_request("files/download", &argument);
    at.send(request.header(name, value)).await
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            "files.stone, download",
            "a download brings the bytes and the metadata",
            |at| async move {
                at.put("a", "0123456789").await?;
                let reply = at.download("a").await?;
                equal(reply.text().as_str(), "0123456789")?;
                equal(reply.told()?["size"].as_u64(), Some(10))
            },
        ),
        row(
            Specification,
            "files.stone, DownloadError",
            "what is not there is not downloaded",
            &[],
            ("files/download", r#"{"path": "$/a"}"#),
            Refused("path/not_found"),
        ),
        case(
            Documentation,
            HTTP,
            "an empty file is downloaded",
            |at| async move {
                at.put("a", "").await?;
                let reply = at.download("a").await?;
                equal((reply.status, reply.body.len()), (200, 0))
            },
        ),
        case(
            Documentation,
            HTTP,
            "a range is answered with that part, as 206",
            |at| async move {
                let reply = with(&at, "range", "bytes=2-4").await?;
                equal((reply.status, reply.text().as_str()), (206, "234"))
            },
        )
        .quirk("ranges-ignored"),
        case(
            Documentation,
            HTTP,
            "a range may go to the end",
            |at| async move {
                let reply = with(&at, "range", "bytes=7-").await?;
                equal((reply.status, reply.text().as_str()), (206, "789"))
            },
        )
        .quirk("ranges-ignored"),
        case(
            Documentation,
            HTTP,
            "a range may count from the end",
            |at| async move {
                let reply = with(&at, "range", "bytes=-3").await?;
                equal((reply.status, reply.text().as_str()), (206, "789"))
            },
        )
        .quirk("ranges-ignored"),
        case(
            Open,
            HTTP,
            "a part says which it is, and how much there is",
            |at| async move {
                equal(
                    with(&at, "range", "bytes=2-4")
                        .await?
                        .header("content-range"),
                    "bytes 2-4/10",
                )
            },
        )
        .quirk("content-range-missing")
        .quirk("ranges-ignored"),
        case(
            Open,
            HTTP,
            "a range beyond the end is a 416",
            |at| async move { equal(with(&at, "range", "bytes=10-").await?.status, 416) },
        )
        .quirk("ranges-ignored"),
        case(
            Documentation,
            HTTP,
            "a part comes with the metadata of the whole",
            |at| async move {
                let reply = with(&at, "range", "bytes=2-4").await?;
                equal(reply.told()?["size"].as_u64(), Some(10))
            },
        ),
        case(
            Documentation,
            HTTP,
            "a download has an ETag, and is not sent again to who has it",
            |at| async move {
                let reply = with(&at, "x-nothing", "1").await?;
                let tag = reply.header("etag").to_owned();
                holds(!tag.is_empty(), || "no ETag".to_owned())?;
                equal(again_with(&at, "if-none-match", &tag).await?.status, 304)
            },
        ),
        case(Open, HTTP, "the ETag is weak", |at| async move {
            let reply = with(&at, "x-nothing", "1").await?;
            equal(
                reply.header("etag").to_owned(),
                format!("W/\"{}\"", text(&reply.told()?["rev"])),
            )
        })
        .quirk("etag-strong"),
        case(
            Documentation,
            HTTP,
            "a download with another ETag is sent",
            |at| async move { equal(with(&at, "if-none-match", "\"another\"").await?.status, 200) },
        ),
        case(
            Documentation,
            HTTP,
            "a download with a body is a 400",
            |at| async move {
                at.put("a", "1").await?;
                let argument = json!({"path": at.path("a")}).to_string();
                let request = at
                    .content_request("files/download", &argument)
                    .header("content-type", "application/octet-stream");
                at.send(request.body("x")).await?.bad().map(drop)
            },
        ),
        case(
            Specification,
            "files.stone, get_temporary_link",
            "a temporary link works without a token",
            |at| async move {
                at.put("a", "0123456789").await?;
                let told = at
                    .ok("files/get_temporary_link", json!({"path": at.path("a")}))
                    .await?;
                let link = text(&told["link"]);
                let reply = reqwest::get(&link)
                    .await
                    .map_err(|error| error.without_url().to_string())?;
                let body = reply
                    .text()
                    .await
                    .map_err(|error| error.without_url().to_string())?;
                contains(&body, "0123456789")
            },
        ),
        row(
            Specification,
            "files.stone, export",
            "an ordinary file is not exported",
            &["a"],
            ("files/export", r#"{"path": "$/a"}"#),
            Refused("non_exportable"),
        ),
    ]
}
