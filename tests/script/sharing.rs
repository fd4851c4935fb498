//! Links, searches, changes and routes by their name, as scripts call them.

use crate::cloud::lab;

#[test]
fn links_are_made_changed_and_ended() {
    let (emulator, bench) = lab();
    emulator.put("main", "/a.txt", "a");
    bench.eval(
        r#"
        let dbx = dropbox();
        let url = dbx.share("/a.txt");
        let soon = time::now() + time::days(3);
        assert_eq(dbx.share("/a.txt", #{ expires: soon, allow_download: false, audience: "public" }), url);
        let known = dbx.request("sharing/get_shared_link_metadata", #{ url: url });
        assert(!known.link_permissions.allow_download);
        assert(known.expires <= soon.format("%Y-%m-%dT%H:%M:%SZ"));
        dbx.share("/a.txt", #{ expires: "2 weeks", password: "canary" });
        let refused = attempt(|| dropbox().request("sharing/get_shared_link_metadata", #{ url: url }));
        assert_eq(refused.error.kind, "permission");
        assert_eq([dbx.unshare("/a.txt"), dbx.unshare("/a.txt")], [1, 0]);
        assert_eq(dbx.save_url("/b.txt", dbx.temporary_link("/a.txt")).path, "/b.txt");
        "#,
    );
    for (code, hint) in [
        (r#"#{ audiense: "public" }"#, "did you mean `audience`?"),
        (
            r#"#{ audience: "all" }"#,
            "it takes \"public\", \"team\" or \"no_one\"",
        ),
        ("#{ expires: 3 }", "it takes a DateTime"),
        ("#{ password: 4711 }", "it takes text"),
    ] {
        let error = bench.fail(&format!("dropbox().share(\"/a.txt\", {code})"));
        let found = error.hint.unwrap_or_default();
        assert!(found.contains(hint), "{code}: {found}");
        assert!(!error.message.contains("4711"), "{}", error.message);
    }
}

#[test]
fn a_search_gives_an_array_of_items() {
    let (emulator, bench) = lab();
    for path in ["/in/report.pdf", "/report.txt"] {
        emulator.put("main", path, "");
    }
    bench.eval(
        r#"
        let dbx = dropbox();
        assert_eq(dbx.search("report").len(), 2);
        let found = dbx.search("report", #{ folder: "/in", extensions: ["pdf"], names_only: true, order: "modified", limit: 5 });
        assert_eq(found.map(|item| item.path), ["/in/report.pdf"]);
        "#,
    );
}

#[test]
fn a_cursor_goes_on_where_it_was() {
    let (emulator, bench) = lab();
    emulator.put("main", "/in/a.txt", "a");
    bench.eval(
        r#"
        let dbx = dropbox();
        // What a script has kept that never ran before is `()`.
        let seen = dbx.changes("/in", ());
        assert("/in/a.txt" in seen.items.map(|item| item.path));
        dbx.delete("/in/a.txt");
        dbx.write_text("/in/b.txt", "b");
        let next = dbx.changes("/in", seen.cursor);
        let found = next.items.map(|item| `${item.kind} ${item.path}`);
        assert("deleted /in/a.txt" in found && "file /in/b.txt" in found);
        let waited = dbx.wait_for_changes("/in", seen.cursor);
        assert_eq([waited.items.len(), waited.timed_out], [next.items.len(), false]);
        for wait in [0, 0.05, "50ms"] {
            let nothing = dbx.wait_for_changes("/in", next.cursor, wait);
            assert(nothing.timed_out && nothing.items.is_empty());
        }
        "#,
    );
}

#[test]
fn routes_are_called_by_their_name() {
    let (emulator, bench) = lab();
    for number in 0..3 {
        emulator.put("main", &format!("/{number}.txt"), "");
    }
    bench.eval(
        r#"
        let dbx = dropbox();
        assert(dbx.request("users/get_current_account").account_id.starts_with("dbid:"));
        let entries = dbx.request_all("files/list_folder", #{ path: "", limit: 1 }, "entries");
        assert_eq(entries.len(), 3);
        let error = attempt(|| dropbox().request("files/upload")).error;
        assert_eq(error.kind, "unsupported");
        assert(error.hint.contains("read_blob"));
        "#,
    );
}
