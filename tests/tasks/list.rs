//! Listing, and looking at single items.

use dropscript::{CreateFolderOptions, Filter, Item, ItemKind, Kinds, ListOptions, Listing};

use crate::support::{Bench, hash, kind, until_called};

async fn all(mut listing: Listing) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some(item) = listing.next().await {
        items.push(item.unwrap());
    }
    items
}

async fn paths(bench: &Bench, what: &str, options: ListOptions) -> Vec<String> {
    let mut paths: Vec<_> = all(bench.dbx.list(what, options).unwrap())
        .await
        .into_iter()
        .map(|item| item.path)
        .collect();
    paths.sort();
    paths
}

fn tree() -> Bench {
    let bench = Bench::new();
    for path in ["/A/one.txt", "/A/two.csv", "/A/Sub/three.csv", "/four.csv"] {
        bench.remote(path, path);
    }
    bench
}

#[tokio::test]
async fn a_folder_is_listed_shallow_or_deep() {
    let bench = tree();
    let filtered = |filter| ListOptions {
        filter,
        ..ListOptions::default()
    };
    let deep = || {
        filtered(Filter {
            subfolders: Some(true),
            ..Filter::default()
        })
    };
    assert_eq!(
        paths(&bench, "/a", ListOptions::default()).await,
        ["/a/Sub", "/a/one.txt", "/a/two.csv"]
    );
    assert_eq!(
        paths(&bench, "/", ListOptions::default()).await,
        ["/A", "/four.csv"]
    );
    assert_eq!(
        paths(&bench, "/", deep()).await,
        [
            "/A",
            "/A/Sub",
            "/A/Sub/three.csv",
            "/A/one.txt",
            "/A/two.csv",
            "/four.csv"
        ]
    );
    assert_eq!(
        paths(
            &bench,
            "",
            filtered(Filter {
                kind: Some(Kinds::Folders),
                ..deep().filter
            })
        )
        .await,
        ["/A", "/A/Sub"]
    );
    assert_eq!(
        paths(
            &bench,
            "",
            filtered(Filter {
                kind: Some(Kinds::Files),
                ..Filter::default()
            })
        )
        .await,
        ["/four.csv"]
    );
}

#[tokio::test]
async fn a_glob_is_listed() {
    let bench = tree();
    assert_eq!(
        paths(&bench, "/A/*.CSV", ListOptions::default()).await,
        ["/A/two.csv"]
    );
    assert_eq!(
        paths(&bench, "/**/*.csv", ListOptions::default()).await,
        ["/A/Sub/three.csv", "/A/two.csv", "/four.csv"]
    );
    assert!(
        paths(&bench, "/nowhere/*.csv", ListOptions::default())
            .await
            .is_empty()
    );
    let required = ListOptions {
        require_match: true,
        ..ListOptions::default()
    };
    let mut listing = bench.dbx.list("/A/*.none", required).unwrap();
    assert_eq!(kind(listing.next().await.unwrap()), "not_found");
    assert!(listing.next().await.is_none());
}

#[tokio::test]
async fn pages_come_as_they_are_needed_and_a_clone_lists_anew() {
    let bench = Bench::new();
    for number in 0..4_100 {
        bench.remote(&format!("/many/{number:04}"), "");
    }
    let mut listing = bench.dbx.list("/many", ListOptions::default()).unwrap();
    assert_eq!(bench.calls("files/list_folder"), 0);
    listing.next().await.unwrap().unwrap();
    assert_eq!(
        (
            bench.calls("files/list_folder"),
            bench.calls("files/list_folder/continue")
        ),
        (1, 0)
    );
    assert_eq!(all(listing.clone()).await.len(), 4_100);
    assert_eq!(all(listing).await.len(), 4_099);
    assert_eq!(bench.calls("files/list_folder"), 2);
    assert_eq!(bench.calls("files/list_folder/continue"), 4);
}

#[tokio::test]
async fn what_is_deleted_while_one_iterates_is_no_fault() {
    let bench = Bench::new();
    for number in 0..2_500 {
        bench.remote(&format!("/many/{number:04}"), "");
    }
    let mut listing = bench.dbx.list("/many", ListOptions::default()).unwrap();
    let first = listing.next().await.unwrap().unwrap();
    bench
        .dbx
        .delete("/many/2400", dropscript::DeleteOptions::default())
        .await
        .unwrap();
    let rest = all(listing).await;
    assert!(
        rest.iter()
            .all(|item| item.kind == ItemKind::File && item.path != first.path)
    );
}

#[tokio::test]
async fn an_item_tells_what_it_is() {
    let bench = tree();
    let file = bench.dbx.info("/a/ONE.txt").await.unwrap();
    assert_eq!(
        (file.kind, file.name.as_str(), file.size),
        (ItemKind::File, "one.txt", Some(10))
    );
    assert_eq!(file.hash.unwrap(), hash(b"/A/one.txt"));
    assert!(
        file.rev.is_some()
            && file.id.is_some()
            && file.modified.is_some()
            && file.uploaded.is_some()
    );
    let folder = bench.dbx.info("/A").await.unwrap();
    assert_eq!(
        (folder.kind, folder.size, folder.rev),
        (ItemKind::Folder, None, None)
    );
    assert_eq!(bench.dbx.info("/").await.unwrap().kind, ItemKind::Folder);
    assert_eq!(kind(bench.dbx.info("/none").await), "not_found");
    assert!(bench.dbx.exists("/a").await.unwrap() && !bench.dbx.exists("/none").await.unwrap());
}

#[tokio::test]
async fn a_missing_folder_or_a_file_cannot_be_listed() {
    let bench = tree();
    for (what, expected) in [("/none", "not_found"), ("/four.csv", "invalid_argument")] {
        let mut listing = bench.dbx.list(what, ListOptions::default()).unwrap();
        assert_eq!(kind(listing.next().await.unwrap()), expected);
    }
    assert_eq!(
        kind(bench.dbx.list("none", ListOptions::default())),
        "invalid_path"
    );
}

#[tokio::test]
async fn folders_are_made_with_their_parents() {
    let bench = tree();
    let folder = bench
        .dbx
        .create_folder("/new/Deep/er", CreateFolderOptions::default())
        .await
        .unwrap();
    assert_eq!(
        (folder.path.as_str(), folder.kind),
        ("/new/Deep/er", ItemKind::Folder)
    );
    let again = bench
        .dbx
        .create_folder("/NEW/deep/er", CreateFolderOptions::default())
        .await
        .unwrap();
    assert_eq!(again.id, folder.id);
    let strict = || CreateFolderOptions {
        exist_ok: false,
        ..CreateFolderOptions::default()
    };
    assert_eq!(
        kind(bench.dbx.create_folder("/new", strict()).await),
        "conflict"
    );
    assert_eq!(
        kind(
            bench
                .dbx
                .create_folder("/four.csv", CreateFolderOptions::default())
                .await
        ),
        "conflict"
    );
    assert_eq!(
        kind(bench.dbx.create_folder("/", strict()).await),
        "conflict"
    );
    let dry = CreateFolderOptions {
        dry_run: true,
        ..CreateFolderOptions::default()
    };
    assert_eq!(
        bench.dbx.create_folder("/planned", dry).await.unwrap().path,
        "/planned"
    );
    assert!(!bench.dbx.exists("/planned").await.unwrap());
}

#[tokio::test]
async fn the_account_and_its_space_are_known() {
    let bench = tree();
    let account = bench.dbx.account().await.unwrap();
    assert!(account.account_id.starts_with("dbid:") && !account.name.display_name.is_empty());
    let space = bench.dbx.space().await.unwrap();
    assert!(space.used > 0 && space.allocated > space.used);
}

#[tokio::test]
async fn a_page_is_fetched_ahead_for_whoever_goes_on() {
    const CONTINUE: &str = "files/list_folder/continue";
    const PAGE: usize = 2_000;
    let bench = Bench::new();
    for number in 0..=2 * PAGE {
        bench.remote(&format!("/{number}"), "");
    }
    let mut listing = bench.dbx.list("/", ListOptions::default()).unwrap();
    for _ in 0..PAGE {
        listing.next().await.unwrap().unwrap();
    }
    assert_eq!(bench.calls(CONTINUE), 0, "the first page may be enough");
    listing.next().await.unwrap().unwrap();
    until_called(&bench, CONTINUE, 2).await;
    assert_eq!(all(listing).await.len(), PAGE);
    assert_eq!(bench.calls(CONTINUE), 2, "each page once");
}
