//! `request`, `request_all`.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use serde_json::Value;

use super::function;
use super::gather::gather;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::script::values::{from_json, to_json};

const ON: &str = "connection: Connection";
const ROUTE: &str = "route: &str";
const DOC: &str = "Calls any rpc route of Dropbox by its name.";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function("request", &[ON, ROUTE, "?"], DOC).register_into_engine(
        engine,
        move |on: &mut Connection, route: ImmutableString| request(&host, on, &route, &Value::Null),
    );
    let host = Arc::clone(run);
    function("request", &[ON, ROUTE, "argument: map", "?"], DOC).register_into_engine(
        engine,
        move |on: &mut Connection, route: ImmutableString, argument: Map| {
            request(&host, on, &route, &read(&host, argument)?)
        },
    );
    let host = Arc::clone(run);
    function(
        "request_all",
        &[ON, ROUTE, "argument: map", "field: &str", "array"],
        "Calls a route that answers in pages; gives what is in this field of them all.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection,
              route: ImmutableString,
              argument: Map,
              field: ImmutableString|
              -> Raised<Array> {
            let argument = read(&host, argument)?;
            let all = host.wait(on.request_all(&route, &argument, &field))?;
            gather(
                host.gate(),
                all.into_iter().map(|value| Ok(from_json(value))),
            )
        },
    );
}

fn request(run: &Run, on: &Connection, route: &str, argument: &Value) -> Raised<Dynamic> {
    let changes = Connection::may_change(route).map_err(|error| run.raise(error))?;
    if changes && run.would(format_args!("call `{route}`")) {
        return Ok(Dynamic::UNIT);
    }
    run.wait(on.request(route, argument)).map(from_json)
}

fn read(run: &Run, argument: Map) -> Raised<Value> {
    to_json(&argument.into())
        .map_err(|message| run.raise(Error::new(ErrorKind::InvalidArgument, message)))
}
