//! `changes`, `wait_for_changes`.

use std::sync::Arc;
use std::time::Duration;

use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString, Map};

use super::function;
use super::gather::gather_items;
use crate::connection::Connection;
use crate::duration::parse_duration;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::script::values::{article, kind, show};
use crate::tasks::RemoteChanges;

const ON: &str = "connection: Connection";
const FOLDER: &str = "folder: &str";
const CURSOR: &str = "cursor: ?";
const DOC: &str = "What changed below a folder since a cursor; without one all that is there.";
const WAIT: &str = "Waits until something changes below a folder, at most so long.";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function("changes", &[ON, FOLDER, "map"], DOC).register_into_engine(
        engine,
        move |on: &mut Connection, folder: ImmutableString| {
            changes(&host, on, &folder, &Dynamic::UNIT)
        },
    );
    let host = Arc::clone(run);
    function("changes", &[ON, FOLDER, CURSOR, "map"], DOC).register_into_engine(
        engine,
        move |on: &mut Connection, folder: ImmutableString, cursor: Dynamic| {
            changes(&host, on, &folder, &cursor)
        },
    );
    let host = Arc::clone(run);
    function("wait_for_changes", &[ON, FOLDER, "map"], WAIT).register_into_engine(
        engine,
        move |on: &mut Connection, folder: ImmutableString| {
            wait(&host, on, &folder, &Dynamic::UNIT, &Dynamic::UNIT)
        },
    );
    let host = Arc::clone(run);
    function("wait_for_changes", &[ON, FOLDER, CURSOR, "map"], WAIT).register_into_engine(
        engine,
        move |on: &mut Connection, folder: ImmutableString, cursor: Dynamic| {
            wait(&host, on, &folder, &cursor, &Dynamic::UNIT)
        },
    );
    let host = Arc::clone(run);
    let parameters = [ON, FOLDER, CURSOR, "timeout: ?", "map"];
    function("wait_for_changes", &parameters, WAIT).register_into_engine(
        engine,
        move |on: &mut Connection, folder: ImmutableString, cursor: Dynamic, timeout: Dynamic| {
            wait(&host, on, &folder, &cursor, &timeout)
        },
    );
}

fn changes(run: &Run, on: &Connection, folder: &str, cursor: &Dynamic) -> Raised<Map> {
    let cursor = read_cursor(run, cursor)?;
    let found = run.wait(on.changes(folder, cursor.as_deref()))?;
    to_map(run, found)
}

fn wait(
    run: &Run,
    on: &Connection,
    folder: &str,
    cursor: &Dynamic,
    timeout: &Dynamic,
) -> Raised<Map> {
    let cursor = read_cursor(run, cursor)?;
    let timeout = read_timeout(timeout).map_err(|error| run.raise(error))?;
    let found = run.wait(on.wait_for_changes(folder, cursor.as_deref(), timeout))?;
    let timed_out = found.timed_out;
    let mut map = to_map(run, found)?;
    map.insert("timed_out".into(), timed_out.into());
    Ok(map)
}

fn to_map(run: &Run, changes: RemoteChanges) -> Raised<Map> {
    let items = gather_items(run.gate(), changes.items)?;
    Ok(Map::from_iter([
        ("items".into(), items.into()),
        ("cursor".into(), changes.cursor.into()),
    ]))
}

/// A cursor, or `()` for none: what a script that never ran before has kept.
fn read_cursor(run: &Run, cursor: &Dynamic) -> Raised<Option<String>> {
    if cursor.is_unit() {
        return Ok(None);
    }
    match cursor.read_lock::<ImmutableString>() {
        Some(text) => Ok(Some(text.to_string())),
        None => Err(run.raise(Error::new(
            ErrorKind::InvalidArgument,
            format!("a cursor cannot be {}", article(kind(cursor))),
        ))),
    }
}

/// A length of time as `sleep` takes it, or `()` for none.
fn read_timeout(timeout: &Dynamic) -> Result<Option<Duration>, Error> {
    let seconds = |seconds: FLOAT| {
        Duration::try_from_secs_f64(seconds).map_err(|_| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("cannot wait for {seconds} seconds"),
            )
        })
    };
    if timeout.is_unit() {
        return Ok(None);
    }
    if let Ok(whole) = timeout.as_int() {
        let whole: INT = whole;
        #[allow(
            clippy::cast_precision_loss,
            reason = "nobody waits to the second for so long"
        )]
        return seconds(whole as FLOAT).map(Some);
    }
    match timeout.as_float() {
        Ok(float) => seconds(float).map(Some),
        Err(_) => parse_duration(&show(timeout)).map(Some),
    }
}
