//! What people write that is read before anything is done, tried with whatever comes to mind: options, paths, times and configurations.
//!
//! None of it panics, an error names what is wrong and no secret, and what is accepted is read again as the same. The inputs in
//! `tests/script/corpus` are tried in each run: **one that was found to be wrong belongs there**. Beside them come some made by chance;
//! `DROPSCRIPT_CAMPAIGN=full` makes many, `DROPSCRIPT_SEED` those of a run that has told it.

mod options;

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use dropscript::{Config, ConfigFile, Error, ErrorKind, RemotePath, Restrictions, parse_duration};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

/// What no message may hold.
const SECRET: &str = "canary-4711";

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/script/corpus")
        .join(name)
}

/// The inputs of a file, each a line of JSON.
fn lines(name: &str) -> Vec<String> {
    let text = fs::read_to_string(corpus(name)).unwrap();
    let lines: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}")))
        .collect();
    assert!(!lines.is_empty(), "{name}");
    lines
}

/// The inputs of a folder, each a file.
fn files(name: &str) -> Vec<String> {
    let files = fs::read_dir(corpus(name)).unwrap();
    let files: Vec<String> = files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(!files.is_empty(), "{name}");
    files
}

/// Tries so many inputs made by chance, and a hundredth of them unless the full campaign was asked for.
fn try_many<S: Strategy>(full: u32, inputs: &S, holds: impl Fn(&S::Value))
where
    S::Value: Clone + Debug,
{
    let is_full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|value| value == "full");
    let seed: u64 = match std::env::var("DROPSCRIPT_SEED") {
        Ok(seed) => seed.parse().expect("DROPSCRIPT_SEED is a number"),
        Err(_) => u64::from(std::process::id()),
    };
    #[allow(
        clippy::print_stdout,
        reason = "a run that fails is made again by its seed"
    )]
    {
        println!("DROPSCRIPT_SEED={seed}");
    }
    let runs = Runs {
        cases: if is_full { full } else { full / 100 },
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Runs::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(runs, chance);
    let tried = runner.run(inputs, |input| {
        holds(&input);
        Ok(())
    });
    tried.unwrap_or_else(|why| panic!("{why}"));
}

/// Text of any letters, with those that parsers stumble on more often than others.
fn anything() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "/",
        "\\",
        ".",
        "..",
        "\u{0}",
        "\n",
        "\u{a0}",
        "\u{202e}",
        "é",
        "e\u{301}",
        "İ",
        "ß",
        "😀",
        "\u{7f}",
        " ",
        "\"",
        "'",
        "-",
        "+",
        "9223372036854775808",
        "1e999",
        "::",
        "[",
        "{",
        "*",
    ]);
    let part = prop_oneof![
        odd.prop_map(str::to_owned),
        "\\PC{0,8}",
        any::<char>().prop_map(String::from)
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn holds_for_path(text: &str) {
    match text.parse::<RemotePath>() {
        Ok(path) => {
            let again: RemotePath = path.as_str().parse().unwrap();
            assert_eq!(again, path, "{text:?}");
            assert_eq!(again.as_str(), path.as_str());
            let parts: Vec<&str> = path.as_str().split('/').skip(1).collect();
            assert!(!parts.contains(&".") && !parts.contains(&".."), "{path:?}");
            // Ids, revs and namespaces lead elsewhere than from the root.
            if path.as_str().starts_with('/') {
                assert_eq!(path.parent().join(path.name()).unwrap(), path, "{text:?}");
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidPath, "{text:?}: {error}");
            assert_eq!(error.path(), Some(text), "{error}");
        }
    }
}

#[test]
fn paths_are_read_or_refused() {
    for path in lines("paths.jsonl") {
        holds_for_path(&path);
    }
    try_many(100_000, &anything(), |path| holds_for_path(path));
    let below = anything().prop_map(|text| format!("/{text}"));
    try_many(100_000, &below, |path| holds_for_path(path));
}

fn holds_for_length(text: &str) {
    if let Err(error) = parse_duration(text) {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text:?}");
        assert!(
            error.full_message().contains(text.trim()),
            "{text:?}: {error}"
        );
    }
}

/// Lengths and moments, right and wrong ones.
fn times() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (0..400u32).prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
    ];
    let unit = select(vec![
        "s",
        "m",
        "h",
        "d",
        "w",
        "ms",
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "year",
        "fortnights",
        "",
    ]);
    let gap = select(vec!["", " ", "  ", "\t", "-", ","]);
    let length = prop::collection::vec((number, gap, unit), 1..4).prop_map(|parts| {
        let parts = parts
            .iter()
            .map(|(number, gap, unit)| format!("{number}{gap}{unit}"));
        parts.collect::<Vec<_>>().join(" ")
    });
    let date = "-?[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}";
    let moment = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,12})?)?(Z|[+-][0-9]{2}:[0-9]{2}|\\[[A-Za-z/]{1,20}\\])?";
    prop_oneof![length, date, moment, anything()]
}

#[test]
fn lengths_of_time_are_read_or_refused() {
    for text in lines("times.jsonl") {
        holds_for_length(&text);
    }
    try_many(100_000, &times(), |text| holds_for_length(text));
}

/// Configurations: sound ones with something else in the place of a piece.
fn configurations(sound: Vec<String>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        anything(),
        select(vec![
            "[",
            "]",
            "[[",
            "]]",
            "=",
            "\"",
            "true",
            "1",
            "{}",
            "[]",
            "\n[connections.x]\n",
            "\n[permissions]\n",
            "\nread = 1\n",
            "\ndefault = \"x\"\n",
            "\napp_secret = \"canary-4711\"\n",
            "\nrefresh_token = \"canary-4711\"\n",
            "\n[connections.x.proxy]\npassword = \"canary-4711\"\n",
            "\n[scripts.\"a\"]\n",
            "#",
            "max_delete = -1\n",
            "timeout = \"soon\"\n",
        ])
        .prop_map(str::to_owned),
    ];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), 0..12usize, piece), 0..4);
    (select(sound), changes).prop_map(|(mut text, changes)| {
        for (at, length, piece) in changes {
            let letters: Vec<(usize, char)> = text.char_indices().collect();
            if letters.is_empty() {
                break;
            }
            let from = at.index(letters.len());
            let to = letters.get(from + length).map_or(text.len(), |(at, _)| *at);
            text.replace_range(letters[from].0..to, &piece);
        }
        text
    })
}

fn names_no_secret(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    let told = format!("{} {:?} {error:?}", error.full_message(), error.hint());
    assert!(!told.contains(SECRET), "{told}");
    assert!(told.contains("some.toml"), "it does not say where: {told}");
}

fn holds_for_configuration(text: &str) {
    let config = match Config::parse(text, "some.toml") {
        Ok(config) => config,
        Err(error) => return names_no_secret(&error),
    };
    let names: Vec<String> = config.names().map(str::to_owned).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let file = ConfigFile::at(&path);
    // A connection that comes and goes leaves all else as it was.
    let changed = file.change(|draft| {
        draft.add("for-a-moment")?;
        draft.remove("for-a-moment")
    });
    if names.iter().any(|name| name == "for-a-moment") {
        return;
    }
    changed.unwrap_or_else(|error| panic!("{error}: {text}"));
    let again = Config::parse(&fs::read_to_string(&path).unwrap(), "some.toml").unwrap();
    assert_eq!(format!("{again:?}"), format!("{config:?}"), "{text}");
}

#[test]
fn configurations_are_read_or_refused_and_change_without_loss() {
    let sound = files("config");
    for text in &sound {
        holds_for_configuration(text);
    }
    try_many(20_000, &configurations(sound), |text| {
        holds_for_configuration(text);
    });
}

fn holds_for_restrictions(text: &str) {
    match Restrictions::parse(text, "some.toml") {
        Ok(found) => {
            let again = Restrictions::parse(text, "some.toml").unwrap();
            assert_eq!(format!("{again:?}"), format!("{found:?}"), "{text}");
        }
        Err(error) => names_no_secret(&error),
    }
}

#[test]
fn restrictions_are_read_or_refused() {
    let sound = files("restrictions");
    for text in &sound {
        holds_for_restrictions(text);
    }
    try_many(20_000, &configurations(sound), |text| {
        holds_for_restrictions(text);
    });
}
