//! What a script may use up.

use std::time::Duration;

use rhai::Engine;

/// Bounds on a script's time and memory. Reaching one ends the script, and it cannot catch that.
///
/// Time and operations are absolute. The others are the engine's, each counted where it is used; one
/// that is reached inside a closure which a function such as `map` calls can be caught around `map`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long a run may take; `None` is without end.
    pub deadline: Option<Duration>,
    /// Operations of the engine in a run, callbacks included; `None` is without end.
    pub operations: Option<u64>,
    /// Calls of script functions inside one another.
    pub call_levels: usize,
    /// Bytes of one text.
    pub string_size: usize,
    /// Elements of one array, and bytes of one blob.
    pub array_size: usize,
    /// Entries of one map.
    pub map_size: usize,
    /// Variables that are in scope at a time.
    pub variables: usize,
    /// Functions in one script or module.
    pub functions: usize,
    /// Modules that a script imports.
    pub modules: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: None,
            operations: None,
            call_levels: 64,
            string_size: 64 << 20,
            array_size: 16 << 20,
            map_size: 1 << 20,
            variables: 4096,
            functions: 4096,
            modules: 256,
        }
    }
}

impl Limits {
    /// Sets what the engine itself counts; time and operations are the gate's.
    pub(super) fn apply(&self, engine: &mut Engine) {
        // Deeper expressions than these overflow the script thread's stack in a debug build.
        const EXPRESSION_DEPTH: usize = 64;
        engine
            .set_max_call_levels(self.call_levels)
            .set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH)
            .set_max_string_size(self.string_size)
            .set_max_array_size(self.array_size)
            .set_max_map_size(self.map_size)
            .set_max_variables(self.variables)
            .set_max_functions(self.functions)
            .set_max_modules(self.modules);
    }
}
