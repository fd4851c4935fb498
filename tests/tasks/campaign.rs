//! Everything goes wrong at once, and in the end both sides hold what they should: nothing lost, corrupt, doubled, or told wrongly.

mod faults;
mod lost_answers;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Instant;

use dropscript::emulator::Calls;
use dropscript::{DeleteInOptions, DeleteOptions, MirrorOptions, OnError, TransferOptions};
use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::support::{Dice, campaign, hash};
use faults::kinds;
use world::{Tree, World};

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
fn attempts() -> u64 {
    campaign(2, 3)
}

/// A tree goes up, from folder to folder there, and down; then another takes its place, and all goes away.
async fn round(world: &mut World) {
    let (first, second, none) = (world.tree(), world.tree(), Tree::new());
    let (out, into) = (world.text("out"), world.local("in"));
    world.write("out", &first);
    for attempt in 1..=attempts() {
        if attempt < attempts() {
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
    for attempt in 1..=attempts() {
        if attempt < attempts() {
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
#[derive(Default)]
struct Struck(BTreeMap<String, BTreeMap<String, u64>>);

impl Struck {
    fn add(&mut self, calls: &Calls) {
        for (kind, by_route) in &calls.faults {
            let known = self.0.entry(kind.clone()).or_default();
            for (route, count) in by_route {
                *known.entry(route.clone()).or_default() += count;
            }
        }
    }

    fn total(&self) -> u64 {
        self.0.values().flat_map(BTreeMap::values).sum()
    }
}

/// How many accounts are at it at a time: most of the time they wait.
const WORLDS: u64 = 32;

/// How many of them there are by default; in a few there is time for all kinds.
const FEW: u64 = 4;

/// Where to begin, to see a round again.
fn first_round() -> u64 {
    let given = std::env::var("DROPSCRIPT_ROUND").ok();
    given.map_or(0, |text| {
        text.parse().expect("DROPSCRIPT_ROUND is a number")
    })
}

#[tokio::test]
async fn whatever_goes_wrong_both_sides_end_as_they_should() {
    let seed = Dice::seeded().0;
    println!("DROPSCRIPT_SEED={seed}");
    let (faults, transfers) = (campaign(120, 100_000), campaign(100, 20_000));
    let at_a_time = campaign(FEW, WORLDS);
    let started = Instant::now();
    let (mut struck, mut rounds, mut transferred) = (Struck::default(), 0_u64, 0);
    let worlds = stream::iter(first_round()..).map(|number| async move {
        let mut world = World::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
        if let Err(panic) = AssertUnwindSafe(round(&mut world)).catch_unwind().await {
            println!("in the round of DROPSCRIPT_ROUND={number}");
            resume_unwind(panic);
        }
        (world.emulator.calls(), world.transferred)
    });
    let mut worlds = worlds.buffer_unordered(usize::try_from(at_a_time).unwrap());
    while struck.total() < faults || transferred < transfers || rounds < at_a_time {
        let (calls, moved) = worlds.next().await.unwrap();
        struck.add(&calls);
        transferred += moved;
        rounds += 1;
        if rounds.is_multiple_of(100) {
            println!("{rounds} rounds, {} faults", struck.total());
        }
    }
    println!(
        "{} faults of {} kinds, {transferred} transfers, {rounds} rounds, {:.0} s",
        struck.total(),
        kinds().len(),
        started.elapsed().as_secs_f64()
    );
    for (kind, by_route) in &struck.0 {
        println!("{kind}: {by_route:?}");
    }
    assert!(kinds().len() >= 30);
}
