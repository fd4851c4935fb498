//! Sizes as people give them: "10 MB".

use std::fmt;

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

/// A size: bytes, or text with a unit. KB, MB, GB and TB are powers of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Given")]
pub struct ByteSize(pub u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Bytes(u64),
    Text(String),
}

impl TryFrom<Given> for ByteSize {
    type Error = Error;

    fn try_from(given: Given) -> Result<Self> {
        match given {
            Given::Bytes(bytes) => Ok(Self(bytes)),
            Given::Text(text) => text.parse(),
        }
    }
}

impl std::str::FromStr for ByteSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text.trim()).map(Self).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{text}` is not a size"),
            )
            .with_hint("write a number of bytes, or one with KB, MB, GB or TB, as \"10 MB\"")
        })
    }
}

/// As people read it, in powers of 1024.
impl fmt::Display for ByteSize {
    #[expect(
        clippy::cast_precision_loss,
        reason = "one digit behind the point is shown"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut size = self.0 as f64 / 1024.0;
        let mut unit = "KB";
        for larger in ["MB", "GB", "TB"] {
            if size < 1024.0 {
                break;
            }
            size /= 1024.0;
            unit = larger;
        }
        write!(f, "{size:.1} {unit}")
    }
}

fn parse(text: &str) -> Option<u64> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let exponent = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "KB" => 1,
        "MB" => 2,
        "GB" => 3,
        "TB" => 4,
        _ => return None,
    };
    let unit = 1024_u64.pow(exponent);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    // More digits than these are less than a byte of a terabyte.
    let fraction = &fraction[..fraction.len().min(15)];
    let part = match fraction {
        "" => 0,
        digits => {
            let scale = 10_u128.pow(u32::try_from(digits.len()).ok()?);
            u128::from(unit) * digits.parse::<u128>().ok()? / scale
        }
    };
    whole
        .checked_mul(unit)?
        .checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("500", 500),
            ("500 B", 500),
            ("10 MB", 10 << 20),
            ("10mb", 10 << 20),
            ("1.5KB", 1536),
            (" 2 TB ", 2 << 40),
            ("0.25 GB", 1 << 28),
        ] {
            assert_eq!(text.parse::<ByteSize>().expect(text).0, bytes, "{text}");
        }
        let size: ByteSize = serde_json::from_str("7").expect("a size");
        assert_eq!(size.0, 7);
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "MB", "-1", "1 XB", "1.2.3 MB", "99999999 TB", "10 MB/s"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<ByteSize>("-1").is_err());
        assert!(serde_json::from_str::<ByteSize>("1.5").is_err());
    }

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KB"),
            (5 << 40, "5.0 TB"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }
}
