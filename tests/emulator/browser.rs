//! Pages of elsewhere that call from a browser.

use reqwest::Method;
use serde_json::json;

use crate::lab::{Lab, Reply};

const PAGE: &str = "https://page.example";

async fn preflight(lab: &Lab, path: &str) -> Reply {
    let request = lab
        .request(Method::OPTIONS, path)
        .header("origin", PAGE)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,dropbox-api-arg",
        );
    Reply::of(request).await.expect("an answer")
}

#[tokio::test]
async fn a_browser_that_asks_first_is_let_in() {
    let lab = Lab::new();
    for path in ["/2/files/upload", "/oauth2/token"] {
        let allowed = preflight(&lab, path).await;
        assert_eq!((allowed.status, allowed.body.len()), (200, 0));
        assert_eq!(allowed.header("access-control-allow-origin"), "*");
        let headers = allowed
            .header("access-control-allow-headers")
            .to_lowercase();
        for wanted in ["authorization", "content-type", "dropbox-api-arg"] {
            assert!(headers.contains(wanted), "{headers}");
        }
        assert!(
            allowed
                .header("access-control-allow-methods")
                .contains("POST")
        );
    }
    assert_eq!(lab.emulator.calls().total(), 0, "asking is no call");
}

#[tokio::test]
async fn a_page_that_wants_no_preflight_is_told_when_there_is_one() {
    let lab = Lab::new();
    let refused = preflight(&lab, "/2/files/upload?reject_cors_preflight=true").await;
    assert_eq!(refused.status, 400);
    assert!(!refused.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_page_may_read_answers_and_errors_alike() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a", "x");
    for (arg, status) in [
        (r#"{"path":"/a"}"#, 200),
        (r#"{"path":"/none"}"#, 409),
        ("{", 400),
    ] {
        let request = lab
            .request(Method::POST, "/2/files/download")
            .header("origin", PAGE)
            .header("authorization", "Bearer emulator-access-token")
            .header("dropbox-api-arg", arg);
        let answer = Reply::of(request).await.expect("an answer");
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let exposed = answer
            .header("access-control-expose-headers")
            .to_lowercase();
        assert!(exposed.contains("dropbox-api-result") && exposed.contains("retry-after"));
    }
    let plain = lab.download(json!({"path": "/a"})).await;
    assert!(
        !plain.headers.contains_key("access-control-allow-origin"),
        "no page asked"
    );
}

#[tokio::test]
async fn a_simple_request_needs_no_header_of_its_own() {
    let lab = Lab::new();
    let arg = "%7B%22path%22%3A%22%2Fa%22%7D";
    let query = format!(
        "?authorization=Bearer%20emulator-access-token&reject_cors_preflight=true&arg={arg}"
    );
    let simple = |route: &str, body: &'static str| {
        let request = lab
            .request(Method::POST, &format!("/2/{route}{query}"))
            .header("origin", PAGE)
            .header("content-type", "text/plain; charset=dropbox-cors-hack")
            .body(body);
        async { Reply::of(request).await.expect("an answer") }
    };
    assert_eq!(simple("files/upload", "hello").await.ok()["size"], 5);
    assert_eq!(simple("files/get_metadata", "").await.ok()["name"], "a");
    assert_eq!(simple("files/download", "").await.text(), "hello");
}
