//! What goes wrong for people, and what they are told: the message, and the exit status.

use std::fs;
use std::net::TcpListener;

use dropscript::emulator::{Emulator, Fault, FaultKind, LimitBody, LimitReason, RetryIn};

use crate::support::{Child, Done, Lab};

/// A script that fails on its own account, with what it is told.
struct Mistake {
    what: &'static str,
    script: &'static str,
    status: i32,
    says: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        what: "a script that does not parse",
        script: "let x = ;\n",
        status: 3,
        says: &["script.rhai:1:9"],
    },
    Mistake {
        what: "an unknown function",
        script: "let dbx = dropbox();\ndbx.uplod(\"a\", \"/b\");\n",
        status: 1,
        says: &["`uplod`", "`upload`", "script.rhai:2:"],
    },
    Mistake {
        what: "an unknown option",
        script: "dropbox().upload(\"here.txt\", \"/b\", #{ overwite: \"always\" });\n",
        status: 1,
        says: &["`overwite`", "`overwrite`"],
    },
    Mistake {
        what: "an option of the wrong type",
        script: "dropbox().upload(\"here.txt\", \"/b\", #{ overwrite: 5 });\n",
        status: 1,
        says: &["`overwrite`", "\"changed\""],
    },
    Mistake {
        what: "an option with an unknown value",
        script: "dropbox().upload(\"here.txt\", \"/b\", #{ overwrite: \"alway\" });\n",
        status: 1,
        says: &["`overwrite`", "alway", "\"always\""],
    },
    Mistake {
        what: "a missing local file",
        script: "dropbox().upload(\"not here.txt\", \"/b\");\n",
        status: 1,
        says: &["there is no local file or folder `not here.txt`"],
    },
    Mistake {
        what: "a target that cannot be written",
        script: "dropbox().download(\"/there.txt\", \"here.txt/in\");\n",
        status: 1,
        says: &["cannot make the folder `here.txt/in`"],
    },
    Mistake {
        what: "a target that may not be written",
        script: "dropbox().download(\"/there.txt\", \"/somewhere else\");\n",
        status: 5,
        says: &["may not write `/somewhere else`", "--allow-write"],
    },
    Mistake {
        what: "a missing remote path",
        script: "dropbox().info(\"/not there.txt\");\n",
        status: 1,
        says: &["there is nothing at `/not there.txt`", "script.rhai:1:"],
    },
    Mistake {
        what: "a path without a slash",
        script: "dropbox().list(\"reports\").count();\n",
        status: 1,
        says: &["`reports`", "did you mean `/reports`?"],
    },
    Mistake {
        what: "some files that fail",
        script: "dropbox().upload(\"out\", \"/clash\");\n",
        status: 6,
        says: &[
            "1 of 2 failed",
            "a folder on the way to `/clash/there.txt/deep.txt` is a file",
        ],
    },
    Mistake {
        what: "the root to be deleted",
        script: "dropbox().delete(\"/\");\n",
        status: 1,
        says: &["the root folder cannot be deleted"],
    },
];

#[test]
fn mistakes_are_told_with_the_line_and_the_way_out() {
    for Mistake {
        what,
        script,
        status,
        says,
    } in MISTAKES
    {
        let lab = Lab::new()
            .script(script)
            .local("here.txt", "here")
            .local("out/there.txt/deep.txt", "deep")
            .local("out/fine.txt", "fine")
            .remote("/there.txt", "there")
            .remote("/clash/there.txt", "a file where a folder is wanted");
        let lab = says.iter().fold(lab, |lab, text| lab.stderr_contains(text));
        eprintln!("{what}");
        let done = lab.stdout("").status(*status);
        assert!(!done.stderr.contains("panicked"), "{what}: {}", done.stderr);
    }
}

#[test]
fn a_missing_script_is_wrong_usage() {
    Lab::new()
        .command(&["run", "nothing.rhai"])
        .stderr_contains("`nothing.rhai`")
        .status(2);
}

#[test]
fn without_a_way_to_sign_in_a_person_is_needed() {
    Lab::new()
        .script("dropbox().account")
        .stderr_contains("--emulator")
        .status(4);
}

/// A script that talks to an emulator of the test's own, whose faults it chooses.
fn against(emulator: &Emulator, script: &str) -> Lab {
    let connection = format!(
        "let dbx = dropbox(#{{ endpoint: \"{}\", access_token: \"emulator-access-token\" }});\n",
        emulator.url()
    );
    Lab::new().script(&format!("{connection}{script}"))
}

fn emulator(faults: &[Fault]) -> Emulator {
    let emulator = Emulator::start().unwrap();
    for fault in faults {
        emulator.inject(fault.clone());
    }
    emulator
}

#[test]
fn a_wrong_token_calls_for_a_person() {
    let emulator = emulator(&[]);
    Lab::new()
        .script(&format!(
            "dropbox(#{{ endpoint: \"{}\", access_token: \"canary\" }}).account",
            emulator.url()
        ))
        .stderr_contains("Dropbox does not accept the access token")
        .status(4);
    let done = Lab::new()
        .script("dropbox(#{ endpoint: args[0] }).account")
        .arg(emulator.url())
        .env("DROPBOX_ACCESS_TOKEN", "canary")
        .status(4);
    assert!(!done.stderr.contains("canary"));
}

#[test]
fn a_server_that_is_down_may_work_later() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    Lab::new()
        .script("dropbox(#{ endpoint: args[0], access_token: \"t\" }).account")
        .arg(&format!("http://127.0.0.1:{port}"))
        .stderr_contains(&format!("cannot reach `http://127.0.0.1:{port}`"))
        .status(7);
}

#[test]
fn a_download_that_breaks_off_leaves_the_target_as_it_was() {
    let emulator = emulator(&[Fault::on(
        "files/download",
        FaultKind::CutAfter { bytes: 100 },
    )]);
    emulator.put("main", "/a.bin", vec![7; 1 << 20]);
    // Each break brings 100 bytes more, and is tried again; what stays is a connection that gives nothing.
    emulator.inject(Fault::on("files/download", FaultKind::CutBeforeHeaders));
    let done = against(&emulator, "dbx.download(\"/a.bin\", \"in\");")
        .local("in/a.bin", "old")
        .status(7);
    assert_eq!(fs::read_to_string(done.path("in/a.bin")).unwrap(), "old");
    assert_eq!(names(&done, "in"), ["a.bin"]);
}

#[test]
fn what_passes_by_itself_is_not_even_told() {
    let limit = |retry_after, body| FaultKind::RateLimit {
        reason: LimitReason::TooManyRequests,
        retry_after,
        retry_in: RetryIn::Both,
        body,
    };
    for what in [
        limit(Some(1), LimitBody::Json),
        limit(None, LimitBody::Json),
        limit(Some(1), LimitBody::Text),
        FaultKind::ServerError {
            status: 500,
            html: true,
            retry_after: None,
        },
    ] {
        let emulator = emulator(&[Fault::on("files/upload", what).first(2)]);
        against(
            &emulator,
            "print(dbx.upload(\"a.txt\", \"/\").transferred);",
        )
        .local("a.txt", "a")
        .stdout("1\n")
        .success();
        assert_eq!(emulator.calls().of("files/upload"), 3);
    }
}

#[test]
fn a_server_that_keeps_failing_may_work_later() {
    let failing = FaultKind::ServerError {
        status: 500,
        html: true,
        retry_after: None,
    };
    let emulator = emulator(&[Fault::on("files/upload", failing)]);
    against(&emulator, "dbx.upload(\"a.txt\", \"/\");")
        .local("a.txt", "a")
        .stderr_contains("status 500")
        .status(7);
}

#[test]
fn a_full_disk_is_told_and_the_old_file_stays() {
    let emulator = emulator(&[]);
    emulator.put("main", "/a.bin", vec![7; 4 << 20]);
    let script = "file::write_text(\"full/a.bin\", \"old\");
        try { dbx.download(\"/a.bin\", \"full\"); } catch (e) { print(e.kind); print(e.message); }
        print(file::read_text(\"full/a.bin\"));
        print(file::list(\"full/*\").len());
        dbx.download(\"/a.bin\", \"full\");";
    against(&emulator, script)
        .with_a_disk_of("1m", "full")
        .stdout(
            "local_io\ncannot write `full/a.bin`: No space left on device (os error 28)\nold\n1\n",
        )
        .stderr_contains("free some space")
        .status(1);
}

#[test]
fn an_interrupt_ends_an_upload_at_once() {
    let emulator = emulator(&[Fault::on("files/upload_session/append_v2", FaultKind::Hang)]);
    let mut child = against(&emulator, "dbx.upload(\"a.bin\", \"/\");")
        .local("a.bin", &"x".repeat(20 << 20))
        .start();
    until(&mut child, || {
        emulator.calls().of("files/upload_session/append_v2") > 0
    });
    child.interrupt();
    child.end(130);
    assert!(emulator.paths("main").is_empty());
}

#[test]
fn an_interrupt_ends_a_download_and_leaves_nothing() {
    let emulator = emulator(&[Fault::on(
        "files/download",
        FaultKind::SlowDrip {
            bytes_per_second: 10_000,
        },
    )]);
    emulator.put("main", "/a.bin", vec![7; 1 << 20]);
    let mut child = against(&emulator, "dbx.download(\"/a.bin\", \"in\");")
        .local("in/a.bin", "old")
        .start();
    until(&mut child, || emulator.calls().of("files/download") > 0);
    child.interrupt();
    let done = child.end(130);
    assert_eq!(names(&done, "in"), ["a.bin"]);
    assert_eq!(fs::read_to_string(done.path("in/a.bin")).unwrap(), "old");
}

/// Waits until something that the program causes has come about.
fn until(child: &mut Child, done: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed().as_secs() < 60, "it never came about");
        child.assert_running();
        std::thread::yield_now();
    }
}

fn names(done: &Done, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(done.path(folder)).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
