//! `env::`: variables of the environment, as far as they are named to the host.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::{function, here, namespace};
use crate::error::{Error, ErrorKind, Result};
use crate::script::gate::Raised;
use crate::script::run::Run;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    const NAME: &str = "name: &str";
    namespace(engine, "env", |module| {
        let host = Arc::clone(run);
        let doc = "A variable of the environment, else the default, else `()`.";
        function("get", &[NAME, "?"], doc).set_into_module(
            module,
            move |context: NativeCallContext, name: &str| -> Raised<Dynamic> {
                here(&context, &host, || get(&host, name, Dynamic::UNIT))
            },
        );
        let host = Arc::clone(run);
        function("get", &[NAME, "default: ?", "?"], doc).set_into_module(
            module,
            move |context: NativeCallContext, name: &str, default: Dynamic| -> Raised<Dynamic> {
                here(&context, &host, || get(&host, name, default))
            },
        );
    });
}

fn get(run: &Run, name: &str, default: Dynamic) -> Raised<Dynamic> {
    let value = look_up(run, name).map_err(|error| run.raise(error))?;
    Ok(value.map_or(default, Into::into))
}

fn look_up(run: &Run, name: &str) -> Result<Option<String>> {
    let host = run.host();
    host.permissions.check_env(name)?;
    let environment = host.environment.as_ref().ok_or_else(|| {
        let message = "the program that runs this script shows it no environment";
        Error::new(ErrorKind::Unsupported, message)
            .with_hint("a program shows one with `HostBuilder::environment`")
    })?;
    let value = environment(name).map(std::ffi::OsString::into_string);
    value.transpose().map_err(|_| {
        let message = format!("the value of the variable `{name}` is not UTF-8 text");
        Error::new(ErrorKind::InvalidArgument, message)
    })
}
