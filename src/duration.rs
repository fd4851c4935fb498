//! Lengths of time as people write them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use crate::error::{Error, ErrorKind, Result};

/// Parses a length of time: a number and a unit, as `60s`, `5 minutes`, `1h 30m`, `2 days`.
///
/// A day is 24 hours here, whatever the clock does. A bare number is an error, since nobody can tell what it counts.
///
/// # Errors
/// `invalid_argument` where it is not such a text, is negative, or uses units without a fixed length (months, years).
pub fn parse_duration(text: &str) -> Result<Duration> {
    let wrong = || {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("`{text}` is not a length of time"),
        )
        .with_hint("write a number and a unit, as \"60s\", \"5 minutes\" or \"2 days\"")
    };
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let weeks = i64::from(span.get_weeks());
    let days = weeks * 7 + i64::from(span.get_days());
    let days = Span::new().try_days(days).map_err(|_| wrong())?;
    let rest = span
        .try_weeks(0)
        .and_then(|span| span.try_days(0))
        .map_err(|_| wrong())?;
    let relative = SpanRelativeTo::days_are_24_hours();
    let length = |span: Span| span.to_duration(relative).map_err(|_| wrong());
    Duration::try_from(length(days)? + length(rest)?).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_is_a_length() {
        for (text, seconds) in [
            ("60s", 60.0),
            ("5 minutes", 300.0),
            ("1h 30m", 5_400.0),
            ("2 days", 172_800.0),
            ("1w", 604_800.0),
            ("250ms", 0.25),
            (" 2s ", 2.0),
        ] {
            let length = parse_duration(text).expect(text).as_secs_f64();
            assert!((length - seconds).abs() < 1e-9, "{text}: {length}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for text in ["", "60", "soon", "-5s", "3 months", "1 year"] {
            let error = parse_duration(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.hint().is_some());
        }
    }
}
