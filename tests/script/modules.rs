//! `import`: where modules come from, and closures that cross their borders.

use dropscript::{ErrorKind, Reason};

use crate::bench::Bench;

const MODULE: &str = r"
fn helper(x) { x * 10 }
fn make() { |x| x + 1 }
fn make_calling() { |x| helper(x) }
fn call_cb(f) { f.call(5) }
fn named() { helper }
export const K = |x| x + 100;
";

fn bench() -> Bench {
    Bench::new().file("m.rhai", MODULE)
}

fn main_gives(bench: Bench, main: &str) -> String {
    let bench = bench.file("main.rhai", main);
    match bench.run("main.rhai") {
        Ok(outcome) => outcome.value.to_string(),
        Err(error) => panic!("{error}\n{error:#?}"),
    }
}

#[test]
fn closures_of_a_module_can_be_called_from_outside() {
    for (main, value) in [
        (r#"import "m" as m; m::make().call(1)"#, "2"),
        (r#"import "m" as m; [1, 2].map(m::make())"#, "[2, 3]"),
        (r#"import "m" as m; m::K.call(1)"#, "101"),
        (r#"import "m" as m; m::make_calling().call(1)"#, "10"),
        (r#"import "m" as m; m::call_cb(|x| x * 2)"#, "10"),
        (r#"import "m" as m; let k = 7; m::call_cb(|x| x + k)"#, "12"),
        (
            r#"import "m" as m; fn own(x) { x + 50 } m::call_cb(|x| own(x))"#,
            "55",
        ),
        (r#"import "m" as m; fn f() { m::make().call(1) } f()"#, "2"),
        (r#"import "m" as m; m::call_cb(|x| m::helper(x))"#, "50"),
    ] {
        assert_eq!(main_gives(bench(), main), value, "{main}");
    }
}

#[test]
fn a_pointer_to_a_named_function_of_a_module_fails_aloud() {
    // Rhai looks it up where it is called; a closure around the function is the way out.
    let bench = bench().file(
        "main.rhai",
        "import \"m\" as m; let f = m::named(); f.call(1)",
    );
    let error = bench.run("main.rhai").expect_err("it is not found");
    assert_eq!(error.message, "there is no function `helper`");
    assert!(error.hint.unwrap().contains("hand over a closure"));
    assert_eq!(error.frames.last().unwrap().line, 1);
}

#[test]
fn a_switch_on_a_captured_variable_finds_its_case() {
    assert_eq!(
        Bench::new().eval("let k = 3; let f = || k; switch k { 3 => 1, _ => 2 }"),
        "1"
    );
}

#[test]
fn the_same_function_here_and_in_a_module_is_refused() {
    let bench = bench().file(
        "main.rhai",
        "import \"m\" as m;\nfn helper(x) { x + 46 }\nm::call_cb(|x| helper(x))",
    );
    for error in [
        bench.run("main.rhai").expect_err("two of a name"),
        bench
            .host()
            .check_file("main.rhai")
            .expect_err("two of a name"),
    ] {
        assert_eq!(error.reason, Reason::Parse);
        assert!(
            error.message.contains("`helper` with 1 parameter"),
            "{}",
            error.message
        );
        assert!(error.message.contains("`main.rhai`"), "{}", error.message);
        assert_eq!(error.frames.last().unwrap().line, 1);
    }
}

#[test]
fn another_number_of_parameters_is_another_function() {
    let main = r#"import "m" as m; fn helper(x, y) { x + y } helper(1, 2) + m::helper(1)"#;
    assert_eq!(main_gives(bench(), main), "13");
}

#[test]
fn a_clash_is_found_in_a_module_that_is_loaded_already() {
    let bench = bench()
        .file("n.rhai", "import \"m\" as m; fn helper(x) { 0 }")
        .file("main.rhai", "import \"m\" as m; import \"n\" as n;");
    let error = bench.run("main.rhai").expect_err("n and m clash");
    assert!(
        error.message.contains("`n.rhai` and its module `m.rhai`"),
        "{}",
        error.message
    );
}

#[test]
fn imports_are_relative_to_the_importing_file() {
    let bench = Bench::new()
        .file(
            "lib/a.rhai",
            "import \"b\" as b; fn both() { \"a\" + b::name() }",
        )
        .file("lib/b.rhai", "fn name() { \"lib\" }")
        .file("b.rhai", "fn name() { \"top\" }")
        .file("scripts/main.rhai", "import \"../lib/a\" as a;");
    let main = "import \"lib/a\" as a; import \"b\" as b; a::both() + b::name()";
    let bench = bench.file("main.rhai", main);
    let outcome = bench.run("main.rhai").unwrap();
    assert_eq!(outcome.value.to_string(), "alibtop");
    let expected = ["main.rhai", "lib/a.rhai", "lib/b.rhai", "b.rhai"];
    assert_eq!(outcome.files, expected.map(|name| bench.path(name)));
}

#[test]
fn nothing_outside_the_scripts_folder_is_imported() {
    let bench = Bench::new()
        .file("lib/a.rhai", "fn f() { 1 }")
        .file("scripts/main.rhai", "import \"../lib/a\" as a; a::f()");
    let error = bench.run("scripts/main.rhai").expect_err("it is outside");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));
    assert!(error.hint.unwrap().contains("--module-path"));

    let absolute = bench.path("lib/a").display().to_string();
    let bench = bench.file(
        "scripts/absolute.rhai",
        &format!("import \"{absolute}\" as a; a::f()"),
    );
    let error = bench
        .run("scripts/absolute.rhai")
        .expect_err("it is outside");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_outside() {
    let bench = Bench::new()
        .file("lib/a.rhai", "fn f() { 1 }")
        .file("scripts/main.rhai", "import \"a\" as a; a::f()");
    std::os::unix::fs::symlink(bench.path("lib/a.rhai"), bench.path("scripts/a.rhai")).unwrap();
    let error = bench.run("scripts/main.rhai").expect_err("it is outside");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotAllowed));
}

#[test]
fn a_module_path_is_looked_through_after_the_folder() {
    let bench = Bench::with(|host| host.module_path("lib"))
        .file("lib/a.rhai", "fn f() { 1 }")
        .file("lib/b.rhai", "fn f() { 2 }")
        .file("scripts/b.rhai", "fn f() { 3 }")
        .file(
            "scripts/main.rhai",
            "import \"a\" as a; import \"b\" as b; [a::f(), b::f()]",
        );
    assert_eq!(
        bench.run("scripts/main.rhai").unwrap().value.to_string(),
        "[1, 3]"
    );
    assert_eq!(bench.eval("import \"b\" as b; b::f()"), "2");
}

#[test]
fn a_missing_module_says_where_it_was_looked_for() {
    let bench = Bench::new().file("main.rhai", "let x = 1;\nimport \"lib/dates\" as dates;");
    let error = bench.run("main.rhai").expect_err("it is missing");
    assert_eq!(error.reason, Reason::Failed(ErrorKind::NotFound));
    assert_eq!(error.message, "there is no module `lib/dates`");
    assert!(error.hint.unwrap().contains("lib/dates.rhai"));
    assert_eq!(error.frames.last().unwrap().line, 2);
    assert_eq!(error.files, [bench.path("main.rhai")]);
}

#[test]
fn a_circle_is_told_with_its_members() {
    let bench = Bench::new()
        .file("main.rhai", "import \"a\" as a;")
        .file("a.rhai", "import \"b\" as b;")
        .file("b.rhai", "import \"a\" as a;")
        .file("self.rhai", "import \"self\" as me;");
    for error in [
        bench.run("main.rhai").expect_err("a circle"),
        bench.host().check_file("main.rhai").expect_err("a circle"),
    ] {
        assert_eq!(error.message, "`a.rhai` imports itself through `b.rhai`");
    }
    let error = bench.run("self.rhai").expect_err("a circle");
    assert_eq!(error.message, "`self.rhai` imports itself");
}

#[test]
fn a_module_that_does_not_parse_is_shown_with_its_importer() {
    let bench = Bench::new()
        .file("main.rhai", "\nimport \"broken\" as broken;")
        .file("broken.rhai", "fn f() {\n  let = 1;\n}");
    for error in [
        bench.run("main.rhai").expect_err("it does not parse"),
        bench
            .host()
            .check_file("main.rhai")
            .expect_err("it does not parse"),
    ] {
        assert_eq!(error.reason, Reason::Parse);
        let places: Vec<String> = error.frames.iter().map(ToString::to_string).collect();
        assert_eq!(places, ["main.rhai:2:8", "broken.rhai:2:7"]);
        assert_eq!(error.files.len(), 2);
    }
}

#[test]
fn checking_runs_nothing_and_lists_the_files() {
    let bench = Bench::new()
        .file("main.rhai", "import \"a\" as a; print(\"main\");")
        .file(
            "a.rhai",
            "print(\"a\"); fn f() { import \"b\" as b; b::g() }",
        )
        .file("b.rhai", "fn g() { 1 }");
    let checked = bench.host().check_file("main.rhai").unwrap();
    assert_eq!(
        checked.files,
        ["main.rhai", "a.rhai", "b.rhai"].map(|name| bench.path(name))
    );
    assert_eq!(bench.printed(), Vec::<String>::new());
}

#[test]
fn constants_are_seen_in_functions_and_modules() {
    let bench = Bench::new()
        .file("lib/m.rhai", "fn first() { args[0] } fn where() { script.name } fn source() { event.source }")
        .file("main.rhai", "import \"lib/m\" as m; fn own() { args.len() } [args[0], own(), m::first(), m::where(), m::source(), event.files.len(), [1].map(|x| args[x])]");
    let run = dropscript::RunOptions {
        args: vec!["one".into(), "two".into()],
        ..Default::default()
    };
    let outcome = bench
        .runtime()
        .block_on(bench.host().run_file_with("main.rhai", run))
        .unwrap();
    assert_eq!(
        outcome.value.to_string(),
        r#"["one", 2, "one", "main.rhai", "none", 0, ["two"]]"#
    );
}

#[test]
fn the_constants_cannot_be_changed() {
    for code in ["args = [];", "fn f() { script = 1; } f()"] {
        assert!(Bench::new().try_eval(code).is_err(), "{code}");
    }
}
