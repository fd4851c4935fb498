//! Upload sessions whose pieces come in any order.

use serde_json::{Value, json};

use super::sessions::finish;
use crate::behaviour::Sure::{Open, Specification};
use crate::behaviour::{Behaviour, case, equal};
use crate::scene::Scene;
use crate::service::Reply;

const CONCURRENT: &str = "files.stone, UploadSessionType";
const BLOCK: u64 = 4 << 20;

async fn start(at: &Scene) -> Result<Value, String> {
    let argument = json!({"session_type": "concurrent"});
    let started = at
        .send_bytes("files/upload_session/start", argument, "")
        .await?
        .result()?;
    Ok(started["session_id"].clone())
}

async fn piece(
    at: &Scene,
    id: &Value,
    offset: u64,
    size: u64,
    close: bool,
) -> Result<Reply, String> {
    let argument = json!({"cursor": {"session_id": id, "offset": offset}, "close": close});
    let bytes = vec![b'A'; usize::try_from(size).map_err(|error| error.to_string())?];
    at.send_bytes("files/upload_session/append_v2", argument, bytes)
        .await
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            CONCURRENT,
            "pieces may come in any order, the last closes",
            |at| async move {
                let id = start(&at).await?;
                piece(&at, &id, BLOCK, BLOCK, false).await?.result()?;
                piece(&at, &id, 0, BLOCK, false).await?.result()?;
                piece(&at, &id, 2 * BLOCK, 1, true).await?.result()?;
                let file = finish(&at, &id, 2 * BLOCK + 1, "", "a").await?.result()?;
                equal(file["size"].as_u64(), Some(2 * BLOCK + 1))
            },
        ),
        case(
            Open,
            CONCURRENT,
            "pieces below the closing one may follow it",
            |at| async move {
                let id = start(&at).await?;
                piece(&at, &id, BLOCK, 1, true).await?.result()?;
                piece(&at, &id, 0, BLOCK, false).await?.result()?;
                finish(&at, &id, BLOCK + 1, "", "a")
                    .await?
                    .result()
                    .map(drop)
            },
        )
        .quirk("concurrent-close-is-last"),
        case(
            Specification,
            CONCURRENT,
            "a concurrent session starts without bytes",
            |at| async move {
                let argument = json!({"session_type": "concurrent"});
                let reply = at
                    .send_bytes("files/upload_session/start", argument, "x")
                    .await?;
                equal(
                    reply.refused()?.as_str(),
                    "concurrent_session_data_not_allowed",
                )
            },
        ),
        case(
            Specification,
            CONCURRENT,
            "a concurrent session is not closed when it starts",
            |at| async move {
                let argument = json!({"session_type": "concurrent", "close": true});
                let reply = at
                    .send_bytes("files/upload_session/start", argument, "")
                    .await?;
                equal(
                    reply.refused()?.as_str(),
                    "concurrent_session_close_not_allowed",
                )
            },
        ),
        case(
            Specification,
            CONCURRENT,
            "offsets are multiples of 4 MiB",
            |at| async move {
                let id = start(&at).await?;
                equal(
                    piece(&at, &id, 1, BLOCK, false).await?.refused()?.as_str(),
                    "concurrent_session_invalid_offset",
                )
            },
        ),
        case(
            Specification,
            CONCURRENT,
            "all pieces but the last are multiples of 4 MiB",
            |at| async move {
                let id = start(&at).await?;
                equal(
                    piece(&at, &id, 0, 1, false).await?.refused()?.as_str(),
                    "concurrent_session_invalid_data_size",
                )
            },
        ),
        case(
            Specification,
            CONCURRENT,
            "a concurrent session is finished without bytes",
            |at| async move {
                let id = start(&at).await?;
                piece(&at, &id, 0, 1, true).await?.result()?;
                equal(
                    finish(&at, &id, 1, "x", "a").await?.refused()?.as_str(),
                    "concurrent_session_data_not_allowed",
                )
            },
        ),
        case(
            Specification,
            CONCURRENT,
            "a concurrent session is closed before it is finished",
            |at| async move {
                let id = start(&at).await?;
                piece(&at, &id, 0, BLOCK, false).await?.result()?;
                equal(
                    finish(&at, &id, BLOCK, "", "a").await?.refused()?.as_str(),
                    "concurrent_session_not_closed",
                )
            },
        ),
        case(
            Specification,
            CONCURRENT,
            "a concurrent session has no holes",
            |at| async move {
                let id = start(&at).await?;
                piece(&at, &id, BLOCK, 1, true).await?.result()?;
                equal(
                    finish(&at, &id, BLOCK + 1, "", "a")
                        .await?
                        .refused()?
                        .as_str(),
                    "concurrent_session_missing_data",
                )
            },
        ),
    ]
}
