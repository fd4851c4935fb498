//! `json::` and `csv::`: values as text, and back.

use dropscript::{ErrorKind, Limits, Reason};

use crate::bench::Bench;

fn refused(bench: &Bench, code: &str) -> String {
    let error = bench.fail(code);
    assert_eq!(
        error.reason,
        Reason::Failed(ErrorKind::InvalidArgument),
        "{code}: {error}"
    );
    assert!(!error.frames.is_empty(), "{code} has no place");
    format!("{} | {}", error.message, error.hint.unwrap_or_default())
}

#[test]
fn json_comes_as_values_and_goes_as_it_came() {
    let code = r#"
        let text = `{"a":[1,-2.5,true,null,"ä \"x\" \n"],"b":{},"c":9223372036854775807}`;
        let value = json::parse(text);
        assert_eq(value.a, [1, -2.5, true, (), "ä \"x\" \n"]);
        assert_eq(type_of(value.c), "i64");
        assert_eq(json::format(value), text);
        assert_eq(json::parse(json::format(value, #{ indent: 2 })), value);
        assert_eq(json::format([1], #{ indent: 2 }), "[\n  1\n]");
        assert_eq(json::parse("\uFEFF 1e3 "), 1000.0);
    "#;
    Bench::new().eval(code);
}

#[test]
fn what_only_scripts_have_is_written_in_a_way_to_read() {
    let code = r#"
        let blob = blob(3, 255);
        let value = #{ at: time::parse("2026-01-31"), letter: 'x', blob: blob, length: time::hours(36) };
        assert_eq(json::format(value), `{"at":"2026-01-31T00:00:00Z","blob":"////","length":"36h","letter":"x"}`);
        let caught = 1;
        let f = || caught;
        assert_eq(json::format([caught]), "[1]");
    "#;
    Bench::new().eval(code);
}

#[test]
fn what_has_no_json_is_named_with_its_place() {
    let bench = Bench::new();
    for (code, said) in [
        (
            "json::format(#{ rows: [1, #{ test: |x| x }] })",
            "cannot write `rows[1].test` as JSON: a closure has no JSON",
        ),
        (
            "json::format([0.0 / 0.0])",
            "cannot write `[0]` as JSON: JSON has no NaN",
        ),
        (
            "json::format(|| 1)",
            "cannot write the value as JSON: a closure has no JSON",
        ),
        (
            "let a = []; for i in 0..200 { a = [a]; } json::format(a)",
            "nested too deeply",
        ),
        ("json::format(1, #{ indent: 17 })", "a number up to 16"),
        ("json::format(1, #{ indnt: 2 })", "did you mean `indent`?"),
    ] {
        let message = refused(&bench, code);
        assert!(message.contains(said), "{code}: {message}");
    }
}

#[test]
fn what_is_no_json_is_told_with_the_place() {
    let bench = Bench::new();
    for (code, said) in [
        (
            r#"json::parse("{\n  \"a\": ,}")"#,
            "line 2, column 8: expected value",
        ),
        (r#"json::parse("")"#, "line 1, column 0"),
        (r#"json::parse("[1] 2")"#, "trailing characters"),
        (
            r#"json::parse("[1,\n9223372036854775808]")"#,
            "9223372036854775808 is outside",
        ),
        (
            r#"json::parse("{\"a\": \"1\",\n\"b\": -12345678901234567890123}")"#,
            "line 2: -12345678901234567890123 is outside",
        ),
        (r#"json::parse("1e999")"#, "number out of range"),
    ] {
        let message = refused(&bench, code);
        assert!(message.contains(said), "{code}: {message}");
    }
    let deep = format!("json::parse(\"{}\")", "[".repeat(1_000));
    assert!(refused(&bench, &deep).contains("recursion limit"));
}

#[test]
fn a_table_comes_as_maps_or_as_arrays_and_goes_as_it_came() {
    let code = r#"
        let text = "name,size\nplain,1\n\"with, comma\",\"two\nlines \"\"x\"\"\"\n";
        let rows = csv::parse(text);
        assert_eq(rows, [#{ name: "plain", size: "1" }, #{ name: "with, comma", size: "two\nlines \"x\"" }]);
        assert_eq(csv::format(rows), text);
        let rows = csv::parse("a;b\r\n1;2\r\n", #{ delimiter: ";", header: false });
        assert_eq(rows, [["a", "b"], ["1", "2"]]);
        assert_eq(csv::format(rows, #{ delimiter: "\t" }), "a\tb\n1\t2\n");
        assert_eq(csv::parse("\uFEFFa,b\n"), []);
        assert_eq(csv::parse(""), []);
        assert_eq(csv::format([]), "");
        assert_eq(csv::format([#{ b: 1, a: () }, #{ b: 2.5 }]), "a,b\n,1\n,2.5\n");
        assert_eq(csv::format([#{ b: 1, a: true }], #{ columns: ["b", "a"] }), "b,a\n1,true\n");
        assert_eq(csv::format([#{ b: 1, a: true }], #{ columns: ["b"], header: false }), "1\n");
        assert_eq(csv::format([#{ at: time::parse("2026-01-31") }]), "at\n2026-01-31T00:00:00Z\n");
        assert_eq(csv::format([[1, 2]], #{ columns: ["x", "y"] }), "x,y\n1,2\n");
    "#;
    Bench::new().eval(code);
}

#[test]
fn what_is_no_table_is_told_with_its_line_or_row() {
    let bench = Bench::new();
    for (code, said) in [
        (
            r#"csv::parse("a,b\n1,2\n1,2,3\n")"#,
            "line 3 of the table has 3 fields, and those before it 2",
        ),
        (r#"csv::parse("a,a\n1,2\n")"#, "has `a` twice"),
        (r#"csv::parse("a", #{ delimiter: "ab" })"#, "one character"),
        (
            r#"csv::parse("a", #{ delimiter: "ä" })"#,
            "one ASCII character",
        ),
        (
            r#"csv::parse("a", #{ delimiter: "\"" })"#,
            "one ASCII character",
        ),
        (
            "csv::format([#{ a: 1 }, #{ a: [1] }])",
            "row 1 has an array as `a`",
        ),
        ("csv::format([#{ a: 1 }, [1]])", "row 1 is an array"),
        ("csv::format([[1, 2], [1]])", "row 1 has 1 fields"),
        ("csv::format([1])", "row 0 is an integer"),
        ("csv::format([[|| 1]])", "row 0 has a closure as `0`"),
        (
            r#"csv::format([#{ name: 1 }], #{ columns: ["nam"] })"#,
            "no row has a field `nam` | rows have `name`",
        ),
    ] {
        let message = refused(&bench, code);
        assert!(message.contains(said), "{code}: {message}");
    }
}

#[test]
fn nothing_becomes_larger_than_values_may_be() {
    let limits = Limits {
        string_size: 1_000,
        array_size: 100,
        map_size: 10,
        ..Limits::default()
    };
    let bench = Bench::with(move |host| host.limits(limits.clone()));
    for (code, said) in [
        (
            r#"let t = "["; for i in 0..101 { t += "1,"; } json::parse(t + "1]")"#,
            "100 elements",
        ),
        (
            r#"let t = "{"; for i in 0..11 { t += `"${i}":1,`; } json::parse(t + "\"x\":1}")"#,
            "10 entries",
        ),
        (
            r#"let t = "a\n"; for i in 0..101 { t += "1\n"; } csv::parse(t)"#,
            "100 rows",
        ),
        (
            "let t = []; for i in 0..99 { t.push(1234567890); } json::format(t)",
            "1000 bytes",
        ),
        (
            "let t = []; for i in 0..99 { t.push(1234567890); } csv::format([t])",
            "1000 bytes",
        ),
    ] {
        let message = refused(&bench, code);
        assert!(message.contains(said), "{code}: {message}");
    }
}
