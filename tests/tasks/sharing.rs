//! Links for others, what Dropbox saves itself, and searching.

use dropscript::emulator::{Fault, FaultKind};
use dropscript::{Audience, Connection, DeleteOptions, Item, SearchOptions, Secret, ShareOptions};
use serde_json::{Value, json};

use crate::support::{Bench, kind};

fn options() -> ShareOptions {
    ShareOptions::default()
}

/// What Dropbox says of a link.
async fn link(dbx: &Connection, url: &str) -> Value {
    let argument = json!({ "url": url });
    dbx.request("sharing/get_shared_link_metadata", &argument)
        .await
        .unwrap()
}

fn paths(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.path.as_str()).collect()
}

#[tokio::test]
async fn a_link_is_made_once_and_given_again() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    bench.remote("/a.txt", "a");
    let url = dbx.share("/a.txt", options()).await.unwrap();
    assert!(url.starts_with("https://"), "{url}");
    assert_eq!(dbx.share("/a.txt", options()).await.unwrap(), url);
    assert_eq!(bench.calls("sharing/modify_shared_link_settings"), 0);
    assert_eq!(kind(dbx.share("/none", options()).await), "not_found");
    // A folder has one too, and it is not that of the file in it.
    bench.remote("/f/b.txt", "b");
    let folder = dbx.share("/f", options()).await.unwrap();
    assert_ne!(dbx.share("/f/b.txt", options()).await.unwrap(), folder);
}

#[tokio::test]
async fn options_are_for_the_link_that_is_there_too() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    bench.remote("/a.txt", "a");
    bench.remote("/b.txt", "b");
    let wanted = || ShareOptions {
        audience: Some(Audience::Public),
        expires: Some("30 days".parse().unwrap()),
        allow_download: Some(false),
        ..options()
    };
    let before = dbx.share("/b.txt", options()).await.unwrap();
    for path in ["/a.txt", "/b.txt"] {
        let url = dbx.share(path, wanted()).await.unwrap();
        let known = link(dbx, &url).await;
        assert_eq!(known["link_permissions"]["allow_download"], false, "{path}");
        assert!(known["expires"].is_string(), "{path}");
        assert_eq!(path == "/b.txt", url == before);
    }
    for (refused, expected) in [
        (
            ShareOptions {
                expires: Some("2001-01-01T00:00:00Z".parse().unwrap()),
                ..options()
            },
            "invalid_argument",
        ),
        (
            ShareOptions {
                audience: Some(Audience::Team),
                ..options()
            },
            "permission",
        ),
    ] {
        assert_eq!(kind(dbx.share("/a.txt", refused).await), expected);
    }
}

#[tokio::test]
async fn a_password_guards_the_link_and_is_not_shown() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    bench.remote("/a.txt", "a");
    let with = |password: &str| ShareOptions {
        password: Some(Secret::new(password)),
        ..options()
    };
    assert!(!format!("{:?}", with("canary")).contains("canary"));
    let url = dbx.share("/a.txt", with("canary")).await.unwrap();
    let look = async |password: Option<&str>| {
        let argument = match password {
            Some(password) => json!({ "url": url, "link_password": password }),
            None => json!({ "url": url }),
        };
        dbx.request("sharing/get_shared_link_metadata", &argument)
            .await
    };
    assert_eq!(kind(look(None).await), "permission");
    look(Some("canary")).await.unwrap();
    assert_eq!(dbx.share("/a.txt", with("")).await.unwrap(), url);
    look(None).await.unwrap();
}

#[tokio::test]
async fn links_end_by_path_or_address() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    bench.remote("/f/a.txt", "a");
    let folder = dbx.share("/f", options()).await.unwrap();
    dbx.share("/f/a.txt", options()).await.unwrap();
    assert_eq!(dbx.unshare("/f/a.txt").await.unwrap(), 1);
    assert_eq!(dbx.unshare("/f/a.txt").await.unwrap(), 0);
    link(dbx, &folder).await;
    assert_eq!(dbx.unshare(&folder).await.unwrap(), 1);
    assert_eq!(dbx.unshare(&folder).await.unwrap(), 0);
    assert_eq!(kind(dbx.unshare("/none").await), "not_found");
}

#[tokio::test]
async fn an_answer_that_got_lost_makes_no_second_link() {
    let bench = Bench::new();
    bench.remote("/a.txt", "a");
    for route in [
        "sharing/create_shared_link_with_settings",
        "sharing/revoke_shared_link",
    ] {
        bench
            .emulator
            .inject(Fault::on(route, FaultKind::CutAfterCommit).first(1));
    }
    let url = bench.dbx.share("/a.txt", options()).await.unwrap();
    assert_eq!(bench.dbx.share("/a.txt", options()).await.unwrap(), url);
    assert_eq!(bench.dbx.unshare("/a.txt").await.unwrap(), 1);
}

#[tokio::test]
async fn dropbox_saves_what_is_at_an_address() {
    let bench = Bench::new();
    let dbx = &bench.dbx;
    bench.remote("/a.txt", "contents");
    let url = dbx.temporary_link("/a.txt").await.unwrap();
    bench
        .emulator
        .inject(Fault::on("files/save_url/check_job_status", FaultKind::JobPending).first(2));
    let saved = dbx.save_url("/copy.txt", &url).await.unwrap();
    assert_eq!(saved.path, "/copy.txt");
    assert_eq!(bench.contents("/copy.txt").unwrap(), b"contents");
    assert!(bench.calls("files/save_url/check_job_status") >= 3);
    bench.remote("/a.txt", "other contents");
    let url = dbx.temporary_link("/a.txt").await.unwrap();
    let second = dbx.save_url("/copy.txt", &url).await.unwrap();
    assert_ne!(second.path, "/copy.txt");
    let nowhere = dbx.save_url("/x.txt", "http://127.0.0.1:1/").await;
    assert_eq!(kind(nowhere), "network");
    let nonsense = dbx.save_url("/x.txt", "nonsense").await;
    assert_eq!(kind(nonsense), "invalid_argument");
}

#[tokio::test]
async fn saving_is_not_asked_for_twice_where_the_answer_got_lost() {
    let bench = Bench::new();
    bench.remote("/a.txt", "a");
    let url = bench.dbx.temporary_link("/a.txt").await.unwrap();
    bench
        .emulator
        .inject(Fault::on("files/save_url", FaultKind::CutAfterCommit).first(1));
    let error = bench.dbx.save_url("/copy.txt", &url).await.unwrap_err();
    assert_eq!(error.kind().as_str(), "network");
    assert!(error.hint().unwrap().contains("look at the path"));
    assert_eq!(bench.calls("files/save_url"), 1);
}

#[tokio::test]
async fn a_search_finds_by_words_folder_and_extension() {
    let bench = Bench::new();
    for path in [
        "/report one.pdf",
        "/in/report two.csv",
        "/in/report three.pdf",
        "/in/other.pdf",
    ] {
        bench.remote(path, path);
    }
    let search = async |options| {
        let found = bench.dbx.search("report", options).await.unwrap();
        let mut found: Vec<String> = found.into_iter().map(|item| item.path).collect();
        found.sort();
        found
    };
    assert_eq!(search(SearchOptions::default()).await.len(), 3);
    let within = SearchOptions {
        folder: "/in".to_owned(),
        extensions: vec![".pdf".to_owned()],
        names_only: true,
        ..SearchOptions::default()
    };
    assert_eq!(search(within).await, ["/in/report three.pdf"]);
    let one = SearchOptions {
        limit: std::num::NonZeroUsize::new(1),
        ..SearchOptions::default()
    };
    assert_eq!(search(one).await.len(), 1);
    let nowhere = SearchOptions {
        folder: "/none".to_owned(),
        ..SearchOptions::default()
    };
    let missing = bench.dbx.search("report", nowhere).await;
    assert_eq!(kind(missing), "not_found");
    let nothing = bench.dbx.search("", SearchOptions::default()).await;
    assert_eq!(kind(nothing), "invalid_argument");
}

#[tokio::test]
async fn a_search_goes_on_past_a_page() {
    let bench = Bench::new();
    // One more than Dropbox puts into a page.
    for number in 0..=1000 {
        bench.remote(&format!("/note {number}.txt"), "");
    }
    let found = bench.dbx.search("note", SearchOptions::default()).await;
    let found = found.unwrap();
    let mut known = paths(&found);
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), 1001);
    assert_eq!(bench.calls("files/search/continue_v2"), 1);
}

#[tokio::test]
async fn what_was_deleted_can_be_searched() {
    let bench = Bench::new();
    bench.remote("/lost letter.txt", "a");
    let delete = bench
        .dbx
        .delete("/lost letter.txt", DeleteOptions::default());
    delete.await.unwrap();
    let deleted = SearchOptions {
        deleted: true,
        ..SearchOptions::default()
    };
    let found = bench.dbx.search("letter", deleted).await.unwrap();
    assert_eq!(paths(&found), ["/lost letter.txt"]);
}
