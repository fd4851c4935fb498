//! Many changes at Dropbox by others, while cursors are lost, connections break, and the program is killed: none is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use dropscript::ContentHasher;
use dropscript::emulator::{Fault, FaultKind};

use crate::support::Child;
use crate::watch_remote::World;

/// Far beyond what a wave takes.
const GUARD: Duration = Duration::from_secs(120);

/// Writes down each file that it gets.
const SCRIPT: &str = r#"
    let lines = "";
    for file in event.files { lines += `${file.kind}|${file.relative}|${file.hash ?? ""}` + "\n" }
    if lines != "" { file::append_text(args[0], lines) }
"#;

/// Numbers that look like chance, the same for each seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What is there by the oracle's own account: the hash of each file below the folder.
type Truth = BTreeMap<String, String>;

struct Campaign {
    world: World,
    dice: Dice,
    truth: Truth,
    /// Files of runs that may have been killed: one that nobody was done with is not told as removed when it goes.
    undone: BTreeSet<String>,
    changes: usize,
    versions: usize,
    kills: usize,
    spoilt: usize,
}

fn hash(contents: &str) -> String {
    let mut hasher = ContentHasher::new();
    hasher.update(contents.as_bytes());
    hasher.finish()
}

impl Campaign {
    fn start(&self) -> Child {
        let log = self.world.path("log").display().to_string();
        self.world
            .watch(&["--allow-all", "--batch", "1000", "--no-history", "--", &log])
    }

    /// Somebody changes something.
    fn change(&mut self, paths: u64) {
        let n = self.dice.below(paths);
        let path = format!("d{}/e{}/{n}.txt", n % 7, n % 3);
        let there: Vec<_> = self.truth.keys().cloned().collect();
        match self.dice.below(20) {
            0..2 if self.truth.contains_key(&path) => {
                self.world.delete(&format!("/In/{path}"));
                self.truth.remove(&path);
            }
            2 if !there.is_empty() => {
                let from =
                    there[usize::try_from(self.dice.below(there.len() as u64)).unwrap()].clone();
                let to = format!("m{}/{}.txt", self.dice.below(5), self.changes);
                self.world
                    .rename(&format!("/In/{from}"), &format!("/In/{to}"));
                let moved = self.truth.remove(&from).unwrap();
                self.truth.insert(to, moved);
            }
            3 if self.dice.below(20) == 0 => {
                let folder = format!("m{}/", self.dice.below(5));
                if self.truth.keys().any(|path| path.starts_with(&folder)) {
                    self.world
                        .delete(&format!("/In/{}", folder.trim_end_matches('/')));
                    self.truth.retain(|path, _| !path.starts_with(&folder));
                }
            }
            _ => {
                let contents = format!("version {}", self.changes);
                self.world.put(&format!("/In/{path}"), &contents);
                self.truth.insert(path, hash(&contents));
            }
        }
        self.changes += 1;
    }

    /// What the script was told last of each file.
    fn told(&self) -> (Truth, usize) {
        let log = fs::read_to_string(self.world.path("log")).unwrap_or_default();
        let mut told = Truth::new();
        for line in log.lines() {
            let [kind, path, hash] = line.split('|').collect::<Vec<_>>()[..] else {
                // The program was killed while it wrote; the file comes again.
                continue;
            };
            if kind == "removed" {
                told.remove(path);
            } else {
                told.insert(path.to_owned(), hash.to_owned());
            }
        }
        (told, log.lines().count())
    }

    /// Notes the files of the last lines, from this one on: the runs that they are of may not have ended.
    fn note_undone(&mut self, from: usize) {
        let log = fs::read_to_string(self.world.path("log")).unwrap_or_default();
        let paths = log
            .lines()
            .skip(from)
            .filter_map(|line| line.split('|').nth(1));
        self.undone.extend(paths.map(str::to_owned));
    }

    /// Waits until the script knows all that is there.
    fn settle(&mut self, child: &mut Child) {
        let begun = Instant::now();
        loop {
            child.assert_running();
            let (mut told, _) = self.told();
            told.retain(|path, _| self.truth.contains_key(path) || !self.undone.contains(path));
            if told == self.truth {
                self.versions += told.len();
                // What is there was told again, to runs that ended or will.
                self.undone.retain(|path| !self.truth.contains_key(path));
                return;
            }
            if begun.elapsed() > GUARD {
                let lost: Vec<_> = self
                    .truth
                    .iter()
                    .filter(|(path, hash)| told.get(*path) != Some(*hash))
                    .collect();
                let kept: Vec<_> = told
                    .keys()
                    .filter(|path| !self.truth.contains_key(*path))
                    .collect();
                panic!("lost {lost:?}, not told as removed {kept:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Makes a cursor of the journal one that Dropbox never gave.
    fn spoil_cursor(&mut self) {
        const UPDATE: &str = "UPDATE watches SET cursor = 'AAAA' WHERE cursor NOT NULL";
        let journal = rusqlite::Connection::open(self.world.path("journal.db")).unwrap();
        // A program that was killed soon enough has not made its tables yet.
        let spoilt = journal.execute(UPDATE, []).unwrap_or_default();
        self.spoilt += spoilt;
    }
}

#[test]
fn nothing_is_lost_whatever_breaks() {
    let full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    let seed = std::env::var("DROPSCRIPT_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    let (waves, each) = if full { (100, 500) } else { (5, 120) };
    println!("seed {seed}");
    let world = World::new(SCRIPT);
    let mut campaign = Campaign {
        truth: Truth::from([("first.txt".to_owned(), hash("1"))]),
        world,
        dice: Dice(seed),
        undone: BTreeSet::new(),
        changes: 0,
        versions: 0,
        kills: 0,
        spoilt: 0,
    };
    for (number, (route, what)) in [
        ("files/list_folder/continue", FaultKind::ResetCursor),
        ("files/list_folder/longpoll", FaultKind::ResetCursor),
        (
            "files/list_folder/continue",
            FaultKind::CutAfter { bytes: 40 },
        ),
        ("files/list_folder/longpoll", FaultKind::CutBeforeHeaders),
        ("files/list_folder", FaultKind::CutAfter { bytes: 200 }),
        ("files/list_folder/continue", FaultKind::ExpiredToken),
    ]
    .into_iter()
    .enumerate()
    {
        let fault = Fault::on(route, what).with_probability(0.05, seed + number as u64);
        campaign.world.emulator.inject(fault);
    }
    let begun = Instant::now();
    let mut child = campaign.start();
    for _ in 0..waves {
        let kill_at = campaign.dice.below(each * 3 / 2);
        for n in 0..each {
            campaign.change(each * 2);
            if n == kill_at {
                let settled = campaign.told().1.saturating_sub(1_000);
                // Dropping it kills it.
                drop(child);
                campaign.note_undone(settled);
                if campaign.dice.below(3) == 0 {
                    campaign.spoil_cursor();
                }
                campaign.kills += 1;
                child = campaign.start();
            }
        }
        campaign.settle(&mut child);
    }
    child.interrupt();
    child.end(130);
    let calls = campaign.world.emulator.log();
    let resets = calls
        .iter()
        .filter(|call| format!("{call:?}").contains("reset_cursor"))
        .count();
    println!(
        "{} changes, {} kills, {} cursors spoilt, {resets} resets in the log, {} versions looked for, {} lines told, none lost; {:.1} s",
        campaign.changes,
        campaign.kills,
        campaign.spoilt,
        campaign.versions,
        campaign.told().1,
        begun.elapsed().as_secs_f64(),
    );
    assert!(campaign.kills > 0, "nothing was killed");
}
