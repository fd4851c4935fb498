//! Any rpc route, by its name.

use serde_json::{Map, Value};

use super::Client;
use super::call::Argument;
use crate::api::Effect;
use crate::api::routes::{named, next_of};
use crate::error::{Error, ErrorKind, Result};

impl Client {
    /// Calls an rpc route by its name. One that may change something is not repeated where it may have done so.
    pub(crate) async fn request(&self, name: &str, argument: &Value) -> Result<Value> {
        let route = named(name)?;
        let path = argument.get("path").and_then(Value::as_str);
        if route.effect == Effect::Reads {
            return self.rpc(&route, path, Argument::of(argument)).await;
        }
        self.guards().check_unknown(name)?;
        self.rpc_once(&route, path, Argument::of(argument)).await
    }

    /// Calls a route that answers in pages, and those that follow by its cursor; gives what is in this field of them all.
    pub(crate) async fn request_all(
        &self,
        name: &str,
        argument: &Value,
        field: &str,
    ) -> Result<Vec<Value>> {
        let mut page = self.request(name, argument).await?;
        let next = next_of(name);
        let mut all = Vec::new();
        loop {
            match page.get_mut(field).map(Value::take) {
                Some(Value::Array(mut values)) => all.append(&mut values),
                _ => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        format!("what `{name}` answers has no list `{field}`"),
                    ));
                }
            }
            let Some(cursor) = cursor_of(&page) else {
                return Ok(all);
            };
            let argument = Map::from_iter([("cursor".to_owned(), cursor.into())]);
            page = self.request(&next, &argument.into()).await?;
        }
    }
}

/// Where the next page begins. Some routes say whether there is more, others have a cursor only then.
fn cursor_of(page: &Value) -> Option<String> {
    let more = page.get("has_more").and_then(Value::as_bool);
    let cursor = page.get("cursor").and_then(Value::as_str);
    cursor
        .filter(|cursor| more.unwrap_or(!cursor.is_empty()))
        .map(str::to_owned)
}
