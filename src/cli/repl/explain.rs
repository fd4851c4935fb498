//! An error in full.

use std::error::Error as _;
use std::fmt::Write;

use dropscript::{Error, Outcome, Report, ScriptError};

use crate::cli::report;
use crate::cli::voice::{Voice, printable, write};

/// Shows the error again, with everything that is known of it.
pub(super) fn explain(voice: Voice, error: &ScriptError) {
    report::show(voice, error);
    let mut details = Vec::new();
    if let Some(ours) = &error.error {
        details = about(ours);
    }
    let places = error
        .frames
        .iter()
        .rev()
        .map(|frame| match frame.label.as_str() {
            "" => ("at", frame.to_string()),
            label => ("at", format!("{frame}  {label}")),
        });
    details.extend(places);
    let mut text = String::new();
    for (name, value) in details {
        let _ = writeln!(text, "  {name:<11}  {value}");
    }
    write(&printable(&text));
}

fn about(error: &Error) -> Vec<(&'static str, String)> {
    let mut details = vec![("kind", error.kind().as_str().to_owned())];
    let text = |text: Option<&str>| text.map(str::to_owned);
    let known = [
        ("path", text(error.path())),
        ("tag", text(error.tag())),
        ("status", error.status().map(|status| status.to_string())),
        ("request id", text(error.request_id())),
        (
            "wait",
            error
                .retry_after()
                .map(|wait| format!("{} s", wait.as_secs())),
        ),
    ];
    details.extend(
        known
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    if error.is_retryable() {
        details.push(("later", "the same may work later".to_owned()));
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        details.push(("because", error.to_string()));
        cause = error.source();
    }
    if let Some(report) = Report::of(error) {
        let items = report.items.iter();
        for item in items.filter(|item| item.outcome == Outcome::Failed) {
            let why = item.error.as_ref().map(|error| error.full_message());
            let why = why.unwrap_or_else(|| item.reason.clone());
            details.push(("failed", format!("{}: {why}", item.source)));
        }
    }
    details
}
