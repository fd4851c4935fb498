//! Errors as scripts see them, and as they leave scripts.

use dropscript::{Error, ErrorKind, Host, Reason};

use crate::bench::Bench;

const FIELDS: &str = r#"["hint", "kind", "message", "path", "report", "request_id", "retry_after", "retryable", "status", "tag"]"#;

fn failing() -> Bench {
    Bench::with(|host| {
        host.connector(|_| {
            Err(Error::new(ErrorKind::RateLimited, "too busy")
                .with_path("/a.txt")
                .with_hint("wait")
                .with_retry_after(std::time::Duration::from_secs(7))
                .with_answer(429, Some("too_many_requests".into()), Some("id-1".into()))
                .with_source(std::io::Error::other("the cause")))
        })
    })
}

#[test]
fn a_caught_error_has_all_fields() {
    let bench = failing();
    assert_eq!(
        bench.eval("try { dropbox() } catch (e) { print(e.keys()) }"),
        ""
    );
    assert_eq!(bench.printed(), [FIELDS]);
    bench.eval(
        "try { dropbox() } catch (e) {
            for field in [e.kind, e.message, e.path, e.tag, e.status, e.request_id, e.retry_after, e.retryable, e.hint] { print(field); }
            print(e.report == ());
        }",
    );
    let expected = [
        "rate_limited",
        "too busy: the cause",
        "/a.txt",
        "too_many_requests",
        "429",
        "id-1",
        "7",
        "true",
        "wait",
        "true",
    ];
    assert_eq!(bench.printed()[1..], expected);
}

#[test]
fn the_same_fields_are_there_when_they_do_not_apply() {
    let bench = Bench::new();
    bench.eval(
        "try { dropbox() } catch (e) { print(e.keys()); print(e.path == ()); print(e.kind) }",
    );
    assert_eq!(bench.printed(), [FIELDS, "true", "not_signed_in"]);
}

#[test]
fn an_uncaught_error_leaves_as_it_was_raised() {
    let bench = failing();
    for code in [
        "dropbox()",
        "fn f() { dropbox() } f()",
        "[1].map(|x| dropbox())",
        "try { dropbox() } catch (e) { throw e; }",
        "try { dropbox() } catch { throw; }",
        "let r = attempt(|| dropbox()); throw r.error;",
    ] {
        let error = bench.fail(code);
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::RateLimited),
            "{code}"
        );
        assert_eq!(error.message, "too busy: the cause");
        assert_eq!(error.hint.as_deref(), Some("wait"));
        let cause = error.error.expect("the error behind it");
        assert_eq!(cause.request_id(), Some("id-1"));
        let source = std::error::Error::source(&*cause).expect("its cause");
        assert_eq!(source.to_string(), "the cause");
    }
}

#[test]
fn an_error_that_a_script_changed_is_what_it_made_of_it() {
    let error = failing().fail("try { dropbox() } catch (e) { e.message = \"mine\"; throw e; }");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::RateLimited));
    assert_eq!(error.message, "mine");
}

#[test]
fn kind_of_and_message_of_take_any_caught_value() {
    let bench = Bench::new();
    for (code, kind, message) in [
        (
            "dropbox()",
            "not_signed_in",
            "there is no connection to Dropbox",
        ),
        ("throw \"text\"", "thrown", "text"),
        ("throw 42", "thrown", "42"),
        (
            "throw #{ message: \"in a map\", code: 1 }",
            "thrown",
            "in a map",
        ),
        (
            "throw #{ kind: \"not_found\" }",
            "thrown",
            "#{\"kind\": \"not_found\"}",
        ),
        (
            "nothing_like_it(1)",
            "script",
            "Function not found: nothing_like_it (i64)",
        ),
        ("let x = 1 / 0; x", "script", "Division by zero: 1 / 0"),
        ("[1].map(|x| throw \"inside\")", "thrown", "inside"),
    ] {
        bench.eval(&format!(
            "try {{ {code} }} catch (e) {{ print(kind_of(e)); print(message_of(e)); }}"
        ));
        bench.eval(&format!(
            "let r = attempt(|| {{ {code} }}); print(kind_of(r.error)); print(message_of(r.error));"
        ));
        let printed = bench.printed();
        let [.., a, b, c, d] = printed.as_slice() else {
            panic!("four lines")
        };
        assert_eq!((a.as_str(), c.as_str()), (kind, kind), "{code}");
        assert!(b.starts_with(message), "{code}: {b}");
        assert!(d.starts_with(message), "{code}: {d}");
    }
}

#[test]
fn attempt_gives_the_value_or_the_error() {
    let bench = Bench::new();
    assert_eq!(
        bench.eval("let r = attempt(|| 5); [r.ok, r.value, r.error]"),
        "[true, 5, ()]"
    );
    assert_eq!(
        bench.eval("let k = 3; let r = attempt(|| throw k); [r.ok, r.value, r.error]"),
        "[false, (), 3]"
    );
}

#[test]
fn assertions_say_what_differs() {
    let bench = Bench::new();
    assert_eq!(
        bench.fail("assert(1 == 2, \"one is two\")").message,
        "one is two"
    );
    assert_eq!(bench.fail("assert_eq(\"1\", 1)").message, "\"1\" is not 1");
    assert_eq!(
        bench
            .fail("assert_eq([1, #{ a: 2 }], [1, #{ a: 3 }])")
            .reason,
        Reason::Raised
    );
    bench.eval("assert(true); assert_eq([1, #{ a: 2.0 }], [1, #{ a: 2 }]); assert_eq((), ()); assert_eq(time::days(1), time::hours(24));");
}

#[test]
fn a_thrown_text_is_the_message() {
    let error = Bench::new().fail("let x = 1;\n  throw `x is ${x}`;");
    assert_eq!(error.reason, Reason::Raised);
    assert_eq!(error.message, "x is 1");
    assert!(error.error.is_none());
    assert_eq!(error.to_string(), "x is 1 (eval:2:3)");
}

#[test]
fn a_script_that_is_not_there_says_so() {
    let error = Bench::new().run("missing.rhai").expect_err("it is missing");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotFound));
    assert!(
        error.message.contains("`missing.rhai`"),
        "{}",
        error.message
    );
}

#[test]
fn an_engine_of_the_program_raises_the_same_map() {
    let mut engine = dropscript::rhai::Engine::new();
    Host::builder().build().unwrap().register_into(&mut engine);
    let code = "let kind = (); try { dropbox() } catch (e) { kind = e.kind; } kind";
    let kind: String = engine.eval(code).unwrap();
    assert_eq!(kind, "not_signed_in");
}
