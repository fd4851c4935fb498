//! Faults of a script that are seen without running it.
//!
//! Only what is certain is told: whatever may be otherwise at run time, as the type of a parameter, is left alone.

mod calls;
mod modules;
mod options;
mod survey;
mod walk;

use rhai::{AST, Engine, Position};

use super::diagnostic::ScriptError;
use super::explain::Explained;
use super::reference::Reference;
use super::run::Run;
use super::vocabulary::Vocabulary;

use calls::Known;

/// A script or module that was parsed.
pub(super) struct Text {
    /// What the engine knows it by.
    pub(super) name: String,
    pub(super) ast: AST,
    pub(super) imports: Vec<Import>,
}

/// An `import` of a literal path, with the name that it gives to the module.
pub(super) struct Import {
    pub(super) alias: String,
    /// What the engine knows the module by.
    pub(super) module: String,
    /// Where the path stands.
    pub(super) at: Position,
}

/// Something that was found at a place.
struct Finding {
    at: Position,
    is_warning: bool,
    explained: Explained,
}

/// What is wrong in these texts, and what is only worth a look, both in the order of the texts. The first is the script, the others are
/// its modules.
pub(super) fn faults(
    engine: &Engine,
    run: &Run,
    reference: &Reference,
    texts: &[Text],
) -> (Vec<ScriptError>, Vec<ScriptError>) {
    let (mut faults, mut warnings) = (Vec::new(), Vec::new());
    for text in texts {
        let source = run.sources().find(&text.name);
        let source = source.map(|source| source.text).unwrap_or_default();
        let mut known = Known {
            registered: Vocabulary::new(engine, Vec::new(), &[]),
            explaining: Vocabulary::new(engine, run.sources().functions(), &[]),
            reference,
            text,
            source: &source,
        };
        for vocabulary in [&mut known.registered, &mut known.explaining] {
            modules::add_functions(vocabulary, text, texts);
        }
        let mut found = walk::findings(&known);
        found.extend(modules::unused_imports(text, texts));
        found.sort_by_key(|finding| (finding.at.line(), finding.at.position()));
        for finding in found {
            let list = if finding.is_warning {
                &mut warnings
            } else {
                &mut faults
            };
            list.push(ScriptError::found(
                finding.explained,
                &text.name,
                finding.at,
                run,
            ));
        }
    }
    (faults, warnings)
}
