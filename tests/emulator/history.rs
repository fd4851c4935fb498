//! Old versions.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn revisions(lab: &Lab, arg: Value) -> Value {
    lab.ok("files/list_revisions", arg).await
}

#[tokio::test]
async fn versions_are_listed_newest_first_and_can_be_restored() {
    let lab = Lab::new();
    for contents in ["one", "two", "three"] {
        lab.emulator.put("main", "/a.txt", contents);
    }
    let all = revisions(&lab, json!({"path": "/A.txt"})).await;
    let sizes: Vec<_> = all["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["size"].clone())
        .collect();
    assert_eq!(
        (sizes, all["is_deleted"].clone()),
        (vec![json!(5), json!(3), json!(3)], json!(false))
    );
    let page = revisions(
        &lab,
        json!({"path": "/a.txt", "limit": 1, "before_rev": all["entries"][0]["rev"]}),
    )
    .await;
    assert_eq!(
        (page["entries"][0]["rev"].clone(), page["has_more"].clone()),
        (all["entries"][1]["rev"].clone(), json!(true))
    );

    let oldest = all["entries"][2]["rev"].clone();
    let restored = lab
        .ok("files/restore", json!({"path": "/a.txt", "rev": oldest}))
        .await;
    assert_ne!(restored["rev"], oldest);
    assert_eq!(
        lab.emulator.contents("main", "/a.txt").as_deref(),
        Some(&b"one"[..])
    );
    let unknown = json!({"path": "/a.txt", "rev": "000000000"});
    assert_eq!(
        lab.rpc("files/restore", unknown).await.refused(),
        "invalid_revision"
    );
    let missing = json!({"path": "/none", "rev": oldest});
    assert_eq!(
        lab.rpc("files/restore", missing).await.refused(),
        "path_lookup/not_found"
    );
}

#[tokio::test]
async fn a_deleted_file_keeps_its_versions() {
    let lab = Lab::new();
    lab.emulator.put("main", "/f/a", "1");
    let file = lab.ok("files/get_metadata", json!({"path": "/f/a"})).await;
    lab.ok("files/delete_v2", json!({"path": "/f"})).await;
    let gone = revisions(&lab, json!({"path": "/f/a"})).await;
    assert_eq!(gone["is_deleted"], true);
    assert!(gone["server_deleted"].is_string());
    let by_id = revisions(&lab, json!({"path": file["id"], "mode": "id"})).await;
    assert_eq!(by_id["entries"][0]["rev"], file["rev"]);
    let restored = lab
        .ok("files/restore", json!({"path": "/f/a", "rev": file["rev"]}))
        .await;
    assert_eq!(restored["id"], file["id"]);
    assert_eq!(
        lab.rpc("files/list_revisions", json!({"path": "/f"}))
            .await
            .refused(),
        "path/not_file"
    );
    assert_eq!(
        lab.rpc("files/list_revisions", json!({"path": "/x"}))
            .await
            .refused(),
        "path/not_found"
    );
}

#[tokio::test]
async fn a_version_that_comes_back_over_a_file_keeps_the_letter_case_that_is_there() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a.txt", "1");
    let old = lab.ok("files/delete_v2", json!({"path": "/a.txt"})).await;
    lab.emulator.put("main", "/A.TXT", "2");
    let back = json!({"path": "/a.txt", "rev": old["metadata"]["rev"]});
    let restored = lab.ok("files/restore", back).await;
    assert_eq!(restored["path_display"], "/A.TXT");
}
