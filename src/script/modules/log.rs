//! `log::`: what a script has to say beside what it prints.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::{function, here, namespace};
use crate::script::builder::Level;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::script::values::show;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    namespace(engine, "log", |module| {
        for (name, level, doc) in [
            ("info", Level::Info, "Says what happens, on standard error."),
            (
                "warn",
                Level::Warn,
                "Says what somebody should look at, on standard error.",
            ),
            (
                "error",
                Level::Error,
                "Says what failed, on standard error; the script goes on.",
            ),
        ] {
            let run = Arc::clone(run);
            function(name, &["message: ?"], doc).set_into_module(
                module,
                move |context: NativeCallContext, message: Dynamic| -> Raised<()> {
                    here(&context, &run, || {
                        run.log(level, &show(&message));
                        Ok(())
                    })
                },
            );
        }
    });
}
