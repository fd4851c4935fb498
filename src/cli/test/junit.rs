//! Results for programs that read the XML of `JUnit`.

use std::fmt::Write;

use super::tell::failed;
use super::{Failure, Verdict};

/// All results: a suite for each file.
pub(super) fn document(verdicts: &[Verdict]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites{}>", sums(verdicts));
    for suite in verdicts.chunk_by(|a, b| a.file == b.file) {
        let name = escaped(&suite[0].file);
        let _ = writeln!(xml, "  <testsuite name=\"{name}\"{}>", sums(suite));
        for verdict in suite {
            case(&mut xml, verdict);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, verdict: &Verdict) {
    let name = match verdict.name.as_str() {
        "" => "the file",
        name => name,
    };
    let _ = writeln!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">",
        escaped(&verdict.file),
        escaped(name),
        verdict.took.as_secs_f64()
    );
    if let Some(failure) = &verdict.failure {
        let message = failure.message();
        let summary = message.lines().next().unwrap_or_default();
        let _ = writeln!(
            xml,
            "      <failure message=\"{}\">{}</failure>",
            escaped(summary),
            escaped(&whole(failure))
        );
    }
    if !verdict.printed.is_empty() {
        let printed = escaped(&verdict.printed.join("\n"));
        let _ = writeln!(xml, "      <system-out>{printed}</system-out>");
    }
    xml.push_str("    </testcase>\n");
}

/// A failure with its place.
fn whole(failure: &Failure) -> String {
    let Failure::Script(error) = failure else {
        return failure.message();
    };
    let places = error.frames.iter().rev().map(|frame| format!("at {frame}"));
    let lines: Vec<String> = [error.message.clone()].into_iter().chain(places).collect();
    lines.join("\n")
}

fn sums(verdicts: &[Verdict]) -> String {
    let seconds: f64 = verdicts
        .iter()
        .map(|verdict| verdict.took.as_secs_f64())
        .sum();
    format!(
        " tests=\"{}\" failures=\"{}\" time=\"{seconds:.3}\"",
        verdicts.len(),
        failed(verdicts)
    )
}

/// Text as XML 1.0 can have it: what it has no place for, even escaped, is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            letter if letter.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            letter => escaped.push(letter),
        }
    }
    escaped
}
