//! What the specification says of single arguments: forms, ranges, lengths, and what is said when they are not kept.

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Lab, Reply};

async fn answered(lab: &Lab, route: &str, arg: Value) -> (u16, String) {
    let reply = lab.rpc(route, arg).await;
    let told = match reply.status {
        409 => reply.summary(),
        _ => reply.text(),
    };
    (reply.status, told)
}

#[tokio::test]
async fn where_only_paths_are_taken_ids_and_namespaces_are_not() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "x");
    let found = lab.ok("files/get_metadata", json!({"path": "/a"})).await;
    for path in [
        found["id"].clone(),
        json!("ns:1000000000/a"),
        json!("rev:123456789"),
    ] {
        for (route, arg) in [
            ("files/tags/add", json!({"path": path, "tag_text": "t"})),
            ("files/tags/get", json!({"paths": [path]})),
            (
                "files/save_url",
                json!({"path": path, "url": "http://127.0.0.1/"}),
            ),
            (
                "files/copy_reference/save",
                json!({"path": path, "copy_reference": "r"}),
            ),
            (
                "sharing/get_shared_link_metadata",
                json!({"path": path, "url": "u"}),
            ),
        ] {
            let (status, told) = answered(&lab, route, arg).await;
            assert!(
                status == 400 && told.contains("did not match pattern"),
                "{route}: {told}"
            );
        }
    }
    // Links can be made to anything but the root.
    let (status, _) = answered(&lab, "sharing/list_shared_links", json!({"path": ""})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn account_ids_have_forty_characters() {
    let lab = Lab::new();
    let short = "dbid:short";
    for (route, arg) in [
        ("users/get_account", json!({"account_id": short})),
        ("users/get_account_batch", json!({"account_ids": [short]})),
        (
            "files/search_v2",
            json!({"query": "q", "options": {"account_id": short}}),
        ),
    ] {
        let (status, told) = answered(&lab, route, arg).await;
        assert!(
            status == 400 && told.contains("40 characters"),
            "{route}: {told}"
        );
    }
}

#[tokio::test]
async fn limits_with_an_error_of_their_own_are_told_by_it() {
    let lab = Lab::new();
    let thumbnails = vec![json!({"path": "/none"}); 26];
    for (route, arg, error) in [
        (
            "users/features/get_values",
            json!({"features": []}),
            "empty_features_list",
        ),
        (
            "files/get_thumbnail_batch",
            json!({"entries": thumbnails}),
            "too_many_files",
        ),
    ] {
        assert_eq!(answered(&lab, route, arg).await, (409, error.to_owned()));
    }
    let session = lab
        .upload("files/upload_session/start", json!({}), "")
        .await
        .ok();
    let vast = json!({"entries": [
        {"cursor": {"session_id": session["session_id"], "offset": 0}, "length": u64::MAX},
        {"cursor": {"session_id": session["session_id"], "offset": 0}, "length": u64::MAX},
    ]});
    let reply = lab
        .upload("files/upload_session/append_batch", vast, "")
        .await;
    assert_eq!(reply.refused(), "payload_too_large");
    let nothing = json!({"entries": []});
    let reply = lab
        .upload("files/upload_session/append_batch", nothing, "")
        .await;
    assert_eq!(reply.ok()["entries"], json!([]));
}

#[tokio::test]
async fn an_offset_may_be_any_number_and_is_then_wrong() {
    let lab = Lab::new();
    let start = |arg: Value| lab.upload("files/upload_session/start", arg, "");
    let append = |session: &Value, offset: u64| {
        let arg = json!({"cursor": {"session_id": session["session_id"], "offset": offset}, "close": true});
        lab.upload("files/upload_session/append_v2", arg, "x")
    };
    let one = start(json!({})).await.ok();
    assert_eq!(append(&one, u64::MAX).await.refused(), "incorrect_offset");
    let many = start(json!({"session_type": "concurrent"})).await.ok();
    let last = u64::MAX - (u64::MAX % (4 << 20));
    assert_eq!(append(&many, last).await.refused(), "too_large");
}

#[tokio::test]
async fn what_may_be_left_out_may_be_null_where_the_specification_says_so() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "x");
    let settings = json!({"require_password": null, "allow_download": null, "link_password": null, "expires": null, "audience": null});
    let arg = json!({"path": "/a", "settings": settings});
    let link = lab
        .ok("sharing/create_shared_link_with_settings", arg)
        .await;
    assert!(link["url"].is_string());
    let arg = json!({"path": null, "cursor": null, "direct_only": null});
    lab.ok("sharing/list_shared_links", arg).await;
    let arg = json!({"query": "a", "include_highlights": null, "options": null});
    lab.ok("files/search_v2", arg).await;
    let (status, _) = answered(
        &lab,
        "files/list_folder",
        json!({"path": "", "recursive": null}),
    )
    .await;
    assert_eq!(status, 400, "a flag with a default is not nullable");
}

#[tokio::test]
async fn tags_that_do_not_exist_are_refused() {
    let lab = Lab::new();
    for (route, arg) in [
        (
            "files/search_v2",
            json!({"query": "q", "options": {"file_categories": ["music"]}}),
        ),
        (
            "files/search",
            json!({"path": "", "query": "q", "mode": "content"}),
        ),
        (
            "files/get_thumbnail_batch",
            json!({"entries": [{"path": "/a", "size": "w1h1"}]}),
        ),
        (
            "files/get_thumbnail_batch",
            json!({"entries": [{"path": "/a", "format": "bmp"}]}),
        ),
    ] {
        let (status, told) = answered(&lab, route, arg).await;
        assert!(
            status == 400 && told.contains("invalid tag"),
            "{route}: {told}"
        );
    }
}

#[tokio::test]
async fn a_download_is_asked_for_in_no_type_or_a_plain_one() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "x");
    let typed = |kind: &'static str| {
        let request = lab.download_request(&json!({"path": "/a"}));
        async move {
            Reply::of(request.header("content-type", kind))
                .await
                .expect("an answer")
        }
    };
    for kind in [
        "",
        "application/octet-stream",
        "text/plain; charset=UTF-8",
        "text/plain;charset=dropbox-cors-hack",
    ] {
        assert_eq!(typed(kind).await.text(), "x", "{kind}");
    }
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        let told = typed(kind).await.bad();
        assert!(
            told.contains(&format!("Bad HTTP \"Content-Type\" header: \"{kind}\"")),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_call_without_an_argument_comes_in_no_type_or_in_json() {
    let lab = Lab::new();
    let typed = |kind: Option<&'static str>| {
        let mut request = lab
            .request(Method::POST, "/2/users/get_current_account")
            .bearer_auth("emulator-access-token");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        async { Reply::of(request).await.expect("an answer") }
    };
    assert_eq!(typed(None).await.status, 200);
    assert_eq!(typed(Some("application/json")).await.status, 200);
    let told = typed(Some("application/x-www-form-urlencoded")).await.bad();
    assert!(told.contains("Bad HTTP \"Content-Type\" header"), "{told}");
}
