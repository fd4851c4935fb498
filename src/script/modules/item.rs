//! A remote file or folder in scripts.

use rhai::{Dynamic, Engine, FuncRegistration, INT};

use super::{DateTime, property};
use crate::tasks::Item;

const ON: &str = "item: Item";

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Item>("Item");
    text(
        engine,
        "path",
        "The whole path, as Dropbox shows it.",
        |item| Some(item.path.clone()),
    );
    text(engine, "name", "The last part of the path.", |item| {
        Some(item.name.clone())
    });
    text(
        engine,
        "kind",
        "\"file\", \"folder\" or \"deleted\".",
        |item| Some(item.kind.as_str().to_owned()),
    );
    text(
        engine,
        "id",
        "Dropbox's id, which stays when the item is moved; `()` where there is none.",
        |item| item.id.clone(),
    );
    text(
        engine,
        "rev",
        "The version of a file; of others `()`.",
        |item| item.rev.clone(),
    );
    text(
        engine,
        "hash",
        "The content hash of a file; of others `()`.",
        |item| item.hash.clone(),
    );
    property("size", &[ON, "int"], "The bytes of a file; of others `()`.").register_into_engine(
        engine,
        |item: &mut Item| {
            or_unit(
                item.size
                    .map(|size| INT::try_from(size).unwrap_or(INT::MAX)),
            )
        },
    );
    property(
        "modified",
        &[ON, "DateTime"],
        "When a file was last changed, where it was made; of others `()`.",
    )
    .register_into_engine(engine, |item: &mut Item| {
        or_unit(item.modified.map(DateTime))
    });
    property(
        "uploaded",
        &[ON, "DateTime"],
        "When this version of a file came to Dropbox; of others `()`.",
    )
    .register_into_engine(engine, |item: &mut Item| {
        or_unit(item.uploaded.map(DateTime))
    });
    property(
        "planned",
        &[ON, "bool"],
        "Whether a dry run only would have made it.",
    )
    .register_into_engine(engine, |item: &mut Item| item.planned);
    for name in ["to_string", "to_debug"] {
        FuncRegistration::new(name)
            .with_purity(true)
            .register_into_engine(engine, |item: &mut Item| item.path.clone());
    }
    engine.register_fn("==", |left: Item, right: Item| left == right);
    engine.register_fn("!=", |left: Item, right: Item| left != right);
}

fn text(
    engine: &mut Engine,
    name: &str,
    doc: &str,
    read: impl Fn(&Item) -> Option<String> + Send + Sync + 'static,
) {
    property(name, &[ON, "&str"], doc)
        .register_into_engine(engine, move |item: &mut Item| or_unit(read(item)));
}

fn or_unit<T: Clone + Send + Sync + 'static>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Dynamic::from)
}
