//! The functions that scripts call, one subject a file.

mod connection;
mod error;
mod file;
mod flow;
mod item;
mod listing;
mod path;
mod report;
mod time;

use std::fmt::Display;
use std::sync::Arc;

use rhai::{Engine, FuncRegistration, Module};

pub(super) use listing::Listing;
pub(super) use time::{DateTime, Duration};

use super::run::Run;

/// Adds every function but `exit`, which only an engine of the host's own can carry out.
pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    connection::register(engine, run);
    listing::register(engine);
    item::register(engine);
    report::register(engine);
    time::register(engine);
    file::register(engine, run);
    path::register(engine);
    error::register(engine, run);
    flow::register(engine, run);
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
