//! Times from text: dates, points in time, ages, and the zones that they are told in.

use std::sync::LazyLock;

use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::{rfc2822, temporal::DateTimeParser};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ZonedDateTime, civil};

use crate::error::{Error, ErrorKind};
use crate::nearest::nearest;
use crate::tasks::When;

/// The zones that this program brings along: those of the system would be found through its environment.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const PARSER: DateTimeParser = DateTimeParser::new();

/// A point in time as it is usually written: RFC 3339, RFC 2822, or a date with a time of day or without. What names no zone is in UTC.
///
/// # Errors
/// `invalid_argument` where it is none of these.
pub(super) fn parse(text: &str) -> Result<Timestamp, Error> {
    let text = text.trim();
    if text.contains('[') {
        // Whoever reads no zones leaves it out, and the time would be another one.
        let zoned = PARSER.parse_zoned_datetime_with(&ZONES, text);
        return zoned
            .map(|zoned| zoned.timestamp())
            .map_err(|cause| not_a_time(text).with_source(cause));
    }
    let in_utc = |time: civil::DateTime| TimeZone::UTC.to_timestamp(time).ok();
    text.parse()
        .ok()
        .or_else(|| in_utc(text.parse().ok()?))
        .or_else(|| Some(rfc2822::parse(text).ok()?.timestamp()))
        .ok_or_else(|| not_a_time(text))
}

/// A point in time that is written by a pattern as `%d.%m.%Y`. A time of day that is not there is midnight, a day that is not there the first.
///
/// # Errors
/// `invalid_argument` where the text does not fit, or the pattern is none or says too little.
pub(super) fn parse_by(text: &str, pattern: &str) -> Result<Timestamp, Error> {
    let read = || -> Result<Timestamp, jiff::Error> {
        let mut parts = BrokenDownTime::parse(pattern, text.trim())?;
        let is_zoned = parts.timestamp().is_some()
            || parts.offset().is_some()
            || parts.iana_time_zone().is_some();
        if parts.timestamp().is_some() && parts.offset().is_none() {
            parts.set_offset(Some(jiff::tz::Offset::UTC));
        }
        if is_zoned {
            return Ok(parts.to_zoned_datetime_with(&ZONES)?.timestamp());
        }
        if parts.month().is_some() && parts.day().is_none() {
            parts.set_day(Some(1))?;
        }
        TimeZone::UTC.to_timestamp(parts.to_datetime()?)
    };
    read().map_err(|cause| {
        let message = format!("`{text}` is no time that is written as `{pattern}`");
        Error::new(ErrorKind::InvalidArgument, message).with_source(cause)
    })
}

/// The moment that lies so long before `now`, by the calendar in UTC.
///
/// # Errors
/// `invalid_argument` where it is no age, or goes back too far.
pub(super) fn ago(age: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let wrong = || {
        let message = format!("`{age}` is not an age");
        Error::new(ErrorKind::InvalidArgument, message)
            .with_hint("write a number and a unit, as \"3 days\", \"2 hours\" or \"1 month\"")
    };
    match age.parse() {
        Ok(When::Ago(_)) => {}
        Ok(When::At(_)) => {
            return Err(wrong().with_hint("a point in time is read by `time::parse`"));
        }
        Err(_) => return Err(wrong()),
    }
    age.parse::<When>()?.moment(now)
}

/// The moment as the clocks of a zone show it: `Europe/Berlin`, `+02:00`.
///
/// # Errors
/// `invalid_argument` where there is no such zone.
pub(super) fn in_zone(moment: Timestamp, zone: &str) -> Result<ZonedDateTime, Error> {
    match PARSER.parse_time_zone_with(&ZONES, zone) {
        Ok(found) => Ok(moment.to_zoned_datetime(found)),
        Err(_) => Err(unknown_zone(zone)),
    }
}

fn unknown_zone(zone: &str) -> Error {
    let known: Vec<String> = ZONES.available().map(|name| name.to_string()).collect();
    let hint = match nearest(zone, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write it as \"Europe/Berlin\", or as \"+02:00\"".to_owned(),
    };
    let message = format!("there is no time zone `{zone}`");
    Error::new(ErrorKind::InvalidArgument, message).with_hint(hint)
}

fn not_a_time(text: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{text}` is not a point in time"),
    )
    .with_hint(
        "write it as \"2026-01-31\" or \"2026-01-31T12:00:00Z\", or say how it is written, as in `time::parse(text, \"%d.%m.%Y\")`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ways_to_write_a_time_are_read() {
        for (text, expected) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T12:00", "2026-01-31T12:00:00Z"),
            (" 2026-01-31 12:00:30 ", "2026-01-31T12:00:30Z"),
            ("2026-01-31T12:00:00.5+01:00", "2026-01-31T11:00:00.5Z"),
            ("2026-07-01T12:00[Europe/Berlin]", "2026-07-01T10:00:00Z"),
            ("Sat, 31 Jan 2026 12:00:00 -0500", "2026-01-31T17:00:00Z"),
        ] {
            let time = parse(text).expect(text);
            assert_eq!(time.to_string(), expected, "{text}");
        }
        for text in [
            "",
            "soon",
            "3 days",
            "31.01.2026",
            "2026-02-30",
            "12:00",
            "1769860800",
            "2026-01-31T12:00[Nowhere/City]",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.hint().is_some(), "{text}");
        }
    }

    #[test]
    fn a_pattern_says_how_a_time_is_written() {
        for (text, pattern, expected) in [
            ("31.01.2026", "%d.%m.%Y", "2026-01-31T00:00:00Z"),
            ("20260131-0930", "%Y%m%d-%H%M", "2026-01-31T09:30:00Z"),
            ("2026-01", "%Y-%m", "2026-01-01T00:00:00Z"),
            ("2026-01-31 10 +0200", "%F %H %z", "2026-01-31T08:00:00Z"),
            ("1769860800", "%s", "2026-01-31T12:00:00Z"),
        ] {
            let time = parse_by(text, pattern).expect(text);
            assert_eq!(time.to_string(), expected, "{text}");
        }
        for (text, pattern) in [
            ("31.01.2026", "%Y-%m-%d"),
            ("12:00", "%H:%M"),
            ("2026", "%J"),
            ("", ""),
        ] {
            parse_by(text, pattern).expect_err(text);
        }
    }

    #[test]
    fn an_age_goes_back_by_the_calendar() {
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().expect("a moment");
        let back = |age: &str| ago(age, now).map(|time| time.to_string()).ok();
        assert_eq!(back("3 days").as_deref(), Some("2026-03-28T12:00:00Z"));
        assert_eq!(back("1 month").as_deref(), Some("2026-02-28T12:00:00Z"));
        for wrong in ["3", "", "-3 days", "2026-01-31T12:00:00Z", "19000 years"] {
            assert_eq!(back(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_zone_is_known_by_its_name_and_by_its_offset() {
        let summer: Timestamp = "2026-07-01T12:00:00Z".parse().expect("a moment");
        let hour = |zone: &str| in_zone(summer, zone).map(|zoned| zoned.hour());
        assert_eq!(hour("Europe/Berlin").ok(), Some(14));
        assert_eq!(hour("-05:00").ok(), Some(7));
        let error = hour("Europe/Berln").expect_err("no such zone");
        assert_eq!(error.hint(), Some("did you mean `Europe/Berlin`?"));
        hour("").expect_err("no zone");
    }
}
