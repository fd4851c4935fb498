//! Batches of folders, deletions, moves and copies, and the jobs that they are.

use serde_json::{Value, json};

use crate::behaviour::Sure::{Open, Specification};
use crate::behaviour::Wanted::{Bad, Refused};
use crate::behaviour::{Behaviour, case, equal, holds, row};
use crate::scene::{Scene, strings, text};

fn tags(result: &Value) -> Vec<String> {
    let entries = result["entries"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    entries.iter().map(|entry| text(&entry[".tag"])).collect()
}

fn deletions(at: &Scene, names: &[&str]) -> Value {
    let entries: Vec<_> = names
        .iter()
        .map(|name| json!({"path": at.path(name)}))
        .collect();
    json!({ "entries": entries })
}

fn moves(at: &Scene, pairs: &[(&str, &str)]) -> Value {
    let entries = pairs
        .iter()
        .map(|(from, to)| json!({"from_path": at.path(from), "to_path": at.path(to)}));
    json!({ "entries": entries.collect::<Vec<_>>() })
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = outcomes();
    all.extend(jobs());
    all
}

fn outcomes() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            "files.stone, delete_batch",
            "a batch of deletions tells each outcome in order",
            |at| async move {
                at.put("a", "1").await?;
                at.put("b", "1").await?;
                let done = at
                    .batch(
                        "files/delete_batch",
                        "files/delete_batch/check",
                        deletions(&at, &["a", "none", "b"]),
                    )
                    .await?;
                equal(tags(&done), strings(&["success", "failure", "success"]))?;
                equal(
                    &done["entries"][1]["failure"],
                    &json!({".tag": "path_lookup", "path_lookup": {".tag": "not_found"}}),
                )
            },
        ),
        case(
            Specification,
            "files.stone, move_batch_v2",
            "a batch of moves tells each outcome in order",
            |at| async move {
                at.put("a", "1").await?;
                let argument = moves(&at, &[("none", "x"), ("a", "b")]);
                let done = at
                    .batch("files/move_batch_v2", "files/move_batch/check_v2", argument)
                    .await?;
                equal(tags(&done), strings(&["failure", "success"]))?;
                equal(text(&done["entries"][1]["success"]["name"]).as_str(), "b")?;
                equal(
                    text(&done["entries"][0]["failure"][".tag"]).as_str(),
                    "relocation_error",
                )
            },
        ),
        case(
            Specification,
            "files.stone, copy_batch_v2",
            "a batch of copies copies",
            |at| async move {
                at.put("a", "1").await?;
                let argument = moves(&at, &[("a", "b"), ("a", "c")]);
                let done = at
                    .batch("files/copy_batch_v2", "files/copy_batch/check_v2", argument)
                    .await?;
                equal(tags(&done), strings(&["success", "success"]))?;
                equal(at.contents("c").await?.as_str(), "1")
            },
        ),
        case(
            Specification,
            "files.stone, create_folder_batch",
            "a batch of folders tells each outcome",
            |at| async move {
                at.put("a", "1").await?;
                let argument = json!({"paths": [at.path("f"), at.path("a")]});
                let done = at
                    .batch(
                        "files/create_folder_batch",
                        "files/create_folder_batch/check",
                        argument,
                    )
                    .await?;
                equal(tags(&done), strings(&["success", "failure"]))
            },
        ),
        case(
            Specification,
            "files.stone, create_folder_batch",
            "a folder that a batch names twice is made once",
            |at| async move {
                let argument = json!({"paths": [at.path("f"), at.path("f")]});
                let done = at
                    .batch(
                        "files/create_folder_batch",
                        "files/create_folder_batch/check",
                        argument,
                    )
                    .await?;
                equal(tags(&done), strings(&["success"]))
            },
        ),
        case(
            Specification,
            "files.stone, move_batch",
            "the first version of a batch fails as a whole",
            |at| async move {
                let argument = moves(&at, &[("none", "x")]);
                let done = at
                    .batch("files/move_batch", "files/move_batch/check", argument)
                    .await?;
                equal(text(&done[".tag"]).as_str(), "failed")
            },
        ),
        row(
            Specification,
            "files.stone, move_batch_v2",
            "a batch of no moves is a 400",
            &[],
            ("files/move_batch_v2", r#"{"entries": []}"#),
            Bad("entries"),
        ),
        case(
            Specification,
            "files.stone, delete_batch",
            "a batch has 1,000 entries at most",
            |at| async move {
                let reply = at
                    .rpc("files/delete_batch", deletions(&at, &["x"; 1001]))
                    .await?;
                crate::behaviour::contains(&reply.bad()?, "entries")
            },
        ),
    ]
}

fn jobs() -> Vec<Behaviour> {
    let check = "files/delete_batch/check";
    vec![
        row(
            Specification,
            "async.stone, PollError",
            "a job that is none is told",
            &[],
            (check, r#"{"async_job_id": "none"}"#),
            Refused("invalid_async_job_id"),
        ),
        row(
            Specification,
            "async.stone, AsyncJobId",
            "the id of a job is not empty",
            &[],
            (check, r#"{"async_job_id": ""}"#),
            Bad("async_job_id"),
        ),
        case(
            Open,
            "files.stone, DeleteBatchLaunch",
            "a batch of deletions is a job",
            |at| async move {
                at.put("a", "1").await?;
                let launched = at.ok("files/delete_batch", deletions(&at, &["a"])).await?;
                equal(text(&launched[".tag"]).as_str(), "async_job_id")
            },
        )
        .quirk("batches-at-once"),
        case(
            Open,
            "files.stone, RelocationBatchV2Launch",
            "a batch of moves is a job",
            |at| async move {
                at.put("a", "1").await?;
                let launched = at
                    .ok("files/move_batch_v2", moves(&at, &[("a", "b")]))
                    .await?;
                equal(text(&launched[".tag"]).as_str(), "async_job_id")
            },
        )
        .quirk("batches-at-once"),
        case(
            Open,
            "files.stone, CreateFolderBatchLaunch",
            "a batch of folders is answered at once",
            |at| async move {
                let launched = at
                    .ok(
                        "files/create_folder_batch",
                        json!({"paths": [at.path("f")]}),
                    )
                    .await?;
                equal(text(&launched[".tag"]).as_str(), "complete")
            },
        )
        .quirk("batches-as-jobs"),
        case(
            Open,
            "files.stone, CreateFolderBatchArg",
            "a batch of folders is a job where that is asked for",
            |at| async move {
                let argument = json!({"paths": [at.path("f")], "force_async": true});
                let launched = at.ok("files/create_folder_batch", argument).await?;
                equal(text(&launched[".tag"]).as_str(), "async_job_id")
            },
        )
        .quirk("batches-at-once"),
        case(
            Open,
            "async.stone, PollResultBase",
            "a job is done when it is asked after",
            |at| async move {
                let argument = json!({"paths": [at.path("f")], "force_async": true});
                let launched = at.ok("files/create_folder_batch", argument).await?;
                if launched[".tag"] == "complete" {
                    return Ok(());
                }
                let argument = json!({"async_job_id": launched["async_job_id"]});
                let told = at.ok("files/create_folder_batch/check", argument).await?;
                holds(told[".tag"] == "complete", || told.to_string())
            },
        )
        .quirk("jobs-take-time"),
    ]
}
