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
    let repl = Repl::new(Bench::new());
    let is = |input: &str| match repl.session.status(input) {
        InputStatus::Complete => "complete",
        InputStatus::Incomplete => "incomplete",
        InputStatus::Invalid(_) => "invalid",
    };
    for (input, status) in [
        ("1", "complete"),
        ("", "complete"),
        ("let x = 1", "complete"),
        ("fn f() { 1 }", "complete"),
        ("/* a */ 1", "complete"),
        ("// a", "complete"),
        ("fn f() {", "incomplete"),
        ("[1,", "incomplete"),
        ("foo(", "incomplete"),
        ("let", "incomplete"),
        ("let x =", "incomplete"),
        ("1 +", "incomplete"),
        ("if true {\n", "incomplete"),
        ("`text", "incomplete"),
        ("/* a", "incomplete"),
        ("let x = #{ a: 1,\n", "incomplete"),
        ("args.", "incomplete"),
        ("let 1", "invalid"),
        ("let x = 1 2", "invalid"),
        ("[1 2]", "invalid"),
        ("\"text", "invalid"),
        ("let sync = 1", "invalid"),
        ("x =>", "invalid"),
        ("nothing_like_it", "invalid"),
    ] {
        assert_eq!(is(input), status, "{input}");
    }
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
    assert_eq!(repl.say("dbx.info(\"/a.txt\")"), "/a.txt");
    assert!(
        repl.say("dbx.delete(\"/a.txt\")")
            .starts_with("1 deleted in ")
    );
    assert_eq!(repl.say("[dbx.create_folder(\"/b\")]"), "[/b]");
}
