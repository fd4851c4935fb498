//! Pages for a terminal.

use std::fmt::{self, Display, Formatter, Write};

use super::{Entry, Home, Parameter, Signature};
use crate::options::OptionSpec;

/// What any call of Dropbox may come to besides.
pub(super) const ANYWHERE: &str =
    "not_signed_in, permission, not_allowed, rate_limited, network, server, timeout";

impl Display for Signature {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let needed = self.parameters.len() - self.optional;
        f.write_char('(')?;
        for (at, parameter) in self.parameters.iter().enumerate() {
            if at >= needed {
                f.write_str(if at > 0 { " [, " } else { "[" })?;
            } else if at > 0 {
                f.write_str(", ")?;
            }
            parameter.fmt(f)?;
        }
        for _ in 0..self.optional {
            f.write_char(']')?;
        }
        f.write_char(')')?;
        match self.result.as_str() {
            "" => Ok(()),
            result => write!(f, " -> {result}"),
        }
    }
}

impl Display for Parameter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.kind.as_str()) {
            ("" | "_", kind) => f.write_str(kind),
            (name, "any value") => f.write_str(name),
            (name, kind) => write!(f, "{name}: {kind}"),
        }
    }
}

impl Entry {
    /// How it is written, way by way: `dbx.upload(source, folder: text [, options: map]) -> Report`.
    #[must_use]
    pub fn usages(&self) -> Vec<String> {
        let before = match &self.home {
            Home::Everywhere => String::new(),
            Home::Method(kind) | Home::Property(kind) => format!("{}.", stand_in(kind)),
            Home::Module(module) => format!("{module}::"),
        };
        if self.signatures.is_empty() {
            return vec![self.name.clone()];
        }
        let is_property = matches!(self.home, Home::Property(_));
        let written = |way: &Signature| match (is_property, way.result.as_str()) {
            (false, _) => format!("{before}{}{way}", self.name),
            (true, "" | "any value") => format!("{before}{}", self.name),
            (true, result) => format!("{before}{} -> {result}", self.name),
        };
        self.signatures.iter().map(written).collect()
    }

    /// The errors to reckon with, as a list in words; empty where there are none.
    pub(super) fn errors_in_words(&self) -> String {
        let mut words: Vec<&str> = self.errors.iter().map(|kind| kind.as_str()).collect();
        if self.is_remote {
            words.push(ANYWHERE);
        }
        words.join(", ")
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for usage in self.usages() {
            writeln!(f, "{usage}")?;
        }
        if !self.doc.is_empty() {
            writeln!(f, "    {}", self.doc.replace('\n', "\n    "))?;
        }
        if !self.options.is_empty() {
            writeln!(f, "\nOptions")?;
            let width = self.options.iter().map(|option| option.name.len()).max();
            for option in self.options {
                let (name, width) = (option.name, width.unwrap_or_default());
                writeln!(f, "    {name:width$}  {}", purpose(option))?;
                writeln!(f, "    {:width$}  takes {}", "", option.expects)?;
            }
        }
        let errors = self.errors_in_words();
        if !errors.is_empty() {
            writeln!(f, "\nErrors\n    {errors}")?;
        }
        if !self.example.is_empty() {
            writeln!(f, "\nExample\n    {}", self.example.replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

/// What an option is for.
pub(super) fn purpose(option: &OptionSpec) -> &str {
    option.doc.trim()
}

/// What stands for a value of this type in what people read.
fn stand_in(kind: &str) -> &str {
    match kind {
        "Connection" => "dbx",
        "Item" => "item",
        "Listing" => "listing",
        "Report" => "report",
        "DateTime" => "time",
        "Duration" => "length",
        other => other,
    }
}

/// The heading that an entry stands under.
pub(super) fn heading(home: &Home) -> String {
    match home {
        Home::Everywhere => "Functions and constants".to_owned(),
        Home::Method(kind) => format!("Methods of {kind}"),
        Home::Property(kind) => format!("Properties of {kind}"),
        Home::Module(module) => format!("Module {module}"),
    }
}

/// One line an entry, under headings.
pub(super) fn contents(entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut last = None;
    for entry in entries {
        if last != Some(&entry.home) {
            let gap = if last.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}", heading(&entry.home));
            last = Some(&entry.home);
        }
        let title = match &entry.home {
            Home::Module(_) => entry.title(),
            _ => entry.name.clone(),
        };
        let line = entry.doc.lines().next().unwrap_or_default();
        let _ = writeln!(text, "    {title:<20} {line}");
    }
    text
}
