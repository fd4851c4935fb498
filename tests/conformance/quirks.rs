//! Each quirk changes the behaviours that name it, and no other.

use std::collections::BTreeSet;

use dropscript::emulator::{Emulator, Quirk};

use crate::cases;
use crate::report::Report;
use crate::service::Service;

/// Of the behaviours that a quirk must leave alone, one in so many is looked for by default.
const SAMPLE: usize = 16;

fn full_campaign() -> bool {
    std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full")
}

#[tokio::test]
async fn a_quirk_changes_what_names_it_and_nothing_else() {
    let all = cases::all();
    let mut faults = Vec::new();
    for (number, quirk) in Quirk::ALL.iter().enumerate() {
        let named: BTreeSet<&str> = all
            .iter()
            .filter(|behaviour| behaviour.quirks.contains(&quirk.name()))
            .map(|behaviour| behaviour.name)
            .collect();
        assert!(!named.is_empty(), "no behaviour names `{}`", quirk.name());
        // Each quirk meets others, so that all meet some.
        let sample: BTreeSet<&str> = all
            .iter()
            .enumerate()
            .filter(|(place, _)| full_campaign() || place % SAMPLE == number % SAMPLE)
            .map(|(_, behaviour)| behaviour.name)
            .collect();
        let emulator = Emulator::builder().quirk(*quirk).start();
        let emulator = emulator.expect("the emulator starts");
        let report = Report::of(&Service::of(&emulator), &all, |behaviour| {
            named.contains(behaviour.name) || sample.contains(behaviour.name)
        })
        .await;
        let changed: BTreeSet<&str> = report.different_names().into_iter().collect();
        if changed != named {
            let not = named.difference(&changed).collect::<Vec<_>>();
            let others = report.differences();
            let others = others
                .iter()
                .filter(|line| !named.iter().any(|name| line.starts_with(name)));
            let others = others.collect::<Vec<_>>();
            faults.push(format!(
                "`{}` leaves {not:#?} as they are, and changes {others:#?}",
                quirk.name()
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn behaviours_name_quirks_that_there_are() {
    for behaviour in cases::all() {
        for name in behaviour.quirks {
            let known: Result<Quirk, _> = name.parse();
            assert!(known.is_ok(), "{}: {known:?}", behaviour.name);
        }
    }
}
