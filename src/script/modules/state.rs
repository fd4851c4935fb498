//! `state::`: what a script remembers between its runs.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::{function, here, json, namespace};
use crate::error::{Error, ErrorKind, Result};
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::script::state::{self, States};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    const KEY: &str = "key: &str";
    namespace(engine, "state", |module| {
        let host = Arc::clone(run);
        let doc = "What an earlier run has set, else the default, else `()`.";
        function("get", &[KEY, "?"], doc).set_into_module(
            module,
            move |context: NativeCallContext, key: &str| -> Raised<Dynamic> {
                here(&context, &host, || get(&host, key, Dynamic::UNIT))
            },
        );
        let host = Arc::clone(run);
        function("get", &[KEY, "default: ?", "?"], doc).set_into_module(
            module,
            move |context: NativeCallContext, key: &str, default: Dynamic| -> Raised<Dynamic> {
                here(&context, &host, || get(&host, key, default))
            },
        );
        let host = Arc::clone(run);
        let doc = "Keeps a value for later runs of this script; `()` removes it.";
        function("set", &[KEY, "value: ?"], doc).set_into_module(
            module,
            move |context: NativeCallContext, key: &str, value: Dynamic| -> Raised<()> {
                here(&context, &host, || set(&host, key, &value))
            },
        );
        let host = Arc::clone(run);
        let doc = "Forgets what is kept; true where there was something.";
        function("remove", &[KEY, "bool"], doc).set_into_module(
            module,
            move |context: NativeCallContext, key: &str| -> Raised<bool> {
                here(&context, &host, || remove(&host, key))
            },
        );
    });
}

fn get(run: &Run, key: &str, default: Dynamic) -> Raised<Dynamic> {
    let key = key.to_owned();
    match with_states(run, move |states, script| states.get(script, &key))? {
        Some(text) => json::from_text(run, &text),
        None => Ok(default),
    }
}

fn set(run: &Run, key: &str, value: &Dynamic) -> Raised<()> {
    if value.is_unit() {
        return remove(run, key).map(drop);
    }
    let text = json::to_text(run, value, 0)?;
    place(run)
        .and_then(|_| state::check(key, &text))
        .map_err(|error| run.raise(error))?;
    if run.would(format_args!("keep `{key}` for the next run")) {
        return Ok(());
    }
    let key = key.to_owned();
    with_states(run, move |states, script| states.set(script, &key, &text))
}

fn remove(run: &Run, key: &str) -> Raised<bool> {
    let looked = key.to_owned();
    if run.host().dry_run {
        let found = with_states(run, move |states, script| states.get(script, &looked))?;
        return Ok(found.is_some() && run.would(format_args!("forget `{key}`")));
    }
    with_states(run, move |states, script| states.remove(script, &looked))
}

/// Does something with what this run's script keeps. Another process may be at it: that is waited for where the script can be stopped.
fn with_states<T: Send + 'static>(
    run: &Run,
    work: impl FnOnce(&States, &str) -> Result<T> + Send + 'static,
) -> Raised<T> {
    let (states, script) = place(run).map_err(|error| run.raise(error))?;
    run.wait(async move {
        let done = tokio::task::spawn_blocking(move || work(&states, &script)).await;
        done.unwrap_or_else(|gone| {
            let message = format!("what a script keeps could not be looked at: {gone}");
            Err(Error::new(ErrorKind::LocalIo, message))
        })
    })
}

/// Where the state of this run's script is.
fn place(run: &Run) -> Result<(Arc<States>, String)> {
    let unsupported = |message: &str| Error::new(ErrorKind::Unsupported, message);
    let states = run.host().states.as_ref().ok_or_else(|| {
        unsupported("the program that runs this script keeps no state for it").with_hint(
            "there is no folder for it; a program names one with `HostBuilder::state_folder`",
        )
    })?;
    let script = run.state_name().ok_or_else(|| {
        unsupported("state is kept for each script, and this code is in no file")
            .with_hint("save it as a script, and run that")
    })?;
    Ok((Arc::clone(states), script))
}
