//! Squid, with TLS to itself and every login that it knows.

use dropscript::ProxyAuthentication::{Basic, Ntlm};
use dropscript::ProxyKind::{Http, Https};
use dropscript::{ErrorKind, Proxy};

use crate::authority::Authority;
use crate::world::{
    PASSWORD, PASSWORD_MD5, PROXY, USER, World, anonymous, in_a_world, known, mistaken,
};

/// Starts squid with these lines that say who may pass.
fn squid(world: &mut World, rules: &str) {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(PROXY, 2080);
    world.write("proxy.pem", &certificate);
    world.write("proxy.key", &key);
    authority.append(&world.path("ca.pem"));
    world.write("users", &format!("{USER}:{PASSWORD_MD5}\n"));
    let configuration = world.write(
        "squid.conf",
        &format!(
            "http_port {PROXY}:3128\n\
             https_port {PROXY}:3129 tls-cert=DIR/proxy.pem tls-key=DIR/proxy.key\n\
             acl emulator port 8743 8780\n\
             http_access deny !emulator\n\
             {rules}\
             http_access deny all\n\
             visible_hostname proxy.test\n\
             pid_filename DIR/squid.pid\n\
             cache_log DIR/cache.log\n\
             access_log none\n\
             cache deny all\n\
             coredump_dir DIR\n\
             netdb_filename none\n\
             pinger_enable off\n\
             shutdown_lifetime 0 seconds\n"
        ),
    );
    world.start(
        "squid",
        "squid-openssl",
        &["-N", "-f", &configuration],
        3128,
    );
}

fn ways() -> [(dropscript::ProxyKind, u16); 2] {
    [(Http, 3128), (Https, 3129)]
}

#[test]
fn squid_lets_anyone_through() {
    in_a_world("squid::squid_lets_anyone_through", async |mut world| {
        squid(&mut world, "http_access allow all\n");
        for (kind, port) in ways() {
            world.reaches(&anonymous(kind, port)).await;
        }
        // A proxy of plain HTTP is no proxy of TLS.
        let error = world.refuses(anonymous(Https, 3128)).await;
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    });
}

#[test]
fn squid_knows_who_asks_by_basic() {
    in_a_world("squid::squid_knows_who_asks_by_basic", async |mut world| {
        squid(
            &mut world,
            "auth_param basic program /usr/lib/squid/basic_ncsa_auth DIR/users\n\
             auth_param basic children 2 startup=1\n\
             acl known proxy_auth REQUIRED\n\
             http_access allow known\n",
        );
        for (kind, port) in ways() {
            let proxy = known(kind, port, Basic);
            world.reaches(&proxy).await;
            let error = world.refuses(mistaken(&proxy)).await;
            assert_eq!(error.kind(), ErrorKind::Permission);
            assert!(error.to_string().contains("does not take"), "{error:?}");
            let error = world.refuses(anonymous(kind, port)).await;
            assert_eq!(error.kind(), ErrorKind::Permission);
            assert!(error.full_message().contains("Basic"), "{error:?}");
        }
        let error = world.refuses(known(Http, 3128, Ntlm)).await;
        assert!(error.full_message().contains("offers Basic"), "{error:?}");
    });
}

/// Starts squid with Samba's helper, which checks the answers to its challenges; which domain may pass is a rule of squid's.
pub(crate) fn by_ntlm(world: &mut World) {
    world.write(
        "smb.conf",
        "[global]\n\
         server role = standalone server\n\
         private dir = DIR\n\
         state directory = DIR\n\
         cache directory = DIR\n\
         lock directory = DIR\n\
         pid directory = DIR\n",
    );
    squid(
        world,
        &format!(
            "auth_param ntlm program /usr/bin/ntlm_auth --helper-protocol=squid-2.5-ntlmssp \
             --configfile=DIR/smb.conf --password={PASSWORD}\n\
             auth_param ntlm children 2 startup=1\n\
             acl known proxy_auth REQUIRED\n\
             acl office proxy_auth_regex -i ^OFFICE.ann$\n\
             http_access deny !known\n\
             http_access allow office\n"
        ),
    );
}

#[test]
fn squid_knows_who_asks_by_ntlm() {
    in_a_world("squid::squid_knows_who_asks_by_ntlm", async |mut world| {
        by_ntlm(&mut world);
        for (kind, port) in ways() {
            let proxy = Proxy {
                domain: "OFFICE".into(),
                ..known(kind, port, Ntlm)
            };
            world.reaches(&proxy).await;
            let error = world.refuses(mistaken(&proxy)).await;
            assert_eq!(error.kind(), ErrorKind::Permission);
            assert!(error.to_string().contains("does not take"), "{error:?}");
            let elsewhere = Proxy {
                domain: "ELSEWHERE".into(),
                ..proxy
            };
            let error = world.refuses(elsewhere).await;
            assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
            let error = world.refuses(known(kind, port, Basic)).await;
            assert!(error.full_message().contains("NTLM"), "{error:?}");
        }
    });
}

#[test]
fn squid_may_not_allow_the_server() {
    in_a_world(
        "squid::squid_may_not_allow_the_server",
        async |mut world| {
            squid(&mut world, "");
            let error = world.refuses(anonymous(Http, 3128)).await;
            assert_eq!(error.kind(), ErrorKind::Permission);
            assert!(error.to_string().contains("does not allow"), "{error:?}");
            assert!(error.full_message().contains("403"), "{error:?}");
        },
    );
}

#[test]
fn the_certificate_of_a_proxy_has_to_be_believed() {
    let name = "squid::the_certificate_of_a_proxy_has_to_be_believed";
    in_a_world(name, async |mut world| {
        let emulator_only = std::fs::read(world.path("ca.pem")).unwrap();
        squid(&mut world, "http_access allow all\n");
        std::fs::write(world.path("ca.pem"), emulator_only).unwrap();
        world.reaches(&anonymous(Http, 3128)).await;
        let error = world.refuses(anonymous(Https, 3129)).await;
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error:?}");
        let careless = world
            .through(crate::world::SERVER, anonymous(Https, 3129))
            .accept_invalid_certificates(true);
        careless.build().unwrap().account().await.unwrap();
    });
}
