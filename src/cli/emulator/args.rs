//! The arguments of `emulator`.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};
use dropscript::emulator::{Quirk, UnknownQuirk, WriteRefusal};

use super::super::args::duration;

/// What kind of Dropbox the emulator is.
#[derive(Debug, Args)]
pub(in crate::cli) struct EmulatorArgs {
    /// Keep the files in this folder; without it all is in memory
    #[arg(value_hint = ValueHint::DirPath)]
    pub(in crate::cli) dir: Option<PathBuf>,
    /// The address to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8780")]
    pub(in crate::cli) listen: SocketAddr,
    /// An address to speak TLS at besides
    #[arg(long, value_name = "ADDR")]
    pub(in crate::cli) tls: Option<SocketAddr>,
    /// An address to be an HTTP proxy at besides, which leads the names of Dropbox here
    #[arg(long, value_name = "ADDR")]
    pub(in crate::cli) connect_proxy: Option<SocketAddr>,
    /// Write the certificate that clients must trust to this file, in PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) ca_out: Option<PathBuf>,
    /// Start with what is in this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) seed_from: Option<PathBuf>,
    /// Whose Dropbox is opened where no account is named: one of its own, or a member's of a team
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub(in crate::cli) account: AccountArg,
    /// Fix what is made up, such as ids
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Print one JSON object on standard output instead of text
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) trouble: TroubleArgs,
}

/// The account that the emulator opens.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(in crate::cli) enum AccountArg {
    #[default]
    Personal,
    Business,
}

/// How the emulator is slow and refuses, as the service does.
#[derive(Debug, Args)]
#[command(next_help_heading = "Misbehaviour")]
pub(in crate::cli) struct TroubleArgs {
    /// Begin each answer that much later, and each connection twice that
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub(in crate::cli) latency: Duration,
    /// What goes through each connection, as `60MiB/s`, in each direction
    #[arg(long, value_name = "RATE", value_parser = bandwidth)]
    pub(in crate::cli) bandwidth: Option<NonZeroU64>,
    /// What goes through all connections together
    #[arg(long, value_name = "RATE", value_parser = bandwidth)]
    pub(in crate::cli) bandwidth_total: Option<NonZeroU64>,
    /// How long a commit holds its namespace; another is refused meanwhile
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) write_lock: Option<Duration>,
    /// How another is refused: the call, in the error of the route, or in each entry of a batch
    #[arg(long, value_name = "FORM", default_value = "429", value_parser = write_refusal())]
    pub(in crate::cli) write_lock_as: WriteRefusal,
    /// The calls that a token may make, as `50/s`
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(in crate::cli) rate_limit: Option<NonZeroU32>,
    /// The bytes that the header of a call may have
    #[arg(long, value_name = "BYTES")]
    pub(in crate::cli) header_limit: Option<usize>,
    /// Do what the references leave open in the other way; may be given several times, `list` tells the names
    #[arg(long = "quirk", value_name = "NAME")]
    pub(in crate::cli) quirks: Vec<QuirkArg>,
    /// What goes wrong at which calls, in TOML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) faults: Option<PathBuf>,
}

/// A quirk, or the wish to know which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum QuirkArg {
    List,
    One(Quirk),
}

impl FromStr for QuirkArg {
    type Err = UnknownQuirk;

    fn from_str(name: &str) -> Result<QuirkArg, UnknownQuirk> {
        match name {
            "list" => Ok(QuirkArg::List),
            name => name.parse().map(QuirkArg::One),
        }
    }
}

/// Bytes a second.
fn bandwidth(text: &str) -> Result<NonZeroU64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let size = text.strip_suffix("/s").unwrap_or(text);
    let (count, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((size.strip_suffix(name)?, *unit)))
        .unwrap_or((size, 1));
    let count: Option<u64> = count.trim().parse().ok();
    count
        .and_then(|count| NonZeroU64::new(count.checked_mul(unit)?))
        .ok_or_else(|| format!("`{text}` is not a bandwidth: write it as \"60MiB/s\""))
}

/// The forms in which a commit is refused.
fn write_refusal() -> impl TypedValueParser<Value = WriteRefusal> {
    PossibleValuesParser::new(["429", "409", "entry"]).map(|form| match form.as_str() {
        "429" => WriteRefusal::Call,
        "409" => WriteRefusal::Route,
        _ => WriteRefusal::Entry,
    })
}

/// Calls a second.
fn rate(text: &str) -> Result<NonZeroU32, String> {
    let count = text.strip_suffix("/s").unwrap_or(text).trim();
    count
        .parse()
        .map_err(|_| format!("`{text}` is not a rate: write it as \"50/s\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        let bytes = |text: &str| bandwidth(text).map(NonZeroU64::get).ok();
        assert_eq!(bytes("60MiB/s"), Some(60 << 20));
        assert_eq!(bytes("5 kB"), Some(5_000));
        assert_eq!(bytes("100"), Some(100));
        for wrong in ["0", "-1", "fast", "1.5MiB/s", "99999999999GiB/s"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        assert_eq!(rate("50/s").map(NonZeroU32::get), Ok(50));
        assert!(rate("0/s").is_err());
    }
}
