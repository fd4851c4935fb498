//! The proxies of SOCKS, and tinyproxy.

use dropscript::ProxyAuthentication::Basic;
use dropscript::ProxyKind::{Http, Socks4, Socks5};
use dropscript::{ErrorKind, Proxy, ProxyNames};

use crate::world::{
    KNOWN_HERE, PASSWORD, PROXY, USER, World, anonymous, in_a_world, known, mistaken,
};

fn dante(world: &mut World, method: &str) {
    let configuration = world.write(
        "danted.conf",
        &format!(
            "logoutput: stderr\n\
             internal: {PROXY} port = 1080\n\
             external: 127.0.0.1\n\
             clientmethod: none\n\
             socksmethod: {method}\n\
             user.privileged: root\n\
             user.unprivileged: nobody\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
             socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 protocol: tcp }}\n"
        ),
    );
    world.start("danted", "dante-server", &["-f", &configuration], 1080);
}

#[test]
fn dante_lets_anyone_through() {
    in_a_world("others::dante_lets_anyone_through", async |mut world| {
        dante(&mut world, "none");
        world.reaches(&anonymous(Socks5, 1080)).await;
    });
}

/// Dante knows SOCKS 4, but not 4a: the names are looked up here.
#[test]
fn names_can_be_looked_up_here() {
    in_a_world("others::names_can_be_looked_up_here", async |mut world| {
        dante(&mut world, "none");
        for kind in [Socks4, Socks5] {
            let proxy = Proxy {
                names: ProxyNames::Local,
                ..anonymous(kind, 1080)
            };
            let connection = world.through(KNOWN_HERE, proxy).build().unwrap();
            connection.account().await.unwrap();
        }
    });
}

#[test]
fn openssh_looks_up_names_with_either_version() {
    let name = "others::openssh_looks_up_names_with_either_version";
    in_a_world(name, async |mut world| {
        world.there("mount -t tmpfs none /run && mkdir /run/sshd");
        for key in ["host", "user"] {
            let file = world.path(key).display().to_string();
            world.there(&format!("ssh-keygen -q -t ed25519 -N '' -f {file}"));
        }
        let configuration = world.write(
            "sshd.conf",
            &format!(
                "ListenAddress {PROXY}\nPort 2222\nHostKey DIR/host\nAuthorizedKeysFile DIR/user.pub\n\
                 StrictModes no\nPermitRootLogin yes\nPidFile none\nUsePAM no\n"
            ),
        );
        let arguments = ["-D", "-e", "-f", &configuration];
        world.start("/usr/sbin/sshd", "openssh-server", &arguments, 2222);
        let key = world.path("user").display().to_string();
        let arguments = [
            "-N",
            "-D",
            "10.9.0.2:1083",
            "-p",
            "2222",
            "-i",
            &key,
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            PROXY,
        ];
        world.start("ssh", "openssh-client", &arguments, 1083);
        for kind in [Socks4, Socks5] {
            world.reaches(&anonymous(kind, 1083)).await;
        }
        let named = Proxy {
            password: None,
            ..known(Socks4, 1083, Basic)
        };
        world.reaches(&named).await;
    });
}

#[test]
fn dante_knows_who_asks() {
    in_a_world("others::dante_knows_who_asks", async |mut world| {
        dante(&mut world, "username");
        let proxy = known(Socks5, 1080, Basic);
        world.reaches(&proxy).await;
        let error = world.refuses(mistaken(&proxy)).await;
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
        let error = world.refuses(anonymous(Socks5, 1080)).await;
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
    });
}

#[test]
fn microsocks_lets_anyone_through() {
    in_a_world(
        "others::microsocks_lets_anyone_through",
        async |mut world| {
            world.start(
                "microsocks",
                "microsocks",
                &["-i", PROXY, "-p", "1081"],
                1081,
            );
            world.reaches(&anonymous(Socks5, 1081)).await;
        },
    );
}

#[test]
fn microsocks_knows_who_asks() {
    in_a_world("others::microsocks_knows_who_asks", async |mut world| {
        let arguments = ["-i", PROXY, "-p", "1081", "-u", USER, "-P", PASSWORD];
        world.start("microsocks", "microsocks", &arguments, 1081);
        let proxy = known(Socks5, 1081, Basic);
        world.reaches(&proxy).await;
        let error = world.refuses(mistaken(&proxy)).await;
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
        let error = world.refuses(anonymous(Socks5, 1081)).await;
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
    });
}

#[test]
fn tinyproxy_knows_who_asks() {
    in_a_world("others::tinyproxy_knows_who_asks", async |mut world| {
        let configuration = world.write(
            "tinyproxy.conf",
            &format!(
                "Port 8888\nListen {PROXY}\nTimeout 60\nUser nobody\nGroup nogroup\nAllow 10.9.0.0/24\n\
                 ConnectPort 8743\nConnectPort 8780\nBasicAuth {USER} {PASSWORD}\n"
            ),
        );
        world.start(
            "tinyproxy",
            "tinyproxy",
            &["-d", "-c", &configuration],
            8888,
        );
        let proxy = known(Http, 8888, Basic);
        world.reaches(&proxy).await;
        let error = world.refuses(mistaken(&proxy)).await;
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
        let error = world.refuses(anonymous(Http, 8888)).await;
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
    });
}
