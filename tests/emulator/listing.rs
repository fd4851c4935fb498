//! Listings, cursors, and what they replay.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lab::Lab;

fn names(page: &Value) -> Vec<String> {
    let entries = page["entries"].as_array().expect("entries").iter();
    entries
        .map(|entry| {
            format!(
                "{} {}",
                entry[".tag"].as_str().expect("a tag"),
                entry["path_display"].as_str().expect("a path")
            )
        })
        .collect()
}

async fn next(lab: &Lab, page: &Value) -> Value {
    lab.ok(
        "files/list_folder/continue",
        json!({"cursor": page["cursor"]}),
    )
    .await
}

#[tokio::test]
async fn a_listing_shows_one_level_or_all() {
    let lab = Lab::new();
    for path in ["/A/x", "/A/b/y", "/c"] {
        lab.emulator.put("main", path, "1");
    }
    let flat = lab.ok("files/list_folder", json!({"path": ""})).await;
    assert_eq!(names(&flat), ["folder /A", "file /c"]);
    assert_eq!(flat["has_more"], false);
    let deep = lab
        .ok(
            "files/list_folder",
            json!({"path": "/a", "recursive": true}),
        )
        .await;
    assert_eq!(
        names(&deep),
        ["folder /A", "folder /A/b", "file /A/b/y", "file /A/x"]
    );
    assert_eq!(
        lab.rpc("files/list_folder", json!({"path": "/c"}))
            .await
            .refused(),
        "path/not_folder"
    );
    assert_eq!(
        lab.rpc("files/list_folder", json!({"path": "/d"}))
            .await
            .refused(),
        "path/not_found"
    );
}

#[tokio::test]
async fn pages_hold_no_more_than_the_limit_and_miss_nothing() {
    let lab = Lab::new();
    for n in 0..25 {
        lab.emulator.put("main", &format!("/f{}/x{n}", n % 3), "1");
    }
    let mut page = lab
        .ok(
            "files/list_folder",
            json!({"path": "", "recursive": true, "limit": 4}),
        )
        .await;
    let mut seen = names(&page);
    while page["has_more"] == true {
        page = next(&lab, &page).await;
        assert!(names(&page).len() <= 4);
        seen.extend(names(&page));
    }
    assert_eq!(seen.len(), 28);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 28);
}

#[tokio::test]
async fn a_cursor_replays_every_change_in_order() {
    let lab = Lab::new();
    lab.emulator.put("main", "/a/old", "1");
    let latest = lab
        .ok(
            "files/list_folder/get_latest_cursor",
            json!({"path": "", "recursive": true}),
        )
        .await;
    assert!(names(&next(&lab, &latest).await).is_empty());
    lab.emulator.put("main", "/a/new", "1");
    lab.emulator.put("main", "/b/c", "1");
    lab.ok("files/delete_v2", json!({"path": "/a"})).await;
    let changes = next(&lab, &latest).await;
    assert_eq!(
        names(&changes),
        ["file /a/new", "folder /b", "file /b/c", "deleted /a"]
    );
    assert_eq!(
        names(&next(&lab, &latest).await),
        names(&changes),
        "a cursor can be used again"
    );
    assert!(names(&next(&lab, &changes).await).is_empty());
}

#[tokio::test]
async fn changes_while_a_listing_is_under_way_are_not_lost() {
    let lab = Lab::new();
    for n in 1..=6 {
        lab.emulator.put("main", &format!("/f{n}"), "1");
    }
    let first = lab
        .ok("files/list_folder", json!({"path": "", "limit": 3}))
        .await;
    lab.emulator
        .put("main", "/f0", "new, and before what was listed");
    lab.ok("files/delete_v2", json!({"path": "/f1"})).await;
    let second = next(&lab, &first).await;
    assert_eq!(names(&second), ["file /f4", "file /f5", "file /f6"]);
    assert_eq!(second["has_more"], true);
    assert_eq!(
        names(&next(&lab, &second).await),
        ["file /f0", "deleted /f1"]
    );
}

#[tokio::test]
async fn the_end_of_the_listed_folder_is_told() {
    let lab = Lab::new();
    lab.emulator.put("main", "/A/B/c", "1");
    let listed = lab.ok("files/list_folder", json!({"path": "/a/b"})).await;
    lab.emulator.put("main", "/A/other", "not below it");
    lab.ok("files/delete_v2", json!({"path": "/a"})).await;
    assert_eq!(names(&next(&lab, &listed).await), ["deleted /A/B"]);
}

#[tokio::test]
async fn deleted_items_are_listed_when_asked_for() {
    let lab = Lab::new();
    for path in ["/a", "/b", "/c/d"] {
        lab.emulator.put("main", path, "1");
    }
    lab.ok("files/delete_v2", json!({"path": "/b"})).await;
    lab.ok("files/delete_v2", json!({"path": "/c"})).await;
    let listed = lab
        .ok(
            "files/list_folder",
            json!({"path": "", "include_deleted": true}),
        )
        .await;
    assert_eq!(names(&listed), ["file /a", "deleted /b", "deleted /c"]);
}

#[tokio::test]
async fn a_cursor_that_is_none_is_a_bad_request() {
    let lab = Lab::new();
    let refused = lab
        .rpc("files/list_folder/continue", json!({"cursor": "garbage"}))
        .await
        .bad();
    assert!(refused.contains("request body: cursor: Invalid \"cursor\" parameter"));
}
