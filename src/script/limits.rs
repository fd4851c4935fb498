//! What a script may use up.

use std::time::Duration;

use rhai::Engine;

/// Bounds on a script's time and memory. Reaching one ends the script, and it cannot catch that.
///
/// Time, operations, calls, nesting and memory are counted over the whole run: in callbacks, and in
/// all threads of `parallel`. The others are the engine's, each counted where it is used; one that is
/// reached inside a closure which a function such as `map` calls can be caught around `map`, but what
/// it bounds stays bounded.
///
/// # How much memory a script can take
///
/// One value takes at most [`string_size`](Limits::string_size) bytes of text, 16 bytes for each of
/// [`array_size`](Limits::array_size) elements and some 64 for each of [`map_size`](Limits::map_size) entries,
/// those inside one another added up, and some 64 more for each array, map or closure. A function has at most
/// [`variables`](Limits::variables) of them, [`call_levels`](Limits::call_levels) functions are under
/// way at a time, once for each worker of `parallel`; and closures keep what they captured beside that.
/// So these alone are a ceiling, and a high one.
///
/// [`memory`](Limits::memory) is the low one. Where the host has a
/// [gauge](super::HostBuilder::memory_gauge) of what the process allocates, it is looked at before every
/// operation, and functions that give much ask before they allocate; so a run takes no more than `memory` and
/// what one operation may add, which is one value, or the copy of one. Without a gauge the variables
/// in sight are weighed some thousand times a second, closures with what they captured, and what is
/// out of sight, in the functions further up, is bounded by the product above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long a run may take; `None` is without end.
    pub deadline: Option<Duration>,
    /// Operations of the engine in a run, callbacks included; `None` is without end.
    pub operations: Option<u64>,
    /// Bytes that a run may take for its values; `None` is without end.
    pub memory: Option<u64>,
    /// How many levels deep arrays, maps and closures may be inside one another.
    pub nesting: usize,
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
            memory: Some(512 << 20),
            nesting: 256,
            call_levels: 64,
            string_size: 64 << 20,
            array_size: 4 << 20,
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
        // The gate counts calls where a variable is used, and cannot be caught. This is for the rest.
        const CALLS_WITHOUT_VARIABLES: usize = 8;
        engine
            .set_max_call_levels(self.call_levels + CALLS_WITHOUT_VARIABLES)
            .set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH)
            .set_max_string_size(self.string_size)
            .set_max_array_size(self.array_size)
            .set_max_map_size(self.map_size)
            .set_max_variables(self.variables)
            .set_max_functions(self.functions)
            .set_max_modules(self.modules);
    }
}
