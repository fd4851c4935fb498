//! What modules give, and which of them nobody uses.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnAccess, Stmt};

use super::{Finding, Text};
use crate::script::explain::Explained;
use crate::script::vocabulary::Vocabulary;

/// Modules within modules are followed so far.
const DEPTH: usize = 8;

/// Makes the functions of the modules that `text` imports known, by the names that it gives to them.
pub(super) fn add_functions(vocabulary: &mut Vocabulary, text: &Text, texts: &[Text]) {
    add_below("", vocabulary, text, texts, DEPTH);
}

fn add_below(prefix: &str, vocabulary: &mut Vocabulary, text: &Text, texts: &[Text], depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for import in text.imports.iter().filter(|one| !one.alias.is_empty()) {
        let Some(module) = texts.iter().find(|one| one.name == import.module) else {
            continue;
        };
        let namespace = format!("{prefix}{}", import.alias);
        let functions = module.ast.iter_fn_def();
        let public = functions
            .filter(|function| function.access == FnAccess::Public)
            .filter(|function| !function.name.starts_with("anon$"))
            .map(|function| (function.name.to_string(), function.params.len()));
        vocabulary.add_module(&namespace, public);
        add_below(&format!("{namespace}::"), vocabulary, module, texts, depth);
    }
}

/// The imports whose names nothing uses. What a module imports is there for its importers too.
pub(super) fn unused_imports(text: &Text, texts: &[Text]) -> Vec<Finding> {
    let mut used = namespaces(&text.ast, 0);
    for importer in texts.iter().filter(|other| other.name != text.name) {
        used.extend(namespaces(&importer.ast, 1));
    }
    let imports = text.imports.iter();
    imports
        .filter(|import| !import.alias.is_empty() && !import.alias.starts_with('_'))
        .filter(|import| !used.contains(&import.alias))
        .map(|import| Finding {
            at: import.at,
            is_warning: true,
            explained: Explained::new(
                format!("the module `{}` is imported and not used", import.alias),
                "not used",
            )
            .hint(format!(
                "leave the line out, or name it `_{}` where importing alone does something",
                import.alias
            )),
        })
        .collect()
}

/// The names of modules that are written before `::`, without the first `from` of each path.
fn namespaces(ast: &AST, from: usize) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    ast.walk(&mut |nodes: &[ASTNode]| {
        let namespace = match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) => {
                call.namespace.to_string()
            }
            Some(ASTNode::Expr(Expr::Variable(variable, ..))) => variable.2.to_string(),
            _ => String::new(),
        };
        let parts = namespace.split("::").filter(|part| !part.is_empty());
        names.extend(parts.skip(from).map(str::to_owned));
        true
    });
    names
}

/// The names that imports of paths which are not literal give to modules: nobody knows what is in those.
pub(super) fn unknown(ast: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    ast.walk(&mut |nodes: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = nodes.last()
            && !matches!(import.0, Expr::StringConstant(..))
        {
            names.insert(import.1.name.to_string());
        }
        true
    });
    names
}
