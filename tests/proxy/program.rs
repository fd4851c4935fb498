//! The program itself: connections that are set up by command, and used by a script together.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dropscript::emulator::Emulator;
use dropscript::{Secret, StoredCredentials, TokenStore};
use serde_json::Value;

use crate::squid;
use crate::world::{PASSWORD, PROXY, SERVER, USER, in_a_world};

/// The program with a home of its own.
struct Program<'a> {
    home: &'a Path,
    environment: Vec<(&'static str, String)>,
}

impl Program<'_> {
    /// Runs it with this on standard input; no password shows in what it says.
    fn run(&self, words: &[&str], input: &str) -> (Option<i32>, String, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dropscript"))
            .args(words)
            .env_clear()
            .env("HOME", self.home)
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(self.environment.iter().cloned())
            .current_dir(self.home.parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (said(&stdout), said(&stderr));
        assert!(!stdout.contains("Pass1"), "{stdout}");
        assert!(!stderr.contains("Pass1"), "{stderr}");
        (status.code(), stdout, stderr)
    }

    fn works(&self, words: &[&str], input: &str) -> String {
        let (status, stdout, stderr) = self.run(words, input);
        assert_eq!(status, Some(0), "{words:?}: {stdout}{stderr}");
        stdout
    }

    /// What `connection test` finds.
    fn test(&self, name: &str) -> Value {
        let (_, stdout, stderr) = self.run(&["connection", "test", name, "--json", "-vvv"], "");
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"))
    }

    /// Keeps a sign-in, as `connection login` does.
    async fn signed_in(&self, name: &str, refresh_token: String) {
        let folder = self.home.join(".local/state/dropscript/credentials");
        let brought = StoredCredentials {
            app_key: Some("emulator-app".into()),
            refresh_token: Some(Secret::new(refresh_token)),
            ..StoredCredentials::default()
        };
        let kept = TokenStore::file(folder).sign_in(name, brought).await;
        kept.unwrap();
    }
}

#[test]
fn two_accounts_are_used_in_one_script_by_proxy_and_for_a_team() {
    let name = "program::two_accounts_are_used_in_one_script_by_proxy_and_for_a_team";
    in_a_world(name, async |mut world| {
        squid::by_ntlm(&mut world);
        let here = Emulator::start().unwrap();
        let home = world.path("home");
        std::fs::create_dir_all(home.join(".local/state/dropscript")).unwrap();
        let mut program = Program {
            home: &home,
            environment: Vec::new(),
        };
        let ca_file = world.path("ca.pem").display().to_string();
        // The sign-ins are in files: a keyring is none of these tests.
        let office: Vec<_> = "connection add office --app-key=emulator-app --credentials=file --timeout=20s \
            --proxy-type=http --proxy-port=3128 --proxy-authentication=ntlm --proxy-domain=OFFICE --proxy-password-stdin"
            .split_whitespace()
            .chain(["--endpoint", SERVER, "--ca-file", &ca_file])
            .chain(["--proxy-address", PROXY, "--proxy-username", USER])
            .collect();
        program.works(&office, "Wrong-Pass1\n");
        program
            .signed_in("office", "emulator-refresh-token".into())
            .await;
        let found = program.test("office");
        assert_eq!(found["status"], 7, "{found}");
        let message = found["error"]["message"].as_str().unwrap();
        assert!(message.contains("does not take"), "{message}");

        let password = ["connection", "edit", "office", "--proxy-password-stdin"];
        program.works(&password, &format!("{PASSWORD}\n"));
        let found = program.test("office");
        assert_eq!(found["status"], 0, "{found}");
        assert_eq!(found["servers"][0]["proxy"], format!("http://{PROXY}:3128"));
        assert_eq!(found["kind"], "personal (basic)");

        let member = here.team_member_id("team-member").unwrap();
        let team: Vec<_> =
            "connection add team --app-key=emulator-app --credentials=file --account=business"
                .split_whitespace()
                .chain(["--endpoint", here.url(), "--member", &member])
                .collect();
        program.works(&team, "");
        program.signed_in("team", here.team_refresh_token()).await;
        let found = program.test("team");
        assert_eq!(
            (&found["status"], &found["kind"]),
            (&0.into(), &"business".into()),
            "{found}"
        );
        assert_eq!(found["proxy"], "none");

        let script = r#"
            let office = dropbox("office");
            let team = dropbox("team");
            office.write_text("/from the office.txt", "hello");
            team.write_text("/Projects/from the office.txt", office.read_text("/from the office.txt"));
            print(`${office.account.account_type} ${team.account.account_type}`);
            print(team.list("/").to_array().some(|item| item.name == "Projects"));
            print(team.read_text("/Projects/from the office.txt"));
        "#;
        let said = program.works(&["eval", script, "-vvv"], "");
        assert_eq!(said, "basic business\ntrue\nhello\n");

        // By the environment, as other programs are told of proxies.
        program.works(
            &[
                "connection",
                "edit",
                "office",
                "--proxy-type=system",
                "--proxy-address=",
                "--proxy-port=",
            ],
            "",
        );
        // The login of the settings counts, and that of the URL shows nowhere.
        let url = format!("http://bob:Other-Pass1@{PROXY}:3128");
        program.environment = vec![("https_proxy", url.clone())];
        let found = program.test("office");
        assert_eq!(found["status"], 0, "{found}");
        assert_eq!(found["proxy"], format!("http://{PROXY}:3128"));
        // Who is to be reached directly is not, where only the proxy leads there.
        program.environment = vec![("no_proxy", "*".into()), ("https_proxy", url)];
        assert_eq!(program.test("office")["status"], 7);
    });
}
