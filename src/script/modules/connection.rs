//! `dropbox()` and what is known of a connection.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FuncRegistration, ImmutableString, Map};
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::{function, property};
use crate::api::users::Account;
use crate::client::Root;
use crate::connection::{Connection, Proxy, Settings};
use crate::error::{Error, ErrorKind};
use crate::script::builder::Wanted;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::script::values::{from_json, to_json};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    engine.register_type_with_name::<Connection>("Connection");
    register_dropbox(engine, run);
    register_properties(engine, run);
    register_views(engine, run);
    FuncRegistration::new("to_string")
        .with_purity(true)
        .register_into_engine(engine, |connection: &mut Connection| shown(connection));
    FuncRegistration::new("to_debug")
        .with_purity(true)
        .register_into_engine(engine, |connection: &mut Connection| shown(connection));
}

fn shown(connection: &Connection) -> String {
    format!("Connection \"{}\"", connection.name())
}

fn register_dropbox(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function("dropbox", &["Connection"], "The connection of this run.")
        .register_into_engine(engine, move || -> Raised<Connection> {
            host.connection("", Wanted::Default)
        });
    let host = Arc::clone(run);
    function(
        "dropbox",
        &["name: &str", "Connection"],
        "The connection of this name.",
    )
    .register_into_engine(engine, move |name: ImmutableString| -> Raised<Connection> {
        host.connection(&format!("name {name}"), Wanted::Named(name.into()))
    });
    let host = Arc::clone(run);
    function(
        "dropbox",
        &["settings: map", "Connection"],
        "A connection made of these settings; nothing is saved.",
    )
    .register_into_engine(engine, move |map: Map| -> Raised<Connection> {
        let mut settings = settings(&map)
            .and_then(|settings| allowed(&host, settings))
            .map_err(|error| host.raise(error))?;
        if let Some(file) = settings.ca_file.as_mut().filter(|file| !file.is_empty()) {
            *file = host.readable(file)?.to_string_lossy().into_owned();
        }
        // Settings hold secrets: what is kept to know them again is a digest.
        let json = to_json(&map.into()).unwrap_or_default().to_string();
        let key = format!("settings {:?}", Sha256::digest(json));
        host.connection(&key, Wanted::Settings(Box::new(settings)))
    });
}

fn settings(map: &Map) -> Result<Settings, Error> {
    if let Some(proxy) = map.get("proxy").and_then(Dynamic::read_lock::<Map>) {
        // Read by itself, so that an error names what is wrong in it.
        options::read::<Proxy>(&proxy, Proxy::OPTIONS, "proxy")?;
    }
    options::read(map, Settings::OPTIONS, "dropbox")
}

/// Settings from a script must not send tokens to where the script may not reach.
fn allowed(run: &Run, settings: Settings) -> Result<Settings, Error> {
    let endpoint = settings.endpoint.as_deref().filter(|url| !url.is_empty());
    // What is not a URL is refused where the connection is made.
    if let Some(url) = endpoint.and_then(|url| Url::parse(url).ok())
        && let Some(host) = url.host_str()
    {
        run.host().permissions.check_net(host)?;
    }
    if let Some(proxy) = settings
        .proxy
        .as_ref()
        .filter(|proxy| !proxy.address.is_empty())
    {
        run.host().permissions.check_net(&proxy.address)?;
    }
    Ok(settings)
}

fn register_properties(engine: &mut Engine, run: &Arc<Run>) {
    property(
        "name",
        &["connection: Connection", "&str"],
        "The connection's name.",
    )
    .register_into_engine(engine, |connection: &mut Connection| {
        connection.name().to_owned()
    });
    let host = Arc::clone(run);
    property(
        "account",
        &["connection: Connection", "map"],
        "Whose Dropbox it is.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection| -> Raised<Dynamic> {
            let account = host.wait(connection.account())?;
            as_map(&host, &account)
        },
    );
    let host = Arc::clone(run);
    property(
        "space",
        &["connection: Connection", "map"],
        "How much room is used, in bytes.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection| -> Raised<Dynamic> {
            let space = host.wait(connection.space())?;
            as_map(&host, &space)
        },
    );
    let host = Arc::clone(run);
    property(
        "scopes",
        &["connection: Connection", "array"],
        "What the person allowed the app at the sign-in, where that is known.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection| -> Raised<Array> {
            let scopes = host.wait(connection.scopes())?;
            Ok(scopes.into_iter().map(Dynamic::from).collect())
        },
    );
    let host = Arc::clone(run);
    function(
        "authenticate",
        &["connection: Connection", "map"],
        "Whose account it is, once somebody is signed in.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection| -> Raised<Dynamic> {
            let account = host.wait(signed_in(&host, connection))?;
            as_map(&host, &account)
        },
    );
    let host = Arc::clone(run);
    property(
        "signed_in",
        &["connection: Connection", "bool"],
        "Whether Dropbox accepts the connection's token.",
    )
    .register_into_engine(engine, move |connection: &mut Connection| -> Raised<bool> {
        match host.gate().wait(connection.account())? {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotSignedIn => Ok(false),
            Err(error) => Err(host.raise(error)),
        }
    });
}

/// Whose account it is, once a person has signed in where that is needed and possible.
async fn signed_in(run: &Run, connection: &Connection) -> Result<Account, Error> {
    let refused = match connection.account().await {
        Err(error) if error.kind() == ErrorKind::NotSignedIn => error,
        answered => return answered,
    };
    let Some(sign_in) = &run.host().on_sign_in else {
        return Err(refused);
    };
    sign_in(connection.clone()).await?;
    connection.account().await
}

/// The same connection seen another way.
fn register_views(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function(
        "as_member",
        &["connection: Connection", "member: &str", "Connection"],
        "The same connection for a member of the team, by id or email address.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, member: ImmutableString| -> Raised<Connection> {
            let seen = connection.as_member(&member);
            seen.map_err(|error| host.raise(error))
        },
    );
    let host = Arc::clone(run);
    function(
        "as_admin",
        &["connection: Connection", "admin: &str", "Connection"],
        "The same connection for an admin of the team, by id or email address.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, admin: ImmutableString| -> Raised<Connection> {
            let seen = connection.as_admin(&admin);
            seen.map_err(|error| host.raise(error))
        },
    );
    let host = Arc::clone(run);
    function(
        "in_namespace",
        &["connection: Connection", "root: &str", "Connection"],
        "The same connection with paths that begin at \"home\", \"team\" or a namespace.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, root: ImmutableString| -> Raised<Connection> {
            let root = Root::try_from(root.to_string());
            root.map(|root| connection.in_namespace(root))
                .map_err(|error| host.raise(error))
        },
    );
}

fn as_map(run: &Run, value: &impl Serialize) -> Raised<Dynamic> {
    serde_json::to_value(value).map(from_json).map_err(|cause| {
        run.raise(Error::new(ErrorKind::Server, "the answer makes no sense").with_source(cause))
    })
}
