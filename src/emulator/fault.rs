//! Faults: what goes wrong, at which calls. Plain data, so that it comes from Rust, from TOML and from JSON alike.

mod kind;
mod plan;
mod unions;

use std::io;

use serde::{Deserialize, Deserializer, Serialize};

pub use kind::{FaultKind, LimitBody, LimitReason, RetryIn, WriteRefusal};
pub(super) use plan::{EntryFaults, FaultPlan, Strike};
pub(super) use unions::{JobFailure, job_failure};

use super::routes::ROUTES;

/// Something that goes wrong at some calls of a route.
///
/// ```toml
/// [[fault]]
/// route = "files/upload"              # or "files/*"; without it any route
/// when = { nth = 3 }                  # without it every call
/// what = { cut_after = { bytes = 100 } }
/// ```
///
/// What can never happen is refused when the fault is given, see [`Fault::check`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The route's name, such as `files/upload` or `oauth2/token`; a `*` at its end stands for anything, and alone for any route.
    ///
    /// Of the routes that it names, those count at which the kind means anything: `lost_session` leaves `files/download` alone.
    #[serde(default = "any_route")]
    pub route: String,
    /// At which of the calls of that route, in the order in which they arrive, counted from when the fault was given.
    #[serde(default, deserialize_with = "checked_when")]
    pub when: FaultWhen,
    /// What happens.
    #[serde(deserialize_with = "checked_kind")]
    pub what: FaultKind,
}

fn any_route() -> String {
    "*".to_owned()
}

// Checked field by field, so that TOML names the line and JSON the column of what is wrong.

fn checked_when<'de, D: Deserializer<'de>>(from: D) -> Result<FaultWhen, D::Error> {
    let when = FaultWhen::deserialize(from)?;
    when.check().map_err(serde::de::Error::custom)?;
    Ok(when)
}

fn checked_kind<'de, D: Deserializer<'de>>(from: D) -> Result<FaultKind, D::Error> {
    let kind = FaultKind::deserialize(from)?;
    kind.check().map_err(serde::de::Error::custom)?;
    Ok(kind)
}

impl Fault {
    /// A fault at every call of `route`.
    pub fn on(route: impl Into<String>, what: FaultKind) -> Fault {
        Fault {
            route: route.into(),
            when: FaultWhen::Always,
            what,
        }
    }

    /// The same at the n-th call only, counted from 1.
    #[must_use]
    pub fn nth(self, n: u64) -> Fault {
        Fault {
            when: FaultWhen::Nth(n),
            ..self
        }
    }

    /// The same at the first n calls.
    #[must_use]
    pub fn first(self, n: u64) -> Fault {
        Fault {
            when: FaultWhen::First(n),
            ..self
        }
    }

    /// The same at every n-th call.
    #[must_use]
    pub fn every(self, n: u64) -> Fault {
        Fault {
            when: FaultWhen::Every(n),
            ..self
        }
    }

    /// The same at each call with this probability. The sequence follows from `seed`, the emulator's own seed, and how many faults
    /// were given before.
    #[must_use]
    pub fn with_probability(self, chance: f64, seed: u64) -> Fault {
        Fault {
            when: FaultWhen::Probability { chance, seed },
            ..self
        }
    }

    /// Reads faults from TOML, as in the example above.
    ///
    /// # Errors
    /// `InvalidData`, with the line, where the text is not TOML or no list of faults, or where a fault cannot happen.
    pub fn list_from_toml(text: &str) -> io::Result<Vec<Fault>> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            fault: Vec<toml::Spanned<Fault>>,
        }
        let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
        let file: File = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let checked = file.fault.into_iter().map(|fault| {
            let start = fault.span().start;
            let fault = fault.into_inner();
            fault.check_route().map_err(|why| {
                let line = text[..start].matches('\n').count() + 1;
                invalid(format!("the fault at line {line}: {why}"))
            })?;
            Ok(fault)
        });
        checked.collect()
    }

    /// Reads one fault, or an array of faults, from JSON.
    pub(super) fn list_from_json(json: &[u8]) -> Result<Vec<Fault>, String> {
        let is_list = json.trim_ascii_start().starts_with(b"[");
        let faults = if is_list {
            serde_json::from_slice(json)
        } else {
            serde_json::from_slice(json).map(|fault| vec![fault])
        };
        let faults: Vec<Fault> = faults.map_err(|error| error.to_string())?;
        for (number, fault) in faults.iter().enumerate() {
            let told = |why| format!("fault {} of {}: {why}", number + 1, faults.len());
            fault.check_route().map_err(told)?;
        }
        Ok(faults)
    }

    /// Whether this can happen at all: there is such a route, the kind means something there, and no number is out of bounds.
    ///
    /// # Errors
    /// `InvalidInput`, saying what is wrong and what would do.
    pub fn check(&self) -> io::Result<()> {
        let fine = self.when.check();
        let fine = fine
            .and_then(|()| self.what.check())
            .and_then(|()| self.check_route());
        fine.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    fn check_route(&self) -> Result<(), String> {
        let mut named = ROUTES.iter().filter(|route| self.names(route.name));
        if named.clone().next().is_none() {
            let route = &self.route;
            return Err(format!(
                "there is no route `{route}`: write it as in the address, such as `files/upload`, or with a `*` at its end"
            ));
        }
        if named.any(|route| self.what.fits(route.name)) {
            return Ok(());
        }
        Err(format!(
            "`{}` means nothing at `{}`: {}",
            self.what.name(),
            self.route,
            self.what.where_it_fits()
        ))
    }

    fn names(&self, route: &str) -> bool {
        match self.route.strip_suffix('*') {
            Some(start) => route.starts_with(start),
            None => self.route == route,
        }
    }

    fn covers(&self, route: &str) -> bool {
        self.names(route) && self.what.fits(route)
    }
}

/// At which calls a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultWhen {
    /// At every call.
    #[default]
    Always,
    /// At the n-th call only, counted from 1.
    Nth(u64),
    /// At the first n calls.
    First(u64),
    /// At every n-th call.
    Every(u64),
    /// At each call with this probability, from 0 to 1.
    Probability {
        /// How likely, from 0 to 1.
        chance: f64,
        /// Fixes the sequence, together with the emulator's own seed and the fault's place among those given.
        #[serde(default)]
        seed: u64,
    },
}

impl FaultWhen {
    fn check(self) -> Result<(), String> {
        match self {
            FaultWhen::Nth(0) | FaultWhen::First(0) | FaultWhen::Every(0) => {
                Err("calls are counted from 1, not from 0".to_owned())
            }
            // NaN is in no range.
            FaultWhen::Probability { chance, .. } if !(0.0..=1.0).contains(&chance) => {
                Err(format!("`chance` is {chance}: it must be from 0 to 1"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
