//! Sessions: what stays between inputs, and when an input is whole.

use dropscript::{InputStatus, Reason, ScriptError, Session};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

struct Repl {
    bench: Bench,
    session: Session,
}

impl Repl {
    fn new(bench: Bench) -> Self {
        let session = bench.host().session();
        Self { bench, session }
    }

    fn try_say(&mut self, input: &str) -> Result<Option<String>, ScriptError> {
        let answer = self.session.eval(input, CancellationToken::new());
        self.bench
            .runtime()
            .block_on(answer)
            .map(|answer| answer.text)
    }

    /// Gives what is shown for an input, `-` for nothing.
    fn say(&mut self, input: &str) -> String {
        match self.try_say(input) {
            Ok(text) => text.unwrap_or_else(|| "-".to_owned()),
            Err(error) => panic!("{input}: {error}"),
        }
    }
}

#[test]
fn variables_functions_and_imports_stay() {
    let mut repl = Repl::new(Bench::with(|host| host.module_path("lib")).file(
        "lib/m.rhai",
        "export const K = 4; fn twice(x) { x * 2 } fn make() { |x| x + 1 }",
    ));
    assert_eq!(repl.say("let x = 1"), "-");
    assert_eq!(repl.say("x += 1; x"), "2");
    assert_eq!(repl.say("fn add(a) { a + 1 }"), "-");
    assert_eq!(repl.say("add(x)"), "3");
    assert_eq!(repl.say("fn add(a) { a + 10 }"), "-");
    assert_eq!(repl.say("add(x)"), "12");
    assert_eq!(repl.say("let f = |y| add(y)"), "-");
    assert_eq!(repl.say("fn add(a) { a + 100 }"), "-");
    assert_eq!(repl.say("f.call(1)"), "101");
    assert_eq!(repl.say("import \"m\" as m"), "-");
    assert_eq!(repl.say("m::twice(21) + m::K"), "46");
    assert_eq!(repl.say("m::make().call(1)"), "2");
    assert_eq!(repl.say("fn later(x) { m::twice(x) }"), "-");
    assert_eq!(repl.say("later(3)"), "6");
    assert_eq!(repl.say("\"text\""), "\"text\"");
    assert_eq!(repl.say("args"), "[]");
    let names = repl.session.names();
    for name in ["x", "f", "add", "later"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
}

#[test]
fn an_error_leaves_all_as_it_was() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let x = 1");
    let error = repl
        .try_say("x = 2; let y = 3; fn f() { 1 } throw \"no\"")
        .expect_err("it throws");
    assert_eq!(
        (error.reason, error.message.as_str()),
        (Reason::Raised, "no")
    );
    assert_eq!(repl.say("x"), "1");
    assert!(repl.try_say("y").is_err());
    assert!(repl.try_say("f()").is_err());
}

#[test]
fn an_error_in_a_function_of_an_earlier_input_is_shown_there() {
    let mut repl = Repl::new(Bench::new());
    repl.say("fn fails(x) {\n  throw x;\n}");
    let error = repl.try_say("fails(5)").expect_err("it throws");
    let places: Vec<String> = error.frames.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["input 2:1:1", "input 1:2:3"]);
}

#[test]
fn a_function_that_uses_a_variable_of_the_session_is_told_why_it_cannot() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let limit = 1");
    repl.say("fn over(a) { a > limit }");
    let error = repl.try_say("over(2)").expect_err("it does not see it");
    let hint = error.hint.unwrap_or_default();
    assert!(hint.contains("hand `limit` over"), "{hint}");
}

#[test]
fn the_last_value_is_an_underscore() {
    let mut repl = Repl::new(Bench::new());
    assert!(repl.try_say("_").is_err(), "there is none yet");
    repl.say("20 + 1");
    repl.say("let x = 0");
    assert_eq!(repl.say("_ * 2"), "42");
    assert_eq!(repl.say("`${_} of ${_ + 1}`"), "\"42 of 43\"");
    assert!(repl.try_say("_ + missing").is_err());
    assert_eq!(repl.say("switch 7 { 8 => 1, _ => _.len() }"), "8");
    assert!(!repl.session.names().contains(&"_".to_owned()));
}

#[test]
fn an_error_undoes_what_a_closure_shares_too() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let count = 1; let more = || count + 1");
    assert!(repl.try_say("count = 10; throw \"no\"").is_err());
    assert_eq!(repl.say("[count, more.call()]"), "[1, 2]");
}

#[test]
fn the_session_is_a_script_that_does_the_same() {
    let lib = |host: dropscript::HostBuilder| host.module_path("lib");
    let mut repl = Repl::new(Bench::with(lib).file("lib/m.rhai", "fn twice(x) { x * 2 }"));
    for input in [
        "let total = 0",
        "fn add(a) { a + 1 }",
        "total = add(total)",
        "import \"m\" as m",
        "m::twice(total + 20)",
        "let kept = _",
        "fn add(a) {\n  m::twice(a) // later\n}",
        "total += add(kept); // and so on",
    ] {
        repl.say(input);
    }
    assert!(repl.try_say("no_such()").is_err());
    repl.bench = Bench::with(lib).file("lib/m.rhai", "fn twice(x) { x * 2 }");
    let script = repl.session.script();
    let total = repl.bench.eval(&format!("{script}\ntotal"));
    // The function was redefined on the way, and the script knows only what it came to.
    assert_eq!(
        (repl.say("total"), total.as_str()),
        ("85".to_owned(), "80"),
        "{script}"
    );
    assert!(!script.contains("no_such"), "{script}");
}

#[test]
fn a_script_is_loaded_with_what_it_imports_beside_it() {
    let bench = Bench::new()
        .file(
            "tools/main.rhai",
            "import \"m\" as m;\nlet a = m::twice(4);\nfn name() { script.name }",
        )
        .file("tools/m.rhai", "fn twice(x) { x * 2 }")
        .file("more.rhai", "let b = a + 1;");
    let mut repl = Repl::new(bench);
    let mut load = |path: &str| {
        let answer = repl.session.load(path, CancellationToken::new());
        repl.bench.runtime().block_on(answer).map(|_| ())
    };
    load("tools/main.rhai").unwrap();
    load("more.rhai").unwrap();
    assert_eq!(
        load("no.rhai")
            .expect_err("there is none")
            .message
            .split(':')
            .next(),
        Some("cannot read the script `no.rhai`")
    );
    assert_eq!(
        repl.say("[b, name(), m::twice(1)]"),
        "[9, \"main.rhai\", 2]"
    );
}

#[test]
fn types_are_told_without_calling_anything() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let text = \"a\"; let map = #{ n: [1.5] }");
    for (expression, kind) in [
        ("text", Some("text")),
        ("1 + 2", Some("integer")),
        ("text == \"b\" && 1.0 > 2", Some("boolean")),
        ("map.n", Some("array")),
        ("map.n[0]", Some("float")),
        ("dropbox()", Some("Connection")),
        ("dropbox().upload(\"a\", \"/b\")", Some("Report")),
        (
            "dropbox(\"x\").list(\"/\").first().modified.year",
            Some("integer"),
        ),
        ("file::list(\".\")", Some("array")),
        ("text.to_upper() + text.no_such()", None),
        ("no_such", None),
    ] {
        assert_eq!(
            repl.session.kind_of(expression).as_deref(),
            kind,
            "{expression}"
        );
    }
}

#[test]
fn variables_are_told_with_type_and_value() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let b = [1, 2]; const A = \"x\"; let b = #{ c: 1 }; fn f(x, y) { x }");
    let told = repl.session.variables();
    let told: Vec<_> = told
        .iter()
        .map(|v| {
            (
                v.name.as_str(),
                v.kind.as_str(),
                v.text.as_str(),
                v.is_constant,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("A", "text", "\"x\"", true),
            ("b", "map", "#{ c: 1 }", false)
        ]
    );
    assert_eq!(repl.session.functions(), ["f(x, y)"]);
}

#[test]
fn cancelling_an_input_keeps_the_session() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let x = 1");
    let cancel = CancellationToken::new();
    cancel.cancel();
    let answer = repl.session.eval("x = 2; sleep(3600)", cancel);
    let error = repl
        .bench
        .runtime()
        .block_on(answer)
        .expect_err("it was cancelled");
    assert_eq!(error.reason, Reason::Interrupted);
    assert_eq!(repl.say("x"), "1");
}

#[test]
fn dropping_an_inputs_future_keeps_the_session() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let x = 1");
    let answer = repl
        .session
        .eval("x = 2; loop { sleep(3600) }", CancellationToken::new());
    repl.bench.runtime().block_on(async {
        let late = tokio::time::timeout(std::time::Duration::from_millis(100), answer).await;
        assert!(late.is_err());
    });
    assert_eq!(repl.say("x"), "1");
}

#[test]
fn exit_gives_its_status() {
    let mut repl = Repl::new(Bench::new());
    let answer = repl.session.eval("exit(3)", CancellationToken::new());
    let answer = repl.bench.runtime().block_on(answer).unwrap();
    assert_eq!(answer.exit, Some(3));
}

#[test]
fn an_input_is_whole_goes_on_or_is_wrong() {
    let mut repl = Repl::new(Bench::new());
    repl.say("let known = [1]; 2");
    let is = |input: &str| match repl.session.status(input) {
        InputStatus::Complete => "complete",
        InputStatus::Incomplete => "incomplete",
        InputStatus::Invalid(_) => "invalid",
    };
    let table = [
        ("", "complete"),
        ("1", "complete"),
        ("   ", "complete"),
        ("let x = 1", "complete"),
        ("let x = 1;", "complete"),
        ("known[0]", "complete"),
        ("_ + 1", "complete"),
        ("switch 1 { 1 => 2, _ => 3 }", "complete"),
        ("fn f() { 1 }", "complete"),
        ("fn f(a,\n b) {\n a }", "complete"),
        ("private fn f() { 1 }", "complete"),
        ("/* a */ 1", "complete"),
        ("// a", "complete"),
        ("// an open bracket (", "complete"),
        ("\"(\"", "complete"),
        ("`a\nb`", "complete"),
        ("`a ${1 + 1} b`", "complete"),
        ("#\"raw \" text\"#", "complete"),
        ("'x'", "complete"),
        ("\"a \\\nb\"", "complete"),
        ("#{ a: 1 }", "complete"),
        ("|x| x + 1", "complete"),
        ("if true { 1 } else { 2 }", "complete"),
        ("try { 1 } catch (e) { 2 }", "complete"),
        ("do { 1 } while false", "complete"),
        ("print(1); print(2)", "complete"),
        ("fn f() {", "incomplete"),
        ("fn f(", "incomplete"),
        ("fn f", "incomplete"),
        ("fn", "incomplete"),
        ("[1,", "incomplete"),
        ("[", "incomplete"),
        ("foo(", "incomplete"),
        ("foo(1,\n", "incomplete"),
        ("let", "incomplete"),
        ("let x =", "incomplete"),
        ("1 +", "incomplete"),
        ("1 + // more below", "incomplete"),
        ("if true {\n", "incomplete"),
        ("if true { 1 } else", "incomplete"),
        ("if", "incomplete"),
        ("for x in", "incomplete"),
        ("for x in known {", "incomplete"),
        ("while true", "incomplete"),
        ("try { 1 }", "incomplete"),
        ("switch 1 { 1 => 2,", "incomplete"),
        ("`text", "incomplete"),
        ("`a ${1 +", "incomplete"),
        ("\"a \\\n", "incomplete"),
        ("#\"raw", "incomplete"),
        ("/* a", "incomplete"),
        ("1 /* a /* b */", "incomplete"),
        ("let x = #{ a: 1,\n", "incomplete"),
        ("#{ a:", "incomplete"),
        ("args.", "incomplete"),
        ("|x| {", "incomplete"),
        ("import", "incomplete"),
        ("let 1", "invalid"),
        ("let x = 1 2", "invalid"),
        ("[1 2]", "invalid"),
        ("(1]", "invalid"),
        (")", "invalid"),
        ("\"text", "invalid"),
        ("let sync = 1", "invalid"),
        ("known =>", "invalid"),
        ("nothing_like_it", "invalid"),
        ("fn f(1) { }", "invalid"),
        ("1 +* 2", "invalid"),
        ("break", "invalid"),
        ("#{ a 1 }", "invalid"),
    ];
    assert!(table.len() >= 60);
    let judged: Vec<_> = table.iter().map(|(input, _)| (*input, is(input))).collect();
    let faults: Vec<_> = judged
        .iter()
        .zip(table)
        .filter(|(judged, right)| **judged != *right)
        .collect();
    assert!(faults.is_empty(), "judged, right: {faults:#?}");
}

#[test]
fn a_wrong_input_says_why() {
    let repl = Repl::new(Bench::new());
    let InputStatus::Invalid(error) = repl.session.status("let a = 1;\nprint(aa)") else {
        panic!("it is wrong");
    };
    assert_eq!(error.hint.as_deref(), Some("did you mean `a`?"));
    assert_eq!(error.frames[0].line, 2);
}

#[test]
fn values_of_our_types_are_shown_as_they_print() {
    let emulator = dropscript::emulator::Emulator::start().unwrap();
    emulator.put("main", "/a.txt", "12345");
    let connection = dropscript::Connection::builder("main")
        .endpoint(emulator.url())
        .access_token(emulator.access_token("main"))
        .build()
        .unwrap();
    let mut repl = Repl::new(Bench::with(move |host| host.connection(connection.clone())));
    assert_eq!(repl.say("let dbx = dropbox(); dbx"), "Connection \"main\"");
    let table = repl.say("dbx.info(\"/a.txt\")");
    assert!(table.starts_with("kind  size  modified"), "{table}");
    assert!(
        table.contains("\nfile   5 B  20") && table.ends_with("  /a.txt"),
        "{table}"
    );
    assert!(
        repl.say("dbx.delete(\"/a.txt\")")
            .starts_with("1 deleted in ")
    );
    assert_eq!(
        repl.say("[dbx.create_folder(\"/b\")]"),
        "kind    path\nfolder  /b"
    );
    assert_eq!(repl.say("#{ at: dbx.info(\"/b\") }"), "#{ at: /b }");
}
