//! One pace for an account, however many connections there are to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use dropscript::{Connection, DownloadOptions, Host, Permissions, UploadOptions};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{Bench, campaign, connect};

const LOOK: &str = "files/get_metadata";

fn limited(seconds: u64) -> FaultKind {
    FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after: Some(seconds),
        retry_in: RetryIn::Both,
        body: LimitBody::Json,
    }
}

/// Listens until a call has been told to wait, and waits.
#[derive(Default)]
struct Listener(Arc<AtomicBool>);

impl Visit for Listener {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        if format!("{value:?}") == "trying again" {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Listener(Arc::clone(&self.0)));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Has a connection be told to wait, and does the rest once it waits; tells how many calls of its account began meanwhile.
async fn calls_while_one_waits(
    emulator: &Emulator,
    first: &Connection,
    rest: impl Future<Output = ()>,
) -> u64 {
    emulator.inject(Fault::on(LOOK, limited(1)).first(1));
    let listener = Listener::default();
    let waits = Arc::clone(&listener.0);
    let _listening = tracing::subscriber::set_default(listener);
    let calls = async {
        while !waits.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        rest.await;
    };
    let (there, ()) = tokio::join!(first.exists("/there"), calls);
    assert!(!there.unwrap());
    let calls = emulator.calls();
    assert_eq!(calls.retry_windows.len(), 1);
    calls.during_retry_after
}

async fn look(connections: &[Connection]) {
    for connection in connections {
        connection.exists("/there").await.unwrap();
    }
}

#[tokio::test]
async fn connections_that_are_made_twice_wait_together() {
    let bench = Bench::new();
    let again = [(); 3].map(|()| connect(&bench.emulator).build().unwrap());
    assert_eq!(
        calls_while_one_waits(&bench.emulator, &bench.dbx, look(&again)).await,
        0
    );
}

#[tokio::test]
async fn connections_by_other_tokens_wait_together_once_the_account_is_known() {
    let emulator = Emulator::start().unwrap();
    let by_refresh_token = || {
        Connection::builder("another")
            .endpoint(emulator.url())
            .refresh_token(emulator.refresh_token("main"))
            .app_key("emulator-app")
            .build()
            .unwrap()
    };
    let first = connect(&emulator).build().unwrap();
    let others = [by_refresh_token(), by_refresh_token()];
    first.account().await.unwrap();
    for other in &others {
        other.account().await.unwrap();
    }
    assert_eq!(
        calls_while_one_waits(&emulator, &first, look(&others)).await,
        0
    );
}

#[tokio::test]
async fn scripts_of_two_hosts_wait_together() {
    let bench = Bench::new();
    let host = || {
        let connection = connect(&bench.emulator).build().unwrap();
        let permissions = Permissions::none();
        Host::builder()
            .connection(connection)
            .permissions(permissions)
            .build()
            .unwrap()
    };
    let (one, other) = (host(), host());
    let script = r#"for n in 0..10 { dropbox().exists("/there"); }"#;
    let both = async {
        let (one, other) = tokio::join!(one.eval(script), other.eval(script));
        one.unwrap();
        other.unwrap();
    };
    assert_eq!(
        calls_while_one_waits(&bench.emulator, &bench.dbx, both).await,
        0
    );
    assert_eq!(bench.calls(LOOK), 22);
}

#[tokio::test]
async fn accounts_do_not_wait_for_each_other() {
    let bench = Bench::new();
    let other = Connection::builder("other")
        .endpoint(bench.emulator.url())
        .access_token(bench.emulator.access_token("other"))
        .build()
        .unwrap();
    // Nor is it a call of the account that waits.
    assert_eq!(
        calls_while_one_waits(&bench.emulator, &bench.dbx, look(&[other])).await,
        0
    );
    let window = &bench.emulator.calls().retry_windows[0];
    let log = bench.emulator.log();
    let called = log.iter().find(|call| call.caller == "other").unwrap();
    assert!((window.start..window.end).contains(&called.start));
}

/// No more calls are under way during a wait than were when it began, and all of them were sent before it could be known.
#[tokio::test]
async fn tasks_of_two_connections_keep_each_wait() {
    let bench = Bench::new();
    let files = campaign(60, 2_000);
    for number in 0..files {
        bench.local(&format!("out/{number}"), number.to_string());
        bench.remote(&format!("/in/{number}"), number.to_string());
    }
    let again = connect(&bench.emulator).build().unwrap();
    let limits = campaign(2, 20);
    for number in 1..=limits {
        let fault = Fault::on("files/download", limited(1)).nth(number * files / (limits + 1));
        bench.emulator.inject(fault);
    }
    let up = bench
        .dbx
        .upload(bench.text("out"), "/up", UploadOptions::default());
    let down = again.download("/in", bench.path("down"), DownloadOptions::default());
    let (up, down) = tokio::join!(up, down);
    assert_eq!(
        (up.unwrap().transferred, down.unwrap().transferred),
        (files, files)
    );
    let calls = bench.emulator.calls();
    assert_eq!(calls.struck("rate_limit"), limits);
    // Eight downloads at a time, and six calls that send files with one that commits them.
    let under_way = 8 + 7;
    assert!(
        calls.during_retry_after <= limits * under_way,
        "{} calls during {} waits",
        calls.during_retry_after,
        calls.retry_windows.len()
    );
}
