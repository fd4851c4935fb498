//! `env::`: variables that are shown and named, and no others.

use dropscript::{ErrorKind, Permissions, Reason};

use crate::bench::Bench;

/// A bench whose scripts are shown an environment, and may see what these permissions say.
fn showing(permissions: Permissions) -> Bench {
    Bench::with(move |host| {
        host.permissions(permissions.clone())
            .environment(|name| match name {
                "COLOR" => Some("blue".into()),
                "SECRET" => Some("canary".into()),
                #[cfg(unix)]
                "BYTES" => {
                    use std::os::unix::ffi::OsStringExt as _;
                    Some(std::ffi::OsString::from_vec(vec![0xff]))
                }
                _ => None,
            })
    })
}

#[test]
fn what_is_named_is_seen() {
    let bench = showing(Permissions::none().env("COLOR").env("NONE"));
    let code = r#"
        assert_eq(env::get("COLOR"), "blue");
        assert_eq(env::get("COLOR", "red"), "blue");
        assert_eq(env::get("NONE"), ());
        assert_eq(env::get("NONE", 3), 3);
    "#;
    bench.eval(code);
}

#[test]
fn nothing_else_is_seen_whether_it_is_there_or_not() {
    let bench = showing(Permissions::none().env("COLOR"));
    for name in ["SECRET", "NO_SUCH_NAME", "PATH", "color", "COLOR ", ""] {
        let error = bench.fail(&format!(r#"env::get("{name}", "x")"#));
        assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));
        assert_eq!(
            error.hint,
            Some(format!("allow it with `--allow-env {name}`"))
        );
    }
    let bench = showing(Permissions::all().closed_env("SECRET"));
    assert_eq!(bench.eval(r#"env::get("COLOR")"#), "blue");
    let error = bench.fail(r#"env::get("SECRET")"#);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));
    assert!(error.message.contains("closed to scripts"));
}

#[test]
fn a_program_that_shows_none_has_none() {
    let bench = Bench::with(|host| host.permissions(Permissions::all()));
    let error = bench.fail(r#"env::get("PATH")"#);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::Unsupported));
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_an_error() {
    let error = showing(Permissions::all()).fail(r#"env::get("BYTES")"#);
    assert_eq!(error.reason, Reason::Failed(ErrorKind::InvalidArgument));
}
