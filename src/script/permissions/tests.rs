//! Who may do what to which path.

use super::*;

fn allowed(permissions: &Permissions, path: &Path) -> bool {
    permissions
        .granted(Access::Read, path, Path::new("/"))
        .is_ok()
}

#[test]
fn nothing_is_allowed_at_first() {
    let refused = Permissions::none()
        .granted(Access::Write, Path::new("out.txt"), Path::new("/somewhere"))
        .expect_err("nothing was granted");
    assert_eq!(refused.kind(), ErrorKind::NotAllowed);
    assert_eq!(
        refused.hint(),
        Some("allow it with `--allow-write /somewhere/out.txt`")
    );
}

#[test]
fn dots_do_not_lead_out() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let permissions = Permissions::none().read(home.path());
    assert!(allowed(&permissions, &home.path().join("a/../b")));
    assert!(!allowed(&permissions, &home.path().join("a/../../b")));
    assert!(!allowed(&permissions, Path::new("/etc/passwd")));
}

#[test]
fn a_name_that_begins_alike_is_another_folder() {
    let permissions = Permissions::none().read("/srv/data");
    assert!(allowed(&permissions, Path::new("/srv/data/a")));
    assert!(!allowed(&permissions, Path::new("/srv/database")));
}

#[cfg(unix)]
#[test]
fn links_count_as_what_they_point_to() {
    use std::os::unix::fs::symlink;
    let home = tempfile::tempdir().expect("a temporary folder");
    let inside = home.path().join("inside");
    std::fs::create_dir(&inside).expect("a folder");
    symlink("../outside.txt", inside.join("dangling")).expect("a link");
    symlink("/etc", inside.join("etc")).expect("a link");
    symlink("round", inside.join("round")).expect("a link");
    let permissions = Permissions::none().read(&inside);
    assert!(!allowed(&permissions, &inside.join("dangling")));
    assert!(!allowed(&permissions, &inside.join("etc/passwd")));
    assert!(!allowed(&permissions, &inside.join("round")));
    assert!(allowed(&permissions, &inside.join("new.txt")));
}

#[test]
fn what_is_closed_stays_closed() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir_all(at("state/inside")).expect("a folder");
    std::fs::write(at("config.toml"), "").expect("a file");
    let closed =
        |permissions: Permissions| permissions.closed(at("state")).closed(at("config.toml"));
    for permissions in [
        closed(Permissions::all()),
        closed(Permissions::none().read("/").write("/")),
    ] {
        let may = |access, name: &str| {
            permissions
                .granted(access, &at(name), Path::new("/"))
                .is_ok()
        };
        for closed in ["state", "state/new", "state/inside/a", "config.toml"] {
            for access in [
                Access::Read,
                Access::ReadWhole,
                Access::Write,
                Access::WriteWhole,
            ] {
                assert!(!may(access, closed), "{access:?} {closed}");
            }
        }
        assert!(may(Access::Read, "") && may(Access::Write, "config"));
        assert!(!may(Access::ReadWhole, "") && !may(Access::WriteWhole, ""));
        assert!(may(Access::WriteWhole, "beside"));
    }
}

#[test]
fn loopback_is_free_and_other_hosts_are_named() {
    let permissions = Permissions::none().net("Example.com");
    for host in [
        "localhost",
        "127.0.0.1",
        "127.9.9.9",
        "[::1]",
        "::1",
        "example.com",
    ] {
        assert!(permissions.check_net(host).is_ok(), "{host}");
    }
    let refused = permissions
        .check_net("localhost.example.com")
        .expect_err("it was not named");
    assert!(
        refused
            .hint()
            .is_some_and(|hint| hint.contains("--allow-net localhost.example.com"))
    );
}
