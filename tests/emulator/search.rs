//! Searching for names.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn found(lab: &Lab, arg: Value) -> Vec<String> {
    let result = lab.ok("files/search_v2", arg).await;
    let matches = result["matches"].as_array().expect("matches").iter();
    matches
        .map(|found| {
            found["metadata"]["metadata"]["path_display"]
                .as_str()
                .expect("a path")
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn words_are_looked_for_in_names() {
    let lab = Lab::new();
    for path in [
        "/Work/Report May.PDF",
        "/Work/report june.txt",
        "/home/x.txt",
    ] {
        lab.emulator.put("main", path, "1");
    }
    assert_eq!(found(&lab, json!({"query": "report"})).await.len(), 2);
    assert_eq!(
        found(&lab, json!({"query": "MAY report"})).await,
        ["/Work/Report May.PDF"]
    );
    let text = json!({"query": "e", "options": {"file_extensions": ["txt"], "path": "/work"}});
    assert_eq!(found(&lab, text).await, ["/Work/report june.txt"]);
    let folder = json!({"query": "o", "options": {"file_categories": ["folder"]}});
    assert_eq!(found(&lab, folder).await, ["/home", "/Work"]);
    let missing = json!({"query": "x", "options": {"path": "/none"}});
    assert_eq!(
        lab.rpc("files/search_v2", missing).await.refused(),
        "path/not_found"
    );
}

#[tokio::test]
async fn a_search_goes_on_with_its_cursor() {
    let lab = Lab::new();
    for n in 0..5 {
        lab.emulator.put("main", &format!("/f{n}"), "1");
    }
    let first = lab
        .ok(
            "files/search_v2",
            json!({"query": "f", "options": {"max_results": 3}}),
        )
        .await;
    assert_eq!(first["has_more"], true);
    let second = lab
        .ok(
            "files/search/continue_v2",
            json!({"cursor": first["cursor"]}),
        )
        .await;
    assert_eq!(
        (
            second["matches"].as_array().expect("matches").len(),
            second["has_more"].clone()
        ),
        (2, json!(false))
    );
}
