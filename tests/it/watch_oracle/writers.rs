//! Those who write, each in a folder of its own and in its own way.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::account::Account;

/// How many files most of them write in a round.
const FILES: usize = 40;

/// What a writer does in a round.
type Way = fn(&mut Writer, &mut Account);

/// Every way of writing.
const WAYS: &[(&str, Way)] = &[
    ("in-place", Writer::in_place),
    ("slowly", Writer::slowly),
    ("growing", Writer::growing),
    ("renamed", Writer::by_renaming),
    ("vim", Writer::as_vim),
    ("moved-in", Writer::by_moving_a_folder_in),
    ("linked", Writer::through_links),
    ("disguised", Writer::with_the_same_size_and_date),
    ("touched", Writer::nothing_but_dates),
    ("same", Writer::the_same_once_more),
    ("recreated", Writer::by_deleting_first),
    ("refilled", Writer::by_refilling_a_folder),
    ("case", Writer::by_changing_letter_case),
    ("folder-renamed", Writer::by_renaming_a_folder),
    ("exchanged", Writer::by_exchanging),
    ("deep", Writer::in_new_folders),
    ("copied", Writer::by_copying),
    ("rsync", Writer::with_rsync),
    ("unzip", Writer::with_unzip),
    ("git", Writer::with_git),
];

/// One who writes.
pub(super) struct Writer {
    way: Way,
    /// Its name, and its folder below the root.
    name: &'static str,
    home: PathBuf,
    /// A folder of its own that nobody watches, on the same file system.
    beside: PathBuf,
    round: usize,
    dice: u64,
}

impl Writer {
    /// One of each kind.
    pub(super) fn all(root: &Path, beside: &Path, seed: u64) -> Vec<Self> {
        (1..)
            .zip(WAYS)
            .map(|(number, (name, way))| Self {
                way: *way,
                name,
                home: root.join(name),
                beside: beside.join(name),
                round: 0,
                // No roll of it gives nothing but zeros.
                dice: (seed << 8) + number,
            })
            .collect()
    }

    /// Writes for one round. What stays is left alone until the next one.
    pub(super) fn write(&mut self, account: &mut Account) {
        fs::create_dir_all(&self.home).unwrap();
        fs::create_dir_all(&self.beside).unwrap();
        (self.way)(self, account);
        self.round += 1;
    }

    fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64: good enough to mix lengths and pauses.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }

    /// The contents of a file in this round, other than in any before.
    fn text(&mut self, name: &str) -> String {
        let length = usize::try_from(self.roll(3_000)).unwrap();
        format!("{name} {}\n{}", self.round, "x".repeat(length))
    }

    /// The path of a file as the script is told it.
    fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    fn names() -> impl Iterator<Item = String> {
        (0..FILES).map(|n| format!("{n}.txt"))
    }

    fn in_place(&mut self, account: &mut Account) {
        for name in Self::names() {
            let text = self.text(&name);
            fs::write(self.home.join(&name), &text).unwrap();
            account.stays(&self.below(&name), &text);
        }
    }

    /// Open all the while, with pauses: nothing of it counts before the end.
    fn slowly(&mut self, account: &mut Account) {
        let text = self.text("slow.txt");
        let mut file = File::create(self.home.join("slow.txt")).unwrap();
        for part in text.as_bytes().chunks(text.len().div_ceil(5)) {
            file.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(self.roll(40)));
        }
        account.stays(&self.below("slow.txt"), &text);
    }

    /// Opened for each line, as logs are.
    fn growing(&mut self, account: &mut Account) {
        let (path, below) = (self.home.join("log.txt"), self.below("log.txt"));
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        for _ in 0..5 {
            let since = Instant::now();
            let line = self.text("line");
            let mut log = File::options()
                .create(true)
                .append(true)
                .open(&path)
                .unwrap();
            log.write_all(line.as_bytes()).unwrap();
            drop(log);
            text.push_str(&line);
            thread::sleep(Duration::from_millis(self.roll(20)));
            account.passed(&below, Some(&text), since);
        }
        // The last line is there to stay, and may have been told already.
        let line = self.text("last");
        let mut log = File::options().append(true).open(&path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
        text.push_str(&line);
        account.stays(&below, &text);
    }

    fn by_renaming(&mut self, account: &mut Account) {
        for name in Self::names() {
            let (draft, text) = (format!("{name}.draft"), self.text(&name));
            let since = Instant::now();
            fs::write(self.home.join(&draft), &text).unwrap();
            fs::rename(self.home.join(&draft), self.home.join(&name)).unwrap();
            self.passes(account, &draft, &text, since);
            account.stays(&self.below(&name), &text);
        }
    }

    /// Something was there for a while, and is gone.
    fn passes(&self, account: &mut Account, name: &str, text: &str, since: Instant) {
        account.passed(&self.below(name), Some(text), since);
        account.passed(&self.below(name), None, since);
    }

    /// A file that tries whether the folder can be written, the old file kept as a backup, the new one written, the backup removed.
    fn as_vim(&mut self, account: &mut Account) {
        for name in Self::names() {
            let (path, backup) = (self.home.join(&name), format!("{name}~"));
            let since = Instant::now();
            let probe = self.home.join("4913");
            fs::write(&probe, "").unwrap();
            fs::remove_file(probe).unwrap();
            let old = fs::read_to_string(&path).ok();
            if old.is_some() {
                fs::rename(&path, self.home.join(&backup)).unwrap();
            }
            let text = self.text(&name);
            fs::write(&path, &text).unwrap();
            if let Some(old) = old {
                fs::remove_file(self.home.join(&backup)).unwrap();
                self.passes(account, &backup, &old, since);
            }
            self.passes(account, "4913", "", since);
            account.passed(&self.below(&name), None, since);
            account.stays(&self.below(&name), &text);
        }
    }

    fn by_moving_a_folder_in(&mut self, account: &mut Account) {
        let folder = |round| format!("f{round}");
        let new = self.beside.join(folder(self.round));
        fs::create_dir_all(new.join("sub")).unwrap();
        for name in Self::names() {
            let text = self.text(&name);
            fs::write(new.join("sub").join(&name), &text).unwrap();
            account.stays(
                &self.below(&format!("{}/sub/{name}", folder(self.round))),
                &text,
            );
        }
        fs::rename(&new, self.home.join(folder(self.round))).unwrap();
        if let Some(old) = self.round.checked_sub(2) {
            let away = self.beside.join("away");
            fs::rename(self.home.join(folder(old)), &away).unwrap();
            fs::remove_dir_all(away).unwrap();
            for name in Self::names() {
                account.gone(&self.below(&format!("{}/sub/{name}", folder(old))));
            }
        }
    }

    /// One file under two names.
    fn through_links(&mut self, account: &mut Account) {
        for name in Self::names() {
            let (path, link) = (self.home.join(&name), format!("{name}.link"));
            let text = self.text(&name);
            if self.round == 0 {
                fs::write(&path, &text).unwrap();
                fs::hard_link(&path, self.home.join(&link)).unwrap();
            } else {
                fs::write(self.home.join(&link), &text).unwrap();
            }
            account.stays(&self.below(&name), &text);
            account.stays(&self.below(&link), &text);
        }
    }

    fn with_the_same_size_and_date(&mut self, account: &mut Account) {
        for name in Self::names() {
            let text = format!("{name} {:08}", self.round);
            let path = self.home.join(&name);
            fs::write(&path, &text).unwrap();
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(date).unwrap();
            account.stays(&self.below(&name), &text);
        }
    }

    /// After the first round it only sets dates: that is no version.
    fn nothing_but_dates(&mut self, account: &mut Account) {
        if self.round == 0 {
            return self.in_place(account);
        }
        for name in Self::names() {
            let file = File::options().write(true).open(self.home.join(name));
            file.unwrap().set_modified(SystemTime::now()).unwrap();
        }
    }

    /// After the first round it writes what is there: that is no version.
    fn the_same_once_more(&mut self, account: &mut Account) {
        if self.round == 0 {
            return self.in_place(account);
        }
        for name in Self::names() {
            let path = self.home.join(name);
            let text = fs::read(&path).unwrap();
            fs::write(&path, text).unwrap();
        }
    }

    fn by_deleting_first(&mut self, account: &mut Account) {
        for name in Self::names() {
            let (path, since) = (self.home.join(&name), Instant::now());
            if self.round > 0 {
                fs::remove_file(&path).unwrap();
            }
            let text = self.text(&name);
            fs::write(path, &text).unwrap();
            account.passed(&self.below(&name), None, since);
            account.stays(&self.below(&name), &text);
        }
    }

    fn by_refilling_a_folder(&mut self, account: &mut Account) {
        let (folder, since) = (self.home.join("folder/deep"), Instant::now());
        if self.round > 0 {
            fs::remove_dir_all(self.home.join("folder")).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        for name in Self::names() {
            let text = self.text(&name);
            fs::write(folder.join(&name), &text).unwrap();
            let below = self.below(&format!("folder/deep/{name}"));
            account.passed(&below, None, since);
            account.stays(&below, &text);
        }
    }

    /// The same file in the one round under this name, in the next under that.
    fn by_changing_names(
        &mut self,
        account: &mut Account,
        names: impl Fn(&str) -> [String; 2],
        rename: impl Fn(&Path, &[String; 2]),
    ) {
        for name in Self::names() {
            let both = names(&name);
            let [old, new] = if self.round.is_multiple_of(2) {
                let [old, new] = both;
                [new, old]
            } else {
                both
            };
            if self.round == 0 {
                let text = self.text(&name);
                fs::create_dir_all(self.home.join(&new).parent().unwrap()).unwrap();
                fs::write(self.home.join(&new), &text).unwrap();
                account.stays(&self.below(&new), &text);
                continue;
            }
            rename(&self.home, &[old.clone(), new.clone()]);
            let text = fs::read_to_string(self.home.join(&new)).unwrap();
            account.gone(&self.below(&old));
            account.stays(&self.below(&new), &text);
        }
    }

    fn by_changing_letter_case(&mut self, account: &mut Account) {
        self.by_changing_names(
            account,
            |name| [name.to_owned(), name.to_uppercase()],
            |home, [old, new]| fs::rename(home.join(old), home.join(new)).unwrap(),
        );
    }

    fn by_renaming_a_folder(&mut self, account: &mut Account) {
        self.by_changing_names(
            account,
            |name| ["one", "two"].map(|folder| format!("{folder}/sub/{name}")),
            |home, [old, new]| {
                let folder = |path: &str| home.join(path.split('/').next().unwrap());
                // With the first file goes all of the folder.
                if folder(old).exists() {
                    fs::rename(folder(old), folder(new)).unwrap();
                }
            },
        );
    }

    /// Two files take each other's names.
    fn by_exchanging(&mut self, account: &mut Account) {
        if self.round == 0 {
            return self.in_place(account);
        }
        for n in (0..FILES).step_by(2) {
            let [a, b, other] = [
                format!("{n}.txt"),
                format!("{}.txt", n + 1),
                format!("{n}.tmp"),
            ];
            let since = Instant::now();
            let at = |name: &str| self.home.join(name);
            let texts = [&a, &b].map(|name| fs::read_to_string(at(name)).unwrap());
            fs::rename(at(&a), at(&other)).unwrap();
            fs::rename(at(&b), at(&a)).unwrap();
            fs::rename(at(&other), at(&b)).unwrap();
            self.passes(account, &other, &texts[0], since);
            account.passed(&self.below(&a), None, since);
            account.passed(&self.below(&b), None, since);
            account.stays(&self.below(&a), &texts[1]);
            account.stays(&self.below(&b), &texts[0]);
        }
    }

    /// Folders that are made and written to before anybody can watch them.
    fn in_new_folders(&mut self, account: &mut Account) {
        for n in 0..FILES {
            let name = format!("{}-{n}/a/b/c/file.txt", self.round);
            let text = self.text(&name);
            fs::create_dir_all(self.home.join(&name).parent().unwrap()).unwrap();
            fs::write(self.home.join(&name), &text).unwrap();
            account.stays(&self.below(&name), &text);
            if let Some(old) = self.round.checked_sub(2) {
                fs::remove_dir_all(self.home.join(format!("{old}-{n}"))).unwrap();
                account.gone(&self.below(&format!("{old}-{n}/a/b/c/file.txt")));
            }
        }
    }

    fn by_copying(&mut self, account: &mut Account) {
        for name in Self::names() {
            let (text, source) = (self.text(&name), self.beside.join(&name));
            fs::write(&source, &text).unwrap();
            fs::copy(source, self.home.join(&name)).unwrap();
            account.stays(&self.below(&name), &text);
        }
    }

    fn with_rsync(&mut self, account: &mut Account) {
        for name in Self::names() {
            let text = self.text(&name);
            fs::write(self.beside.join(&name), &text).unwrap();
            account.stays(&self.below(&name), &text);
        }
        let since = Instant::now();
        let mut rsync = Command::new("rsync");
        // Dates are the same within a second, which is all that it compares otherwise.
        rsync
            .args(["-a", "--checksum", "--delete", "./"])
            .arg(&self.home);
        run(rsync.current_dir(&self.beside));
        account.worked(self.name, since);
    }

    fn with_unzip(&mut self, account: &mut Account) {
        let archive = self.beside.join("a.zip");
        let mut writer = zip::ZipWriter::new(File::create(&archive).unwrap());
        let mut all = Vec::new();
        for name in Self::names() {
            let text = self.text(&name);
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored);
            writer.start_file(&*name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
            all.push((name, text));
        }
        writer.finish().unwrap();
        let since = Instant::now();
        run(Command::new("unzip")
            .args(["-q", "-o"])
            .arg(archive)
            .current_dir(&self.home));
        self.replaced(account, all, since);
    }

    /// A tool has put new files in the place of the old ones since then.
    fn replaced(&self, account: &mut Account, all: Vec<(String, String)>, since: Instant) {
        for (name, text) in all {
            account.passed(&self.below(&name), None, since);
            account.stays(&self.below(&name), &text);
        }
    }

    /// A commit is made elsewhere, and checked out here.
    fn with_git(&mut self, account: &mut Account) {
        let (repository, elsewhere) = (self.beside.join("git"), self.beside.join("tree"));
        let git = |tree: &Path, words: &[&str]| {
            let mut git = Command::new("git");
            git.env("GIT_DIR", &repository).env("GIT_WORK_TREE", tree);
            git.env(
                "GIT_INDEX_FILE",
                repository.join(format!("index-{}", tree == elsewhere)),
            );
            git.env("GIT_CONFIG_GLOBAL", "/dev/null");
            git.args([
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@example.org",
                "-c",
                "gc.auto=0",
            ]);
            run(git.args(words).current_dir(tree));
        };
        if self.round == 0 {
            fs::create_dir_all(&elsewhere).unwrap();
            git(&elsewhere, &["init", "-q", "-b", "main"]);
        }
        let mut all = Vec::new();
        for name in Self::names() {
            let text = self.text(&name);
            fs::write(elsewhere.join(&name), &text).unwrap();
            all.push((name, text));
        }
        git(&elsewhere, &["add", "."]);
        git(&elsewhere, &["commit", "-q", "-m", "next"]);
        let since = Instant::now();
        git(&self.home, &["checkout", "-q", "-f", "HEAD", "--", "."]);
        self.replaced(account, all, since);
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        let program = command.get_program().display();
        panic!("`{program}` is needed, and `tests/run` installs it: {error}")
    });
    assert!(output.status.success(), "{command:?}: {output:?}");
}
