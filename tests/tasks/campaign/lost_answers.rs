//! Commits that are made, and whose answers never come.

use std::time::Duration;

use dropscript::emulator::{Emulator, Fault, FaultKind};
use dropscript::{Connection, CreateFolderOptions, DeleteOptions, WriteOptions};

use crate::support::campaign;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_whose_answers_got_lost_are_made_once_and_told_as_done() {
    const ACCOUNTS: u64 = 24;
    let each = campaign(8, 480);
    let emulator = Emulator::start().unwrap();
    let lost = [
        "files/upload",
        "files/create_folder_v2",
        "files/delete_v2",
        "files/upload_session/finish_batch_v2",
    ];
    for (seed, route) in (1..).zip(lost) {
        let fault = Fault::on(route, FaultKind::CutAfterCommit);
        emulator.inject(fault.with_probability(0.12, seed));
    }
    let emulator = std::sync::Arc::new(emulator);
    let accounts = (0..ACCOUNTS).map(|number| {
        let emulator = std::sync::Arc::clone(&emulator);
        tokio::spawn(async move {
            let name = format!("account-{number}");
            let dbx = Connection::builder(&*name)
                .endpoint(emulator.url())
                .access_token(emulator.access_token(&name))
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap();
            let mut paths = Vec::new();
            for number in 0..each {
                let (file, folder) = (format!("/{number}.txt"), format!("/folder {number}"));
                let text = WriteOptions::default();
                let item = dbx.write_text(&file, &file, text.clone()).await.unwrap();
                assert_eq!(item.path, file);
                // Over what is there, by its rev.
                let again = dbx.write_text(&file, &folder, text).await.unwrap();
                assert_ne!(again.rev, item.rev);
                let new = CreateFolderOptions {
                    exist_ok: false,
                    ..CreateFolderOptions::default()
                };
                dbx.create_folder(&folder, new).await.unwrap();
                if number.is_multiple_of(2) {
                    let gone = dbx
                        .delete(&*folder, DeleteOptions::default())
                        .await
                        .unwrap();
                    assert_eq!(gone.deleted, 1);
                } else {
                    paths.push(folder);
                }
                paths.push(file);
            }
            paths.sort();
            let mut there = emulator.paths(&name);
            there.sort();
            assert_eq!(there, paths, "each once, and under its own name");
        })
    });
    for account in accounts.collect::<Vec<_>>() {
        account.await.unwrap();
    }
    let struck = emulator.calls().struck("cut_after_commit");
    println!("{struck} answers got lost");
    assert!(struck >= campaign(60, 5_000), "{struck}");
}
