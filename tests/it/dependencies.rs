//! What the package pulls in.

use std::process::Command;

/// The packages of a dependency tree, as `name vX.Y.Z`.
fn tree(arguments: &[&str]) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree", "--locked", "--prefix", "none", "--edges", "normal", "--format", "{p}",
        ])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut packages: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.split(" (").next().unwrap_or_default().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    packages.sort();
    packages.dedup();
    packages
}

fn versions<'a>(packages: &'a [String], name: &str) -> Vec<&'a str> {
    packages
        .iter()
        .filter_map(|package| package.strip_prefix(name)?.strip_prefix(" v"))
        .collect()
}

#[test]
fn there_is_one_http_client_one_tls_and_one_provider() {
    let packages = tree(&["--all-features"]);
    for name in ["reqwest", "hyper", "rustls", "tokio", "rhai"] {
        assert_eq!(
            versions(&packages, name).len(),
            1,
            "{name}: {:?}",
            versions(&packages, name)
        );
    }
    assert_eq!(versions(&packages, "aws-lc-rs").len(), 1);
    for other in ["ring", "openssl", "native-tls", "ureq", "curl", "async-std"] {
        assert!(
            versions(&packages, other).is_empty(),
            "`{other}` is there too"
        );
    }
    let doubled = tree(&["--all-features", "--duplicates", "--depth", "0"]);
    for name in ["reqwest", "rustls", "aws-lc-rs", "hyper"] {
        assert!(
            versions(&doubled, name).is_empty(),
            "`{name}` is there twice"
        );
    }
}

#[test]
fn an_embedder_gets_no_command_line_and_no_server() {
    let packages = tree(&["--no-default-features"]);
    for name in [
        "clap",
        "rustyline",
        "ariadne",
        "tracing-subscriber",
        "axum",
        "tiny_http",
        "warp",
        "actix-web",
    ] {
        assert!(
            versions(&packages, name).is_empty(),
            "`{name}` is pulled in"
        );
    }
    assert!(!versions(&packages, "rhai").is_empty(), "the tree was read");
}

#[test]
fn rhai_is_pinned_exactly() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .expect("Cargo.toml");
    assert!(
        manifest.contains(r#"rhai = { version = "=1.27.0""#),
        "its internals are no part of its promises"
    );
}
