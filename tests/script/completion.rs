//! What an input is completed with, and what helps while it is written.

use std::time::{Duration, Instant};

use dropscript::emulator::Emulator;
use dropscript::repl::{Completion, View};
use dropscript::{Connection, Host, Session};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

struct Desk {
    bench: Bench,
    session: Session,
    emulator: Emulator,
}

impl Desk {
    fn new() -> Self {
        let emulator = Emulator::start().unwrap();
        emulator.put("main", "/reports/january.csv", "1");
        emulator.put("main", "/reports/february.csv", "2");
        emulator.put("main", "/Read me.txt", "3");
        emulator.put("main", "/a \"quoted\" name.txt", "4");
        emulator.put("work", "/only at work.txt", "5");
        let connection = |name: &str| {
            let builder = Connection::builder(name).endpoint(emulator.url());
            builder
                .access_token(emulator.access_token(name))
                .build()
                .unwrap()
        };
        let (main, work) = (connection("main"), connection("work"));
        let bench = Bench::with(move |host| host.connection(main.clone()).connection(work.clone()))
            .file("out/january.csv", "1")
            .file("out/deep/february.csv", "2")
            .file("tools.rhai", "fn f() {}");
        let host: Host = bench.host();
        Self {
            session: host.session(),
            bench,
            emulator,
        }
    }

    fn say(&mut self, input: &str) {
        let answer = self.session.eval(input, CancellationToken::new());
        self.bench.runtime().block_on(answer).unwrap();
    }

    /// Completes at the `|` of an input, when what is listed for it is known.
    fn complete(&self, input: &str) -> Completion {
        let cursor = input.find('|').unwrap();
        let input = input.replacen('|', "", 1);
        let begun = Instant::now();
        loop {
            let found = self.session.complete(&input, cursor);
            if !found.is_pending {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{input}");
            std::thread::yield_now();
        }
    }

    fn texts(&self, input: &str) -> Vec<String> {
        let found = self.complete(input);
        found
            .candidates
            .into_iter()
            .map(|candidate| candidate.text)
            .collect()
    }

    /// The input with its only candidate put in.
    fn completed(&self, input: &str) -> String {
        let found = self.complete(input);
        let [only] = found.candidates.as_slice() else {
            panic!("{input}: {:?}", found.candidates);
        };
        let (before, behind) = input.split_once('|').unwrap();
        format!("{}{}{behind}", &before[..found.start], only.text)
    }

    fn hint(&self, input: &str) -> String {
        self.session
            .hint(input, input.len())
            .map(|hint| match hint.current {
                Some(range) => {
                    let text = &hint.text;
                    format!(
                        "{}<{}>{}",
                        &text[..range.start],
                        &text[range.clone()],
                        &text[range.end..]
                    )
                }
                None => hint.text,
            })
            .unwrap_or_default()
    }
}

#[test]
fn names_are_completed() {
    let mut desk = Desk::new();
    desk.say("let reports = 1; fn report_all(a, b) { a }");
    assert_eq!(desk.texts("repor|"), ["report_all(", "reports"]);
    assert_eq!(desk.completed("let x = drop|"), "let x = dropbox(");
    assert_eq!(desk.texts("fil|")[0], "file::");
    assert_eq!(desk.completed("time::no|"), "time::now()");
    assert!(desk.texts("file::|").contains(&"list(".to_owned()));
    assert!(desk.texts("// drop|").is_empty() && desk.texts("/* drop|").is_empty());
    assert!(desk.texts("12|").is_empty());
    let candidates = desk.complete("report_|").candidates;
    assert_eq!(candidates[0].label, "report_all(a, b)");
}

#[test]
fn members_are_those_of_the_value_before_the_dot() {
    let mut desk = Desk::new();
    desk.say("let dbx = dropbox(); let text = \"a\"; let map = #{ first: #{ second: 1 } };");
    for (input, member) in [
        ("dbx.upl|", "upload("),
        ("dropbox().lis|", "list("),
        ("dbx.list(\"/\").fi|", "first()"),
        ("dbx.list(\"/\").first().na|", "name"),
        (
            "dbx.list(\"/\", #{ limit: 1 }).first().modified.ye|",
            "year",
        ),
        ("dbx.upload(\"a\", \"/b\").transf|", "transferred"),
        ("text.to_up|", "to_upper()"),
        ("`${dbx.na|", "name"),
        ("\"literal\".starts_w|", "starts_with("),
        ("[1, 2].pus|", "push("),
        ("map.fi|", "first"),
        ("map.first.se|", "second"),
        ("let d = dropbox(); d.crea|", "create_folder("),
        ("for item in dbx.list(\"/\") { item.pa|", "path"),
        ("dbx.list(\"/\").filter(|item| item.si|", "size"),
        ("time::now().ho|", "hour"),
    ] {
        let members = desk.texts_at_end(input);
        assert!(members.contains(&member.to_owned()), "{input}: {members:?}");
    }
    assert!(desk.texts("text.upl|").is_empty());
    assert!(desk.texts("dbx.to_up|").is_empty());
    assert!(desk.texts("no_such.a|").is_empty());
}

impl Desk {
    /// As [`texts`](Self::texts), with the cursor at the last bar: closures have bars too.
    fn texts_at_end(&self, input: &str) -> Vec<String> {
        let input = input.strip_suffix('|').unwrap();
        let found = self.session.complete(input, input.len());
        found
            .candidates
            .into_iter()
            .map(|candidate| candidate.text)
            .collect()
    }
}

#[test]
fn options_and_their_values_are_completed() {
    let mut desk = Desk::new();
    desk.say("let dbx = dropbox()");
    for (input, text) in [
        ("dbx.upload(\"a\", \"/b\", #{ overw|", "overwrite: "),
        (
            "dbx.upload(\"a\", \"/b\", #{ overwrite: \"ch|",
            "\"changed\"",
        ),
        ("dbx.upload(\"a\", \"/b\", #{ dry_run: tr|", "true"),
        (
            "dbx.upload(\"a\", \"/b\", #{ dry_run: true, size_i|",
            "size_is: ",
        ),
        ("dbx.list(\"/\", #{ sort: \"upl|", "\"uploaded\""),
        ("dbx.create_folder(\"/\", #{ exi|", "exist_ok: "),
        ("dropbox(#{ endp|", "endpoint: "),
        ("dropbox(#{ proxy: #{ authen|", "authentication: "),
        ("dropbox(#{ proxy: #{ type: \"socks4|", "\"socks4\""),
    ] {
        assert_eq!(desk.texts(input), [text], "{input}");
    }
    let all = desk.texts("dbx.delete_in(\"/\", #{ |");
    assert!(
        all.contains(&"older_than: ".to_owned()) && all.contains(&"all: ".to_owned()),
        "{all:?}"
    );
    assert!(desk.texts("dbx.list(\"/\", #{ no_such|").is_empty());
    assert_eq!(
        desk.texts("dbx.upload(\"a\", \"/b\", #{ overwrite: |")
            .len(),
        7
    );
}

#[test]
fn paths_here_are_completed() {
    let desk = Desk::new();
    assert_eq!(
        desk.completed("dropbox().upload(\"ou|"),
        "dropbox().upload(\"out/"
    );
    assert_eq!(
        desk.completed("dropbox().upload(\"out/j|"),
        "dropbox().upload(\"out/january.csv\""
    );
    assert_eq!(
        desk.completed("file::read_text(\"out/j|\")"),
        "file::read_text(\"out/january.csv\")"
    );
    assert_eq!(
        desk.completed("dropbox().download(\"/\", \"out/d|"),
        "dropbox().download(\"/\", \"out/deep/"
    );
    assert_eq!(
        desk.texts("dropbox().upload([\"a\", \"out/|"),
        ["deep/", "january.csv"]
    );
    assert_eq!(desk.completed(":load too|"), ":load tools.rhai");
}

#[test]
fn paths_at_dropbox_are_completed() {
    let mut desk = Desk::new();
    assert_eq!(desk.texts("dropbox().list(\"|"), ["/"]);
    assert_eq!(
        desk.completed("dropbox().list(\"/rep|"),
        "dropbox().list(\"/reports/"
    );
    assert_eq!(
        desk.texts("dropbox().download(\"/reports/|"),
        ["february.csv", "january.csv"]
    );
    assert_eq!(
        desk.completed("dropbox().read_text(\"/reports/j|"),
        "dropbox().read_text(\"/reports/january.csv\""
    );
    assert_eq!(
        desk.completed("dropbox().info(\"/REA|\")"),
        "dropbox().info(\"/Read me.txt\")",
        "letter case is no matter"
    );
    assert_eq!(
        desk.completed("dropbox().info(\"/a \\\"|"),
        "dropbox().info(\"/a \\\"quoted\\\" name.txt\""
    );
    assert_eq!(
        desk.completed("dropbox(\"work\").info(\"/on|"),
        "dropbox(\"work\").info(\"/only at work.txt\""
    );
    desk.say("let work = dropbox(\"work\")");
    assert_eq!(
        desk.completed("work.delete(\"/on|"),
        "work.delete(\"/only at work.txt\""
    );
    assert!(desk.texts("dropbox().list(\"/no such folder/|").is_empty());
    assert!(
        desk.texts("dropbox().list(\"/*/|").is_empty(),
        "a glob is no folder"
    );
}

#[test]
fn what_an_input_changed_is_seen() {
    let mut desk = Desk::new();
    assert!(desk.texts("dropbox().info(\"/new|").is_empty());
    desk.say("dropbox().write_text(\"/new.txt\", \"1\");");
    assert_eq!(desk.texts("dropbox().info(\"/new|"), ["new.txt\""]);
}

#[test]
fn typing_never_waits_for_dropbox() {
    let desk = Desk::new();
    // Nobody answers, and nothing waits for it.
    desk.emulator.inject(dropscript::emulator::Fault::on(
        "files/list_folder",
        dropscript::emulator::FaultKind::Hang,
    ));
    let found = desk.session.complete("dropbox().list(\"/rep", 20);
    assert!(found.is_pending && found.candidates.is_empty());
    let hint = desk.session.hint("dropbox().list(\"/rep", 20).unwrap();
    assert!(hint.text.ends_with("(listing…)"), "{}", hint.text);
}

#[test]
fn connections_and_commands_are_completed() {
    let desk = Desk::new();
    assert_eq!(
        desk.texts("dropbox(\"|"),
        ["main\"", "work\""].map(|name| name.trim_end_matches('"'))
    );
    assert_eq!(desk.completed("dropbox(\"wo|"), "dropbox(\"work\"");
    assert_eq!(desk.completed(":connection wo|"), ":connection work");
    assert_eq!(desk.texts(":e|"), [":edit", ":explain"]);
    assert_eq!(desk.completed(":doc upload_|"), ":doc upload_file");
    assert_eq!(desk.completed(":trace of|"), ":trace off");
    assert_eq!(desk.completed(":time dropb|"), ":time dropbox(");
}

#[test]
fn the_call_that_is_written_is_told() {
    let mut desk = Desk::new();
    desk.say("let dbx = dropbox(); fn mine(a, b) { a }");
    for (input, hint) in [
        (
            "dbx.upload(",
            "upload(<source>, folder: text [, options: map]) -> Report",
        ),
        (
            "dbx.upload(\"a\", ",
            "upload(source, <folder: text> [, options: map]) -> Report",
        ),
        (
            "dbx.upload([1, 2], \"/b",
            "upload(source, <folder: text> [, options: map]) -> Report",
        ),
        (
            "dbx.list(file::list(",
            "list(<folder_or_glob: text>) -> array",
        ),
        ("mine(1, ", "mine(a, <b>)"),
        ("1 + 2", ""),
        ("if (", ""),
    ] {
        assert!(
            desk.hint(input).starts_with(hint) && desk.hint(input).is_empty() == hint.is_empty(),
            "{input}: {}",
            desk.hint(input)
        );
    }
    let option = desk.hint("dbx.upload(\"a\", \"/b\", #{ overwrite: ");
    assert!(
        option.starts_with("<overwrite>: \"changed\", \"always\""),
        "{option}"
    );
    assert!(
        desk.hint(":sav")
            .starts_with(":save FILE  writes the session")
    );
}

#[test]
fn listings_are_tables_that_say_when_they_are_cut() {
    let mut desk = Desk::new();
    for at in 0..120 {
        desk.emulator.put("main", &format!("/many/{at}.txt"), "1");
    }
    let mut shown = |input: &str| {
        let answer = desk.session.eval(input, CancellationToken::new());
        desk.bench.runtime().block_on(answer).unwrap().text.unwrap()
    };
    assert!(shown("dropbox().list(\"/many\")").ends_with("\nand more; `:all` shows all"));
    assert_eq!(
        shown("dropbox().list(\"/many\", #{ limit: 100 })")
            .lines()
            .count(),
        102
    );
    assert_eq!(
        shown("dropbox().list(\"/many\", #{ include: \"x\" })"),
        "no items"
    );
    shown("dropbox().list(\"/many\")");
    let answer = desk.session.look(None, CancellationToken::new());
    let text = desk.bench.runtime().block_on(answer).unwrap().text.unwrap();
    assert!(text.ends_with("\n120 files, 120 B"), "{text}");
    desk.session.set_view(View {
        columns: 24,
        whole: false,
    });
    let answer = desk
        .session
        .eval("dropbox().list(\"/\")", CancellationToken::new());
    let text = desk.bench.runtime().block_on(answer).unwrap().text.unwrap();
    assert!(
        text.lines().all(|line| line.chars().count() <= 24),
        "{text}"
    );
}
