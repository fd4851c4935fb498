//! Waiting and ending: `sleep`, `exit`.

use std::sync::Arc;
use std::time::Duration;

use rhai::{Engine, FLOAT, INT};

use super::function;
use crate::duration::parse_duration;
use crate::error::{Error, ErrorKind};
use crate::script::gate::{Raised, Stop};
use crate::script::run::Run;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let doc = "Waits so many seconds, or a length as \"2s\".";
    let host = Arc::clone(run);
    function("sleep", &["seconds: int"], doc).register_into_engine(
        engine,
        move |seconds: INT| -> Raised<()> {
            let length = u64::try_from(seconds).map(Duration::from_secs);
            sleep(&host, length.map_err(|_| negative(seconds)))
        },
    );
    let host = Arc::clone(run);
    function("sleep", &["seconds: float"], doc).register_into_engine(
        engine,
        move |seconds: FLOAT| -> Raised<()> {
            let length = Duration::try_from_secs_f64(seconds);
            sleep(&host, length.map_err(|_| negative(seconds)))
        },
    );
    let host = Arc::clone(run);
    function("sleep", &["length: &str"], doc)
        .register_into_engine(engine, move |length: &str| -> Raised<()> {
            sleep(&host, parse_duration(length))
        });
}

fn sleep(run: &Run, length: Result<Duration, Error>) -> Raised<()> {
    run.wait(async {
        tokio::time::sleep(length?).await;
        Ok(())
    })
}

fn negative(seconds: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("cannot sleep for {seconds} seconds"),
    )
}

pub(super) fn register_exit(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function("exit", &[], "Ends the script: it worked.")
        .register_into_engine(engine, move || -> Raised<()> {
            Err(host.gate().stop(Stop::Exit(0)))
        });
    let host = Arc::clone(run);
    function(
        "exit",
        &["status: int"],
        "Ends the script with this exit status.",
    )
    .register_into_engine(engine, move |status: INT| -> Raised<()> {
        // What a process can give; another number would arrive as a different one.
        match u8::try_from(status) {
            Ok(status) => Err(host.gate().stop(Stop::Exit(status.into()))),
            Err(_) => Err(host.raise(Error::new(
                ErrorKind::InvalidArgument,
                format!("the exit status {status} is not one of 0 to 255"),
            ))),
        }
    });
}
