//! What a task did before it failed, as a table for people.

use dropscript::{ByteSize, Report, ReportItem};

/// How many items that failed are shown.
const SHOWN: usize = 20;

/// The counts of a report, a line each, and the items that failed: which, why, and what would mend those that can be mended alike. What
/// the message of the error tells already is not told again.
pub(super) fn table(report: &Report) -> Vec<String> {
    if report.items.len() < 2 {
        return Vec::new();
    }
    let mut lines = counts(report);
    if report.failed > 1 {
        lines.push(String::new());
        lines.extend(failures(report));
    }
    lines
}

fn counts(report: &Report) -> Vec<String> {
    let rows = [
        ("transferred", report.transferred),
        ("skipped", report.skipped),
        ("deleted", report.deleted),
        ("planned", report.planned),
        ("failed", report.failed),
    ];
    let width = |count: u64| count.to_string().len();
    let widest = rows.iter().map(|(_, count)| width(*count)).max();
    let widest = widest.unwrap_or_default();
    let seconds = format!("{:.1} s", report.seconds);
    let rows = rows.into_iter().filter(|(_, count)| *count > 0);
    let lines = rows.map(|(word, count)| {
        let line = format!("{word:<11}  {count:>widest$}");
        match word {
            "transferred" => format!("{line}  {} in {seconds}", ByteSize(report.bytes)),
            _ if report.transferred == 0 && word == "failed" => format!("{line}  in {seconds}"),
            _ => line,
        }
    });
    lines.collect()
}

fn failures(report: &Report) -> Vec<String> {
    let failed: Vec<_> = report
        .items
        .iter()
        .filter(|item| item.error.is_some())
        .collect();
    let shown = &failed[..failed.len().min(SHOWN)];
    // By what would mend them, in the order in which that comes up.
    let mut groups: Vec<(Option<&str>, Vec<&ReportItem>)> = Vec::new();
    for item in shown {
        let hint = item.error.as_ref().and_then(|error| error.hint());
        match groups.iter_mut().find(|(known, _)| *known == hint) {
            Some((_, group)) => group.push(item),
            None => groups.push((hint, vec![item])),
        }
    }
    let mut lines = Vec::new();
    for (hint, group) in groups {
        for item in group {
            let why = item.error.as_ref().map(|error| error.full_message());
            lines.push(format!("{}: {}", item.source, why.unwrap_or_default()));
        }
        if let Some(hint) = hint {
            lines.push(format!("  -> {hint}"));
        }
    }
    if let Some(more) = failed.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    use dropscript::{Error, ErrorKind, Outcome};

    fn item(number: usize, outcome: Outcome, hint: Option<&str>) -> ReportItem {
        let error = (outcome == Outcome::Failed).then(|| {
            let error = Error::new(ErrorKind::Conflict, format!("no room for {number}"));
            Arc::new(match hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            })
        });
        ReportItem {
            source: format!("file {number}"),
            destination: String::new(),
            outcome,
            bytes: 0,
            reason: String::new(),
            error,
        }
    }

    fn report(items: Vec<ReportItem>) -> Report {
        let count = |wanted| items.iter().filter(|item| item.outcome == wanted).count() as u64;
        let mut report = Report::default();
        report.transferred = count(Outcome::Transferred);
        report.failed = count(Outcome::Failed);
        report.bytes = 5_000_000;
        report.seconds = 1.26;
        report.items = items;
        report
    }

    #[test]
    fn what_was_done_is_counted_and_what_can_be_mended_alike_is_together() {
        let mut items: Vec<_> = (0..10)
            .map(|number| item(number, Outcome::Transferred, None))
            .collect();
        items.push(item(10, Outcome::Failed, Some("make room")));
        items.push(item(11, Outcome::Failed, None));
        items.push(item(12, Outcome::Failed, Some("make room")));
        let expected = [
            "transferred  10  4.8 MB in 1.3 s",
            "failed        3",
            "",
            "file 10: no room for 10",
            "file 12: no room for 12",
            "  -> make room",
            "file 11: no room for 11",
        ];
        assert_eq!(table(&report(items)), expected);
    }

    #[test]
    fn many_failures_are_cut_and_one_is_in_the_message() {
        let failed = |count| (0..count).map(|number| item(number, Outcome::Failed, None));
        let lines = table(&report(failed(25).collect()));
        assert_eq!(lines.last().map(String::as_str), Some("and 5 more"));
        assert_eq!(lines.len(), 23);
        assert!(table(&report(failed(1).collect())).is_empty());
    }
}
