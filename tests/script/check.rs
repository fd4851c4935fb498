//! What is found in a script without running it, and what is left alone.

use dropscript::{Checked, Host, ScriptError};

use crate::bench::Bench;

fn check(bench: &Bench) -> Checked {
    bench
        .host()
        .check_file("main.rhai")
        .unwrap_or_else(|error| panic!("{error}"))
}

/// `line:column message | hint`
fn told(found: &[ScriptError]) -> Vec<String> {
    let told = found.iter().map(|found| {
        let place = found.frames.last().expect("it has a place");
        let hint = found.hint.as_deref().unwrap_or("no hint");
        format!("{}:{} {} | {hint}", place.line, place.column, found.message)
    });
    told.collect()
}

#[track_caller]
fn finds(code: &str, expected: &[&str]) {
    let checked = check(&Bench::new().file("main.rhai", code));
    assert_eq!(told(&checked.faults), expected, "{code}");
}

#[track_caller]
fn warns(code: &str, expected: &[&str]) {
    let checked = check(&Bench::new().file("main.rhai", code));
    assert_eq!(told(&checked.faults), Vec::<String>::new(), "{code}");
    let warnings = told(&checked.warnings);
    let warnings: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.split(" | ").next().unwrap())
        .collect();
    assert_eq!(warnings, expected, "{code}");
}

#[test]
fn methods_that_a_value_does_not_have_are_found() {
    finds(
        "let dbx = dropbox();\ndbx.uplod(\"a\", \"/b\");",
        &["2:5 `Connection` has no method `uplod` | did you mean `upload`?"],
    );
    finds(
        "print(time::now().formt(\"%Y\"));",
        &["1:19 `DateTime` has no method `formt` | did you mean `format`?"],
    );
    finds(
        "fn f() { \"abc\".to_uper() }\nfn g(n) { `${n}`.trimm(); }",
        &[
            "1:16 `text` has no method `to_uper` | did you mean `to_upper`?",
            "2:18 `text` has no method `trimm` | did you mean `trim`?",
        ],
    );
    finds(
        "print([1, 2].pusch(3));",
        &["1:14 `array` has no method `pusch` | did you mean `push`?"],
    );
}

#[test]
fn properties_that_a_value_does_not_have_are_found() {
    finds(
        "let sent = dropbox().upload(\"a\", \"/b\");\nprint(sent.transfered);",
        &["2:12 `Report` has no property `transfered` | did you mean `transferred`?"],
    );
    finds(
        "for item in dropbox().list(\"/\") {\n  print(item.siez);\n}",
        &["2:14 `Item` has no property `siez` | did you mean `size`?"],
    );
    finds(
        "let least = 3;\ndropbox().list(\"/\").filter(|item| item.siez > least);",
        &["2:40 `Item` has no property `siez` | did you mean `size`?"],
    );
}

#[test]
fn methods_with_another_number_of_values_are_found() {
    finds(
        "dropbox().upload(\"a\");",
        &[
            "1:11 `upload` does not take (text) | it takes `upload(source, folder: text)` or `upload(source, folder: text, options: map)`",
        ],
    );
}

#[test]
fn options_that_a_function_does_not_have_are_found() {
    finds(
        "dropbox().upload(\"a\", \"/b\", #{\n  overwrit: \"changed\",\n  dry_run: true,\n});",
        &["2:3 `upload` has no option `overwrit` | did you mean `overwrite`?"],
    );
    finds(
        "let old = #{ oldr_than: \"90 days\" };\nlet dbx = dropbox();\ndbx.list(\"/a\", old);\ndbx.delete_in(\"/a\", old);",
        &["1:14 `list` has no option `oldr_than` | did you mean `older_than`?"],
    );
    finds(
        "dropbox().delete(\"/a\", #{ where: |item| true });",
        &[
            "1:27 `delete` takes no filter, as `where` is one | `delete_in(folder, filter)` deletes what matches in a folder",
        ],
    );
    finds(
        "http::get(\"http://localhost\", #{ header: 1 });",
        &["1:34 `http::get` has no option `header` | did you mean `headers`?"],
    );
    finds(
        "print(dropbox(#{ proxy: #{ adress: \"p\" } }).name);",
        &["1:28 `proxy` has no option `adress` | did you mean `address`?"],
    );
}

#[test]
fn functions_of_imported_modules_are_looked_up() {
    let bench = Bench::new()
        .file(
            "lib.rhai",
            "import \"deep\" as deep;\nfn one(a) { hidden(a) }\nprivate fn hidden(a) { a }",
        )
        .file("deep.rhai", "fn two() { 2 }")
        .file(
            "main.rhai",
            "import \"lib\" as lib;\nlib::one(1); lib::deep::two();\nlib::on(1);\nlib::one();\nlib::hidden(1);\nlib::deep::too();",
        );
    assert_eq!(
        told(&check(&bench).faults),
        [
            "3:6 `lib` has no function `on` | did you mean `one`?",
            "4:6 `lib::one` needs arguments | it takes `one(any value)`",
            "5:6 `lib` has no function `hidden` | no hint",
            "6:12 `lib::deep` has no function `too` | did you mean `two`?",
        ]
    );
}

#[test]
fn variables_that_nothing_reads_are_warned_of() {
    warns(
        "let unused = 1;\nconst ALSO = 2;\nlet _meant = 3;\nlet read = 4;\nprint(read);",
        &["1:5 nothing reads `unused`", "2:7 nothing reads `ALSO`"],
    );
    warns(
        "fn f(parameter) {\n  let x = 1;\n  { let x = 2; print(x); }\n}\nlet g = |y| { let z = 1; 2 };\ng.call(1);",
        &["2:7 nothing reads `x`", "5:19 nothing reads `z`"],
    );
    warns(
        "let r;\nr = 5;\nlet s = 1;\ns += 1;",
        &["1:5 nothing reads `r`"],
    );
}

#[test]
fn variables_that_anything_reads_are_not() {
    for code in [
        "let a = 1; let f = || a; f.call();",
        "let a = 1; print(`${a}`);",
        "const A = 1; fn f() { global::A } f();",
        "let a = [1]; a[0] = 2;",
        "let a = #{}; a.b = 2;",
        "let a = 1; if is_def_var(\"a\") { }",
        "let a = 1; switch 2 { 1 if a == 1 => 2, _ => 3 }",
        "let a = 1; while a < 1 { }",
        "let a = [1]; for x in a { }",
        "let a = 1; { let b = a; b }",
        "let a = 1; let a = a + 1; a",
        "let a; try { a = 1; } catch (e) { a = 2; } a",
        "export let a = 1;",
        "let a = 1; export a;",
        "let a = 1; let f = |x| { let g = |y| a + x + y; g.call(1) }; f.call(1);",
        "let a = 1; fn f() { 1 } f!();",
        "let a = 1; return a;",
        "let a = 1; throw a;",
        "let a = [1, 2]; a.sort(|l, r| l - r);",
        "let n = 2; loop { n -= 1; if n < 0 { break n; } }",
        "let a = (); a ?? 1",
    ] {
        warns(code, &[]);
    }
}

#[test]
fn imports_that_nothing_uses_are_warned_of() {
    let bench = Bench::new()
        .file("a.rhai", "fn f() { 1 }")
        .file("b.rhai", "import \"a\" as a; import \"a\" as unused; fn g() { 2 }")
        .file(
            "main.rhai",
            "import \"a\" as never;\nimport \"a\" as _meant;\nimport \"a\";\nimport \"b\" as b;\nimport \"a\" as within;\nfn h() { within::f() }\nh() + b::g() + b::a::f()",
        );
    let checked = check(&bench);
    assert_eq!(told(&checked.faults), Vec::<String>::new());
    let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "the module `never` is imported and not used (main.rhai:1:8)",
            "the module `unused` is imported and not used (b.rhai:1:25)",
        ]
    );
}

/// Whatever may be otherwise at run time is left alone.
#[test]
fn what_is_not_certain_is_no_fault() {
    for code in [
        "fn f(dbx) { dbx.uplod(1) } f(1);",
        "let x = \"a\"; x = #{ f: || 1 }; x.f();",
        "let x = \"a\"; if true { x = 3; } x.nope();",
        "let m = #{ f: |a| a }; m.f(1); m.anything; m.g;",
        "fn shout() { this + \"!\" } \"a\".shout();",
        "fn string.twice() { this + this } \"a\".twice();",
        "fn turn() { this = 5; } let x = \"a\"; x.turn(); x.nope();",
        "let old = #{ oldr_than: 1 }; print(old);",
        "fn upload(a, b, c) { a } upload(1, 2, #{ nope: 1 });",
        "let x = [\"a\"][0]; x.nope();",
        "let x = json::parse(\"{}\"); x.nope; x.nope();",
        "for x in [1] { x.nope(); }",
        "let f = |x| x.nope(); f.call(1);",
        "try { } catch (e) { e.kind; e.nope(); }",
        "args.len(); event.files.len(); script.name;",
        "let x = 1; { let x = #{ f: || 1 }; x.f(); }",
        "let name = \"lib\"; if false { import name as time; time::nope(); }",
        "let o = #{ dry_run: true }; o.remove(\"x\"); dropbox().list(\"/\", o.keys().len() > 0);",
        "let x = \"a\"; let f = || { x = #{}; }; f.call(); x.nope();",
        "dropbox().list(\"/\").map(|item| { item = #{}; item.nope });",
        "let t = \"a\"; t.len; t.len(); t.is_empty(); t.type_of(); t.is_shared(); t.to_string(); t.tag;",
        "print(type_of(1)); print(is_def_fn(\"f\", 1)); debug(1);",
        "let c = || 1; c.call(); c.curry(1); c.is_anonymous; c.name;",
        "const D = time::days(3); print(D.hours + (1.5).floor() + 'a'.to_upper().to_int());",
        "let b = blob(3, 1); b.len(); b[0]; b.as_string();",
        "(0..10).start; (0..10).contains(3); 5.is_even(); 5.bits(); \"a\".chars();",
    ] {
        finds(code, &[]);
    }
}

#[test]
fn the_examples_of_the_reference_have_no_faults() {
    let reference = Host::builder().build().unwrap().reference();
    for entry in reference.entries() {
        let checked = check(&Bench::new().file("main.rhai", entry.example));
        assert_eq!(
            told(&checked.faults),
            Vec::<String>::new(),
            "{}",
            entry.title()
        );
    }
}

/// What a check says of options is what the function itself says.
#[test]
fn every_option_that_a_function_takes_is_known_to_the_check() {
    let reference = Host::builder().build().unwrap().reference();
    let bench = Bench::with(|host| {
        let settings = dropscript::Connection::builder("main")
            .endpoint("http://127.0.0.1:9")
            .access_token("none");
        host.connection(settings.build().unwrap())
            .permissions(dropscript::Permissions::all())
    });
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in reference.entries() {
        let Some(way) = entry.signatures.iter().find(|way| {
            let mut names = way.parameters.iter().map(|one| one.name.as_str());
            names.any(|name| matches!(name, "options" | "settings"))
        }) else {
            continue;
        };
        let values: Vec<&str> = way
            .parameters
            .iter()
            .map(
                |parameter| match (parameter.name.as_str(), parameter.kind.as_str()) {
                    ("options" | "settings", _) => "#{ zzzzzzzz: 1 }",
                    (_, "map") => "#{}",
                    (_, "Connection") => "dropbox()",
                    (_, "array") => "[]",
                    (_, "blob") => "blob()",
                    (_, "integer") => "1",
                    ("url", _) => "\"http://127.0.0.1:9\"",
                    _ => "\"/a\"",
                },
            )
            .collect();
        let title = entry.title().replace("Connection.", "dropbox().");
        let code = format!("{title}({})", values.join(", "));
        let raised = bench.fail(&code);
        let checked = check(&Bench::new().file("main.rhai", &code));
        count += 1;
        let [fault] = &checked.faults[..] else {
            wrong.push(format!("{code}: {:?}", told(&checked.faults)));
            continue;
        };
        if (&fault.message, &fault.hint) != (&raised.message, &raised.hint) {
            wrong.push(format!("{code}\n  check: {fault}\n  run: {raised}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 20, "{count}");
}
