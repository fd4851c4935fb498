//! `mirror_up` and `mirror_down`.

use std::sync::Arc;

use rhai::{Engine, ImmutableString, Map, NativeCallContext};

use super::method::{Method, with_two};
use super::questions::Questions;
use super::transfer::read_with;
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::{MirrorOptions, Report};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "mirror_up",
            parameters: ["local: &str", "remote: &str"],
            result: "Report",
            doc: "Makes a folder at Dropbox equal to a local one: sends what differs, then deletes the rest.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              local: ImmutableString,
              remote: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "mirror_up")?;
            host.readable(&local)?;
            let local = host.local_path(&local);
            questions
                .wait(&host, context, on.mirror_up(&local, &remote, options))
                .map(|report| host.told("mirror", report))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "mirror_down",
            parameters: ["remote: &str", "local: &str"],
            result: "Report",
            doc: "Makes a local folder equal to one at Dropbox: fetches what differs, then deletes the rest.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              remote: ImmutableString,
              local: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "mirror_down")?;
            host.writable(&local)?;
            let local = host.local_path(&local);
            questions
                .wait(&host, context, on.mirror_down(&remote, &local, options))
                .map(|report| host.told("mirror", report))
        },
    );
}

fn read(run: &Run, map: Map, of: &str) -> Raised<(MirrorOptions, Questions)> {
    read_with(
        run,
        map,
        of,
        MirrorOptions::OPTIONS,
        |options: &mut MirrorOptions| &mut options.transfer,
    )
}
