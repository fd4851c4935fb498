//! `path::`: parts of paths, remote and local.

use rhai::{Engine, ImmutableString};

use super::{function, namespace};

pub(super) fn register(engine: &mut Engine) {
    namespace(engine, "path", |module| {
        const PATH: &str = "path: &str";
        function(
            "join",
            &["folder: &str", "path: &str", "&str"],
            "The path below the folder.",
        )
        .set_into_module(module, |folder: &str, path: &str| join(&[folder, path]));
        function(
            "join",
            &["folder: &str", "middle: &str", "path: &str", "&str"],
            "The path below the folders.",
        )
        .set_into_module(module, |folder: &str, middle: &str, path: &str| {
            join(&[folder, middle, path])
        });
        function("name", &[PATH, "&str"], "The last part.")
            .set_into_module(module, |path: &str| ImmutableString::from(name(path)));
        function(
            "stem",
            &[PATH, "&str"],
            "The last part without its extension.",
        )
        .set_into_module(module, |path: &str| {
            ImmutableString::from(split(name(path)).0)
        });
        function(
            "extension",
            &[PATH, "&str"],
            "What is behind the last dot, or no text.",
        )
        .set_into_module(module, |path: &str| {
            ImmutableString::from(split(name(path)).1)
        });
        function("parent", &[PATH, "&str"], "The folder that it is in.")
            .set_into_module(module, |path: &str| ImmutableString::from(parent(path)));
    });
}

fn join(parts: &[&str]) -> String {
    parts
        .iter()
        .filter(|part| !part.is_empty())
        .fold(String::new(), |path, part| match path.as_str() {
            "" => (*part).to_owned(),
            path => format!(
                "{}/{}",
                path.trim_end_matches('/'),
                part.trim_start_matches('/')
            ),
        })
}

fn name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

fn parent(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.rfind('/') {
        Some(0) => "/",
        Some(slash) => path[..slash].trim_end_matches('/'),
        None => "",
    }
}

/// A name before and behind its last dot; a dot at the very beginning makes no extension.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => (&name[..dot], &name[dot + 1..]),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths() {
        assert_eq!(join(&["/a/", "/b"]), "/a/b");
        assert_eq!(join(&["", "b"]), "b");
        assert_eq!(join(&["/", "b", "c"]), "/b/c");
        assert_eq!(name("/a/b.tar.gz"), "b.tar.gz");
        assert_eq!(name("/a/b/"), "b");
        assert_eq!(split("b.tar.gz"), ("b.tar", "gz"));
        assert_eq!(split(".profile"), (".profile", ""));
        assert_eq!(parent("/a/b"), "/a");
        assert_eq!(parent("/a"), "/");
        assert_eq!(parent("a"), "");
    }
}
