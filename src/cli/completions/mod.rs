//! `completions` and `man`: the command line told to shells, and as manual pages.

use std::path::Path;

use clap::ValueEnum;
use clap_complete::{Shell, generate};
use dropscript::Error;

use super::examples::command;
use super::output;
use super::report::{self, Status};
use super::voice::Voice;

/// What the scripts add to what is generated: the names of connections, and files of scripts.
const BASH: &str = include_str!("more.bash");
const ZSH: &str = include_str!("more.zsh");
const FISH: &str = include_str!("more.fish");

/// A shell whose completions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShellArg {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

/// Prints the script that a shell reads.
pub(super) fn completions(voice: Voice, shell: ShellArg) -> Status {
    output::whole(voice, &script(shell))
}

fn script(shell: ShellArg) -> String {
    let (shell, more) = match shell {
        ShellArg::Bash => (Shell::Bash, BASH),
        ShellArg::Zsh => (Shell::Zsh, ZSH),
        ShellArg::Fish => (Shell::Fish, FISH),
        ShellArg::Elvish => (Shell::Elvish, ""),
        ShellArg::Powershell => (Shell::PowerShell, ""),
    };
    let mut generated = Vec::new();
    generate(shell, &mut command(), "dropscript", &mut generated);
    String::from_utf8_lossy(&generated).into_owned() + more
}

/// Writes the manual pages into a folder, which is made if it is missing: one for each command.
pub(super) fn manual(voice: Voice, folder: &Path) -> Status {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command(), folder))
        .map_err(|error| Error::io("write the manual pages to", folder, error));
    match written {
        Ok(()) => {
            let folder = folder.display();
            voice.status(&format!(
                "the pages are in `{folder}`; `man dropscript` is the first"
            ));
            Status::OK
        }
        Err(error) => report::refuse(voice, &error),
    }
}
