//! An emulator, a connection to it, and a folder.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use dropscript::emulator::Emulator;
use dropscript::{Connection, ContentHasher, Error, Report};

pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) dbx: Connection,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::on(Emulator::start().unwrap())
    }

    pub(crate) fn on(emulator: Emulator) -> Self {
        let dbx = connect(&emulator).build().unwrap();
        Self {
            emulator,
            dbx,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The same as text.
    pub(crate) fn text(&self, relative: &str) -> String {
        self.path(relative).display().to_string()
    }

    /// Writes a local file.
    pub(crate) fn local(&self, relative: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    pub(crate) fn remote(&self, path: &str, contents: impl AsRef<[u8]>) {
        self.emulator.put("main", path, contents.as_ref().to_vec());
    }

    pub(crate) fn contents(&self, path: &str) -> Option<Vec<u8>> {
        self.emulator
            .contents("main", path)
            .map(|contents| contents.to_vec())
    }

    /// How often a route was called.
    pub(crate) fn calls(&self, route: &str) -> u64 {
        self.emulator
            .calls()
            .by_route
            .get(route)
            .copied()
            .unwrap_or_default()
    }

    /// The names in a local folder, hidden ones too.
    pub(crate) fn names(&self, relative: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(relative)) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn connect(emulator: &Emulator) -> dropscript::ConnectionBuilder {
    // A generous guard: nothing here takes this long unless it hangs.
    Connection::builder("main")
        .endpoint(emulator.url())
        .access_token(emulator.access_token("main"))
        .timeout(Duration::from_secs(120))
}

/// Bytes that no two blocks of have the same hash.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    let mut hasher = ContentHasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// The outcome of each item, by the end of its source.
pub(crate) fn outcomes(report: &Report) -> Vec<(String, &'static str)> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    report
        .items
        .iter()
        .map(|item| (last(&item.source), item.outcome.as_str()))
        .collect()
}

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().kind().as_str()
}

/// How often to do something: fewer times by default, all in the full campaign (`DROPSCRIPT_CAMPAIGN=full`).
pub(crate) fn campaign(default: u64, full: u64) -> u64 {
    if is_full() { full } else { default }
}

pub(crate) fn is_full() -> bool {
    std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full")
}

/// Numbers that follow from a seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// By `DROPSCRIPT_SEED`, or always the same.
    pub(crate) fn seeded() -> Self {
        let given = std::env::var("DROPSCRIPT_SEED").ok();
        Self(given.map_or(1, |text| text.parse().expect("DROPSCRIPT_SEED is a number")))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Waits until a route was called so often.
pub(crate) async fn until_called(bench: &Bench, route: &str, times: u64) {
    let guard = Instant::now();
    while bench.calls(route) < times {
        assert!(
            guard.elapsed() < Duration::from_secs(60),
            "{} calls of {route}",
            bench.calls(route)
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
