use super::*;

fn plan_of(fault: Fault) -> FaultPlan {
    let plan = FaultPlan::new(0);
    plan.add(fault);
    plan
}

fn struck(plan: &FaultPlan, calls: usize) -> Vec<usize> {
    (1..=calls)
        .filter(|_| plan.strike("files/upload").is_some())
        .collect()
}

#[test]
fn faults_strike_when_they_should() {
    let fault = || Fault::on("files/*", FaultKind::Hang);
    assert_eq!(struck(&plan_of(fault().nth(2)), 6), [2]);
    assert_eq!(struck(&plan_of(fault().first(2)), 6), [1, 2]);
    assert_eq!(struck(&plan_of(fault().every(3)), 6), [3, 6]);
    let other = plan_of(Fault::on("users/*", FaultKind::Hang));
    assert_eq!(struck(&other, 6), [] as [usize; 0]);
    let some = struck(&plan_of(fault().with_probability(0.3, 1)), 1000).len();
    assert!((200..400).contains(&some), "{some} of 1000");
}

#[test]
fn chance_repeats_with_the_seed_and_differs_from_fault_to_fault() {
    let half = |seed| {
        let fault = Fault::on("files/upload", FaultKind::Hang).with_probability(0.5, 0);
        let plan = FaultPlan::new(seed);
        plan.add(fault.clone());
        let second = Fault {
            what: FaultKind::ExpiredToken,
            ..fault
        };
        plan.add(second);
        (0..200)
            .map(|_| plan.strike("files/upload").map(|strike| strike.kind.name()))
            .collect::<Vec<_>>()
    };
    assert_eq!(half(7), half(7));
    assert_ne!(half(7), half(8));
    let second = half(7)
        .iter()
        .filter(|kind| **kind == Some("expired_token"))
        .count();
    assert!(second > 20, "the first hides the second: {second}");
}

#[test]
fn a_fault_leaves_routes_alone_where_it_means_nothing() {
    let plan = plan_of(Fault::on("*", FaultKind::LostSession).nth(1));
    assert!(plan.strike("files/download").is_none());
    assert!(plan.strike("files/upload_session/append_v2").is_some());
}

#[test]
fn faults_are_data() {
    let fault =
        Fault::list_from_json(br#"{"what":{"rate_limit":{"body":"text"}},"when":{"nth":3}}"#);
    let what = FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after: None,
        retry_in: RetryIn::Both,
        body: LimitBody::Text,
    };
    assert_eq!(fault, Ok(vec![Fault::on("*", what.clone()).nth(3)]));
    let toml = r#"
        [[fault]]
        route = "files/upload"
        when = { first = 2 }
        what = { rate_limit = { body = "text" } }
        [[fault]]
        what = "hang"
        [[fault]]
        what = { too_many_write_operations = { as = "entry" } }
    "#;
    let held = FaultKind::TooManyWriteOperations {
        told: WriteRefusal::Entry,
    };
    assert_eq!(
        Fault::list_from_toml(toml).expect("faults in TOML"),
        [
            Fault::on("files/upload", what).first(2),
            Fault::on("*", FaultKind::Hang),
            Fault::on("*", held),
        ]
    );
    assert!(Fault::list_from_toml("[[fault]]\nwhat = \"explode\"").is_err());
}

/// Every kind, at a route where it means something.
fn every_kind() -> Vec<(&'static str, FaultKind)> {
    let batch = FaultKind::BatchEntries {
        error: "path/conflict/file".to_owned(),
        entries: FaultWhen::Nth(2),
    };
    let append = "files/upload_session/append_v2";
    vec![
        ("*", FaultKind::Delay { millis: 1 }),
        ("*", FaultKind::Hang),
        (
            "*",
            FaultKind::RateLimit {
                reason: LimitReason::default(),
                retry_after: Some(1),
                retry_in: RetryIn::Header,
                body: LimitBody::Text,
            },
        ),
        (
            "files/delete_v2",
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Route,
            },
        ),
        (
            "*",
            FaultKind::ServerError {
                status: 599,
                html: true,
                retry_after: Some(3),
            },
        ),
        ("*", FaultKind::ExpiredToken),
        ("*", FaultKind::CutBeforeHeaders),
        ("*", FaultKind::CutDuringRequest { bytes: u64::MAX }),
        ("*", FaultKind::CutAfterCommit),
        ("*", FaultKind::CutAfter { bytes: u64::MAX }),
        ("*", FaultKind::TruncatedBody { bytes: u64::MAX }),
        ("*", FaultKind::FlippedByte { offset: u64::MAX }),
        ("*", FaultKind::WrongContentHash),
        (
            "*",
            FaultKind::SlowDrip {
                bytes_per_second: u64::MAX,
            },
        ),
        (append, FaultKind::IncorrectOffset { kept: u64::MAX }),
        (append, FaultKind::LostSession),
        ("files/upload_session/finish_batch_v2", batch),
        (
            "files/delete_batch",
            FaultKind::AsyncJob { pending: u64::MAX },
        ),
        ("files/delete_batch/check", FaultKind::JobPending),
        (
            "files/delete_batch/check",
            FaultKind::JobFailed { error: None },
        ),
        ("files/list_folder/continue", FaultKind::ResetCursor),
        (
            "files/list_folder/longpoll",
            FaultKind::LongpollBackoff { seconds: 60 },
        ),
    ]
}

#[test]
fn every_kind_has_its_name_in_data_and_survives_it() {
    for (route, kind) in every_kind() {
        let fault = Fault::on(route, kind).nth(u64::MAX);
        fault.check().expect("it can happen");
        let json = serde_json::to_value(&fault).expect("JSON");
        let what = &json["what"];
        let name = what
            .as_str()
            .or_else(|| Some(what.as_object()?.keys().next()?));
        assert_eq!(name, Some(fault.what.name()));
        let read = Fault::list_from_json(json.to_string().as_bytes());
        assert_eq!(read, Ok(vec![fault]));
    }
}

#[test]
fn what_cannot_happen_is_refused_with_its_line() {
    let cases = [
        (
            "what = { server_error = { status = 999 } }",
            "`status` is 999",
        ),
        ("what = { server_error = { status = 0 } }", "400 to 599"),
        (
            "what = { server_error = { status = 503, retry_after = 18446744073709551615 } }",
            "18446744073709551615",
        ),
        (
            "what = { rate_limit = { retry_after = 1099511627777 } }",
            "`retry_after` is 1099511627777",
        ),
        ("what = { rate_limit = { retry_after = -1 } }", "-1"),
        (
            "what = { rate_limit = { retry_in = \"field\", body = \"text\" } }",
            "a text has no field",
        ),
        (
            "what = { delay = { millis = 9223372036854775807 } }",
            "`millis` is",
        ),
        (
            "what = { slow_drip = { bytes_per_second = 0 } }",
            "use `hang`",
        ),
        (
            "what = { longpoll_backoff = { seconds = 1099511627777 } }",
            "`seconds` is",
        ),
        ("what = \"hang\"\nwhen = { nth = 0 }", "counted from 1"),
        ("what = \"hang\"\nwhen = { first = 0 }", "counted from 1"),
        ("what = \"hang\"\nwhen = { every = 0 }", "counted from 1"),
        (
            "what = \"hang\"\nwhen = { probability = { chance = nan } }",
            "`chance` is NaN",
        ),
        (
            "what = \"hang\"\nwhen = { probability = { chance = 1.5 } }",
            "`chance` is 1.5",
        ),
        (
            "what = \"hang\"\nwhen = { probability = { chance = -0.1 } }",
            "from 0 to 1",
        ),
        (
            "what = \"hang\"\nwhen = { probability = { chance = inf } }",
            "from 0 to 1",
        ),
        (
            "what = \"hang\"\nroute = \"files/uplaod\"",
            "there is no route `files/uplaod`",
        ),
        (
            "what = \"lost_session\"\nroute = \"files/download\"",
            "means nothing at",
        ),
        (
            "what = { batch_entries = { error = \"internal_error\" } }\nroute = \"files/delete_batch\"",
            "no entry of a batch there",
        ),
        (
            "what = { batch_entries = { error = \"not_found\", entries = { nth = 0 } } }",
            "counted from 1",
        ),
        ("what = { job_failed = { error = \"path\" } }", "no job"),
        ("what = \"explode\"", "explode"),
        ("what = { delay = { milis = 1 } }", "milis"),
    ];
    for (text, says) in cases {
        let text = format!("[[fault]]\nwhat = \"hang\"\n\n[[fault]]\n{text}\n");
        let error = Fault::list_from_toml(&text).expect_err(&text).to_string();
        assert!(error.contains(says), "{error}");
        let line = error.contains("line 4") || error.contains("line 5") || error.contains("line 6");
        assert!(line, "{error}");
    }
}

#[test]
fn faults_in_json_say_where_they_are_wrong() {
    let refused = |json: &str| Fault::list_from_json(json.as_bytes()).expect_err(json);
    let error = refused(r#"[{"what":"hang"},{"what":{"server_error":{"status":0}}}]"#);
    assert!(
        error.contains("`status` is 0") && error.contains("column"),
        "{error}"
    );
    let error = refused(r#"[{"what":"hang"},{"what":"hang","route":"nowhere"}]"#);
    assert!(
        error.starts_with("fault 2 of 2: there is no route"),
        "{error}"
    );
    assert!(refused("").contains("EOF"));
}

#[test]
fn errors_are_those_of_the_route() {
    let entry = |route, tags| unions::entry_error(route, tags).is_some();
    assert!(entry("files/delete_batch", "path_write/conflict/file"));
    assert!(entry(
        "files/move_batch_v2",
        "relocation_error/to/conflict/folder"
    ));
    assert!(entry("files/copy_batch_v2", "internal_error"));
    assert!(entry(
        "files/upload_session/finish_batch_v2",
        "lookup_failed/not_found"
    ));
    assert!(entry(
        "files/create_folder_batch",
        "path/too_many_write_operations"
    ));
    assert!(entry("files/create_folder_batch", "other"));
    assert!(!entry(
        "files/create_folder_batch",
        "too_many_write_operations"
    ));
    assert!(!entry("files/delete_batch", "path_write/conflict"));
    assert!(!entry("files/delete_batch", "path_write/conflict/file/x"));
    assert!(!entry("files/upload", "path/conflict/file"));
    let offset = unions::entry_error("files/upload_session/append_batch", "incorrect_offset");
    let expected = serde_json::json!({ ".tag": "incorrect_offset", "correct_offset": 0 });
    assert_eq!(offset, Some(expected));
}
