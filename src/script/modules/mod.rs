//! The functions that scripts call, one subject a file.

mod changes;
mod connection;
mod contents;
mod copy_from;
mod copy_move;
mod csv;
mod done;
mod env;
mod error;
mod file;
mod flow;
mod folder;
mod gather;
mod http;
mod item;
mod json;
mod listing;
mod log;
mod method;
mod mirror;
mod parallel;
mod path;
mod questions;
mod relocate;
mod report;
mod request;
mod sharing;
mod source;
mod state;
mod time;
mod transfer;

use std::fmt::Display;
use std::sync::Arc;

use rhai::{Engine, EvalAltResult, FuncRegistration, Module, NativeCallContext};

pub(super) use self::csv::{CsvFormatOptions, CsvParseOptions};
pub(super) use self::http::HttpOptions;
pub(super) use json::JsonFormatOptions;
pub(super) use listing::Listing;
pub(super) use time::{DateTime, Duration};

use super::gate::Raised;
use super::run::Run;

/// Adds every function but `exit`, which only an engine of the host's own can carry out.
pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    connection::register(engine, run);
    transfer::register(engine, run);
    folder::register(engine, run);
    contents::register(engine, run);
    relocate::register(engine, run);
    copy_move::register(engine, run);
    copy_from::register(engine, run);
    mirror::register(engine, run);
    sharing::register(engine, run);
    changes::register(engine, run);
    request::register(engine, run);
    listing::register(engine);
    item::register(engine);
    report::register(engine, run);
    time::register(engine);
    json::register(engine, run);
    csv::register(engine, run);
    file::register(engine, run);
    path::register(engine);
    error::register(engine, run);
    flow::register(engine, run);
    parallel::register(engine, run);
    log::register(engine, run);
    state::register(engine, run);
    env::register(engine, run);
    http::register(engine, run);
    done::register(engine, run);
}

/// Adds `exit`.
pub(super) fn register_exit(engine: &mut Engine, run: &Arc<Run>) {
    flow::register_exit(engine, run);
}

/// Begins a function that scripts call by this name. `parameters` are written `name: type`, the type
/// of the result last; `doc` is its one line of help.
///
/// All are pure, which lets them be called on constants, and volatile: what they give changes.
fn function(name: &str, parameters: &[&str], doc: &str) -> FuncRegistration {
    FuncRegistration::new(name).describe(parameters, doc)
}

/// Begins a property of a type.
fn property(name: &str, parameters: &[&str], doc: &str) -> FuncRegistration {
    FuncRegistration::new_getter(name).describe(parameters, doc)
}

trait Describe {
    fn describe(self, parameters: &[&str], doc: &str) -> Self;
}

impl Describe for FuncRegistration {
    fn describe(self, parameters: &[&str], doc: &str) -> Self {
        self.in_global_namespace()
            .with_purity(true)
            .with_volatility(true)
            .with_params_info(parameters)
            .with_comments([format!("/// {doc}")])
    }
}

/// Lets scripts print a value of this type, by itself and inside arrays and maps.
fn printable<T: Clone + Send + Sync + Display + 'static>(engine: &mut Engine) {
    for name in ["to_string", "to_debug"] {
        FuncRegistration::new(name)
            .with_purity(true)
            .register_into_engine(engine, |value: &mut T| value.to_string());
    }
}

/// Adds functions that are called with the name of their module, as `file::list`.
fn namespace(engine: &mut Engine, name: &str, fill: impl FnOnce(&mut Module)) {
    let mut module = Module::new();
    fill(&mut module);
    module.build_index();
    engine.register_static_module(name, module.into());
}

/// Calls a function of a module for a script that may go on, and gives its error the place of the
/// call, which Rhai leaves out where a function is called with the name of its module.
fn here<T>(
    context: &NativeCallContext<'_>,
    run: &Run,
    call: impl FnOnce() -> Raised<T>,
) -> Raised<T> {
    let result = run.gate().check().and_then(|()| call());
    result.map_err(|error| placed(context, error))
}

fn placed(context: &NativeCallContext<'_>, mut error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    if error.position().is_none() {
        error.set_position(context.call_position());
    }
    error
}

#[cfg(test)]
mod tests {
    use super::super::event::RunOptions;
    use super::super::host::Host;
    use super::*;

    /// Rhai registers functions of any name, and then refuses to parse calls of some.
    #[test]
    fn every_name_can_be_called_from_a_script() {
        let run = Host::builder().build().expect("a plain host").new_run();
        let mut engine = Engine::new();
        super::super::engine::prepare(&mut engine, &run, &RunOptions::default());
        let calls = engine.collect_fn_metadata(
            None,
            |info| {
                let (namespace, name) = (info.namespace, info.metadata.name.as_str());
                if !name.starts_with(|first: char| first.is_alphabetic()) {
                    return None;
                }
                Some(match (name.strip_prefix("get$"), namespace.as_str()) {
                    (Some(property), _) => format!("args.{property}"),
                    (None, "") => format!("args.{name}(); {name}()"),
                    (None, namespace) => format!("{namespace}::{name}()"),
                })
            },
            false,
        );
        assert!(calls.len() > 100, "{} functions", calls.len());
        for call in calls {
            let parsed = super::super::engine::compile(&engine, &call);
            assert!(parsed.is_ok(), "{call}: {:?}", parsed.err());
        }
    }

    /// Help and suggestions are made of what is registered.
    #[test]
    fn every_function_says_what_it_takes_and_does() {
        let run = Host::builder().build().expect("a plain host").new_run();
        let mut engine = Engine::new_raw();
        register(&mut engine, &run);
        let unknown = engine.collect_fn_metadata(
            None,
            |info| {
                let metadata = info.metadata;
                let plain = metadata
                    .name
                    .starts_with(|first: char| first.is_alphabetic());
                let told = metadata.params_info.len() >= metadata.num_params
                    && !metadata.comments.is_empty();
                let shown = metadata.name.starts_with("to_");
                (plain && !shown && !told).then(|| metadata.name.to_string())
            },
            false,
        );
        assert_eq!(unknown, Vec::<String>::new());
    }
}
