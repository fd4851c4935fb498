//! Whom a connection believes to be its server.

use std::sync::atomic::Ordering;

use dropscript::emulator::Emulator;
use dropscript::{Connection, Error, ErrorKind};

use crate::authority::Authority;

fn secure() -> Emulator {
    let builder = Emulator::builder().tls(([127, 0, 0, 1], 0).into());
    builder.start().unwrap()
}

fn on(emulator: &Emulator) -> dropscript::ConnectionBuilder {
    Connection::builder("main")
        .endpoint(emulator.tls_url().unwrap())
        .access_token(emulator.access_token("main"))
}

#[tokio::test]
async fn an_authority_that_is_named_is_believed() {
    let (emulator, folder) = (secure(), tempfile::tempdir().unwrap());
    let error = on(&emulator).build().unwrap().account().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.full_message().contains("certificate"), "{error:?}");
    assert!(error.hint().unwrap().contains("ca_file"), "{error:?}");
    assert_eq!(emulator.calls().total(), 0);

    let file = folder.path().join("ca.pem");
    std::fs::write(&file, emulator.ca_pem().unwrap()).unwrap();
    let trusting = on(&emulator).ca_file(&file).build().unwrap();
    trusting.account().await.unwrap();
}

#[tokio::test]
async fn any_certificate_will_do_where_that_is_asked_for() {
    let emulator = secure();
    let careless = on(&emulator).accept_invalid_certificates(true);
    careless.build().unwrap().account().await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_wrong_or_over_is_told_nothing() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("ca.pem");
    authority.write(&file);
    for (name, last_year, part) in [
        ("other.example.com", 2080, "not valid for name"),
        ("127.0.0.1", 2021, "expired"),
    ] {
        let (address, told) = authority.serve(name, last_year).await;
        let connection = Connection::builder("main")
            .endpoint(format!("https://{address}"))
            .access_token("canary")
            .ca_file(&file)
            .build()
            .unwrap();
        let error = connection.account().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert!(error.full_message().contains(part), "{error:?}");
        assert_eq!(told.load(Ordering::SeqCst), 0, "{name}");
    }
}

#[test]
fn a_file_that_holds_no_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let failed = || -> Error {
        let builder = Connection::builder("main").access_token("t");
        builder.ca_file(&file).build().unwrap_err()
    };
    assert_eq!(failed().kind(), ErrorKind::NotFound);
    for text in [
        "nothing",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let error = failed();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        assert!(error.to_string().contains("ca.pem"), "{error}");
        assert!(error.hint().unwrap().contains("PEM"), "{error:?}");
    }
}
