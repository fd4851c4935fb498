//! Searches.

use serde_json::json;

use crate::behaviour::Sure::{Open, Specification};
use crate::behaviour::Wanted::{Bad, Refused};
use crate::behaviour::{Behaviour, case, equal, row};
use crate::scene::{Scene, strings};

const SEARCH: &str = "files.stone, search_v2";

async fn furnish(at: &Scene) -> Result<(), String> {
    for name in ["report may.txt", "report june.csv", "other.txt"] {
        at.put(name, "1").await?;
    }
    Ok(())
}

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        case(
            Specification,
            SEARCH,
            "a file is found by a word of its name",
            |at| async move {
                furnish(&at).await?;
                equal(
                    at.search("june", json!({})).await?,
                    strings(&["report june.csv"]),
                )
            },
        ),
        case(
            Specification,
            SEARCH,
            "letter case does not matter to a search",
            |at| async move {
                furnish(&at).await?;
                equal(
                    at.search("JUNE", json!({})).await?,
                    strings(&["report june.csv"]),
                )
            },
        ),
        case(
            Specification,
            SEARCH,
            "every word must be there",
            |at| async move {
                furnish(&at).await?;
                equal(
                    at.search("report may", json!({})).await?,
                    strings(&["report may.txt"]),
                )
            },
        ),
        case(
            Specification,
            "files.stone, SearchOptions",
            "a search may be for extensions",
            |at| async move {
                furnish(&at).await?;
                equal(
                    at.search("report", json!({"file_extensions": ["csv"]}))
                        .await?,
                    strings(&["report june.csv"]),
                )
            },
        ),
        case(
            Specification,
            "files.stone, SearchOptions",
            "a search may be for deleted files",
            |at| async move {
                furnish(&at).await?;
                at.ok("files/delete_v2", json!({"path": at.path("other.txt")}))
                    .await?;
                equal(
                    at.search("other", json!({"file_status": "deleted"}))
                        .await?,
                    strings(&["other.txt"]),
                )
            },
        ),
        case(
            Specification,
            "files.stone, SearchOptions",
            "a search finds as many as were asked for, and goes on",
            |at| async move {
                furnish(&at).await?;
                at.search("report may", json!({})).await?;
                let options = json!({"path": at.folder(), "max_results": 1});
                let first = at
                    .ok(
                        "files/search_v2",
                        json!({"query": "report", "options": options}),
                    )
                    .await?;
                equal(
                    (
                        first["matches"].as_array().map(Vec::len),
                        first["has_more"].as_bool(),
                    ),
                    (Some(1), Some(true)),
                )?;
                let next = at
                    .ok(
                        "files/search/continue_v2",
                        json!({"cursor": first["cursor"]}),
                    )
                    .await?;
                equal(
                    (
                        next["matches"].as_array().map(Vec::len),
                        next["has_more"].as_bool(),
                    ),
                    (Some(1), Some(false)),
                )
            },
        ),
        case(
            Open,
            SEARCH,
            "what was just written is found",
            |at| async move {
                at.put("fresh.txt", "1").await?;
                equal(
                    at.search_once("fresh", json!({})).await?,
                    strings(&["fresh.txt"]),
                )
            },
        )
        .quirk("search-late"),
        row(
            Specification,
            "files.stone, SearchError",
            "a search in a folder that is not there is refused",
            &[],
            (
                "files/search_v2",
                r#"{"query": "a", "options": {"path": "$/none"}}"#,
            ),
            Refused("path/not_found"),
        ),
        row(
            Specification,
            "files.stone, SearchOptions",
            "a thousand matches are asked for at most",
            &[],
            (
                "files/search_v2",
                r#"{"query": "a", "options": {"max_results": 1001}}"#,
            ),
            Bad("max_results"),
        ),
    ]
}
