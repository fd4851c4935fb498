//! The reference: whole, and true.

use dropscript::emulator::Emulator;
use dropscript::{Connection, ErrorKind, Host, Permissions, RunOptions};

use crate::bench::Bench;

/// What the examples find: see `src/script/reference/notes`. Each has an account of its own.
fn world(emulator: &Emulator, account: &str) -> Bench {
    for (path, text) in [
        ("/reports/january.csv", "month,sum\n1,42\n"),
        ("/reports/february.csv", "month,sum\n2,43\n"),
        ("/notes.txt", "milk"),
    ] {
        emulator.put(account, path, text);
    }
    let connection = |name: &str, token: String| {
        let builder = Connection::builder(name).endpoint(emulator.url());
        builder.access_token(token).build().unwrap()
    };
    let main = connection("main", emulator.access_token(account));
    let team = connection("team", emulator.team_access_token());
    Bench::with(move |host| {
        host.connection(main.clone())
            .connection(team.clone())
            .state_in_memory()
            .environment(|_| None)
            .permissions(Permissions::all())
    })
    .file("out/january.csv", "month,sum\n1,42\n")
    .file("out/february.csv", "month,sum\n2,43\n")
}

#[test]
fn every_example_runs() {
    let reference = Host::builder().build().unwrap().reference();
    let entries = reference.entries().iter();
    let examples: Vec<_> = entries.filter(|entry| !entry.example.is_empty()).collect();
    assert!(examples.len() > 50, "{}", examples.len());
    let emulator = Emulator::start().unwrap();
    for (at, entry) in examples.into_iter().enumerate() {
        let example = entry.example.replace("@example.com", "@emulator.example");
        let bench = world(&emulator, &format!("example-{at}"));
        let run = RunOptions {
            state: "example".to_owned(),
            ..RunOptions::default()
        };
        if let Err(error) = bench.eval_with(&example, run) {
            panic!("{}: {error}\n{example}\n{:?}", entry.title(), error.hint);
        }
    }
}

#[test]
fn a_name_is_found_however_people_write_it() {
    let reference = Host::builder().build().unwrap().reference();
    let titles = |name: &str| -> Vec<String> {
        let found = reference.find(name);
        found.iter().map(|entry| entry.title()).collect()
    };
    for name in ["upload", "Connection.upload", ".upload", "upload()"] {
        assert_eq!(titles(name), ["Connection.upload"], "{name}");
    }
    assert_eq!(titles("hash"), ["Item.hash", "file::hash"]);
    assert!(titles("file").len() > 8 && titles("file") == titles("file::"));
    assert!(titles("Item").contains(&"Item.size".to_owned()));
    assert_eq!(titles("uplod"), Vec::<String>::new());
    assert_eq!(reference.nearest("uplod").as_deref(), Some("upload"));
}

#[test]
fn an_entry_tells_how_it_is_called_with_what_and_what_may_go_wrong() {
    let reference = Host::builder().build().unwrap().reference();
    let upload = reference.find("upload")[0];
    assert_eq!(
        upload.usages(),
        ["dbx.upload(source, folder: text [, options: map]) -> Report"]
    );
    assert!(upload.errors.contains(&ErrorKind::NoSpace));
    let overwrite = upload
        .options
        .iter()
        .find(|option| option.name == "overwrite");
    assert!(overwrite.unwrap().doc.contains("file of that name"));
    let page = upload.to_string();
    for part in [
        "Options\n",
        "delete_source",
        "Errors\n",
        "no_space",
        "Example\n",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
}

#[test]
fn definitions_and_markdown_hold_every_entry() {
    let reference = Host::builder().build().unwrap().reference();
    let (markdown, definitions) = (reference.markdown(), reference.definitions());
    for entry in reference.entries() {
        assert!(markdown.contains(&format!("### `{}`\n", entry.title())));
        let name = &entry.name;
        let defined = [
            format!("fn {name}("),
            format!("fn get {name}("),
            format!("const {name};"),
        ];
        assert!(
            defined.iter().any(|text| definitions.contains(text)),
            "{name}"
        );
    }
    assert!(definitions.contains(
        "fn upload(this: Connection, source: ?, folder: String, options: Map) -> Report;"
    ));
    assert!(definitions.contains("module file {\n"));
}
