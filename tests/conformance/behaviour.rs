//! A behaviour of the API: where it is written, how sure that is, and how to see it.

use std::fmt;
use std::future::Future;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::scene::Scene;

/// Whether a behaviour was seen, and if not what came instead.
pub(crate) type Verdict = Result<(), String>;

type Check = Box<dyn Fn(Scene) -> BoxFuture<'static, Verdict> + Send + Sync>;

/// How sure it is that the real service behaves so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sure {
    /// An official client depends on it, and was run.
    Verified,
    /// The specification or an official client's source says it.
    Specification,
    /// The developers' site says it.
    Documentation,
    /// Somebody saw it and wrote it down in public.
    Observed,
    /// Nobody knows; the emulator does it so, and has a quirk that does it otherwise.
    Open,
}

impl fmt::Display for Sure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Sure::Verified => "verified",
            Sure::Specification => "specification",
            Sure::Documentation => "documentation",
            Sure::Observed => "observed",
            Sure::Open => "open",
        })
    }
}

/// A behaviour, and the check for it.
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) sure: Sure,
    /// Where it is written.
    pub(crate) source: &'static str,
    /// The quirks that change it; no other does.
    pub(crate) quirks: Vec<&'static str>,
    /// Whether the check needs faults or tokens that only the emulator gives.
    pub(crate) emulator_only: bool,
    check: Check,
}

impl Behaviour {
    /// Names a quirk that changes this.
    pub(crate) fn quirk(mut self, name: &'static str) -> Self {
        self.quirks.push(name);
        self
    }

    /// The check needs what only the emulator gives.
    pub(crate) fn only_emulated(mut self) -> Self {
        self.emulator_only = true;
        self
    }

    /// Looks whether it is so.
    pub(crate) async fn check(&self, scene: Scene) -> Verdict {
        (self.check)(scene).await
    }
}

/// A behaviour that takes some steps to see.
pub(crate) fn case<F, Fut>(
    sure: Sure,
    source: &'static str,
    name: &'static str,
    check: F,
) -> Behaviour
where
    F: Fn(Scene) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Verdict> + Send + 'static,
{
    Behaviour {
        name,
        sure,
        source,
        quirks: Vec::new(),
        emulator_only: false,
        check: Box::new(move |scene| check(scene).boxed()),
    }
}

/// What a call should come to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// It works.
    Works,
    /// It works, and the result has this JSON at this pointer.
    Gives(&'static str, &'static str),
    /// 409 with these tags, joined by slashes.
    Refused(&'static str),
    /// 400 with a text that has this in it.
    Bad(&'static str),
}

/// A behaviour that one call shows: the files that are there before (those that end in a slash are folders), the route, and the
/// argument as JSON, in which `$` stands for the folder of the scene.
pub(crate) fn row(
    sure: Sure,
    source: &'static str,
    name: &'static str,
    there: &'static [&'static str],
    (route, argument): (&'static str, &'static str),
    wanted: Wanted,
) -> Behaviour {
    case(sure, source, name, move |at| async move {
        for name in there {
            match name.strip_suffix('/') {
                Some(folder) => at.make(folder).await.map(drop)?,
                None => at.put(name, "contents").await.map(drop)?,
            }
        }
        let argument = argument.replace('$', at.folder());
        let reply = at.call(route, &argument, "contents").await?;
        match wanted {
            Wanted::Works => reply.result().map(drop),
            Wanted::Gives(pointer, json) => {
                let wanted: Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
                let result = reply.result()?;
                equal(result.pointer(pointer), Some(&wanted))
            }
            Wanted::Refused(tags) => equal(reply.refused()?.as_str(), tags),
            Wanted::Bad(text) => contains(&reply.bad()?, text),
        }
    })
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "what is compared is made for it"
)]
pub(crate) fn equal<T: fmt::Debug + PartialEq>(got: T, wanted: T) -> Verdict {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{got:?} where {wanted:?} was expected"))
}

pub(crate) fn contains(text: &str, part: &str) -> Verdict {
    holds(text.contains(part), || format!("{text:?} without {part:?}"))
}

pub(crate) fn holds(so: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if so { Ok(()) } else { Err(otherwise()) }
}
