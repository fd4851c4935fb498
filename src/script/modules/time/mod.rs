//! Points in time and lengths of time.

mod read;

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, INT, Module, NativeCallContext};

use super::{function, namespace, placed, printable, property};
use crate::error::{Error, ErrorKind};
use crate::script::failure;
use crate::script::gate::Raised;
use crate::script::values::{article, kind};

/// A point in time in scripts, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::script) struct DateTime(pub(in crate::script) Timestamp);

/// A length of time in scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::script) struct Duration(SignedDuration);

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl DateTime {
    fn zoned(self) -> ZonedDateTime {
        self.0.to_zoned_datetime(TimeZone::UTC)
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<DateTime>("DateTime")
        .register_type_with_name::<Duration>("Duration");
    printable::<DateTime>(engine);
    printable::<Duration>(engine);
    compare::<DateTime>(
        engine,
        "make a point in time of it with `time::parse` or `time::ago`",
    );
    compare::<Duration>(
        engine,
        "make a length of it with `time::days` or its like, or compare a property, as `length.hours`",
    );
    register_arithmetic(engine);
    register_parts(engine);
    namespace(engine, "time", |module| {
        function("now", &["DateTime"], "This moment.")
            .set_into_module(module, || DateTime(Timestamp::now()));
        register_reading(module);
        lengths(module, "seconds", 1);
        lengths(module, "minutes", 60);
        lengths(module, "hours", 60 * 60);
        lengths(module, "days", 24 * 60 * 60);
        lengths(module, "weeks", 7 * 24 * 60 * 60);
    });
}

/// `time::parse`, `time::ago`: times from text.
fn register_reading(module: &mut Module) {
    const TEXT: &str = "text: &str";
    let doc = "The point in time that a text tells.";
    function("parse", &[TEXT, "DateTime"], doc)
        .set_into_module(module, |context: NativeCallContext, text: &str| {
            read(&context, read::parse(text))
        });
    function("parse", &[TEXT, "pattern: &str", "DateTime"], doc).set_into_module(
        module,
        |context: NativeCallContext, text: &str, pattern: &str| {
            read(&context, read::parse_by(text, pattern))
        },
    );
    let doc = "The moment so long before this one, as \"3 days\" or \"1 month\".";
    function("ago", &["age: &str", "DateTime"], doc)
        .set_into_module(module, |context: NativeCallContext, age: &str| {
            read(&context, read::ago(age, Timestamp::now()))
        });
}

fn read(context: &NativeCallContext, moment: Result<Timestamp, Error>) -> Raised<DateTime> {
    moment
        .map(DateTime)
        .map_err(|error| placed(context, failure::raise(&error)))
}

/// Compares values of a type. With a value of another type, `hint` says what to do, where Rhai would say that it is never less.
fn compare<T: Ord + Clone + Send + Sync + 'static>(engine: &mut Engine, hint: &'static str) {
    for sign in ["<", "<=", ">", ">="] {
        engine
            .register_fn(sign, move |_: T, other: Dynamic| -> Raised<bool> {
                Err(incomparable(sign, &other, hint))
            })
            .register_fn(sign, move |other: Dynamic, _: T| -> Raised<bool> {
                Err(incomparable(sign, &other, hint))
            });
    }
    engine
        .register_fn("==", |left: T, right: T| left == right)
        .register_fn("!=", |left: T, right: T| left != right)
        .register_fn("<", |left: T, right: T| left < right)
        .register_fn("<=", |left: T, right: T| left <= right)
        .register_fn(">", |left: T, right: T| left > right)
        .register_fn(">=", |left: T, right: T| left >= right);
}

fn incomparable(sign: &str, other: &Dynamic, hint: &str) -> Box<EvalAltResult> {
    let other = article(kind(other));
    let message = format!("`{sign}` cannot compare a time with {other}");
    failure::raise(&Error::new(ErrorKind::InvalidArgument, message).with_hint(hint))
}

fn register_arithmetic(engine: &mut Engine) {
    engine
        .register_fn("-", |left: DateTime, right: DateTime| {
            Duration(left.0.duration_since(right.0))
        })
        .register_fn(
            "+",
            |time: DateTime, length: Duration| -> Raised<DateTime> {
                time.0
                    .checked_add(length.0)
                    .map(DateTime)
                    .map_err(|_| too_far())
            },
        )
        .register_fn(
            "-",
            |time: DateTime, length: Duration| -> Raised<DateTime> {
                time.0
                    .checked_sub(length.0)
                    .map(DateTime)
                    .map_err(|_| too_far())
            },
        )
        .register_fn("+", |left: Duration, right: Duration| -> Raised<Duration> {
            left.0
                .checked_add(right.0)
                .map(Duration)
                .ok_or_else(too_far)
        })
        .register_fn("-", |left: Duration, right: Duration| -> Raised<Duration> {
            left.0
                .checked_sub(right.0)
                .map(Duration)
                .ok_or_else(too_far)
        });
}

fn register_parts(engine: &mut Engine) {
    const ON: &str = "time: DateTime";
    part(engine, "year", "The year.", |time| time.year().into());
    part(engine, "month", "The month, from 1.", |time| {
        time.month().into()
    });
    part(engine, "day", "The day of the month, from 1.", |time| {
        time.day().into()
    });
    part(engine, "hour", "The hour, from 0.", |time| {
        time.hour().into()
    });
    part(engine, "minute", "The minute.", |time| time.minute().into());
    part(engine, "second", "The second.", |time| time.second().into());
    part(
        engine,
        "weekday",
        "The day of the week, Monday is 1.",
        |time| time.weekday().to_monday_one_offset().into(),
    );
    part(engine, "unix", "Seconds since 1970.", |time| {
        time.timestamp().as_second()
    });
    let doc = "The time as text, by a pattern as `%Y-%m-%d`, in UTC or another zone.";
    function("format", &[ON, "pattern: &str", "&str"], doc)
        .register_into_engine(engine, |time: &mut DateTime, pattern: &str| {
            format(&time.zoned(), pattern)
        });
    function("format", &[ON, "pattern: &str", "zone: &str", "&str"], doc).register_into_engine(
        engine,
        |time: &mut DateTime, pattern: &str, zone: &str| -> Raised<String> {
            let zoned = read::in_zone(time.0, zone).map_err(|error| failure::raise(&error))?;
            format(&zoned, pattern)
        },
    );
    for (unit, seconds) in [
        ("seconds", 1.0),
        ("minutes", 60.0),
        ("hours", 3_600.0),
        ("days", 86_400.0),
    ] {
        let doc = format!("The whole length in {unit}.");
        property(unit, &["length: Duration", "float"], &doc)
            .register_into_engine(engine, move |length: &mut Duration| -> FLOAT {
                length.0.as_secs_f64() / seconds
            });
    }
}

fn format(time: &ZonedDateTime, pattern: &str) -> Raised<String> {
    jiff::fmt::strtime::format(pattern, time).map_err(|cause| {
        let message = format!("cannot write a time as `{pattern}`");
        failure::raise(&Error::new(ErrorKind::InvalidArgument, message).with_source(cause))
    })
}

fn part(
    engine: &mut Engine,
    name: &str,
    doc: &str,
    read: impl Fn(&ZonedDateTime) -> INT + Send + Sync + 'static,
) {
    property(name, &["time: DateTime", "int"], doc)
        .register_into_engine(engine, move |time: &mut DateTime| read(&time.zoned()));
}

/// `time::days(3)` and its like, for whole and broken numbers.
fn lengths(module: &mut Module, name: &str, seconds: i64) {
    let doc = format!("A length of so many {name}.");
    function(name, &["count: int", "Duration"], &doc).set_into_module(
        module,
        move |context: NativeCallContext, count: INT| -> Raised<Duration> {
            let whole = count.checked_mul(seconds);
            whole
                .map(|whole| Duration(SignedDuration::from_secs(whole)))
                .ok_or_else(|| placed(&context, too_far()))
        },
    );
    function(name, &["count: float", "Duration"], &doc).set_into_module(
        module,
        move |context: NativeCallContext, count: FLOAT| -> Raised<Duration> {
            #[allow(clippy::cast_precision_loss, reason = "a day has 86,400 seconds")]
            let length = SignedDuration::try_from_secs_f64(count * seconds as FLOAT);
            length
                .map(Duration)
                .map_err(|_| placed(&context, too_far()))
        },
    );
}

fn too_far() -> Box<EvalAltResult> {
    failure::raise(&Error::new(
        ErrorKind::InvalidArgument,
        "that time is outside what can be counted",
    ))
}
