//! The engine of a script, and the thread that it runs on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use rhai::{AST, Dynamic, Engine, OptimizationLevel, ParseError, Scope};
use tokio_util::sync::CancellationToken;

use super::builder::Level;
use super::event::RunOptions;
use super::resolver::Resolver;
use super::run::{CONSTANTS, Run};

/// Debug builds of Rhai take more than 100 KiB of stack for each call of a script function, and values that a
/// script nests until the gate finds that are dropped level by level. Only what is used of it is ever
/// taken from the system.
pub(super) const STACK: usize = 256 << 20;

/// Starts a thread whose stack holds as many calls as the limits allow.
///
/// # Errors
/// The system has no room for one more thread.
pub(super) fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let name = format!("script-{}", STARTED.fetch_add(1, Relaxed));
    std::thread::Builder::new()
        .name(name)
        .stack_size(STACK)
        .spawn(work)
}

/// Sets an engine up for scripts of `run`.
pub(super) fn prepare(engine: &mut Engine, run: &Arc<Run>, options: &RunOptions) {
    run.host().limits.apply(engine);
    engine
        .set_strict_variables(true)
        // The optimiser drops statements, and with them their errors.
        .set_optimization_level(OptimizationLevel::None)
        .disable_symbol("eval")
        .set_module_resolver(Resolver::new(Arc::clone(run)));
    watch_variables(engine, run, run.constants(options));
    super::modules::register(engine, run);
    super::bounded::register(engine, run);
    super::modules::register_exit(engine, run);
    for extension in &run.host().extensions {
        extension(engine);
    }

    let printer = Arc::clone(run);
    engine.on_print(move |line| printer.print(line));
    let logger = Arc::clone(run);
    engine.on_debug(move |line, source, at| {
        let place = match (source, at.line()) {
            (Some(source), Some(number)) => format!("{source}:{number}: "),
            _ => String::new(),
        };
        logger.log(Level::Debug, &format!("{place}{line}"));
    });
    let gate = Arc::clone(run);
    engine.on_progress(move |_| gate.gate().step());
}

/// Tells the gate of each use of a variable, and lets functions, modules and closures see the constants,
/// which Rhai shows them no scope for.
fn watch_variables(engine: &mut Engine, run: &Arc<Run>, values: [Dynamic; CONSTANTS.len()]) {
    let run = Arc::clone(run);
    // Variables of a global module would do, but closures cannot capture those.
    #[allow(
        deprecated,
        reason = "it is marked as volatile, and the version of Rhai is pinned"
    )]
    engine.on_var(move |name, index, context| {
        let in_sight = || context.scope().iter_raw().map(|(_, _, value)| value);
        run.gate().uses(context.call_level(), in_sight)?;
        // The parser knows the place of a variable of the script's own.
        if index != 0 {
            return Ok(None);
        }
        let constant = CONSTANTS
            .iter()
            .zip(&values)
            .find(|(known, _)| **known == name);
        Ok(constant
            // One that is only known by its name comes first all the same.
            .filter(|_| !context.scope().contains(name))
            .map(|(_, value)| value.clone()))
    });
}

/// Parses a text in which the constants are known.
pub(super) fn compile(engine: &Engine, text: &str) -> Result<AST, ParseError> {
    compile_with_scope(engine, &Scope::new(), text)
}

/// Parses a text in which the constants and the variables of `scope` are known.
pub(super) fn compile_with_scope(
    engine: &Engine,
    scope: &Scope<'_>,
    text: &str,
) -> Result<AST, ParseError> {
    // With strict variables the parser takes only those for known that are in its scope.
    let mut known = scope.clone();
    for name in CONSTANTS {
        known.push_constant(name, ());
    }
    engine.compile_with_scope(&known, text)
}

/// Opens the gate anew whenever the engine begins a script, for engines that the host does not start.
pub(super) fn rearm_at_each_start(engine: &mut Engine, run: &Arc<Run>) {
    let run = Arc::clone(run);
    engine.on_progress(move |operations| {
        if operations == 1 && !run.is_loading() {
            let limits = &run.host().limits;
            run.gate().arm(CancellationToken::new(), limits);
        }
        run.gate().step()
    });
}
