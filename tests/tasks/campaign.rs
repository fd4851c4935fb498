//! Everything goes wrong at once, and in the end both sides hold what they should: nothing lost, corrupt, doubled, or told wrongly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dropscript::emulator::{
    Calls, Emulator, Fault, FaultKind, FaultWhen, LimitBody, LimitReason, RetryIn, WriteRefusal,
};
use dropscript::{
    Connection, DeleteInOptions, DeleteOptions, Error, MirrorOptions, OnError, Outcome, Report,
    TransferOptions, WriteOptions,
};

use futures_util::future::join_all;

use crate::support::{Dice, campaign, hash, noise};

/// The routes that the tasks below call.
const ROUTES: [&str; 20] = [
    "files/upload",
    "files/upload_session/start",
    "files/upload_session/append_v2",
    "files/upload_session/start_batch",
    "files/upload_session/append_batch",
    "files/upload_session/finish_batch_v2",
    "files/download",
    "files/get_metadata",
    "files/list_folder",
    "files/list_folder/continue",
    "files/create_folder_v2",
    "files/delete_v2",
    "files/copy_v2",
    "files/move_v2",
    "files/copy_batch_v2",
    "files/copy_batch/check_v2",
    "files/move_batch_v2",
    "files/move_batch/check_v2",
    "users/get_current_account",
    "users/get_space_usage",
];

fn limit(reason: LimitReason, retry_after: Option<u64>, body: LimitBody) -> FaultKind {
    FaultKind::RateLimit {
        reason,
        retry_after,
        retry_in: if body == LimitBody::Text {
            RetryIn::Header
        } else {
            RetryIn::Both
        },
        body,
    }
}

fn failing(status: u16, html: bool) -> FaultKind {
    FaultKind::ServerError {
        status,
        html,
        retry_after: None,
    }
}

/// What goes wrong: each is another way to fail. Bytes of answers other than downloads are not turned: nothing but TLS could tell.
fn kinds() -> Vec<(FaultKind, &'static [&'static str])> {
    const SENT: &[&str] = &[
        "files/upload",
        "files/upload_session/start",
        "files/upload_session/append_v2",
        "files/upload_session/append_batch",
    ];
    const DOWN: &[&str] = &["files/download"];
    const ENDS: &[&str] = &["files/upload_session/finish_batch_v2"];
    let (requests, writes) = (
        LimitReason::TooManyRequests,
        LimitReason::TooManyWriteOperations,
    );
    let entries = |error: &str| FaultKind::BatchEntries {
        error: error.to_owned(),
        entries: FaultWhen::Every(3),
    };
    vec![
        (FaultKind::Delay { millis: 1 }, &ROUTES),
        (FaultKind::Delay { millis: 50 }, &ROUTES),
        (FaultKind::Hang, &ROUTES),
        (limit(requests, Some(0), LimitBody::Json), &ROUTES),
        (limit(requests, Some(0), LimitBody::Text), &ROUTES),
        (limit(writes, Some(0), LimitBody::Json), &ROUTES),
        (limit(requests, Some(1), LimitBody::Json), &ROUTES),
        (
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Call,
            },
            &ROUTES,
        ),
        (
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Route,
            },
            &ROUTES,
        ),
        (
            FaultKind::TooManyWriteOperations {
                told: WriteRefusal::Entry,
            },
            &ROUTES,
        ),
        (failing(500, false), &ROUTES),
        (failing(500, true), &ROUTES),
        (failing(502, true), &ROUTES),
        (failing(503, false), &ROUTES),
        (failing(504, false), &ROUTES),
        (FaultKind::ExpiredToken, &ROUTES),
        (FaultKind::CutBeforeHeaders, &ROUTES),
        (FaultKind::CutDuringRequest { bytes: 0 }, &ROUTES),
        (FaultKind::CutDuringRequest { bytes: 1_000 }, &ROUTES),
        (FaultKind::CutAfterCommit, &ROUTES),
        (FaultKind::CutAfter { bytes: 0 }, &ROUTES),
        (FaultKind::CutAfter { bytes: 10 }, &ROUTES),
        (FaultKind::CutAfter { bytes: 5_000 }, DOWN),
        (FaultKind::TruncatedBody { bytes: 0 }, &ROUTES),
        (FaultKind::TruncatedBody { bytes: 20 }, &ROUTES),
        (FaultKind::FlippedByte { offset: 0 }, DOWN),
        (FaultKind::FlippedByte { offset: 3_000 }, DOWN),
        (FaultKind::WrongContentHash, SENT),
        (
            FaultKind::SlowDrip {
                bytes_per_second: 5_000_000,
            },
            DOWN,
        ),
        (FaultKind::IncorrectOffset { kept: 0 }, &ROUTES),
        (FaultKind::IncorrectOffset { kept: 1_000 }, &ROUTES),
        (FaultKind::LostSession, &ROUTES),
        (entries("path/too_many_write_operations"), ENDS),
        (entries("lookup_failed/not_found"), ENDS),
        (FaultKind::AsyncJob { pending: 1 }, &ROUTES),
        (FaultKind::JobPending, &ROUTES),
        (FaultKind::ResetCursor, &ROUTES),
    ]
}

/// Files by their paths below a folder, with what they hold.
type Tree = BTreeMap<String, Vec<u8>>;

/// An account with a folder here.
struct World {
    emulator: Emulator,
    dbx: Connection,
    folder: tempfile::TempDir,
    dice: Dice,
    transferred: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let emulator = Emulator::builder().seed(seed).start().unwrap();
        // By a refresh token, so that one that has expired is renewed.
        let dbx = Connection::builder("main")
            .endpoint(emulator.url())
            .refresh_token(emulator.refresh_token("main"))
            .app_key("emulator-app")
            .timeout(Duration::from_secs(3))
            .build()
            .unwrap();
        Self {
            emulator,
            dbx,
            folder: tempfile::tempdir().unwrap(),
            dice: Dice(seed),
            transferred: 0,
        }
    }

    fn local(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.local(name).display().to_string()
    }

    /// A few files of all sizes, no two alike.
    fn tree(&mut self) -> Tree {
        let count = 4 + self.dice.below(16);
        let mut tree = Tree::new();
        for number in 0..count {
            let folder = *self.dice.pick(&["", "sub/", "sub/deep/", "ü ☃/"]);
            let size = match self.dice.below(60) {
                0 => 0,
                1 => 9 << 20,
                2..=5 => 100_000 + self.dice.below(400_000),
                _ => 8 + self.dice.below(5_000),
            };
            let mut contents = noise(size);
            let salt = self.dice.below(usize::MAX).to_le_bytes();
            for (byte, salt) in contents.iter_mut().zip(salt) {
                *byte ^= salt;
            }
            tree.insert(format!("{folder}{number}.bin"), contents);
        }
        tree
    }

    fn write(&self, name: &str, tree: &Tree) {
        for (relative, contents) in tree {
            let path = self.local(name).join(relative);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
    }

    /// What is below a folder: of the account where the path begins with `/`, else here.
    fn tree_of(&self, folder: &str) -> Tree {
        let mut tree = Tree::new();
        if !folder.starts_with('/') {
            read(&self.local(folder), "", &mut tree);
            return tree;
        }
        for path in self.emulator.paths("main") {
            let relative = path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'));
            if let Some(relative) = relative
                && let Some(contents) = self.emulator.contents("main", &path)
            {
                tree.insert(relative.to_owned(), contents.to_vec());
            }
        }
        tree
    }

    /// Faults of many kinds, each at some of the routes that it can come at.
    fn harm(&mut self) {
        self.calm();
        for (kind, routes) in kinds() {
            // What costs time comes more seldom.
            let (most, chance) = match kind {
                FaultKind::Hang => (1, 0.005),
                FaultKind::RateLimit {
                    retry_after: Some(1),
                    ..
                } => (1, 0.01),
                _ => (5, 0.06),
            };
            for _ in 0..=self.dice.below(most) {
                let route = *self.dice.pick(routes);
                let seed = self.dice.below(1 << 40) as u64;
                let fault = Fault::on(route, kind.clone()).with_probability(chance, seed);
                if fault.check().is_ok() {
                    self.emulator.inject(fault);
                }
            }
        }
        // Some routes are called so seldom that chance alone would leave them out.
        let kinds = kinds();
        for route in ROUTES {
            let (kind, _) = self.dice.pick(&kinds);
            let costly = matches!(kind, FaultKind::Hang | FaultKind::FlippedByte { .. });
            let fault = Fault::on(route, kind.clone()).nth(1 + self.dice.below(3) as u64);
            if !costly && fault.check().is_ok() {
                self.emulator.inject(fault);
            }
        }
    }

    fn calm(&self) {
        self.emulator.clear_faults();
    }

    /// Checks what a task told against what is in the folder that it wrote to: what it calls done is there, as it is in `new`, and nothing
    /// is there that is in none of the trees.
    fn check(&mut self, what: &str, told: Result<Report, Error>, to: &str, new: &Tree, old: &Tree) {
        let there = self.tree_of(to);
        for (path, contents) in &there {
            let known = [new, old]
                .iter()
                .any(|tree| tree.get(path) == Some(contents));
            assert!(known, "{what}: `{path}` holds what nobody put there");
        }
        let report = match told {
            Ok(report) => report,
            Err(error) => {
                assert!(is_fair(&error), "{what}: {error:?}");
                return;
            }
        };
        self.transferred += report.transferred;
        let mut seen = BTreeSet::new();
        for item in &report.items {
            assert!(seen.insert(&item.source), "{what}: `{}` twice", item.source);
            match item.outcome {
                Outcome::Transferred => {
                    let within = if to.starts_with('/') {
                        to.to_owned()
                    } else {
                        self.text(to)
                    };
                    let relative = item.destination.strip_prefix(&within).unwrap();
                    let relative = &relative[1..];
                    let arrived = there.get(relative) == new.get(relative);
                    assert!(arrived, "{what}: `{relative}` did not arrive");
                }
                Outcome::Failed => {
                    let error = item.error.as_ref().unwrap();
                    assert!(is_fair(error), "{what}: {} {error:?}", item.source);
                }
                _ => {}
            }
        }
    }
}

/// What a task may come to under faults; all else would be told wrongly. A token that is refused as soon as it was renewed is the end of
/// the sign-in, as far as anybody can tell; and a session that is lost once more when it was begun anew is given up.
fn is_fair(error: &Error) -> bool {
    let kind = error.kind().as_str();
    let passes = [
        "network",
        "server",
        "timeout",
        "rate_limited",
        "integrity",
        "partial",
    ];
    passes.contains(&kind)
        || matches!(
            error.tag(),
            Some("expired_access_token" | "lookup_failed/not_found")
        )
}

fn read(folder: &Path, below: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let relative = format!("{below}{name}");
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{relative}/"), tree);
        } else {
            tree.insert(relative, fs::read(entry.path()).unwrap());
        }
    }
}

/// The paths and hashes of a tree: whole contents would be unreadable.
fn told(tree: &Tree) -> Vec<(&str, String)> {
    let one = |(path, contents)| -> (&str, String) { (path, hash(contents)) };
    let pairs = tree
        .iter()
        .map(|(path, contents)| (path.as_str(), &contents[..]));
    pairs.map(one).collect()
}

fn options() -> TransferOptions {
    TransferOptions {
        on_error: OnError::Report,
        ..TransferOptions::default()
    }
}

fn mirroring() -> MirrorOptions {
    MirrorOptions {
        transfer: options(),
        ..MirrorOptions::default()
    }
}

/// How often each task is tried; the last time nothing goes wrong.
const ATTEMPTS: usize = 3;

/// A tree goes up, from folder to folder there, and down; then another takes its place, and all goes away.
async fn round(world: &mut World) {
    let (first, second, none) = (world.tree(), world.tree(), Tree::new());
    let (out, into) = (world.text("out"), world.local("in"));
    world.write("out", &first);
    for attempt in 1..=ATTEMPTS {
        if attempt < ATTEMPTS {
            world.harm();
        } else {
            world.calm();
        }
        let sent = world.dbx.upload(&*out, "/up", options()).await;
        world.check("upload", sent, "/up", &first, &none);
        let copied = world.dbx.copy_into("/up", "/copy", options()).await;
        // Where nothing of it came, there is no such folder.
        if world.tree_of("/up").is_empty() {
            continue;
        }
        world.check("copy", copied, "/copy", &first, &none);
        let fetched = world.dbx.download("/up", &into, options()).await;
        world.check("download", fetched, "in", &first, &none);
    }
    for folder in ["/up", "/copy", "in"] {
        assert_eq!(told(&world.tree_of(folder)), told(&first), "{folder}");
    }

    fs::remove_dir_all(&out).unwrap();
    world.write("out", &second);
    for attempt in 1..=ATTEMPTS {
        if attempt < ATTEMPTS {
            world.harm();
        } else {
            world.calm();
        }
        let up = world.dbx.mirror_up(&out, "/up", mirroring()).await;
        world.check("mirror_up", up, "/up", &second, &first);
        let down = world.dbx.mirror_down("/up", &into, mirroring()).await;
        let there = world.tree_of("/up");
        world.check("mirror_down", down, "in", &there, &first);
        let moved = world.dbx.move_into("/copy", "/moved", options()).await;
        world.check("move", moved, "/moved", &first, &none);
    }
    for folder in ["/up", "in"] {
        assert_eq!(told(&world.tree_of(folder)), told(&second), "{folder}");
    }
    assert_eq!(told(&world.tree_of("/moved")), told(&first));
    assert_eq!(told(&world.tree_of("/copy")), []);

    world.harm();
    let all = DeleteInOptions {
        all: true,
        on_error: OnError::Report,
        ..DeleteInOptions::default()
    };
    let gone = world.dbx.delete_in("/moved", all).await;
    world.check("delete_in", gone, "/moved", &first, &none);
    world.calm();
    let missing_ok = DeleteOptions {
        missing_ok: true,
        ..DeleteOptions::default()
    };
    for folder in ["/up", "/copy", "/moved"] {
        world.dbx.delete(folder, missing_ok.clone()).await.unwrap();
    }
    assert_eq!(world.emulator.paths("main"), Vec::<String>::new());
    for folder in [&out, &world.text("in")] {
        fs::remove_dir_all(folder).unwrap();
    }
}

/// What struck, kind by kind and route by route.
fn add(all: &mut BTreeMap<String, BTreeMap<String, u64>>, calls: &Calls) {
    for (kind, by_route) in &calls.faults {
        let known = all.entry(kind.clone()).or_default();
        for (route, count) in by_route {
            *known.entry(route.clone()).or_default() += count;
        }
    }
}

/// How many accounts are at it at a time: most of the time they wait.
const WORLDS: u64 = 12;

/// How many of them there are at least; in a few there is time for all kinds.
const FEW: u64 = 4;

#[tokio::test]
async fn whatever_goes_wrong_both_sides_end_as_they_should() {
    let seed = Dice::seeded().0;
    println!("DROPSCRIPT_SEED={seed}");
    let (faults, transfers) = (campaign(120, 100_000), campaign(100, 20_000));
    let at_a_time = campaign(FEW, WORLDS);
    let started = Instant::now();
    let (mut struck, mut rounds, mut transferred) = (BTreeMap::new(), 0, 0);
    let total = |struck: &BTreeMap<String, BTreeMap<String, u64>>| -> u64 {
        struck.values().flat_map(BTreeMap::values).sum()
    };
    while total(&struck) < faults || transferred < transfers {
        let worlds = (0..at_a_time).map(|number| {
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(rounds + number);
            async move {
                let mut world = World::new(seed);
                round(&mut world).await;
                (world.emulator.calls(), world.transferred)
            }
        });
        for (calls, moved) in join_all(worlds).await {
            add(&mut struck, &calls);
            transferred += moved;
        }
        rounds += at_a_time;
    }
    println!(
        "{} faults of {} kinds, {transferred} transfers, {rounds} rounds, {:.0} s",
        total(&struck),
        kinds().len(),
        started.elapsed().as_secs_f64()
    );
    for (kind, by_route) in &struck {
        println!("{kind}: {by_route:?}");
    }
    assert!(kinds().len() >= 30);
}

/// The answers to many commits never come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_whose_answers_got_lost_are_made_once_and_told_as_done() {
    const ACCOUNTS: u64 = 24;
    let each = campaign(8, 480);
    let emulator = Emulator::start().unwrap();
    let lost = [
        "files/upload",
        "files/create_folder_v2",
        "files/delete_v2",
        "files/upload_session/finish_batch_v2",
    ];
    for (seed, route) in (1..).zip(lost) {
        let fault = Fault::on(route, FaultKind::CutAfterCommit);
        emulator.inject(fault.with_probability(0.12, seed));
    }
    let emulator = std::sync::Arc::new(emulator);
    let accounts = (0..ACCOUNTS).map(|number| {
        let emulator = std::sync::Arc::clone(&emulator);
        tokio::spawn(async move {
            let name = format!("account-{number}");
            let dbx = Connection::builder(&*name)
                .endpoint(emulator.url())
                .access_token(emulator.access_token(&name))
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap();
            let mut paths = Vec::new();
            for number in 0..each {
                let (file, folder) = (format!("/{number}.txt"), format!("/folder {number}"));
                let text = WriteOptions::default();
                let item = dbx.write_text(&file, &file, text.clone()).await.unwrap();
                assert_eq!(item.path, file);
                // Over what is there, by its rev.
                let again = dbx.write_text(&file, &folder, text).await.unwrap();
                assert_ne!(again.rev, item.rev);
                let new = dropscript::CreateFolderOptions {
                    exist_ok: false,
                    ..dropscript::CreateFolderOptions::default()
                };
                dbx.create_folder(&folder, new).await.unwrap();
                if number.is_multiple_of(2) {
                    let gone = dbx
                        .delete(&*folder, DeleteOptions::default())
                        .await
                        .unwrap();
                    assert_eq!(gone.deleted, 1);
                } else {
                    paths.push(folder);
                }
                paths.push(file);
            }
            paths.sort();
            let mut there = emulator.paths(&name);
            there.sort();
            assert_eq!(there, paths, "each once, and under its own name");
        })
    });
    for account in accounts.collect::<Vec<_>>() {
        account.await.unwrap();
    }
    let struck = emulator.calls().struck("cut_after_commit");
    println!("{struck} answers got lost");
    assert!(struck >= campaign(60, 5_000), "{struck}");
}
