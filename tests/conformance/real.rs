//! Asking the real service: an account that is empty, and is empty again afterwards.

use std::sync::Arc;

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};
use serde_json::json;

use crate::cases;
use crate::report::{FOLDER, Report};
use crate::scene::Scene;
use crate::service::Service;

/// Looks for every behaviour, unless the account has anything in it.
#[allow(
    clippy::print_stderr,
    reason = "whoever runs this must know that it writes to a real account"
)]
pub(crate) async fn run(service: &Arc<Service>) -> Result<Report, String> {
    let root = Scene::new(service, FOLDER.to_owned());
    eprintln!("asking {}, in its folder {FOLDER}", service.name());
    let listed = root.ok("files/list_folder", json!({"path": ""})).await?;
    let space = root
        .send(root.rpc_request("users/get_space_usage"))
        .await?
        .result()?;
    let entries = listed["entries"].as_array().map_or(1, Vec::len);
    if entries > 0 || listed["has_more"] != false || space["used"] != 0 {
        return Err(format!(
            "the account at {} is not empty ({entries} entries in its root, {} bytes in all): nothing was done. Give the token of an empty one",
            service.name(),
            space["used"],
        ));
    }
    let report = Report::of(service, &cases::all(), |_| true).await;
    let cleaned = root.rpc("files/delete_v2", json!({"path": FOLDER})).await?;
    if cleaned.status != 200 && cleaned.summary()? != "path_lookup/not_found" {
        report.print(&service.name());
        return Err(format!("{FOLDER} could not be deleted: {}", cleaned.text()));
    }
    Ok(report)
}

/// An emulator to be taken for the real service.
fn stand_in() -> (Emulator, Arc<Service>) {
    let emulator = Emulator::start().expect("the emulator starts");
    let service = Service::real(Some(emulator.url()), &emulator.access_token("main"));
    (emulator, service)
}

#[tokio::test]
async fn an_empty_account_is_empty_again_afterwards_and_its_limits_were_kept() {
    let (emulator, service) = stand_in();
    let limited = FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after: Some(1),
        retry_in: RetryIn::Both,
        body: LimitBody::Json,
    };
    emulator.inject(Fault::on("files/create_folder_v2", limited).nth(2));
    let report = run(&service).await.expect("the account is empty");
    assert_eq!(report.differences(), Vec::<String>::new());
    assert_eq!(emulator.paths("main"), Vec::<String>::new());
    let calls = emulator.calls();
    assert_eq!(calls.during_retry_after, 0, "the wait was kept");
    assert!(calls.of("files/upload") > 50, "{calls:?}");
}

#[tokio::test]
async fn an_account_with_something_in_it_is_left_alone() {
    let (emulator, service) = stand_in();
    emulator.put("main", "/mine.txt", "precious");
    let Err(why) = run(&service).await else {
        panic!("the account is not empty");
    };
    assert!(
        why.contains("is not empty (1 entries in its root, 8 bytes in all)"),
        "{why}"
    );
    assert_eq!(emulator.paths("main"), ["/mine.txt"]);
    let calls = emulator.calls();
    assert_eq!(
        calls.by_route.keys().collect::<Vec<_>>(),
        ["files/list_folder", "users/get_space_usage"]
    );
}
