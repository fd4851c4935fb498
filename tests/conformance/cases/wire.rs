//! How arguments, results and errors travel.

use reqwest::Method;
use serde_json::json;

use crate::behaviour::Sure::{Documentation, Observed, Open, Specification, Verified};
use crate::behaviour::Wanted::{Bad, Gives, Works};
use crate::behaviour::{Behaviour, case, contains, equal, holds, row};
use crate::scene::Scene;
use crate::service::{Host, Reply, with_query};

const HTTP: &str = "HTTP documentation";
const ERRORS: &str = "error handling guide";

/// A download with that many bytes in its argument.
async fn padded(at: &Scene, bytes: usize) -> Result<Reply, String> {
    at.put("a", "1").await?;
    let path = json!(at.path("a"));
    let argument = format!("{{\"path\":{:bytes$}{path}}}", "");
    at.call("files/download", &argument, "").await
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = arguments();
    all.extend(results());
    all
}

fn arguments() -> Vec<Behaviour> {
    let account = "users/get_current_account";
    vec![
        case(
            Verified,
            "Python SDK",
            "a function without argument takes `null`",
            move |at| async move { at.call(account, "null", "").await?.result().map(drop) },
        ),
        case(
            Verified,
            "Go SDK",
            "a function without argument takes an empty body without content type",
            move |at| async move { at.send(at.rpc_request(account)).await?.result().map(drop) },
        ),
        case(
            Verified,
            "JavaScript SDK",
            "the argument may stand in the URL",
            |at| async move {
                at.put("a", "1").await?;
                let argument = json!({"path": at.path("a")}).to_string();
                let request = at.service.request(
                    Host::Content,
                    &with_query("files/download", &[("arg", &argument)]),
                );
                equal(at.send(request).await?.text().as_str(), "1")
            },
        ),
        case(
            Documentation,
            HTTP,
            "a download may be a GET",
            |at| async move {
                at.put("a", "1").await?;
                let argument = json!({"path": at.path("a")}).to_string();
                let request = at
                    .service
                    .anonymous(Method::GET, Host::Content, "/2/files/download")
                    .bearer_auth(&at.service.token)
                    .header("dropbox-api-arg", argument);
                equal(at.send(request).await?.text().as_str(), "1")
            },
        ),
        case(
            Documentation,
            "JSON encoding guide",
            "a header's JSON may have every character as `\\uXXXX`",
            |at| async move {
                at.put("some_üñîcødé_😀", "1").await?;
                let name = at.info("some_üñîcødé_😀").await?["name"].take();
                equal(name.as_str(), Some("some_üñîcødé_😀"))
            },
        ),
        row(
            Specification,
            "auth.stone, unions",
            "a tag may be a bare text",
            &[],
            ("files/upload", r#"{"path": "$/a", "mode": "overwrite"}"#),
            Works,
        ),
        row(
            Specification,
            "auth.stone, unions",
            "a tag may be an object",
            &[],
            (
                "files/upload",
                r#"{"path": "$/a", "mode": {".tag": "overwrite"}}"#,
            ),
            Works,
        ),
        row(
            Observed,
            "issue threads",
            "an unknown field is a 400",
            &[],
            ("files/get_metadata", r#"{"path": "$/a", "depth": 1}"#),
            Bad("depth"),
        ),
        row(
            Observed,
            "issue threads",
            "null where a text must be is told",
            &[],
            ("files/get_metadata", r#"{"path": null}"#),
            Bad("request body: path: expected to be a string, got null"),
        ),
        row(
            Observed,
            "issue threads",
            "a body that is no JSON is told",
            &[],
            ("files/get_metadata", "{"),
            Bad("request body: could not decode input as JSON"),
        ),
        row(
            Observed,
            "issue threads",
            "a header that is no JSON is told",
            &[],
            ("files/download", "{"),
            Bad("HTTP header \"Dropbox-API-Arg\": could not decode input as JSON"),
        ),
        row(
            Observed,
            "issue threads",
            "a 400 names the function",
            &[],
            ("files/list_folder", r#"{"path": 1}"#),
            Bad("Error in call to API function \"files/list_folder\": "),
        ),
        row(
            Specification,
            "files.stone, WriteMode",
            "an unknown tag is a 400",
            &[],
            ("files/upload", r#"{"path": "$/a", "mode": "append"}"#),
            Bad("mode"),
        ),
        row(
            Specification,
            "files.stone, ListFolderArg",
            "a number out of its range is a 400",
            &[],
            ("files/list_folder", r#"{"path": "", "limit": 2001}"#),
            Bad("limit"),
        ),
        case(
            Documentation,
            HTTP,
            "an upload without an argument is a 400",
            |at| async move {
                let request = at
                    .service
                    .request(Host::Content, "files/upload")
                    .header("content-type", "application/octet-stream");
                contains(&at.send(request.body("x")).await?.bad()?, "Dropbox-API-Arg")
            },
        ),
        case(
            Open,
            HTTP,
            "an rpc call with another content type than JSON is a 400",
            |at| async move {
                let request = at
                    .rpc_request("files/get_metadata")
                    .header("content-type", "text/plain");
                let argument = json!({"path": at.path("a")}).to_string();
                contains(
                    &at.send(request.body(argument)).await?.bad()?,
                    "Content-Type",
                )
            },
        )
        .quirk("content-types-free"),
        case(
            Documentation,
            HTTP,
            "an upload as a form is a 400",
            |at| async move {
                let argument = json!({"path": at.path("a")}).to_string();
                let request = at
                    .content_request("files/upload", &argument)
                    .header("content-type", "application/x-www-form-urlencoded");
                contains(&at.send(request.body("x")).await?.bad()?, "Content-Type")
            },
        )
        .quirk("content-types-free"),
        case(
            Verified,
            "rclone",
            "an upload may be chunked",
            |at| async move {
                let argument = json!({"path": at.path("a")}).to_string();
                let pieces = futures_util::stream::iter(["ab", "cd"].map(Ok::<_, std::io::Error>));
                let request = at
                    .content_request("files/upload", &argument)
                    .header("content-type", "application/octet-stream")
                    .body(reqwest::Body::wrap_stream(pieces));
                let response = request
                    .send()
                    .await
                    .map_err(|error| error.without_url().to_string())?;
                equal(response.status().as_u16(), 200)?;
                equal(at.contents("a").await?.as_str(), "abcd")
            },
        ),
        case(
            Open,
            HTTP,
            "a function that does not exist is a 400",
            |at| async move {
                contains(
                    &at.rpc("files/levitate", json!({})).await?.bad()?,
                    "files/levitate",
                )
            },
        )
        .quirk("unknown-function-404"),
        case(
            Open,
            "none",
            "a request header of 6,000 bytes is taken",
            |at| async move { padded(&at, 6_000).await?.result().map(drop) },
        )
        .quirk("header-limit-4k"),
        case(
            Open,
            "none",
            "a request header of 12,000 bytes is taken",
            |at| async move { padded(&at, 12_000).await?.result().map(drop) },
        )
        .quirk("header-limit-4k")
        .quirk("header-limit-8k"),
    ]
}

fn results() -> Vec<Behaviour> {
    vec![
        case(
            Verified,
            "Python SDK",
            "a result is `application/json` and nothing more",
            |at| async move {
                let reply = at.call("users/get_current_account", "null", "").await?;
                equal(reply.header("content-type"), "application/json")
            },
        )
        .quirk("json-with-charset"),
        case(
            Verified,
            "Python SDK",
            "an error of a function is `application/json` and nothing more",
            |at| async move {
                let reply = at
                    .rpc("files/get_metadata", json!({"path": at.path("none")}))
                    .await?;
                equal(reply.header("content-type"), "application/json")
            },
        )
        .quirk("json-with-charset"),
        case(
            Verified,
            "Python SDK",
            "an error of authorisation is `application/json` and nothing more",
            |at| async move {
                let request = at
                    .service
                    .anonymous(Method::POST, Host::Api, "/2/users/get_current_account")
                    .bearer_auth("nobody's");
                equal(
                    at.send(request).await?.header("content-type"),
                    "application/json",
                )
            },
        )
        .quirk("json-with-charset")
        .quirk("token-refused-as-text"),
        case(
            Documentation,
            ERRORS,
            "a 400 is a plain text",
            |at| async move {
                let reply = at.rpc("files/list_folder", json!({"path": 1})).await?;
                equal(
                    (reply.status, reply.header("content-type")),
                    (400, "text/plain; charset=utf-8"),
                )
            },
        ),
        case(
            Documentation,
            HTTP,
            "a download has its result in a header, in printable ASCII",
            |at| async move {
                at.put("ü\u{1f600}", "1").await?;
                let reply = at.download("ü\u{1f600}").await?;
                holds(reply.header("dropbox-api-result").is_ascii(), || {
                    "not ASCII".to_owned()
                })?;
                equal(reply.told()?["name"].as_str(), Some("ü\u{1f600}"))
            },
        ),
        case(
            Specification,
            "Java SDK's tests",
            "results carry a request id",
            |at| async move {
                let reply = at.call("users/get_current_account", "null", "").await?;
                holds(!reply.header("x-dropbox-request-id").is_empty(), || {
                    "none".to_owned()
                })
            },
        ),
        case(
            Specification,
            "Java SDK's tests",
            "errors carry a request id",
            |at| async move {
                let reply = at
                    .rpc("files/get_metadata", json!({"path": at.path("none")}))
                    .await?;
                holds(!reply.header("x-dropbox-request-id").is_empty(), || {
                    "none".to_owned()
                })
            },
        ),
        case(
            Documentation,
            ERRORS,
            "a 409 has a summary of the tags, a slash, and dots",
            |at| async move {
                let body = at
                    .rpc("files/get_metadata", json!({"path": at.path("none")}))
                    .await?
                    .json()?;
                let summary = body["error_summary"].as_str().unwrap_or_default();
                let dots = summary.strip_prefix("path/not_found/").ok_or(summary)?;
                equal(dots.trim_matches('.'), "")
            },
        ),
        case(
            Specification,
            "files.stone, GetMetadataError",
            "an error within an error stands under its tag",
            |at| async move {
                let body = at
                    .rpc("files/get_metadata", json!({"path": at.path("none")}))
                    .await?
                    .json()?;
                equal(
                    &body["error"],
                    &json!({".tag": "path", "path": {".tag": "not_found"}}),
                )
            },
        ),
        case(
            Open,
            ERRORS,
            "a 409 has no message for people",
            |at| async move {
                let body = at
                    .rpc("files/get_metadata", json!({"path": at.path("none")}))
                    .await?
                    .json()?;
                holds(body.get("user_message").is_none(), || body.to_string())
            },
        )
        .quirk("user-messages"),
        case(
            Specification,
            "files.stone, UploadWriteFailed",
            "an error that is a struct has its fields beside the tag",
            |at| async move {
                at.put("a", "1").await?;
                let body = at.put_with("a", "2", json!({})).await?.json()?;
                equal(body["error"][".tag"].as_str(), Some("path"))?;
                equal(
                    body["error"]["reason"].clone(),
                    json!({".tag": "conflict", "conflict": {".tag": "file"}}),
                )?;
                holds(body["error"]["upload_session_id"].is_string(), || {
                    body.to_string()
                })
            },
        ),
        row(
            Specification,
            "files.stone, CreateFolderResult",
            "a folder that can be nothing else has no tag",
            &[],
            ("files/create_folder_v2", r#"{"path": "$/a"}"#),
            Gives("/metadata/name", "\"a\""),
        ),
        case(
            Documentation,
            HTTP,
            "where there is no result the body is `null`",
            |at| async move {
                let started = at
                    .send_bytes("files/upload_session/start", json!({}), "")
                    .await?
                    .result()?;
                let cursor = json!({"session_id": started["session_id"], "offset": 0});
                let reply = at
                    .send_bytes(
                        "files/upload_session/append_v2",
                        json!({"cursor": cursor}),
                        "x",
                    )
                    .await?;
                equal((reply.status, reply.text().as_str()), (200, "null"))
            },
        )
        .quirk("void-results-empty"),
        case(
            Specification,
            "common.stone, DropboxTimestamp",
            "times are whole seconds in UTC",
            |at| async move {
                let file = at.put("a", "1").await?;
                let time = file["client_modified"].as_str().unwrap_or_default();
                holds(
                    time.len() == 20 && time.ends_with('Z') && !time.contains('.'),
                    || time.to_owned(),
                )
            },
        ),
    ]
}
