//! The reference as definitions, in the form that editors with the language server for Rhai read.

use std::fmt::Write;

use super::{Entry, Home, Parameter};

/// All entries as one file.
///
/// The form is that of Rhai's own generator, which would write the names that Rust gives to types.
pub(super) fn file(entries: &[Entry]) -> String {
    let mut file = String::from("module static;\n");
    let in_modules = |entry: &&Entry| matches!(entry.home, Home::Module(_));
    for entry in entries.iter().filter(|entry| !in_modules(entry)) {
        definition(&mut file, entry, "");
    }
    let mut last = "";
    for entry in entries.iter().filter(in_modules) {
        let module = entry.home.name();
        if module != last {
            let end = if last.is_empty() { "" } else { "}\n" };
            let _ = writeln!(file, "{end}\nmodule {module} {{");
            last = module;
        }
        definition(&mut file, entry, "    ");
    }
    if !last.is_empty() {
        file.push_str("}\n");
    }
    file
}

fn definition(file: &mut String, entry: &Entry, indent: &str) {
    let comment = |file: &mut String| {
        for line in entry.doc.lines() {
            let _ = writeln!(file, "{indent}/// {line}");
        }
    };
    if entry.signatures.is_empty() {
        let _ = writeln!(file);
        comment(file);
        let _ = writeln!(file, "{indent}const {};", entry.name);
    }
    let (before, this) = match &entry.home {
        Home::Method(kind) => ("", Some(kind)),
        Home::Property(kind) => ("get ", Some(kind)),
        _ => ("", None),
    };
    for way in &entry.signatures {
        for count in way.parameters.len() - way.optional..=way.parameters.len() {
            let this = this.map(|kind| format!("this: {kind}"));
            let others = way.parameters[..count].iter().map(typed);
            let parameters: Vec<String> = this.into_iter().chain(others).collect();
            let result = match way.result.as_str() {
                "" => String::new(),
                result => format!(" -> {}", type_of(result)),
            };
            let _ = writeln!(file);
            comment(file);
            let name = &entry.name;
            let parameters = parameters.join(", ");
            let _ = writeln!(file, "{indent}fn {before}{name}({parameters}){result};");
        }
    }
}

fn typed(parameter: &Parameter) -> String {
    format!("{}: {}", parameter.name, type_of(&parameter.kind))
}

/// The name that Rhai's own definitions have for a type.
fn type_of(kind: &str) -> &str {
    match kind {
        "any value" => "?",
        "text" => "String",
        "integer" => "int",
        "boolean" => "bool",
        "character" => "char",
        "array" => "Array",
        "map" => "Map",
        "blob" => "Blob",
        "closure" => "Fn",
        other => other,
    }
}
