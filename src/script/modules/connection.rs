//! `dropbox()` and what a connection does.

use std::sync::Arc;

use rhai::{Dynamic, Engine, FuncRegistration, ImmutableString, Map};
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::source::{local_source, remote_source};
use super::{Listing, function, property};
use crate::connection::{Connection, Settings};
use crate::error::{Error, ErrorKind};
use crate::script::builder::Wanted;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::script::values::{from_json, to_json};
use crate::tasks::{
    CreateFolderOptions, DeleteOptions, Item, ListOptions, Report, TransferOptions,
};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    engine.register_type_with_name::<Connection>("Connection");
    register_dropbox(engine, run);
    register_properties(engine, run);
    register_transfers(engine, run);
    register_folders(engine, run);
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
        let settings: Settings = options::read(&map, Settings::OPTIONS, "dropbox")
            .and_then(|settings| allowed(&host, settings))
            .map_err(|error| host.raise(error))?;
        // Settings hold secrets: what is kept to know them again is a digest.
        let json = to_json(&map.into()).unwrap_or_default().to_string();
        let key = format!("settings {:?}", Sha256::digest(json));
        host.connection(&key, Wanted::Settings(Box::new(settings)))
    });
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

fn register_transfers(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    let upload = move |connection: &mut Connection,
                       source: Dynamic,
                       folder: ImmutableString,
                       map: Map|
          -> Raised<Report> {
        let mut options: TransferOptions = read(&host, &map, TransferOptions::OPTIONS, "upload")?;
        options.dry_run |= host.host().dry_run;
        let source = local_source(&host, &source, options.glob)?;
        host.wait(connection.upload(source, &folder, options))
    };
    with_and_without_options(
        engine,
        "upload",
        &["source: ?", "folder: &str"],
        "Report",
        "Sends local files into a folder at Dropbox.",
        upload,
    );
    let host = Arc::clone(run);
    let download = move |connection: &mut Connection,
                         source: Dynamic,
                         folder: ImmutableString,
                         map: Map|
          -> Raised<Report> {
        let mut options: TransferOptions = read(&host, &map, TransferOptions::OPTIONS, "download")?;
        options.dry_run |= host.host().dry_run;
        let source = remote_source(&source).map_err(|error| host.raise(error))?;
        host.writable(&folder)?;
        let folder = host.local_path(&folder);
        host.wait(connection.download(source, &folder, options))
    };
    with_and_without_options(
        engine,
        "download",
        &["source: ?", "folder: &str"],
        "Report",
        "Fetches files from Dropbox into a local folder.",
        download,
    );
    let host = Arc::clone(run);
    let upload_file = move |connection: &mut Connection,
                            local: ImmutableString,
                            path: ImmutableString,
                            map: Map|
          -> Raised<Report> {
        let mut options: TransferOptions =
            read(&host, &map, TransferOptions::OPTIONS, "upload_file")?;
        options.dry_run |= host.host().dry_run;
        host.readable(&local)?;
        let local = host.local_path(&local);
        host.wait(connection.upload_file(&local, &path, options))
    };
    with_and_without_options(
        engine,
        "upload_file",
        &["local: &str", "path: &str"],
        "Report",
        "Sends one file to exactly this path at Dropbox.",
        upload_file,
    );
    let host = Arc::clone(run);
    let download_file = move |connection: &mut Connection,
                              path: ImmutableString,
                              local: ImmutableString,
                              map: Map|
          -> Raised<Report> {
        let mut options: TransferOptions =
            read(&host, &map, TransferOptions::OPTIONS, "download_file")?;
        options.dry_run |= host.host().dry_run;
        host.writable(&local)?;
        let local = host.local_path(&local);
        host.wait(connection.download_file(&path, &local, options))
    };
    with_and_without_options(
        engine,
        "download_file",
        &["path: &str", "local: &str"],
        "Report",
        "Fetches one file to exactly this local path.",
        download_file,
    );
}

/// Registers a method on a connection that takes two values and, if it likes, a map of options.
fn with_and_without_options<A: Clone + Send + Sync + 'static>(
    engine: &mut Engine,
    name: &str,
    parameters: &[&str; 2],
    result: &str,
    doc: &str,
    call: impl Fn(&mut Connection, A, ImmutableString, Map) -> Raised<Report> + Send + Sync + 'static,
) {
    let call = Arc::new(call);
    let [one, other] = *parameters;
    let plain = Arc::clone(&call);
    function(name, &["connection: Connection", one, other, result], doc).register_into_engine(
        engine,
        move |connection: &mut Connection, first: A, second: ImmutableString| -> Raised<Report> {
            plain(connection, first, second, Map::new())
        },
    );
    function(
        name,
        &["connection: Connection", one, other, "options: map", result],
        doc,
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection,
              first: A,
              second: ImmutableString,
              map: Map|
              -> Raised<Report> { call(connection, first, second, map) },
    );
}

fn register_folders(engine: &mut Engine, run: &Arc<Run>) {
    const ON: &str = "connection: Connection";
    let list = {
        let host = Arc::clone(run);
        move |connection: &mut Connection, folder: ImmutableString, map: Map| -> Raised<Listing> {
            let options: ListOptions = read(&host, &map, ListOptions::OPTIONS, "list")?;
            let listing = connection.list(&folder, options);
            Ok(Listing::new(
                &host,
                listing.map_err(|error| host.raise(error))?,
            ))
        }
    };
    one_or_two(
        engine,
        "list",
        "folder_or_glob: &str",
        "Listing",
        "What is in a folder; iterate it with `for`.",
        list,
    );
    let create_folder = {
        let host = Arc::clone(run);
        move |connection: &mut Connection, path: ImmutableString, map: Map| {
            let mut options: CreateFolderOptions =
                read(&host, &map, CreateFolderOptions::OPTIONS, "create_folder")?;
            options.dry_run |= host.host().dry_run;
            host.wait(connection.create_folder(&path, options))
        }
    };
    one_or_two(
        engine,
        "create_folder",
        "path: &str",
        "Item",
        "Makes a folder, and its parents.",
        create_folder,
    );
    let delete = {
        let host = Arc::clone(run);
        move |connection: &mut Connection, source: Dynamic, map: Map| {
            let mut options: DeleteOptions = read(&host, &map, DeleteOptions::OPTIONS, "delete")?;
            options.dry_run |= host.host().dry_run;
            let source = remote_source(&source).map_err(|error| host.raise(error))?;
            host.wait(connection.delete(source, options))
        }
    };
    one_or_two(
        engine,
        "delete",
        "source: ?",
        "Report",
        "Deletes these items, a folder whole.",
        delete,
    );
    let host = Arc::clone(run);
    function(
        "info",
        &[ON, "path: &str", "Item"],
        "What is known about one item.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, path: ImmutableString| -> Raised<Item> {
            host.wait(connection.info(&path))
        },
    );
    let host = Arc::clone(run);
    function(
        "exists",
        &[ON, "path: &str", "bool"],
        "Whether there is something at this path.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, path: ImmutableString| -> Raised<bool> {
            host.wait(connection.exists(&path))
        },
    );
}

/// Registers a method on a connection that takes one value and, if it likes, a map of options.
fn one_or_two<A, T>(
    engine: &mut Engine,
    name: &str,
    parameter: &str,
    result: &str,
    doc: &str,
    call: impl Fn(&mut Connection, A, Map) -> Raised<T> + Send + Sync + 'static,
) where
    A: Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    const ON: &str = "connection: Connection";
    let call = Arc::new(call);
    let plain = Arc::clone(&call);
    function(name, &[ON, parameter, result], doc).register_into_engine(
        engine,
        move |connection: &mut Connection, value: A| -> Raised<T> {
            plain(connection, value, Map::new())
        },
    );
    function(name, &[ON, parameter, "options: map", result], doc).register_into_engine(
        engine,
        move |connection: &mut Connection, value: A, map: Map| -> Raised<T> {
            call(connection, value, map)
        },
    );
}

fn read<T: serde::de::DeserializeOwned>(
    run: &Run,
    map: &Map,
    known: &[crate::options::OptionSpec],
    of: &str,
) -> Raised<T> {
    options::read(map, known, of).map_err(|error| run.raise(error))
}

fn as_map(run: &Run, value: &impl Serialize) -> Raised<Dynamic> {
    serde_json::to_value(value).map(from_json).map_err(|cause| {
        run.raise(Error::new(ErrorKind::Server, "the answer makes no sense").with_source(cause))
    })
}
