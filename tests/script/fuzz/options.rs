//! Maps of options, and times as scripts write them.

use std::collections::{BTreeMap, BTreeSet};

use dropscript::rhai::{Array, Map};
use dropscript::{Connection, Host, Permissions};
use proptest::prelude::*;
use proptest::sample::select;

use super::{SECRET, anything, lines, times, try_many};
use crate::bench::Bench;

/// Functions that read all of their options before they do anything, and then have little to do.
const CALLS: [&str; 6] = [
    "dropbox(MAP).name",
    "csv::parse(\"a,b\\n1,2\\n\", MAP)",
    "csv::format([#{ a: 1 }], MAP)",
    "json::format([1], MAP)",
    "http::get(\"http://127.0.0.1:9/\", MAP)",
    "dropbox().list(\"/x\", MAP)",
];

/// Options whose values are kept out of messages.
const SECRET_WORDS: [&str; 5] = ["token", "secret", "password", "proxy", "headers"];

fn bench() -> Bench {
    Bench::with(|host| {
        let connection = Connection::builder("main")
            .endpoint("http://127.0.0.1:9")
            .access_token("none")
            .build()
            .unwrap();
        host.connection(connection).permissions(Permissions::all())
    })
}

/// Text as scripts write it.
fn quoted(text: &str) -> String {
    let letter = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}

fn values() -> impl Strategy<Value = String> {
    let words = select(vec![
        "10 days",
        "3 weeks ago",
        "10 MB",
        "1e400 GB",
        "*.csv",
        "[",
        "**/x",
        "{a,b",
        "-size",
        "name",
        "changed",
        "both",
        "none",
        "http",
        "file:///etc",
        "http://127.0.0.1:9",
        "2026-02-30",
        "2026-01-01T00:00:00Z",
        ";",
        "1ns",
        "or",
        "all",
        "",
    ]);
    let text = prop_oneof![words.prop_map(str::to_owned), anything(), times()];
    let leaf = prop_oneof![
        4 => text.prop_map(|text| quoted(&text)),
        2 => (-i64::MAX..i64::MAX).prop_map(|n| n.to_string()),
        2 => (-3..100i64).prop_map(|n| n.to_string()),
        1 => (-1.0e6..1.0e6f64).prop_map(|n| format!("{n:.3}")),
        1 => select(vec!["true", "false", "()", "'x'", "time::now()", "time::days(3)", "blob(3)", "0..3", "dropbox()", "1.0e300 * 1.0e300"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|parts| format!("[{}]", parts.join(", "))),
            (
                select(vec![
                    "contains", "matches", "not", "type", "address", "port", "password", "X-Key",
                    "zzz"
                ]),
                inner
            )
                .prop_map(|(key, value)| format!("#{{ \"{key}\": {value} }}")),
        ]
    })
}

/// A map of options by what is written behind each.
type Options = BTreeMap<String, String>;

fn maps() -> impl Strategy<Value = Options> {
    let reference = Host::builder().build().unwrap().reference();
    let options = reference.entries().iter().flat_map(|entry| entry.options);
    let known: BTreeSet<&str> = options.map(|option| option.name).collect();
    let known: Vec<&str> = known.into_iter().collect();
    let name = prop_oneof![
        8 => select(known).prop_map(str::to_owned),
        1 => "[a-z_]{1,12}",
        1 => anything(),
    ];
    prop::collection::btree_map(name, values(), 0..4).prop_map(|mut map| {
        for (name, value) in &mut map {
            if SECRET_WORDS.iter().any(|word| name.contains(word)) && value.starts_with('"') {
                *value = quoted(&format!("{SECRET}{}", value.len()));
            }
        }
        map
    })
}

fn written(map: &Options) -> String {
    let options = map
        .iter()
        .map(|(name, value)| format!("{}: {value}", quoted(name)));
    format!("#{{ {} }}", options.collect::<Vec<_>>().join(", "))
}

/// What each of these calls gives: nothing, or the error's kind and all its words.
fn outcomes(bench: &Bench, calls: &[String]) -> Vec<Option<(String, String)>> {
    let tried = calls.iter().map(|call| format!("attempt(|| {call})"));
    let code = format!("[{}]", tried.collect::<Vec<_>>().join(",\n"));
    let outcome = bench
        .try_eval(&code)
        .unwrap_or_else(|error| panic!("{error}\n{code}"));
    let results = outcome.value.cast::<Array>().into_iter();
    let told = results.map(|result| {
        let result = result.cast::<Map>();
        if result["ok"].as_bool().unwrap() {
            return None;
        }
        let Some(error) = result["error"].read_lock::<Map>() else {
            return Some((String::new(), result["error"].to_string()));
        };
        let kind = error
            .get("kind")
            .map(ToString::to_string)
            .unwrap_or_default();
        Some((kind, format!("{:?}", *error)))
    });
    told.collect()
}

/// What must hold of each call with this map; a refusal tells one of these words, the names of its options and their values.
fn holds(bench: &Bench, map: &str, names: &[&str]) {
    let calls: Vec<String> = CALLS.iter().map(|call| call.replace("MAP", map)).collect();
    for (call, outcome) in calls.iter().zip(outcomes(bench, &calls)) {
        let Some((kind, told)) = outcome else {
            continue;
        };
        assert!(!told.contains("fault of its own"), "{call}: {told}");
        assert!(!told.contains(SECRET), "{call}: {told}");
        if kind == "invalid_argument" {
            let shown = told.replace("\\\\", "\\");
            let names_one = names.iter().any(|name| {
                let debug = format!("{name:?}");
                shown.contains(name) || told.contains(debug.trim_matches('"'))
            });
            assert!(
                names_one || told.contains("do not go together"),
                "{call}: {told}"
            );
        }
    }
}

#[test]
fn maps_of_options_are_read_or_refused() {
    let bench = bench();
    for map in lines("options.jsonl") {
        holds(&bench, &map, &[""]);
    }
    try_many(3_000, &maps(), |map| {
        // A message may name the value instead: `3 apples` is not a length of time.
        let values = map.values().map(|value| value.trim_matches('"'));
        let values = values.filter(|value| !value.is_empty());
        let names: Vec<&str> = map.keys().map(String::as_str).chain(values).collect();
        holds(&bench, &written(map), &names);
    });
}

#[test]
fn times_of_scripts_are_read_or_refused() {
    let bench = Bench::new();
    let check = |texts: &[String]| {
        let parsed = texts.iter().map(|text| {
            let text = quoted(text);
            // What is accepted is read again as the same.
            format!(
                "{{ let t = time::parse({text}); assert_eq(time::parse(t.to_string()), t); t }}"
            )
        });
        let ages = texts
            .iter()
            .map(|text| format!("time::ago({})", quoted(text)));
        let calls: Vec<String> = parsed.chain(ages).collect();
        for (at, outcome) in outcomes(&bench, &calls).into_iter().enumerate() {
            let Some((kind, told)) = outcome else {
                continue;
            };
            let text = &texts[at % texts.len()];
            assert_eq!(kind, "invalid_argument", "{text:?}: {told}");
        }
    };
    check(&lines("times.jsonl"));
    let many = prop::collection::vec(times(), 1..20);
    try_many(5_000, &many, |texts| check(texts));
}
