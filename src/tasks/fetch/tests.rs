use std::fs;
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::*;

/// Parts that names are made of: ways out, links that are in the way, and what some system reads in another way.
const PIECES: [&str; 30] = [
    "..",
    ".",
    "",
    "out",
    "up",
    "absolute",
    "linked.txt",
    "a",
    "A",
    "b",
    "\u{e4}",
    "a\u{308}",
    "CON",
    "nul.txt",
    "..\\..\\x",
    "C:",
    "a\0b",
    "\n",
    " ",
    "...",
    "~",
    "🦀",
    "-rf",
    "$(x)",
    "%2e%2e",
    "..%2f",
    "\u{202e}x",
    "sub",
    "..a",
    "a..",
];

/// Numbers that follow from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let count = u64::try_from(count).expect("a small number");
        usize::try_from((mixed ^ (mixed >> 31)) % count).expect("smaller than count")
    }

    /// A path as a server might give it.
    fn relative(&mut self) -> String {
        let parts: Vec<&str> = (0..=self.below(4))
            .map(|_| PIECES[self.below(PIECES.len())])
            .collect();
        parts.join("/")
    }
}

/// All that is in a folder, links not followed, with the contents of files.
fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        let kind = fs::symlink_metadata(&path)
            .expect("it is there")
            .file_type();
        if kind.is_dir() {
            found.push((name, Vec::new()));
            found.extend(everything(&path));
        } else if kind.is_file() {
            found.push((name, fs::read(&path).expect("it can be read")));
        }
    }
    found.sort();
    found
}

#[cfg(unix)]
#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "a run that fails is repeated by its seed"
)]
async fn whatever_a_name_from_dropbox_is_nothing_outside_of_the_folder_is_touched() {
    let full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    let count = if full { 1_000_000 } else { 10_000 };
    let seed = std::env::var("DROPSCRIPT_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| RandomState::new().hash_one(0));
    eprintln!("DROPSCRIPT_SEED={seed}");
    let world = tempfile::tempdir().expect("a folder");
    let (target, outside) = (world.path().join("target"), world.path().join("outside"));
    fs::create_dir(&target).expect("made");
    fs::create_dir_all(outside.join("sub")).expect("made");
    fs::write(outside.join("secret.txt"), "secret").expect("written");
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, target.join(name)).expect("a link");
    };
    link(Path::new("../outside"), "out");
    link(Path::new(".."), "up");
    link(&outside, "absolute");
    link(Path::new("../outside/secret.txt"), "linked.txt");
    let before = everything(&outside);

    let connection = Connection::builder("nowhere")
        .endpoint("http://127.0.0.1:1")
        .access_token("none")
        .build()
        .expect("a connection that is never used");
    let options = TransferOptions::default();
    let download = Download::new(&connection, &options, &target, None).expect("it opens");
    let real = target.canonicalize().expect("it is there");
    let mut dice = Dice(seed);
    let (mut written, mut refused) = (0, 0);
    for number in 0..count {
        let relative = dice.relative();
        let place = local_name::check(&relative).and_then(|()| download.place(&relative));
        let Ok(place) = place else {
            refused += 1;
            continue;
        };
        let path = target.join(&relative);
        let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
        let within = parent.is_some_and(|parent| parent.starts_with(&real));
        assert!(within, "{relative:?} leads out");
        // Each write is synced, so not all of them are made.
        if number % 50 == 0 {
            let mut sink = Sink::open(place);
            sink.write(Bytes::from_static(b"new"))
                .await
                .expect("it goes on");
            let seal = Seal {
                hash: None,
                modified: None,
            };
            written += i32::from(sink.commit(seal).await.is_ok());
        }
    }
    assert!(
        written > 20 && refused > count / 10,
        "{written} written, {refused} refused"
    );
    assert_eq!(everything(&outside), before);
    let mut beside: Vec<_> = fs::read_dir(world.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    beside.sort();
    assert_eq!(beside, ["outside", "target"]);
}
