//! Routes by their name.

use dropscript::emulator::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Bench, kind};

#[tokio::test]
async fn any_rpc_route_can_be_called() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    let account = dbx.request("users/get_current_account", &Value::Null).await;
    assert!(account.unwrap()["account_id"].is_string());
    let made = dbx
        .request("files/create_folder_v2", &json!({ "path": "/new" }))
        .await
        .unwrap();
    assert_eq!(made["metadata"]["path_display"], "/new");
    let missing = json!({ "path": "/none" });
    let error = dbx
        .request("files/get_metadata", &missing)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind().as_str(), error.path()),
        ("not_found", Some("/none"))
    );
    let unknown = dbx.request("files/no_such_route", &Value::Null).await;
    assert_eq!(kind(unknown), "unsupported");
    let error = dbx.request("files/upload", &Value::Null).await.unwrap_err();
    assert_eq!(error.kind().as_str(), "unsupported");
    assert!(error.hint().unwrap().contains("write_blob"));
    let nonsense = dbx
        .request("https://elsewhere.example/", &Value::Null)
        .await;
    assert_eq!(kind(nonsense), "invalid_argument");
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    for number in 0..5 {
        bench.remote(&format!("/note {number}.txt"), "");
    }
    let folder = json!({ "path": "", "limit": 2 });
    let entries = dbx
        .request_all("files/list_folder", &folder, "entries")
        .await;
    assert_eq!(entries.unwrap().len(), 5);
    assert!(bench.calls("files/list_folder/continue") >= 2);
    let query = json!({ "query": "note", "options": { "max_results": 2 } });
    let matches = dbx.request_all("files/search_v2", &query, "matches").await;
    assert_eq!(matches.unwrap().len(), 5);
    let links = dbx
        .request_all("sharing/list_shared_links", &json!({}), "links")
        .await;
    assert_eq!(links.unwrap(), Vec::<Value>::new());
    let wrong = dbx.request_all("files/list_folder", &folder, "items").await;
    assert_eq!(kind(wrong), "invalid_argument");
}

#[tokio::test]
async fn what_may_have_changed_something_is_not_repeated() {
    let bench = Bench::new();
    for route in ["files/create_folder_v2", "files/get_metadata"] {
        bench
            .emulator
            .inject(Fault::on(route, FaultKind::CutAfterCommit).first(1));
    }
    let path = json!({ "path": "/new" });
    let made = bench.dbx.request("files/create_folder_v2", &path).await;
    assert_eq!(kind(made), "network");
    assert_eq!(bench.calls("files/create_folder_v2"), 1);
    bench
        .dbx
        .request("files/get_metadata", &path)
        .await
        .unwrap();
    assert_eq!(bench.calls("files/get_metadata"), 2);
}
