//! `files/download_zip`.

use std::io::{Cursor, Read as _};

use dropscript::emulator::{Fault, FaultKind};
use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::lab::{Lab, Reply, noise};

async fn zipped(lab: &Lab, arg: Value) -> Reply {
    let request = lab
        .request(Method::POST, "/2/files/download_zip")
        .bearer_auth(lab.emulator.access_token("main"))
        .header("dropbox-api-arg", arg.to_string());
    Reply::of(request).await.expect("an answer")
}

fn opened(reply: &Reply) -> ZipArchive<Cursor<&[u8]>> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    ZipArchive::new(Cursor::new(&reply.body[..])).expect("an archive")
}

#[tokio::test]
async fn a_folder_comes_as_an_archive_with_its_own_name_on_top() {
    let lab = Lab::new();
    let large = noise(3 * 1024 * 1024 + 17);
    lab.emulator.put("main", "/In/Größe/a.txt", "alpha");
    lab.emulator
        .put("main", "/In/Größe/Sub/large", large.clone());
    lab.emulator.put("main", "/In/Größe/empty.bin", "");
    lab.emulator.put("main", "/In/Größer", "not in it");
    lab.ok(
        "files/create_folder_v2",
        json!({"path": "/In/Größe/Hollow"}),
    )
    .await;

    let reply = zipped(&lab, json!({"path": "/in/größe"})).await;
    assert_eq!(reply.header("content-type"), "application/zip");
    assert!(
        !reply.headers.contains_key("content-length"),
        "it is made while it is sent"
    );
    let result: Value = serde_json::from_str(reply.header("dropbox-api-result")).expect("JSON");
    assert_eq!(result["metadata"]["path_display"], "/In/Größe");
    assert!(result["metadata"].get(".tag").is_none());

    let mut archive = opened(&reply);
    let mut names: Vec<String> = archive
        .file_names()
        .map(|name| name.expect("a name").into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "Größe/",
            "Größe/Hollow/",
            "Größe/Sub/",
            "Größe/Sub/large",
            "Größe/a.txt",
            "Größe/empty.bin"
        ]
    );
    let mut contents = |name: &str| {
        let mut bytes = Vec::new();
        let mut file = archive.by_name(name).expect("a member");
        file.read_to_end(&mut bytes).expect("its bytes");
        bytes
    };
    assert_eq!(contents("Größe/a.txt"), b"alpha");
    assert!(contents("Größe/Sub/large") == large);
    assert_eq!(contents("Größe/empty.bin"), b"");
}

#[tokio::test]
async fn members_carry_the_time_that_their_writer_gave() {
    let lab = Lab::new();
    let commit = json!({"path": "/d/a", "client_modified": "2020-02-29T13:14:16Z"});
    lab.upload("files/upload", commit, "x").await.ok();
    let ancient = json!({"path": "/d/b", "client_modified": "1970-01-01T00:00:00Z"});
    lab.upload("files/upload", ancient, "y").await.ok();
    let reply = zipped(&lab, json!({"path": "/d"})).await;
    let mut archive = opened(&reply);
    let mut time = |name: &str| {
        let member = archive.by_name(name).expect("a member");
        member.last_modified().expect("a time").to_string()
    };
    assert_eq!(time("d/a"), "2020-02-29 13:14:16");
    assert_eq!(
        time("d/b"),
        "1980-01-01 00:00:00",
        "no archive knows an earlier one"
    );
}

#[tokio::test]
async fn only_folders_can_be_archived() {
    let lab = Lab::new();
    lab.emulator.put("main", "/f/a", "x");
    let refused = |path: &str| {
        let arg = json!({ "path": path });
        let lab = &lab;
        async move { zipped(lab, arg).await.refused() }
    };
    assert_eq!(refused("/f/a").await, "path/not_folder");
    assert_eq!(refused("/f/none").await, "path/not_found");
    assert_eq!(refused("/f//").await, "path/malformed_path");
    let folder = lab.ok("files/get_metadata", json!({"path": "/f"})).await;
    let by_id = zipped(&lab, json!({"path": folder["id"]})).await;
    assert_eq!(opened(&by_id).len(), 2);
}

#[tokio::test]
async fn ten_thousand_entries_are_too_many() {
    let lab = Lab::new();
    let paths: Vec<String> = (0..9_999).map(|n| format!("/many/{n}")).collect();
    lab.ok("files/create_folder_batch", json!({ "paths": paths }))
        .await;
    let refused = zipped(&lab, json!({"path": "/many"})).await;
    assert_eq!(refused.refused(), "too_many_files");
    lab.ok("files/delete_v2", json!({"path": "/many/0"})).await;
    assert_eq!(
        opened(&zipped(&lab, json!({"path": "/many"})).await).len(),
        9_999
    );
}

#[tokio::test]
async fn twenty_gibibytes_are_too_large() {
    let lab = Lab::new();
    // 64 MiB once, and then only copies of it: 8 times 40 of them.
    lab.emulator.put("main", "/forty/0", vec![0; 64 << 20]);
    let copies: Vec<Value> = (1..40)
        .map(|n| json!({"from_path": "/forty/0", "to_path": format!("/forty/{n}")}))
        .collect();
    lab.ok("files/copy_batch_v2", json!({ "entries": copies }))
        .await;
    for n in 0..8 {
        let arg = json!({"from_path": "/forty", "to_path": format!("/all/{n}")});
        lab.ok("files/copy_v2", arg).await;
    }
    let refused = zipped(&lab, json!({"path": "/all"})).await;
    assert_eq!(refused.refused(), "too_large");
}

#[tokio::test]
async fn an_archive_breaks_off_as_other_downloads_do() {
    let lab = Lab::new();
    lab.emulator.put("main", "/f/a", noise(100_000));
    let cut = FaultKind::CutAfter { bytes: 50_000 };
    lab.emulator
        .inject(Fault::on("files/download_zip", cut).nth(1));
    let request = || {
        lab.request(Method::POST, "/2/files/download_zip")
            .bearer_auth("emulator-access-token")
            .header("dropbox-api-arg", r#"{"path":"/f"}"#)
    };
    assert!(Reply::of(request()).await.is_err());
    assert_eq!(
        opened(&Reply::of(request()).await.expect("an answer")).len(),
        2
    );
}
