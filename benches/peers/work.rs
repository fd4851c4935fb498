//! What there is to do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::contestant::Contestant;
use super::dropbox::{Dropbox, Kept};
use super::run::{Figures, measured};

const GIB: usize = 1 << 30;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    SmallUp,
    Again,
    SmallDown,
    LargeUp,
    LargeDown,
    List,
    HugeUp,
    Million,
}

impl Work {
    pub(crate) const ALL: &[Work] = &[
        Work::SmallUp,
        Work::Again,
        Work::SmallDown,
        Work::LargeUp,
        Work::LargeDown,
        Work::List,
        Work::HugeUp,
        Work::Million,
    ];

    /// Whether it is done only where it is asked for: it is for its memory, and takes minutes.
    pub(crate) fn is_heavy(self) -> bool {
        matches!(self, Work::HugeUp | Work::Million)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Work::SmallUp => "small-up",
            Work::Again => "again",
            Work::SmallDown => "small-down",
            Work::LargeUp => "large-up",
            Work::LargeDown => "large-down",
            Work::List => "list",
            Work::HugeUp => "huge-up",
            Work::Million => "million",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Work::SmallUp => "1,000 files of 4 KiB up",
            Work::Again => "10,000 files of 1 KiB up, the second time, unchanged",
            Work::SmallDown => "1,000 files of 4 KiB down",
            Work::LargeUp => "one file of 1 GiB up, all on /dev/shm",
            Work::LargeDown => "one file of 1 GiB down, all on /dev/shm",
            Work::List => "100,000 entries listed, 10,000 of them folders",
            Work::HugeUp => "one file of 10 GiB up, on disk",
            Work::Million => "1,000,000 entries listed",
        }
    }

    pub(crate) fn kept_in(self) -> Kept {
        match self {
            Work::SmallUp | Work::Again | Work::SmallDown => Kept::Memory,
            Work::LargeUp | Work::LargeDown | Work::List | Work::Million => Kept::Folder,
            Work::HugeUp => Kept::Disk,
        }
    }

    /// Prepares it, has it done once, and looks whether it was.
    pub(crate) fn measure(self, contestant: Contestant, dropbox: &Dropbox) -> Figures {
        let (here, back) = (dropbox.path("here"), dropbox.path("back"));
        let command = match self {
            Work::SmallUp => {
                small_files(&here, 1_000, 4_096);
                contestant.upload(dropbox, &here, "there")
            }
            Work::Again => {
                small_files(&here, 10_000, 1_024);
                // The quickest way there, whoever comes then.
                run(&mut Contestant::Dropscript.upload(dropbox, &here, "there"));
                contestant.upload(dropbox, &here, "there")
            }
            Work::SmallDown => {
                small_files(&here, 1_000, 4_096);
                run(&mut Contestant::Dropscript.upload(dropbox, &here, "there"));
                contestant.download(dropbox, "there", &back)
            }
            Work::LargeUp => {
                let file = large_file(&here);
                contestant.upload(dropbox, &file, "there")
            }
            Work::LargeDown => {
                let file = large_file(&here);
                run(&mut Contestant::Dropscript.upload(dropbox, &file, "there"));
                contestant.download(dropbox, "there/large.bin", &back)
            }
            Work::List => {
                tree(&dropbox.path("remote/there"));
                // The emulator takes in what a person puts there when it is asked next.
                run(&mut Contestant::Dropscript.list(dropbox, "there"));
                contestant.list(dropbox, "there")
            }
            Work::HugeUp => {
                fs::create_dir_all(&here).expect("a folder");
                let file = here.join("huge.bin");
                // What is in it makes no difference, so nothing is.
                let made = File::create(&file).and_then(|file| file.set_len(10 * GIB as u64));
                made.expect("a file");
                contestant.upload(dropbox, &file, "there")
            }
            Work::Million => {
                for folder in 0..1_000 {
                    let folder = dropbox.path(&format!("remote/there/{folder:03}"));
                    fs::create_dir_all(&folder).expect("a folder");
                    for file in 0..999 {
                        fs::write(folder.join(file.to_string()), "").expect("a file");
                    }
                }
                run(&mut Contestant::Dropscript.list(dropbox, "there"));
                contestant.list(dropbox, "there")
            }
        };
        let before = dropbox.counters();
        let mut command = command;
        let figures = measured(&mut command);
        let after = dropbox.counters();
        match self {
            Work::SmallDown | Work::LargeDown => assert_same(&here, &back),
            Work::SmallUp => assert_there(dropbox, &here),
            Work::Again | Work::LargeUp | Work::List | Work::HugeUp | Work::Million => {}
        }
        Figures {
            calls: after[0] - before[0],
            bytes_up: after[1] - before[1],
            bytes_down: after[2] - before[2],
            ..figures
        }
    }
}

pub(crate) fn run(command: &mut Command) {
    measured(command);
}

pub(crate) fn small_files(folder: &Path, count: usize, size: usize) {
    fs::create_dir_all(folder).expect("a folder");
    for number in 0..count {
        let text = format!("{number:09} ");
        let contents = text.repeat(size.div_ceil(text.len()));
        let path = folder.join(format!("{number:05}.txt"));
        fs::write(path, &contents[..size]).expect("a file");
    }
}

fn large_file(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).expect("a folder");
    let path = folder.join("large.bin");
    let mut contents = vec![0; GIB];
    for (number, word) in contents.as_chunks_mut().0.iter_mut().enumerate() {
        *word = (number as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_le_bytes();
    }
    fs::write(&path, contents).expect("a file");
    path
}

/// 10,000 folders with nine files each.
fn tree(folder: &Path) {
    for outer in 0..100 {
        for inner in 0..99 {
            let folder = folder.join(format!("{outer:02}/{inner:02}"));
            fs::create_dir_all(&folder).expect("a folder");
            for file in 0..9 {
                fs::write(folder.join(file.to_string()), "").expect("a file");
            }
        }
        for file in 0..9 {
            let folder = folder.join(format!("{outer:02}"));
            fs::write(folder.join(file.to_string()), "").expect("a file");
        }
    }
}

fn assert_same(here: &Path, back: &Path) {
    for entry in fs::read_dir(here).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let came = fs::read(back.join(&name)).expect("it came back");
        assert!(
            came == fs::read(here.join(&name)).expect("a file"),
            "{}",
            name.display()
        );
    }
}

/// What went up comes back.
fn assert_there(dropbox: &Dropbox, here: &Path) {
    let back = dropbox.path("back");
    run(&mut Contestant::Dropscript.download(dropbox, "there", &back));
    assert_same(here, &back);
}
