//! A world of two networks: the test is in one, the emulator in the other, and the only thing of the other that can be reached is a
//! proxy. What would go past the proxy goes nowhere.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dropscript::{Connection, ConnectionBuilder, Proxy, ProxyAuthentication, ProxyKind, Secret};
use tempfile::TempDir;

/// Where proxies listen.
pub(crate) const PROXY: &str = "10.9.0.2";

/// Who may use them.
pub(crate) const USER: &str = "ann";
pub(crate) const PASSWORD: &str = "Right-Pass1";
/// The MD5 sum of the password, and its hash as in `/etc/shadow`.
pub(crate) const PASSWORD_MD5: &str = "cec62685b408d3ff0dfffdddd0b63c15";
const PASSWORD_CRYPT: &str = "$6$dropscript$JVMA35Y5TbTk1Gtzvwmm8eL9KB4PZz.8usOIlmHAnVxYTaRP6hdJeo0PrHlNjwJnuqEDNfebSNaoylpL3UcLs0";

/// A name of the emulator that only the other network knows.
pub(crate) const SERVER: &str = "https://api.dropboxapi.com:8743";
/// A name of it that only this network knows.
pub(crate) const KNOWN_HERE: &str = "https://content.dropboxapi.com:8743";
/// The emulator without TLS.
pub(crate) const PLAIN: &str = "http://api.dropboxapi.com:8780";

/// Tells the test that it is inside.
const INSIDE: &str = "DROPSCRIPT_TEST_WORLD";

/// How long anything may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    folder: TempDir,
    beyond: Child,
    emulator: Child,
    daemons: Vec<Child>,
}

/// Runs `body` in a world of its own, in a process of its own; `name` is the path of the test that calls it.
pub(crate) fn in_a_world(name: &str, body: impl AsyncFnOnce(World)) {
    if std::env::var_os(INSIDE).is_none() {
        let output = Command::new("timeout")
            .args(["120", "unshare", unshared(), "--kill-child", "--mount-proc"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(INSIDE, "1")
            .stdin(Stdio::null())
            .output()
            .expect("`timeout` of coreutils runs");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success() && said(&output.stdout).contains("1 passed"),
            "{}{}",
            said(&output.stdout),
            said(&output.stderr)
        );
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(body(World::new()));
}

/// The options of `unshare` that give networks, mounts and processes of its own: as root as they are, else by way of a user
/// namespace.
fn unshared() -> &'static str {
    ["-nmpf", "-rnmpf"]
        .into_iter()
        .find(|option| {
            let tried = Command::new("unshare").args([option, "true"]).output();
            tried.is_ok_and(|output| output.status.success())
        })
        .expect("`unshare` of util-linux gives namespaces")
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Daemons give up root, and have to find what is theirs all the same.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("hosts"), "127.0.0.1 localhost api.dropboxapi.com\n").unwrap();
        fs::write(
            at("hosts.here"),
            "127.0.0.1 localhost content.dropboxapi.com\n",
        )
        .unwrap();
        for (name, line) in [
            ("passwd", format!("{USER}:x:4321:4321::/:/usr/sbin/nologin")),
            (
                "shadow",
                format!("{USER}:{PASSWORD_CRYPT}:19000:0:99999:7:::"),
            ),
        ] {
            let before = fs::read_to_string(format!("/etc/{name}")).unwrap_or_default();
            fs::write(at(name), format!("{before}{line}\n")).unwrap();
        }
        let mounts = ["hosts", "passwd", "shadow"]
            .map(|name| format!("mount --bind {} /etc/{name}", at(name).display()))
            .join(" && ");
        let mut beyond = Command::new("unshare")
            .args(["-nm", "sh", "-c"])
            .arg(format!(
                "{mounts} && ip link set lo up && echo there && exec sleep 1000"
            ))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        assert_eq!(first_line(&mut beyond), "there");
        let there = beyond.id().to_string();
        sh("ip link set lo up");
        sh(&format!(
            "mount --bind {} /etc/hosts",
            at("hosts.here").display()
        ));
        sh(&format!(
            "ip link add here type veth peer name there netns {there}"
        ));
        sh("ip addr add 10.9.0.1/24 dev here && ip link set here up");
        sh(&format!(
            "nsenter -t {there} -n ip addr add {PROXY}/24 dev there"
        ));
        sh(&format!("nsenter -t {there} -n ip link set there up"));
        let mut emulator = entered(&beyond, env!("CARGO_BIN_EXE_dropscript"))
            .args([
                "emulator",
                "--listen",
                "127.0.0.1:8780",
                "--tls",
                "127.0.0.1:8743",
            ])
            .arg("--ca-out")
            .arg(at("ca.pem"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        first_line(&mut emulator);
        let world = Self {
            folder,
            beyond,
            emulator,
            daemons: Vec::new(),
        };
        for place in ["10.9.0.2:8743", "127.0.0.1:8743", "10.9.0.2:8780"] {
            let reached = TcpStream::connect(place);
            assert!(reached.is_err(), "`{place}` is reached without a proxy");
        }
        world
    }

    /// A file for daemons.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file for daemons; `DIR` in it is the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        let folder = self.folder.path().display().to_string();
        fs::write(&path, text.replace("DIR", &folder)).unwrap();
        path.display().to_string()
    }

    /// Runs a line of shell in the other network.
    pub(crate) fn there(&self, line: &str) {
        let output = entered(&self.beyond, "sh").args(["-c", line]).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{line}`: {said}");
    }

    /// Starts a proxy in the other network and waits until it listens.
    pub(crate) fn start(&mut self, program: &str, package: &str, arguments: &[&str], port: u16) {
        let log = fs::File::create(self.path("log")).unwrap();
        let mut command = entered(&self.beyond, program);
        command.args(arguments);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output();
        assert!(
            found.is_ok_and(|output| output.status.success()),
            "`{program}` is missing: apt-get install {package}"
        );
        self.daemons.push(command.spawn().unwrap());
        let started = Instant::now();
        while TcpStream::connect((PROXY, port)).is_err() {
            let daemon = self.daemons.last_mut().expect("just pushed");
            let ended = daemon.try_wait().unwrap();
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "`{program}` does not listen ({ended:?}):\n{}",
                fs::read_to_string(self.path("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A connection to the emulator through this proxy.
    pub(crate) fn through(&self, server: &str, proxy: Proxy) -> ConnectionBuilder {
        Connection::builder("main")
            .endpoint(server)
            .access_token("emulator-access-token")
            .ca_file(self.path("ca.pem"))
            .proxy(proxy)
    }

    /// Expects that the emulator is reached through this proxy, with and without TLS, and that files come and go whole.
    pub(crate) async fn reaches(&self, proxy: &Proxy) {
        for server in [SERVER, PLAIN] {
            let connection = self.through(server, proxy.clone()).build().unwrap();
            let account = connection.account().await;
            account.unwrap_or_else(|error| panic!("{proxy:?}: {error:?}, {:?}", error.hint()));
        }
        let connection = self.through(SERVER, proxy.clone()).build().unwrap();
        let text = "through the proxy and back ".repeat(20_000);
        let written = connection.write_text("/a.txt", &text, dropscript::WriteOptions::default());
        written.await.unwrap();
        assert_eq!(connection.read_text("/a.txt").await.unwrap(), text);
    }

    /// Expects that the proxy lets nobody through, and gives the error.
    pub(crate) async fn refuses(&self, proxy: Proxy) -> dropscript::Error {
        let connection = self.through(SERVER, proxy).build().unwrap();
        let error = connection.account().await.unwrap_err();
        let shown = format!("{error:?} {error} {:?}", error.hint());
        assert!(shown.contains(PROXY), "it names the proxy: {shown}");
        assert!(!shown.contains("Pass1"), "it shows the password: {shown}");
        error
    }
}

/// A proxy that wants no login.
pub(crate) fn anonymous(kind: ProxyKind, port: u16) -> Proxy {
    Proxy {
        kind,
        address: PROXY.into(),
        port: Some(port),
        ..Proxy::default()
    }
}

/// A proxy that is told who asks.
pub(crate) fn known(kind: ProxyKind, port: u16, authentication: ProxyAuthentication) -> Proxy {
    Proxy {
        authentication,
        username: USER.into(),
        password: Some(Secret::new(PASSWORD)),
        ..anonymous(kind, port)
    }
}

/// The same with a password that is not the right one.
pub(crate) fn mistaken(proxy: &Proxy) -> Proxy {
    Proxy {
        password: Some(Secret::new("Wrong-Pass1")),
        ..proxy.clone()
    }
}

fn entered(beyond: &Child, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["-t", &beyond.id().to_string(), "-n", "-m", program]);
    command.stdin(Stdio::null());
    command
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "it ended at once");
    line.trim_end().to_owned()
}

fn sh(line: &str) {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "`{line}` (`ip` is of the package iproute2): {said}"
    );
}

impl Drop for World {
    fn drop(&mut self) {
        // What they started themselves ends with the namespace, whose first process this is.
        for child in self
            .daemons
            .iter_mut()
            .chain([&mut self.emulator, &mut self.beyond])
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
