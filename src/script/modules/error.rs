//! Looking at errors: `attempt`, `kind_of`, `message_of`, `assert`.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext, Position};

use super::function;
use crate::script::difference::difference;
use crate::script::failure;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::script::values::{equal, show};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function(
        "attempt",
        &["f: Fn", "map"],
        "Calls the closure and gives `#{ ok, value, error }` instead of raising.",
    )
    .register_into_engine(
        engine,
        move |context: NativeCallContext, f: FnPtr| -> Raised<Map> {
            let result = f.call_within_context::<Dynamic>(&context, ());
            // What ended the script may have been caught inside the closure.
            host.gate().check()?;
            let (ok, value, error) = match result {
                Ok(value) => (true, value, Dynamic::UNIT),
                Err(error) => (false, Dynamic::UNIT, failure::caught(error)?),
            };
            Ok(Map::from_iter([
                ("ok".into(), ok.into()),
                ("value".into(), value),
                ("error".into(), error),
            ]))
        },
    );
    function(
        "kind_of",
        &["error: ?", "&str"],
        "The kind of any caught error.",
    )
    .register_into_engine(engine, |error: Dynamic| failure::kind_of(&error));
    function(
        "message_of",
        &["error: ?", "&str"],
        "The message of any caught error.",
    )
    .register_into_engine(engine, |error: Dynamic| failure::message_of(&error));
    function(
        "assert",
        &["condition: bool"],
        "Raises when the condition is false.",
    )
    .register_into_engine(engine, |condition: bool| -> Raised<()> {
        ensure(condition, || "the assertion failed".to_owned())
    });
    function(
        "assert",
        &["condition: bool", "message: ?"],
        "Raises the message when the condition is false.",
    )
    .register_into_engine(engine, |condition: bool, message: Dynamic| -> Raised<()> {
        ensure(condition, || show(&message))
    });
    function(
        "assert_eq",
        &["left: ?", "right: ?"],
        "Raises when the two are not the same.",
    )
    .register_into_engine(engine, |left: Dynamic, right: Dynamic| -> Raised<()> {
        ensure(equal(&left, &right), || difference(&left, &right))
    });
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Raised<()> {
    if holds {
        Ok(())
    } else {
        Err(EvalAltResult::ErrorRuntime(message().into(), Position::NONE).into())
    }
}
