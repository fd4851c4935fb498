//! Who imports whom, and which crate is named where.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module of the library may import. `emulator` imports nothing: it is a second reading of the API.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("nearest", &[]),
    ("secret", &["error"]),
    ("path", &["error"]),
    ("options", &["error"]),
    ("duration", &["error"]),
    ("database", &["error"]),
    ("transport", &["error", "secret"]),
    ("web", &["error", "transport"]),
    ("api", &["error", "path"]),
    ("oauth", &["error", "secret", "transport", "api"]),
    (
        "client",
        &[
            "error",
            "secret",
            "path",
            "database",
            "transport",
            "api",
            "oauth",
        ],
    ),
    (
        "connection",
        &[
            "error",
            "secret",
            "path",
            "options",
            "duration",
            "nearest",
            "transport",
            "api",
            "oauth",
            "client",
        ],
    ),
    (
        "tasks",
        &[
            "error",
            "secret",
            "path",
            "options",
            "duration",
            "api",
            "client",
            "connection",
        ],
    ),
    (
        "script",
        &[
            "error",
            "secret",
            "path",
            "database",
            "options",
            "duration",
            "nearest",
            "api",
            "client",
            "connection",
            "tasks",
            "web",
        ],
    ),
    (
        "history",
        &["error", "secret", "database", "tasks", "script"],
    ),
    (
        "watch",
        &[
            "error",
            "path",
            "database",
            "duration",
            "api",
            "client",
            "connection",
        ],
    ),
    ("emulator", &[]),
];

/// Crates that are named in one place only.
const CONFINED: &[(&str, &[&str])] = &[
    ("reqwest", &["transport.rs"]),
    ("rhai", &["script/", "lib.rs"]),
    ("clap", &["cli/"]),
    ("rustyline", &["cli/"]),
    ("ariadne", &["cli/"]),
    ("axum", &["emulator/"]),
    ("notify", &["watch/"]),
    ("toml_edit", &["connection/"]),
    ("rpassword", &["cli/"]),
    ("oauth2", &["oauth/"]),
    ("keyring_core", &["oauth/"]),
];

#[test]
fn modules_import_only_what_is_below_them() {
    let allowed: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let module = module_of(&file);
        if matches!(module.as_str(), "lib" | "main" | "cli") {
            continue;
        }
        let allowed = allowed
            .get(module.as_str())
            .unwrap_or_else(|| panic!("`{module}` is not in the table of imports"));
        for import in imports(&text) {
            if import != module && !allowed.contains(&import.as_str()) {
                faults.push(format!("{} imports `{import}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_command_line_is_held_to_the_public_api() {
    for (file, text) in sources()
        .into_iter()
        .filter(|(file, _)| module_of(file) == "cli")
    {
        let inner: Vec<_> = imports(&text)
            .into_iter()
            .filter(|import| import != "cli")
            .collect();
        assert!(inner.is_empty(), "{} imports {inner:?}", file.display());
    }
    let library = fs::read_to_string(root().join("lib.rs")).expect("lib.rs");
    assert!(
        !library.contains("mod cli;"),
        "the command line belongs to the binary"
    );
}

#[test]
fn crates_are_named_where_they_belong() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let place = file.to_string_lossy().replace('\\', "/");
        for (name, places) in CONFINED {
            let allowed = places.iter().any(|allowed| {
                place == *allowed || (allowed.ends_with('/') && place.starts_with(allowed))
            });
            if !allowed && code(&text).any(|line| names(line, name)) {
                faults.push(format!("{place} names `{name}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Of Rhai a program sees what it cannot do without: its versions change the rest freely.
#[test]
fn the_public_api_shows_no_more_of_rhai_than_it_has_to() {
    let signature =
        regex::Regex::new(r"\bpub (?:async |const )*fn [^{;]+|\bpub [a-z_]+: [^,\n]+").unwrap();
    let inner = regex::Regex::new(
        r"\b(AST|Module|Position|EvalAltResult|ParseError|FnPtr|NativeCallContext|ImmutableString|FuncRegistration|EvalContext)\b",
    )
    .unwrap();
    let mut seen = 0;
    for (file, text) in sources() {
        if !["script", "history"].contains(&module_of(&file).as_str()) {
            continue;
        }
        for found in signature.find_iter(&text) {
            seen += 1;
            let found = found.as_str();
            assert!(!inner.is_match(found), "{}: {found}", file.display());
        }
    }
    assert!(seen > 100, "{seen} signatures were found");
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [
        "todo!(",
        "unimplemented!(",
        "dbg!(",
        "// FIXME",
        "// XXX",
        "#[ignore",
    ];
    for (file, text) in sources() {
        for mark in marks {
            assert!(!text.contains(mark), "{} contains `{mark}`", file.display());
        }
    }
}

/// The folder of the sources.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file, by its path below `src`, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((
                    path.strip_prefix(root()).expect("below src").to_owned(),
                    text,
                ));
            }
        }
    }
    assert!(found.len() > 20, "the sources were found");
    found
}

fn module_of(file: &Path) -> String {
    let first = file
        .components()
        .next()
        .expect("a name")
        .as_os_str()
        .to_string_lossy();
    first.strip_suffix(".rs").unwrap_or(&first).to_owned()
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("//"))
}

/// The modules that follow `crate::` in the code, those in braces too.
fn imports(text: &str) -> Vec<String> {
    let code: String = code(text).collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let heads: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![rest],
        };
        for head in heads {
            let name: String = head
                .trim_start()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            // What starts with a capital is a re-export of lib.rs, which names its module there.
            if name.chars().next().is_some_and(char::is_lowercase) {
                found.push(name);
            }
        }
    }
    found
}

/// Whether a line of code names a crate, as a path or in `use`.
fn names(line: &str, crate_name: &str) -> bool {
    line.match_indices(crate_name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + crate_name.len()..];
        let whole = before.is_none_or(|c| {
            !(c.is_alphanumeric()
                || c == '_'
                || c == ':'
                || c == '.'
                || c == '"'
                || c == '`'
                || c == '-')
        });
        whole && (after.starts_with("::") || (line.starts_with("use ") && after.starts_with(';')))
    })
}
