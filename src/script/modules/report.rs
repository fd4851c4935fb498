//! What a task did, in scripts.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FLOAT, INT, Map};

use super::gather::gather;
use super::{printable, property};
use crate::script::failure;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::{Report, ReportItem};

const ON: &str = "report: Report";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    engine.register_type_with_name::<Report>("Report");
    printable::<Report>(engine);
    count(
        engine,
        "transferred",
        "Files that were sent or fetched.",
        |report| report.transferred,
    );
    count(
        engine,
        "skipped",
        "Items left alone, as equal ones were there.",
        |report| report.skipped,
    );
    count(engine, "failed", "Items that failed.", |report| {
        report.failed
    });
    count(engine, "deleted", "Items that were deleted.", |report| {
        report.deleted
    });
    count(
        engine,
        "planned",
        "Items that a dry run would have worked on.",
        |report| report.planned,
    );
    count(
        engine,
        "bytes",
        "Bytes that were sent or fetched.",
        |report| report.bytes,
    );
    property("seconds", &[ON, "float"], "How long it took.")
        .register_into_engine(engine, |report: &mut Report| -> FLOAT { report.seconds });
    property("dry_run", &[ON, "bool"], "Whether nothing was written.")
        .register_into_engine(engine, |report: &mut Report| report.dry_run);
    let host = Arc::clone(run);
    property("items", &[ON, "array"], "One entry an item.").register_into_engine(
        engine,
        move |report: &mut Report| -> Raised<Array> {
            let items = report.items.iter();
            gather(host.gate(), items.map(|item| Ok(to_map(item).into())))
        },
    );
}

fn count(
    engine: &mut Engine,
    name: &str,
    doc: &str,
    read: impl Fn(&Report) -> u64 + Send + Sync + 'static,
) {
    property(name, &[ON, "int"], doc)
        .register_into_engine(engine, move |report: &mut Report| integer(read(report)));
}

fn integer(count: u64) -> INT {
    INT::try_from(count).unwrap_or(INT::MAX)
}

fn to_map(item: &ReportItem) -> Map {
    let error = item.error.as_deref().map(failure::to_map);
    Map::from_iter([
        ("source".into(), item.source.as_str().into()),
        ("destination".into(), item.destination.as_str().into()),
        ("outcome".into(), item.outcome.as_str().into()),
        ("bytes".into(), integer(item.bytes).into()),
        ("reason".into(), item.reason.as_str().into()),
        ("error".into(), error.map_or(Dynamic::UNIT, Into::into)),
    ])
}
