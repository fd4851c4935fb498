//! What people read when a script is wrong.

use dropscript::Reason;

use crate::bench::Bench;

/// Code, its message, and its hint.
const FAULTS: &[(&str, &str, &str)] = &[
    // Unknown names.
    (
        "let total = 1; totl + 1",
        "there is no variable `totl`",
        "did you mean `total`?",
    ),
    (
        "print(arg)",
        "there is no variable `arg`",
        "did you mean `args`?",
    ),
    (
        "x = 5;",
        "there is no variable `x`",
        "declare it first: `let x = ...`",
    ),
    (
        "let a = null;",
        "`null` is no word of a script",
        "nothing is written `()`",
    ),
    (
        "fn f() { limit } let limit = 1; f()",
        "there is no variable `limit`",
        "functions do not see",
    ),
    (
        "dropbx()",
        "there is no function `dropbx`",
        "did you mean `dropbox`?",
    ),
    (
        "fn total(x) { x } totl(1)",
        "there is no function `totl`",
        "did you mean `total`?",
    ),
    (
        "file::reed_text(\"a\")",
        "`file` has no function `reed_text`",
        "did you mean `read_text`?",
    ),
    (
        "fil::list(\"a\")",
        "there is no module `fil`",
        "did you mean `file`?",
    ),
    (
        "dates::today()",
        "there is no module `dates`",
        "import it first",
    ),
    // Methods and properties.
    (
        "time::now().yeer",
        "`DateTime` has no property `yeer`",
        "did you mean `year`?",
    ),
    (
        "time::now().year()",
        "`DateTime` has no method `year`",
        "`year` is a property: write it without `()`",
    ),
    (
        "time::now().format",
        "`DateTime` has no property `format`",
        "`format` is a method: write `format(...)`",
    ),
    (
        "time::now().formt(\"%Y\")",
        "`DateTime` has no method `formt`",
        "did you mean `format`?",
    ),
    (
        "let t = time::now(); t.year = 3;",
        "the property `year` of `DateTime` cannot be changed",
        "",
    ),
    (
        "let a = [1]; a.puhs(2);",
        "`array` has no method `puhs`",
        "did you mean `push`?",
    ),
    (
        "let m = #{}; m.missing.deeper",
        "nothing, `()`, has no property `deeper`",
        "is a key of a map misspelt?",
    ),
    (
        "let m = #{}; m.missing.trim()",
        "nothing, `()`, has no method `trim`",
        "",
    ),
    // Wrong arguments.
    (
        "time::now().format(3)",
        "`format` does not take (integer)",
        "it takes `format(pattern: text)`",
    ),
    (
        "file::read_text(5)",
        "`file::read_text` does not take (integer)",
        "it takes `read_text(path: text)`",
    ),
    (
        "fn f(a) { a } f(1, 2)",
        "`f` does not take (integer, integer)",
        "it takes `f(",
    ),
    (
        "1 - \"a\"",
        "`-` does not work between an integer and text",
        "",
    ),
    (
        "#{} + 5",
        "`+` does not work between a map and an integer",
        "",
    ),
    (
        "file::list()",
        "`file::list` needs arguments",
        "it takes `list(folder_or_glob: text)`",
    ),
    // The engine's own.
    (
        "[1, 2][5]",
        "index 5 is outside the array, which has 2 elements",
        "the first is 0",
    ),
    (
        "for x in 5 {}",
        "`for` cannot go through this value",
        "arrays",
    ),
    (
        "const X = 1; X = 2;",
        "`X` is a constant and cannot be changed",
        "",
    ),
    (
        "if 5 { 1 }",
        "expected a boolean expression, got a number",
        "",
    ),
    // Syntax.
    (
        "let r = try { 1 } catch { 2 };",
        "`try` is a statement and gives no value",
        "attempt(|| ...)",
    ),
    (
        "let sync = 1;",
        "`sync` is a reserved word",
        "choose another name",
    ),
    ("eval(\"1\")", "`eval` is a reserved word", "switched off"),
    (
        "let i = 1; i++;",
        "`++` means nothing in a script",
        "write `x += 1`",
    ),
    (
        "let s = 'text';",
        "single quotes hold one character",
        "double quotes",
    ),
    ("let s = \"text", "this text has no end", "same quote"),
    (
        "let x = 1\nlet y = 2;",
        "there is no `;` at the end of line 1",
        "each statement ends with `;`",
    ),
    (
        "if true { fn f() {} }",
        "functions are defined at the top of a script",
        "closure",
    ),
];

#[test]
fn faults_are_told_in_words_for_people() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (code, message, hint) in FAULTS {
        let error = bench.fail(code);
        let found = error.hint.clone().unwrap_or_default();
        if !error.message.contains(message) || !found.contains(hint) {
            wrong.push(format!("{code}\n  {}\n  {found}", error.message));
        }
        assert!(!error.frames.is_empty(), "{code}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_place_is_a_line_and_a_column_in_characters() {
    let error = Bench::new().fail("let ä = 1;").frames.pop().unwrap();
    assert_eq!((error.line, error.column), (1, 5));
    let place = Bench::new()
        .fail("let x = \"äöü\"; y")
        .frames
        .pop()
        .unwrap();
    assert_eq!((place.line, place.column), (1, 16));
    let place = Bench::new()
        .fail("let d = time::now();\n  d.formt(1)")
        .frames
        .pop()
        .unwrap();
    assert_eq!(
        (place.line, place.column, place.label.as_str()),
        (2, 5, "no such method")
    );
}

#[test]
fn a_method_on_a_line_of_its_own_is_one() {
    let error = Bench::new().fail("let d = time::now();\nd\n  .formt(1)");
    assert_eq!(error.message, "`DateTime` has no method `formt`");
}

#[test]
fn the_stack_goes_through_modules_closures_and_natives() {
    let bench = Bench::new()
        .file("lib/work.rhai", "fn each(items) {\n  items.map(|item| fetch(item))\n}\nfn fetch(item) {\n  throw `no ${item}`;\n}\n")
        .file("main.rhai", "import \"lib/work\" as work;\n\nfn all() {\n  work::each([1])\n}\nall();\n");
    let error = bench.run("main.rhai").expect_err("it throws");
    assert_eq!(error.reason, Reason::Raised);
    assert_eq!(error.message, "no 1");
    let places: Vec<String> = error
        .frames
        .iter()
        .map(|frame| format!("{frame} {}", frame.label))
        .collect();
    assert_eq!(
        places,
        [
            "main.rhai:6:1 in the call of `all`",
            "main.rhai:4:9 in the call of `each`",
            "lib/work.rhai:2:9 in the call of `map`",
            "lib/work.rhai:2:20 in the call of `fetch`",
            "lib/work.rhai:5:3 thrown here",
        ]
    );
    let innermost = error.frames.last().unwrap();
    assert_eq!(
        innermost.file.as_deref(),
        Some(&*bench.path("lib/work.rhai"))
    );
    assert!(innermost.source.contains("throw"));
    assert_eq!(error.files.len(), 2);
}

#[test]
fn a_shebang_is_a_comment_and_places_stay_right() {
    let bench = Bench::new().file("main.rhai", "#!/usr/bin/env dropscript run\nboom");
    let place = bench
        .run("main.rhai")
        .expect_err("it fails")
        .frames
        .pop()
        .unwrap();
    assert_eq!((place.line, place.column), (2, 1));
}

#[test]
fn debug_goes_to_the_log_with_its_place() {
    let bench = Bench::new().file("main.rhai", "print(1);\ndebug(\"x\");");
    bench.run("main.rhai").unwrap();
    assert_eq!(bench.printed(), ["1"]);
    assert_eq!(
        bench.logged(),
        [(dropscript::Level::Debug, "main.rhai:2: \"x\"".to_owned())]
    );
}
