//! Random sequences of operations come to the same on the emulator as on a model of the rules.

mod driver;
mod names;
mod rules;

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::dice::{full_campaign, seed};
use crate::lab::Lab;
use driver::Driver;

/// Indices of names.
type Names = Vec<usize>;

#[derive(Clone, Copy, Debug)]
enum Mode {
    Add,
    Overwrite,
    /// With the rev that is there, if something is.
    Current,
    /// With one of the revs that there were.
    Old(usize),
    Stale,
}

#[derive(Clone, Debug)]
struct Commit {
    path: Names,
    mode: Mode,
    autorename: bool,
    strict: bool,
}

/// Where the bytes of a session are said to begin.
#[derive(Clone, Copy, Debug)]
enum Offset {
    Right,
    Wrong,
}

#[derive(Clone, Debug)]
enum Step {
    Upload(Commit, usize),
    Start {
        slot: usize,
        bytes: usize,
        concurrent: bool,
    },
    Append {
        slot: usize,
        offset: Offset,
        bytes: usize,
        close: bool,
    },
    Finish {
        slot: usize,
        offset: Offset,
        bytes: usize,
        commit: Commit,
    },
    Folder {
        path: Names,
        autorename: bool,
    },
    Delete {
        path: Names,
        rev: Option<Mode>,
    },
    Move {
        from: Names,
        to: Names,
        autorename: bool,
    },
    Copy {
        from: Names,
        to: Names,
        autorename: bool,
    },
    Restore {
        path: Names,
        version: usize,
        of_other: bool,
    },
    Look {
        path: Names,
        deleted: bool,
    },
    List {
        slot: usize,
        path: Names,
        recursive: bool,
        limit: usize,
        at_end: bool,
    },
    Continue {
        slot: usize,
        pages: usize,
    },
    Versions {
        path: Names,
        limit: usize,
    },
    Archive {
        path: Names,
    },
}

fn path() -> impl Strategy<Value = Names> {
    vec(0..names::NAMES.len(), 1..=3)
}

fn commit() -> impl Strategy<Value = Commit> {
    let mode = prop_oneof![
        2 => Just(Mode::Add),
        2 => Just(Mode::Overwrite),
        2 => Just(Mode::Current),
        1 => any::<usize>().prop_map(Mode::Old),
        1 => Just(Mode::Stale),
    ];
    (path(), mode, any::<bool>(), prop::bool::weighted(0.3)).prop_map(
        |(path, mode, autorename, strict)| Commit {
            path,
            mode,
            autorename,
            strict,
        },
    )
}

fn offset() -> impl Strategy<Value = Offset> {
    prop_oneof![5 => Just(Offset::Right), 1 => Just(Offset::Wrong)]
}

fn step() -> impl Strategy<Value = Step> {
    let flag = any::<bool>;
    let (slot, bytes) = (|| 0..3_usize, || 0..4_usize);
    prop_oneof![
        8 => (commit(), 1..5_usize).prop_map(|(commit, bytes)| Step::Upload(commit, bytes)),
        1 => (slot(), bytes(), prop::bool::weighted(0.3)).prop_map(|(slot, bytes, concurrent)| Step::Start { slot, bytes, concurrent }),
        2 => (slot(), offset(), bytes(), prop::bool::weighted(0.3))
            .prop_map(|(slot, offset, bytes, close)| Step::Append { slot, offset, bytes, close }),
        2 => (slot(), offset(), bytes(), commit()).prop_map(|(slot, offset, bytes, commit)| Step::Finish { slot, offset, bytes, commit }),
        4 => (path(), flag()).prop_map(|(path, autorename)| Step::Folder { path, autorename }),
        3 => (path(), prop::option::weighted(0.3, prop_oneof![Just(Mode::Current), Just(Mode::Stale)]))
            .prop_map(|(path, rev)| Step::Delete { path, rev }),
        4 => (path(), path(), flag()).prop_map(|(from, to, autorename)| Step::Move { from, to, autorename }),
        3 => (path(), path(), flag()).prop_map(|(from, to, autorename)| Step::Copy { from, to, autorename }),
        3 => (path(), any::<usize>(), prop::bool::weighted(0.2))
            .prop_map(|(path, version, of_other)| Step::Restore { path, version, of_other }),
        2 => (path(), flag()).prop_map(|(path, deleted)| Step::Look { path, deleted }),
        2 => (slot(), vec(0..names::NAMES.len(), 0..=2), flag(), 1..6_usize, prop::bool::weighted(0.2))
            .prop_map(|(slot, path, recursive, limit, at_end)| Step::List { slot, path, recursive, limit, at_end }),
        3 => (slot(), prop_oneof![Just(1), Just(usize::MAX)]).prop_map(|(slot, pages)| Step::Continue { slot, pages }),
        2 => (path(), 1..4_usize).prop_map(|(path, limit)| Step::Versions { path, limit }),
        2 => path().prop_map(|path| Step::Archive { path }),
    ]
}

const STEPS_OF_A_CASE: usize = 40;

#[test]
#[allow(
    clippy::print_stderr,
    reason = "what was tried is told, and how to try it again"
)]
fn the_emulator_agrees_with_the_rules() {
    let (steps, seed) = (if full_campaign() { 100_000 } else { 1500 }, seed());
    let cases = u32::try_from(steps / STEPS_OF_A_CASE + 1).expect("not that many");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lab = Lab::new();
    let (accounts, tally) = (Cell::new(0_usize), driver::Tally::default());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_time: 5000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(&vec(step(), STEPS_OF_A_CASE), |steps| {
        accounts.set(accounts.get() + 1);
        let mut driver = Driver::new(&lab, accounts.get(), &tally);
        runtime.block_on(driver.play(&steps)).map_err(|why| {
            TestCaseError::fail(format!("{why}\nplayed:\n{}", driver.diary.join("\n")))
        })
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("DROPSCRIPT_SEED={seed}: {why}"),
        Err(other) => panic!("DROPSCRIPT_SEED={seed}: {other}"),
    }
    let (worked, refused) = (tally.worked.get(), tally.refused.get());
    eprintln!(
        "DROPSCRIPT_SEED={seed}: {} steps, {worked} worked, {refused} refused",
        worked + refused
    );
    assert!(worked + refused >= steps);
}
