//! `time::`: points in time and lengths of it.

use dropscript::{ErrorKind, Reason};

use crate::bench::Bench;

#[test]
fn times_compare_subtract_and_print() {
    let code = r#"
        let now = time::now();
        let then = now - time::days(3);
        assert(then < now);
        assert((now - then) == time::hours(72));
        assert_eq((now - then).seconds, 259200.0);
        assert(then + time::days(1.5) < now);
        assert_eq(now.format("%Y"), `${now.year}`);
        assert_eq(type_of(now), "DateTime");
        assert(`${now}`.contains("T"));
    "#;
    Bench::new().eval(code);
}

#[test]
fn times_are_read_from_text() {
    let code = r#"
        assert_eq(time::parse("2026-01-31"), time::parse("2026-01-31T01:00:00+01:00"));
        assert_eq(time::parse("31.01.2026", "%d.%m.%Y").day, 31);
        assert_eq(time::parse("2026-01-31T12:00[Europe/Berlin]").hour, 11);
        assert_eq(time::parse("2026-01-31").format("%H:%M", "+02:00"), "02:00");
        let then = time::ago("3 days");
        let age = time::now() - then;
        assert(age >= time::days(3));
        assert(age.days >= 3.0 && age.hours >= 72.0 && age.minutes >= 4320.0);
        assert_eq(time::weeks(1), time::days(7));
        assert(time::ago("1 month") < time::ago("27 days"));
    "#;
    Bench::new().eval(code);
}

#[test]
fn what_is_no_time_is_refused_with_the_way_out() {
    let bench = Bench::new();
    for (code, hint) in [
        (r#"time::parse("31.01.2026")"#, "%d.%m.%Y"),
        (r#"time::ago("3")"#, "number and a unit"),
        (r#"time::ago("2026-01-31T00:00:00Z")"#, "time::parse"),
        (
            r#"time::now().format("%Y", "Europe/Berln")"#,
            "Europe/Berlin",
        ),
        (r#"time::now() < "2026-01-31""#, "time::parse"),
        (r#""2026-01-31" >= time::now()"#, "time::parse"),
        ("time::now() > 3", "time::parse"),
        ("time::now() <= ()", "time::parse"),
        ("time::days(3) < 3", "length.hours"),
        (
            r#"[#{ at: "x" }].filter(|f| f.at > time::ago("1 day"))"#,
            "time::parse",
        ),
    ] {
        let error = bench.fail(code);
        assert_eq!(
            error.reason,
            Reason::Failed(ErrorKind::InvalidArgument),
            "{code}: {error}"
        );
        assert!(
            error.hint.as_deref().unwrap().contains(hint),
            "{code}: {:?}",
            error.hint
        );
    }
    // Equality asks nothing of the types.
    bench.eval(
        r#"assert(time::now() != "2026-01-31" && time::now() != () && !(time::days(1) == 1));"#,
    );
}
