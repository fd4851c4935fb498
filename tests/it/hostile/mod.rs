//! Scripts that mean harm: each ends by its limit or is refused, and the process lives on.
//!
//! Every one runs in a process of its own, which has little address space. A full campaign runs them all, the default a tenth of them.
//! All but those that run into a limit are watched by `strace`: no socket leads anywhere, and nothing outside is opened.

mod cases;
mod network;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use cases::{Case, Ends, cases};
use network::{Canary, Trace};

/// Beside what the program itself maps; the limit of a run's memory is 512 MiB, and one value comes on top.
const ADDRESS_SPACE: &str = "--as=4294967296";

/// In files and in the environment, where scripts look for it.
const SECRET: &str = "canary-b7f3";

/// How many run at a time.
const WORKERS: usize = 4;

/// A folder with a secret beside that of the script, and a server that nobody may reach.
struct World {
    folder: tempfile::TempDir,
    listener: Canary,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in [
            "home/.config/dropscript",
            "home/.local/state/dropscript",
            "outside",
            "work/lib",
        ] {
            fs::create_dir_all(at(path)).unwrap();
        }
        fs::write(at("outside/secret.txt"), SECRET).unwrap();
        fs::write(
            at("outside/module.rhai"),
            format!("fn secret() {{ \"{SECRET}\" }}"),
        )
        .unwrap();
        fs::write(at("work/lib/own.rhai"), "fn own() { 1 }").unwrap();
        fs::write(at("work/lib/circle.rhai"), "import \"circle\" as me;").unwrap();
        fs::write(at("work/lib/endless.rhai"), "loop {}").unwrap();
        fs::write(
            at("home/.config/dropscript/config.toml"),
            format!("[connections.{SECRET}]\n"),
        )
        .unwrap();
        std::os::unix::fs::symlink(at("outside"), at("work/link")).unwrap();
        std::os::unix::fs::symlink(at("outside/module.rhai"), at("work/lib/linked.rhai")).unwrap();
        Self {
            folder,
            listener: Canary::at("127.0.0.1:0"),
        }
    }

    /// Everything that is not the script's own, with its contents.
    fn outside(&self) -> BTreeMap<String, Vec<u8>> {
        fn walk(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    walk(&path, found);
                } else {
                    let contents = fs::read(&path).unwrap_or_default();
                    found.insert(path.display().to_string(), contents);
                }
            }
        }
        let mut found = BTreeMap::new();
        for place in ["outside", "home/.config"] {
            walk(&self.folder.path().join(place), &mut found);
        }
        found
    }

    /// What is wrong with how a script ended.
    fn run(&self, number: usize, case: &Case) -> Result<(), String> {
        let outside = self.folder.path().join("outside").display().to_string();
        let address = self.listener.address();
        let code = case
            .code
            .replace("OUTSIDE", &outside)
            .replace("LISTENER", &address.to_string())
            .replace("PORT", &address.port().to_string());
        let name = format!("case-{number}.rhai");
        fs::write(self.folder.path().join("work").join(&name), &code).unwrap();
        let home = self.folder.path().join("home");
        let began = Instant::now();
        let trace = Trace::new(&self.folder.path().join(format!("trace-{number}.txt")));
        let mut command = Command::new("prlimit");
        command.arg(ADDRESS_SPACE);
        // What only counts and multiplies is many times slower when it is watched, and reaches nobody.
        if case.ends != Ends::Limit {
            command.args(trace.command());
        }
        let proxy = format!("http://{address}");
        let output = command
            .args([env!("CARGO_BIN_EXE_dropscript"), "run", &name])
            .args(["--timeout", "1s", "--color", "never"])
            .current_dir(self.folder.path().join("work"))
            .env_clear()
            .env("HOME", &home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("SECRET", SECRET)
            .env("DROPBOX_ACCESS_TOKEN", SECRET)
            .env("HTTP_PROXY", &proxy)
            .env("http_proxy", &proxy)
            .env("HTTPS_PROXY", &proxy)
            .env("ALL_PROXY", &proxy)
            .stdin(Stdio::null())
            .output()
            .expect("`prlimit` is in the package `util-linux`");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let wrong = |what: String| {
            let code: String = code.chars().take(200).collect();
            let said: String = said.chars().take(1000).collect();
            Err(format!(
                "{what} after {:?}: {code}\n{said}",
                began.elapsed()
            ))
        };
        if let Some(signal) = output.status.signal() {
            return wrong(format!("ended by signal {signal}"));
        }
        // The script itself is shown in messages, and may have the word in it.
        if said.contains(SECRET) || said.contains("panicked") {
            return wrong("a secret or a panic is shown".to_owned());
        }
        if case.ends != Ends::Limit
            && let Err(what) = trace.look(self.folder.path())
        {
            return wrong(what);
        }
        let status = output.status.code().unwrap_or_default();
        let fits = match case.ends {
            Ends::Limit => said.contains("error: ") && [1, 8].contains(&status),
            Ends::Parse => status == 3,
            Ends::Refused => [1, 3, 4, 5].contains(&status),
            Ends::Fine => status == 0,
        };
        if fits {
            Ok(())
        } else {
            wrong(format!("status {status} for {:?}", case.ends))
        }
    }
}

#[test]
fn no_line_of_a_log_is_taken_for_one_of_the_program() {
    let done = crate::support::Lab::new()
        .script(r#"log::info("one\nerror: forged\r\u001b[2Kerror: again"); debug("two\u0007");"#)
        .success();
    let lines: Vec<&str> = done.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "info: one",
            "  error: forged\u{fffd}\u{fffd}[2Kerror: again",
            "debug: script.rhai:1: \"two\\u{7}\""
        ]
    );
}

#[test]
fn hostile_scripts_end_by_their_limits() {
    let cases = cases();
    assert!(cases.len() >= 200, "{} scripts", cases.len());
    let full = std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|campaign| campaign == "full");
    let seed: usize = match std::env::var("DROPSCRIPT_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => std::process::id() as usize,
    };
    println!("DROPSCRIPT_SEED={seed}");
    let chosen: Vec<(usize, &Case)> = cases
        .iter()
        .enumerate()
        .filter(|(number, _)| full || (number + seed).is_multiple_of(10))
        .collect();
    let world = World::new();
    let before = world.outside();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((number, case)) = chosen.get(next.fetch_add(1, Relaxed)) {
                    if let Err(why) = world.run(*number, case) {
                        wrong.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        chosen.len(),
        wrong.join("\n")
    );
    assert_eq!(world.outside(), before, "something outside was changed");
    assert!(world.listener.is_silent(), "somebody called the server");
}
