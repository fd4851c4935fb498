//! The examples in the help of each command, all of them ones that the program takes.

use clap::{Command, CommandFactory as _, FromArgMatches as _};

use super::args::Cli;

/// The arguments of this process.
///
/// # Errors
/// They are wrong, or ask for help.
pub(super) fn parse() -> Result<Cli, clap::Error> {
    let mut matches = command().try_get_matches()?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command()))
}

/// The command line, with the examples.
pub(super) fn command() -> Command {
    let with_examples = |program: Command, (name, text): &(&'static str, &'static str)| {
        program.mut_subcommand(name, |command| command.after_help(*text))
    };
    EXAMPLES.iter().fold(Cli::command(), with_examples)
}

/// The examples of each command.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "run",
        "\
Examples:
  dropscript run backup.rhai
  dropscript run backup.rhai --connection work -- docs /backup --verbose
  dropscript run backup.rhai --emulator --dry-run
  dropscript run - --emulator < backup.rhai

A script that begins with `#!/usr/bin/env -S dropscript run --` and may be executed is a program: all words behind its name are its own.",
    ),
    (
        "eval",
        "\
Examples:
  dropscript eval 'print(dropbox().space)'
  dropscript eval 'for item in dropbox().list(args[0]) { print(item.path) }' /reports
  dropscript eval 'dropbox().upload(\"out/*.csv\", \"/reports\")' --dry-run",
    ),
    (
        "watch",
        "\
Examples:
  dropscript watch backup.rhai
  dropscript watch inbox.rhai inbox --emulator
  dropscript watch inbox.rhai inbox outbox --settle 10s -- /incoming",
    ),
    (
        "repl",
        "\
Examples:
  dropscript repl --emulator
  dropscript repl tools.rhai --connection work
  dropscript repl --emulator < statements.txt",
    ),
    (
        "check",
        "\
Examples:
  dropscript check backup.rhai
  dropscript check *.rhai --module-path lib",
    ),
    (
        "test",
        "\
Examples:
  dropscript test
  dropscript test scripts --filter backup
  dropscript test --junit results.xml --jobs 4",
    ),
    (
        "docs",
        "\
Examples:
  dropscript docs
  dropscript docs upload
  dropscript docs --definitions > dropscript.d.rhai",
    ),
    (
        "connection",
        "\
Examples:
  dropscript connection add work
  dropscript connection login work
  dropscript connection test work --json
  dropscript connection edit work --proxy-type http --proxy-address proxy.example.com --proxy-port 3128",
    ),
    (
        "emulator",
        "\
Examples:
  dropscript emulator
  dropscript emulator files --listen 127.0.0.1:9000
  dropscript emulator --latency 40ms --bandwidth 60MiB/s --rate-limit 50/s",
    ),
    (
        "history",
        "\
Examples:
  dropscript history
  dropscript history 12
  dropscript history --failed -n 100 --json",
    ),
    (
        "unfinished",
        "\
Examples:
  dropscript unfinished
  dropscript unfinished --clear",
    ),
    (
        "completions",
        "\
Examples:
  dropscript completions bash > ~/.local/share/bash-completion/completions/dropscript
  dropscript completions zsh > \"${fpath[1]}/_dropscript\"
  dropscript completions fish > ~/.config/fish/completions/dropscript.fish",
    ),
    (
        "man",
        "\
Examples:
  dropscript man ~/.local/share/man/man1",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a line, as a shell parts them; what stands behind `<`, `>` and `|` is the shell's.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        let (mut word, mut quote) = (String::new(), None);
        for letter in line.chars().chain([' ']) {
            match (letter, quote) {
                (letter, Some(open)) if letter == open => quote = None,
                ('\'' | '"', None) => quote = Some(letter),
                (' ', None) if !word.is_empty() => words.push(std::mem::take(&mut word)),
                (' ', None) => {}
                (letter, _) => word.push(letter),
            }
        }
        let end = words
            .iter()
            .position(|word| ["<", ">", "|"].contains(&word.as_str()));
        words.truncate(end.unwrap_or(words.len()));
        words
    }

    #[test]
    fn every_command_has_examples_that_are_taken() {
        let program = command();
        for below in program.get_subcommands() {
            let name = below.get_name();
            let help = below.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_else(|| panic!("`{name}` has no examples"));
            let lines: Vec<&str> = help.lines().filter(|line| line.starts_with("  ")).collect();
            assert!(!lines.is_empty(), "{name}");
            for line in lines {
                let words = words(line);
                assert_eq!(words[..2], ["dropscript", name], "{line}");
                if let Err(error) = command().try_get_matches_from(&words) {
                    panic!("{line}: {error}");
                }
            }
        }
    }
}
