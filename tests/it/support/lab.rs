//! A laboratory: a working directory, a home and a Dropbox for one run of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::Child;

/// The program in surroundings of its own, and what is expected of it.
///
/// By default it runs `run script.rhai`. What it says is compared when it has ended: [`success`](Self::success) and
/// [`status`](Self::status) run it.
#[must_use]
pub(crate) struct Lab {
    folder: TempDir,
    program: String,
    words: Vec<String>,
    arguments: Vec<String>,
    emulated: bool,
    environment: Vec<(String, String)>,
    input: Option<String>,
    disk: Option<String>,
    stdout: Option<String>,
    stderr: Vec<String>,
}

/// A program that has ended, and what it left behind.
pub(crate) struct Done {
    folder: TempDir,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work", "remote", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self::of(folder)
    }

    /// The laboratory in this folder, with nothing asked of it.
    pub(crate) fn of(folder: TempDir) -> Self {
        Self {
            folder,
            program: env!("CARGO_BIN_EXE_dropscript").into(),
            words: vec!["run".into(), "script.rhai".into()],
            arguments: Vec::new(),
            emulated: false,
            environment: Vec::new(),
            input: None,
            disk: None,
            stdout: None,
            stderr: Vec::new(),
        }
    }

    /// The command and its operands, in the place of `run script.rhai`.
    pub(crate) fn command(mut self, words: &[&str]) -> Self {
        self.words = words.iter().map(ToString::to_string).collect();
        self
    }

    /// Another program in the place of ours; its words are given by [`command`](Self::command).
    pub(crate) fn program(mut self, program: &str) -> Self {
        self.program = program.into();
        self
    }

    /// `eval CODE`.
    pub(crate) fn eval(self, code: &str) -> Self {
        self.command(&["eval", code])
    }

    /// What `script.rhai` holds.
    pub(crate) fn script(self, source: &str) -> Self {
        self.local("script.rhai", source)
    }

    /// A file in the working directory.
    pub(crate) fn local(self, path: &str, contents: &str) -> Self {
        write(&self.path(path), contents);
        self
    }

    /// A file at Dropbox, which is an emulator.
    pub(crate) fn remote(self, path: &str, contents: &str) -> Self {
        write(
            &self
                .folder
                .path()
                .join("remote")
                .join(path.trim_start_matches('/')),
            contents,
        );
        self.emulated()
    }

    /// With a Dropbox that is an emulator.
    pub(crate) fn emulated(mut self) -> Self {
        self.emulated = true;
        self
    }

    /// An option or argument, after the operands.
    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Several of them.
    pub(crate) fn args(self, arguments: &[&str]) -> Self {
        arguments
            .iter()
            .fold(self, |lab, argument| lab.arg(argument))
    }

    /// A variable of the environment, which is otherwise empty.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// A disk of this size, mounted at a folder of the working directory for this run only.
    pub(crate) fn with_a_disk_of(mut self, size: &str, folder: &str) -> Self {
        fs::create_dir_all(self.path(folder)).unwrap();
        self.disk = Some(format!("mount -t tmpfs -o size={size} tmpfs '{folder}'"));
        self
    }

    /// What comes on standard input; by default it is closed.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Expects this on standard output, whole.
    pub(crate) fn stdout(mut self, text: &str) -> Self {
        self.stdout = Some(text.into());
        self
    }

    /// Expects this somewhere on standard error.
    pub(crate) fn stderr_contains(mut self, text: &str) -> Self {
        self.stderr.push(text.into());
        self
    }

    /// Runs the program, which has to work.
    pub(crate) fn success(self) -> Done {
        self.status(0)
    }

    /// Runs the program, which has to end with this exit status.
    pub(crate) fn status(self, expected: i32) -> Done {
        let (stdout, stderr) = (self.stdout.clone(), self.stderr.clone());
        let done = self.start().end(expected);
        if let Some(stdout) = stdout {
            assert_eq!(
                done.stdout, stdout,
                "standard output; standard error was:\n{}",
                done.stderr
            );
        }
        for part in stderr {
            assert!(
                done.stderr.contains(&part),
                "no `{part}` in standard error:\n{}",
                done.stderr
            );
        }
        done
    }

    /// Starts the program, for tests that do something meanwhile.
    pub(crate) fn start(self) -> Child {
        let program = self.program.as_str();
        let command = match &self.disk {
            None => self.process(program, self.line()),
            Some(mount) => {
                let run = format!("{mount} && cd . && exec \"$0\" \"$@\"");
                let mut words: Vec<String> = [own_mounts(), "sh", "-c", &run, program]
                    .map(str::to_owned)
                    .into();
                words.extend(self.line());
                self.process("unshare", words)
            }
        };
        Child::start(command, self.folder, self.input.as_deref())
    }

    /// Starts the program at a terminal of its own; what is typed goes to [`Child::type_in`].
    pub(crate) fn start_at_a_terminal(self) -> Child {
        // `script` of util-linux runs a command at a pseudo-terminal.
        let words = vec!["-qec".into(), self.shell_line(), "/dev/null".into()];
        let command = self.process("script", words);
        Child::start_with_open_input(command, self.folder)
    }

    /// The program and its arguments as a line for a shell.
    pub(crate) fn shell_line(&self) -> String {
        let quoted = self.line().into_iter().map(|word| format!("'{word}'"));
        let program = format!("exec {}", self.program);
        let line = [program].into_iter().chain(quoted);
        line.collect::<Vec<_>>().join(" ")
    }

    /// Another program in the same surroundings.
    pub(crate) fn tool(&self, program: &str) -> Command {
        self.process(program, Vec::new())
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("work").join(path)
    }

    pub(crate) fn into_folder(self) -> TempDir {
        self.folder
    }

    fn line(&self) -> Vec<String> {
        let mut line = self.words.clone();
        if self.emulated {
            line.insert(
                1,
                format!("--emulator={}", self.folder.path().join("remote").display()),
            );
        }
        line.extend(self.arguments.iter().cloned());
        line
    }

    fn process(&self, program: &str, arguments: Vec<String>) -> Command {
        let at = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(at("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", at("home"))
            .env("XDG_CONFIG_HOME", at("home/config"))
            .env("XDG_STATE_HOME", at("home/state"))
            .env("TMPDIR", at("tmp"))
            .env("TERM", "xterm")
            .envs(self.environment.iter().cloned())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// The option of `unshare` that gives a mount namespace of its own, where nothing stays mounted: without rights by way of a user
/// namespace, as root without one, since some places (a chroot) have none to give.
fn own_mounts() -> &'static str {
    let works = |option: &&str| {
        Command::new("unshare")
            .args([option, "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    ["-rm", "-m"]
        .into_iter()
        .find(works)
        .expect("`unshare` of util-linux gives a mount namespace")
}

impl Done {
    /// The program once more, in the same laboratory, with another command.
    pub(crate) fn again(self, words: &[&str]) -> Lab {
        Lab::of(self.folder).command(words)
    }

    pub(crate) fn new(folder: TempDir, stdout: String, stderr: String) -> Self {
        Self {
            folder,
            stdout,
            stderr,
        }
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("work").join(path)
    }

    /// A path in the folder that the program keeps its state in.
    pub(crate) fn state(&self, path: &str) -> PathBuf {
        self.folder.path().join("home/state/dropscript").join(path)
    }

    /// The files at Dropbox.
    pub(crate) fn remote(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let root = self.folder.path().join("remote");
        collect(&root, &root, &mut files);
        files
    }

    /// Expects these files at Dropbox and no others.
    pub(crate) fn remote_is(&self, expected: &[(&str, &str)]) {
        let expected = expected
            .iter()
            .map(|(path, contents)| ((*path).to_owned(), (*contents).to_owned()));
        assert_eq!(self.remote(), expected.collect());
    }

    /// Expects that no temporary file is left.
    pub(crate) fn left_nothing_temporary(&self) {
        let left: Vec<_> = fs::read_dir(self.folder.path().join("tmp"))
            .unwrap()
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn write(path: &Path, contents: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(".dropscript-emulator") {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = format!("/{}", path.strip_prefix(root).unwrap().display());
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}
