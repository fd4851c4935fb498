//! Points in time as people give them: a date, or an age.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

/// A point in time: itself, or how long ago it was.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub enum When {
    /// That moment.
    At(Timestamp),
    /// So long before the task begins, by the calendar in UTC: a month ago is the same day of the month before.
    Ago(Span),
}

impl When {
    /// The moment that lies as far ahead as an age lies back.
    ///
    /// # Errors
    /// `invalid_argument` where it is outside what can be counted.
    pub(in crate::tasks) fn ahead(self, now: Timestamp) -> Result<Timestamp> {
        match self {
            Self::At(moment) => Ok(moment),
            Self::Ago(length) => Self::Ago(length.negate()).moment(now),
        }
    }

    /// The moment, for a task that begins `now`.
    ///
    /// # Errors
    /// `invalid_argument` where it is outside what can be counted.
    pub(crate) fn moment(self, now: Timestamp) -> Result<Timestamp> {
        match self {
            Self::At(moment) => Ok(moment),
            Self::Ago(age) => now
                .to_zoned_datetime(TimeZone::UTC)
                .checked_sub(age)
                .map(|moment| moment.timestamp())
                .map_err(|cause| {
                    Error::new(
                        ErrorKind::InvalidArgument,
                        format!("`{age:#}` ago is outside what can be counted"),
                    )
                    .with_source(cause)
                }),
        }
    }
}

impl TryFrom<String> for When {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl std::str::FromStr for When {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Ok(moment) = text.parse() {
            return Ok(Self::At(moment));
        }
        let age = text.parse().ok();
        age.filter(|age: &Span| !age.is_negative())
            .map(Self::Ago)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("`{text}` is neither a point in time nor an age"),
                )
                .with_hint(
                    "write an age with its unit, as \"10 days\", or \"2026-01-31T12:00:00Z\"",
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> String {
        let now = "2026-03-31T12:00:00Z".parse().expect("a moment");
        let when: When = text.parse().expect(text);
        when.moment(now).expect(text).to_string()
    }

    #[test]
    fn an_age_is_counted_by_the_calendar() {
        for (text, expected) in [
            ("10 days", "2026-03-21T12:00:00Z"),
            ("1 month", "2026-02-28T12:00:00Z"),
            ("2 years", "2024-03-31T12:00:00Z"),
            ("1w 30m", "2026-03-24T11:30:00Z"),
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00Z"),
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
    }

    #[test]
    fn a_bare_number_has_no_unit() {
        for text in ["10", "", "soon", "-3 days", "2026-01-31"] {
            let error = text.parse::<When>().expect_err(text);
            assert!(error.hint().expect("a hint").contains("unit"));
        }
        assert!(serde_json::from_str::<When>("10").is_err());
    }

    #[test]
    fn what_is_too_long_ago_is_an_error() {
        let when: When = "19000 years".parse().expect("an age");
        let error = when.moment(Timestamp::now()).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
