//! `emulator::`: what tests lay down at Dropbox, look at, and have go wrong.

use std::sync::Arc;

use dropscript::emulator::{Emulator, Fault};
use dropscript::parse_duration;
use dropscript::rhai::{Array, Blob, Dynamic, Engine, EvalAltResult, INT, Map, Module};

use crate::cli::connect::MAIN;

type Raised<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Adds the module to an engine.
pub(super) fn register(engine: &mut Engine, emulator: &Arc<Emulator>) {
    let mut module = Module::new();
    let to = Arc::clone(emulator);
    module.set_native_fn("put", move |path: &str, contents: Dynamic| {
        put(&to, MAIN, path, contents)
    });
    let to = Arc::clone(emulator);
    module.set_native_fn(
        "put",
        move |account: &str, path: &str, contents: Dynamic| put(&to, account, path, contents),
    );
    let of = Arc::clone(emulator);
    module.set_native_fn("read", move |path: &str| text(&of, MAIN, path));
    let of = Arc::clone(emulator);
    module.set_native_fn("read", move |account: &str, path: &str| {
        text(&of, account, path)
    });
    let of = Arc::clone(emulator);
    module.set_native_fn("read_blob", move |path: &str| bytes(&of, MAIN, path));
    let of = Arc::clone(emulator);
    module.set_native_fn("read_blob", move |account: &str, path: &str| {
        bytes(&of, account, path)
    });
    let of = Arc::clone(emulator);
    module.set_native_fn("list", move || Ok(list(&of, MAIN)));
    let of = Arc::clone(emulator);
    module.set_native_fn("list", move |account: &str| Ok(list(&of, account)));
    let at = Arc::clone(emulator);
    module.set_native_fn("fault", move |fault: Map| inject(&at, fault));
    let at = Arc::clone(emulator);
    module.set_native_fn("clear_faults", move || {
        at.clear_faults();
        Ok(())
    });
    let of = Arc::clone(emulator);
    module.set_native_fn("calls", move |route: &str| {
        Ok(INT::try_from(of.calls().of(route)).unwrap_or(INT::MAX))
    });
    let of = Arc::clone(emulator);
    module.set_native_fn("advance", move |length: &str| {
        let length = parse_duration(length).map_err(|error| error.full_message())?;
        of.advance(length);
        Ok(())
    });
    engine.register_static_module("emulator", module.into());
}

fn put(emulator: &Emulator, account: &str, path: &str, contents: Dynamic) -> Raised<()> {
    let kind = contents.type_name().to_owned();
    let contents = match contents.try_cast_result::<Blob>() {
        Ok(bytes) => bytes,
        Err(other) => {
            let text = other.into_string();
            text.map_err(|_| format!("a file holds a text or a blob, not a value of type {kind}"))?
                .into_bytes()
        }
    };
    let put = emulator.try_put(account, path, contents);
    put.map_err(|error| error.to_string().into())
}

fn bytes(emulator: &Emulator, account: &str, path: &str) -> Raised<Blob> {
    let contents = emulator.contents(account, path);
    let contents = contents.ok_or_else(|| {
        let there = emulator.paths(account);
        let there = match there.len() {
            0 => "there is nothing".to_owned(),
            1..=10 => format!("there is {}", there.join(", ")),
            _ => format!("there is {} and more", there[..10].join(", ")),
        };
        format!("no file `{path}` is at Dropbox; {there}")
    })?;
    Ok(contents.to_vec())
}

fn text(emulator: &Emulator, account: &str, path: &str) -> Raised<String> {
    let text = String::from_utf8(bytes(emulator, account, path)?);
    text.map_err(|_| format!("`{path}` is no text: use `emulator::read_blob`").into())
}

fn list(emulator: &Emulator, account: &str) -> Array {
    let paths = emulator.paths(account);
    paths.into_iter().map(Into::into).collect()
}

fn inject(emulator: &Emulator, fault: Map) -> Raised<()> {
    let fault =
        serde_json::to_value(Dynamic::from_map(fault)).and_then(serde_json::from_value::<Fault>);
    let fault = fault.map_err(|error| format!("that is no fault: {error}"))?;
    fault
        .check()
        .map_err(|error| format!("that cannot go wrong: {error}"))?;
    emulator.inject(fault);
    Ok(())
}
