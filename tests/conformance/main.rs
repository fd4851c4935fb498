//! What the API does, behaviour by behaviour: asked of the emulator always, and of the real service when it is named.
//!
//! `DROPSCRIPT_CONFORMANCE_TOKEN` is an access token of an account that is empty; `DROPSCRIPT_CONFORMANCE_ENDPOINT` another server
//! than Dropbox. With `-- --nocapture` the table of all behaviours is printed.

mod behaviour;
mod cases;
mod quirks;
mod real;
mod report;
mod scene;
mod service;

use std::collections::BTreeSet;

use dropscript::emulator::Emulator;

use behaviour::Sure;
use report::Report;
use service::Service;

const TOKEN: &str = "DROPSCRIPT_CONFORMANCE_TOKEN";
const ENDPOINT: &str = "DROPSCRIPT_CONFORMANCE_ENDPOINT";

#[tokio::test]
async fn every_behaviour_holds() {
    let emulator = Emulator::start().expect("the emulator starts");
    let service = Service::of(&emulator);
    let report = Report::of(&service, &cases::all(), |_| true).await;
    report.print("the emulator");
    assert_eq!(report.differences(), Vec::<String>::new());
    if let Ok(token) = std::env::var(TOKEN) {
        let service = Service::real(std::env::var(ENDPOINT).ok().as_deref(), &token);
        let report = real::run(&service)
            .await
            .unwrap_or_else(|why| panic!("{why}"));
        report.print(&service.name());
        // What is open is told; only what was thought to be sure is a failure.
        assert_eq!(report.differences_of_the_sure(), Vec::<String>::new());
    }
}

#[test]
fn names_are_given_once_and_what_is_open_names_its_quirk() {
    let all = cases::all();
    assert!(all.len() >= 150, "{}", all.len());
    let names: BTreeSet<&str> = all.iter().map(|behaviour| behaviour.name).collect();
    assert_eq!(names.len(), all.len());
    for behaviour in &all {
        assert!(
            behaviour.sure != Sure::Open || !behaviour.quirks.is_empty(),
            "{}",
            behaviour.name
        );
    }
}
