//! Methods of a connection, with and without a map of options behind what they take.

use std::sync::Arc;

use rhai::{Engine, Map, NativeCallContext};

use super::function;
use crate::connection::Connection;
use crate::script::gate::Raised;

const ON: &str = "connection: Connection";

/// What a method is called and what it takes and gives, for help and messages.
pub(super) struct Method<const N: usize> {
    pub(super) name: &'static str,
    /// As `name: type`.
    pub(super) parameters: [&'static str; N],
    pub(super) result: &'static str,
    pub(super) doc: &'static str,
}

/// Registers a method that takes one value and, if it likes, a map of options.
pub(super) fn with_one<A, T>(
    engine: &mut Engine,
    method: &Method<1>,
    call: impl Fn(&NativeCallContext, &mut Connection, A, Map) -> Raised<T> + Send + Sync + 'static,
) where
    A: Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    let [one] = method.parameters;
    let (call, doc) = (Arc::new(call), method.doc);
    let plain = Arc::clone(&call);
    function(method.name, &[ON, one, method.result], doc).register_into_engine(
        engine,
        move |context: NativeCallContext, on: &mut Connection, first: A| -> Raised<T> {
            plain(&context, on, first, Map::new())
        },
    );
    function(method.name, &[ON, one, "options: map", method.result], doc).register_into_engine(
        engine,
        move |context: NativeCallContext, on: &mut Connection, first: A, map: Map| -> Raised<T> {
            call(&context, on, first, map)
        },
    );
}

/// Registers a method that takes two values and, if it likes, a map of options.
pub(super) fn with_two<A, B, T>(
    engine: &mut Engine,
    method: &Method<2>,
    call: impl Fn(&NativeCallContext, &mut Connection, A, B, Map) -> Raised<T> + Send + Sync + 'static,
) where
    A: Clone + Send + Sync + 'static,
    B: Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    let [one, other] = method.parameters;
    let (call, doc) = (Arc::new(call), method.doc);
    let plain = Arc::clone(&call);
    function(method.name, &[ON, one, other, method.result], doc).register_into_engine(
        engine,
        move |context: NativeCallContext, on: &mut Connection, first: A, second: B| -> Raised<T> {
            plain(&context, on, first, second, Map::new())
        },
    );
    let parameters = [ON, one, other, "options: map", method.result];
    function(method.name, &parameters, doc).register_into_engine(
        engine,
        move |context: NativeCallContext,
              on: &mut Connection,
              first: A,
              second: B,
              map: Map|
              -> Raised<T> { call(&context, on, first, second, map) },
    );
}

/// Registers a method that takes three values and, if it likes, a map of options.
pub(super) fn with_three<A, B, C, T>(
    engine: &mut Engine,
    method: &Method<3>,
    call: impl Fn(&NativeCallContext, &mut Connection, (A, B, C), Map) -> Raised<T>
    + Send
    + Sync
    + 'static,
) where
    A: Clone + Send + Sync + 'static,
    B: Clone + Send + Sync + 'static,
    C: Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    let [one, two, three] = method.parameters;
    let (call, doc) = (Arc::new(call), method.doc);
    let plain = Arc::clone(&call);
    function(method.name, &[ON, one, two, three, method.result], doc).register_into_engine(
        engine,
        move |context: NativeCallContext, on: &mut Connection, a: A, b: B, c: C| -> Raised<T> {
            plain(&context, on, (a, b, c), Map::new())
        },
    );
    let parameters = [ON, one, two, three, "options: map", method.result];
    function(method.name, &parameters, doc).register_into_engine(
        engine,
        move |context: NativeCallContext,
              on: &mut Connection,
              a: A,
              b: B,
              c: C,
              map: Map|
              -> Raised<T> { call(&context, on, (a, b, c), map) },
    );
}
