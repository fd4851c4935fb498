//! `files/search_v2`, `files/search/continue_v2`, and `files/search` that was before: by the words of names.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::fields::Fields;
use super::super::names;
use super::super::path_arg::{PathArg, Pattern};
use super::super::quirk::Quirk;
use super::super::state::tree::{Depth, Node, Tree};
use super::super::state::{LocateError, Located, State, View};
use super::super::tag::{nested, tag};
use super::super::wire::{self, Metadata};
use super::users::check_account_id;

/// Matches of one search, at most.
const MOST_MATCHES: usize = 10_000;

/// A search under way: all of it is in the cursor.
#[derive(Serialize, Deserialize)]
struct Search {
    query: String,
    folder: String,
    deleted: bool,
    by_time: bool,
    extensions: Vec<String>,
    categories: Vec<String>,
    highlights: bool,
    limit: usize,
    skip: usize,
    /// Later revs are not found.
    newest: Option<String>,
}

pub(super) fn search(call: &mut Call) -> Outcome {
    let query = read_query(call)?;
    let options = call.arg.optional_fields("options")?;
    let mut matching = call.arg.optional_fields("match_field_options")?;
    let highlights = call.arg.nullable_flag("include_highlights")?;
    call.arg.finish()?;
    let highlights = highlights.unwrap_or(false)
        | matching
            .as_mut()
            .map_or(Ok(false), |fields| fields.flag("include_highlights"))?;
    if let Some(fields) = matching {
        fields.finish()?;
    }
    let mut search = Search {
        highlights,
        ..Search::of(query)
    };
    let view = call.caller().view;
    let mut state = call.shared.state();
    if call.quirk(Quirk::SearchLate) {
        search.newest = Some(index(&mut state, &view));
    }
    search.folder.clone_from(&view.root.lower);
    if let Some(options) = options {
        read_options(&mut search, options, &state, &view)?;
    }
    check_words(&search.query)?;
    Ok(search.answer(&view, state.tree(view.tree)))
}

/// `files/search`: the first version, which counts instead of giving a cursor.
pub(super) fn search_v1(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Root)?;
    let query = read_query(call)?;
    let start = call.arg.optional_number("start", 0..=9_999)?.unwrap_or(0);
    let limit = call.arg.optional_number("max_results", 1..=1000)?;
    let mode = call.arg.optional_tag(
        "mode",
        &["filename", "filename_and_content", "deleted_filename"],
    )?;
    call.arg.finish()?;
    let view = call.caller().view;
    let state = call.shared.state();
    let mut search = Search::of(query);
    search.deleted = mode == Some("deleted_filename");
    search.skip = usize::try_from(start).unwrap_or(usize::MAX);
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        search.limit = limit;
    }
    search.folder = folder(&state, &view, &path)?;
    check_words(&search.query)?;
    let found = search.find(&view, state.tree(view.tree));
    let page: Vec<Value> = found
        .iter()
        .skip(search.skip)
        .take(search.limit)
        .map(|(_, metadata)| json!({ "match_type": tag("filename"), "metadata": metadata }))
        .collect();
    let next = (search.skip + page.len()).min(found.len());
    Ok(Answer::json(&json!({
        "matches": page,
        "more": found.len() > search.skip + search.limit,
        "start": next,
    })))
}

fn read_query(call: &mut Call) -> Result<String, Refusal> {
    let query = call.arg.text("query")?;
    if query.chars().count() > 1000 {
        return Err(call.arg.refuse("query", "must be at most 1000 characters"));
    }
    Ok(query)
}

fn check_words(query: &str) -> Result<(), Refusal> {
    if words(query).is_empty() {
        let why = nested("invalid_argument", "the query has no words".into());
        return Err(Refusal::Route(why));
    }
    Ok(())
}

/// Where to search.
fn folder(state: &State, view: &View, path: &PathArg) -> Result<String, Refusal> {
    let refuse = |error| Refusal::Route(nested("path", wire::lookup_error(error)));
    let place = match state.locate(view, path).map_err(refuse)? {
        Located::Place(place) => place.lower,
        Located::Version(lower, _) => lower,
    };
    match state.tree(view.tree).node(&place) {
        Some(Node::File(_)) => Err(Refusal::Route(nested("path", tag("not_folder")))),
        None if place != view.root.lower => Err(refuse(LocateError::NotFound)),
        _ => Ok(place),
    }
}

pub(super) fn search_continue(call: &mut Call) -> Outcome {
    let cursor = call.arg.text("cursor")?;
    call.arg.finish()?;
    let search = URL_SAFE_NO_PAD.decode(&cursor).ok();
    let search: Option<Search> = search.and_then(|json| serde_json::from_slice(&json).ok());
    let view = call.caller().view;
    let search = search.filter(|search| view.shows(&search.folder));
    let invalid = || call.arg.refuse("cursor", "Invalid \"cursor\" parameter");
    let search = search.ok_or_else(invalid)?;
    let state = call.shared.state();
    Ok(search.answer(&view, state.tree(view.tree)))
}

/// Takes the newest rev into the index, and gives the one that was the newest before.
fn index(state: &mut State, view: &View) -> String {
    let revs = state
        .tree(view.tree)
        .nodes()
        .filter_map(|(_, node)| match node {
            Node::File(file) => Some(file.rev.clone()),
            Node::Folder(_) => None,
        });
    let newest = revs.max().unwrap_or_default();
    std::mem::replace(&mut state.indexed, newest)
}

fn read_options(
    search: &mut Search,
    mut options: Fields,
    state: &State,
    view: &View,
) -> Result<(), Refusal> {
    let path = options.optional_path("path", Pattern::Root)?;
    let limit = options.optional_number("max_results", 1..=1000)?;
    let order = options.optional_tag("order_by", &["relevance", "last_modified_time"])?;
    let status = options.optional_tag("file_status", &["active", "deleted"])?;
    options.flag("filename_only")?;
    search.extensions = texts(&mut options, "file_extensions")?
        .into_iter()
        .map(|extension| extension.trim_start_matches('.').to_lowercase())
        .collect();
    let categories = options.optional_values("file_categories")?;
    search.categories = options.bare_tags("file_categories", categories)?;
    if let Some(unknown) = search
        .categories
        .iter()
        .find(|category| !CATEGORIES.contains(&category.as_str()))
    {
        return Err(options.refuse("file_categories", &format!("invalid tag '{unknown}'")));
    }
    if let Some(id) = options.optional_text("account_id")? {
        check_account_id(&options, "account_id", id)?;
    }
    options.finish()?;
    search.by_time = order == Some("last_modified_time");
    search.deleted = status == Some("deleted");
    search.limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(search.limit);
    if let Some(path) = path {
        search.folder = folder(state, view, &path)?;
    }
    Ok(())
}

fn texts(options: &mut Fields, name: &str) -> Result<Vec<String>, Refusal> {
    let values = options.optional_values(name)?;
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        _ => Err(options.refuse(name, "expected to be a list of strings")),
    };
    values.into_iter().map(text).collect()
}

fn words(query: &str) -> Vec<String> {
    query.split_whitespace().map(names::fold).collect()
}

impl Search {
    /// A search for these words, everywhere.
    fn of(query: String) -> Search {
        Search {
            query,
            folder: String::new(),
            deleted: false,
            by_time: false,
            extensions: Vec::new(),
            categories: Vec::new(),
            highlights: false,
            limit: 100,
            skip: 0,
            newest: None,
        }
    }

    fn answer(self, view: &View, tree: &Tree) -> Answer {
        let found = self.find(view, tree);
        let page: Vec<Value> = found
            .iter()
            .skip(self.skip)
            .take(self.limit)
            .map(|(name, metadata)| self.describe(name, metadata))
            .collect();
        let has_more = found.len() > self.skip + self.limit;
        let mut result = json!({ "matches": page, "has_more": has_more });
        if has_more {
            let next = Search {
                skip: self.skip + self.limit,
                ..self
            };
            let json = serde_json::to_vec(&next).expect("a search is plain data");
            result["cursor"] = URL_SAFE_NO_PAD.encode(json).into();
        }
        Answer::json(&result)
    }

    /// `SearchMatchV2`
    fn describe(&self, name: &str, metadata: &Metadata<'_>) -> Value {
        let mut described = json!({
            "metadata": { ".tag": "metadata", "metadata": metadata },
            "match_type": tag("filename"),
        });
        if self.highlights {
            described["highlight_spans"] =
                json!([{ "highlight_str": name, "is_highlighted": true }]);
        }
        described
    }

    fn find<'a>(&self, view: &View, tree: &'a Tree) -> Vec<(&'a str, Metadata<'a>)> {
        let words = words(&self.query);
        let matches = |path: &str| {
            let name = names::name(path);
            words.iter().all(|word| name.contains(word)) && self.takes_extension(name)
        };
        if self.deleted {
            let gone = tree.deleted_below(&self.folder, Depth::All, "");
            return gone
                .filter(|(path, _)| view.shows(path) && matches(path) && self.categories.is_empty())
                .take(MOST_MATCHES)
                .map(|(path, gone)| {
                    let metadata = wire::deleted(view, path, &gone.display);
                    (names::name(&gone.display), metadata)
                })
                .collect();
        }
        let mut found: Vec<(&str, &Node)> = tree
            .below(&self.folder, Depth::All, "")
            .filter(|(path, node)| {
                view.shows(path) && matches(path) && self.takes_category(path, node)
            })
            .filter(|(_, node)| self.knows(node))
            .take(MOST_MATCHES)
            .collect();
        if self.by_time {
            found.sort_by_key(|(_, node)| match node {
                Node::File(file) => std::cmp::Reverse(Some(file.server_modified)),
                Node::Folder(_) => std::cmp::Reverse(None),
            });
        }
        found
            .into_iter()
            .map(|(path, node)| {
                let metadata = wire::metadata(view, path, node);
                (names::name(node.display()), metadata)
            })
            .collect()
    }

    fn knows(&self, node: &Node) -> bool {
        match (node, &self.newest) {
            (Node::File(file), Some(newest)) => file.rev <= *newest,
            _ => true,
        }
    }

    fn takes_extension(&self, name: &str) -> bool {
        let extension = names::split_extension(name).1.trim_start_matches('.');
        self.extensions.is_empty() || self.extensions.iter().any(|wanted| wanted == extension)
    }

    fn takes_category(&self, path: &str, node: &Node) -> bool {
        let category = match node {
            Node::Folder(_) => "folder",
            Node::File(_) => category(names::split_extension(names::name(path)).1),
        };
        self.categories.is_empty() || self.categories.iter().any(|wanted| wanted == category)
    }
}

/// `FileCategory`, all of it.
const CATEGORIES: [&str; 11] = [
    "image",
    "document",
    "pdf",
    "spreadsheet",
    "presentation",
    "audio",
    "video",
    "folder",
    "paper",
    "others",
    "other",
];

/// `FileCategory` by a name's extension.
fn category(extension: &str) -> &'static str {
    match extension {
        ".jpg" | ".jpeg" | ".png" | ".gif" | ".tif" | ".tiff" | ".bmp" | ".heic" | ".webp" => {
            "image"
        }
        ".doc" | ".docx" | ".odt" | ".rtf" | ".txt" | ".md" => "document",
        ".pdf" => "pdf",
        ".xls" | ".xlsx" | ".ods" | ".csv" | ".tsv" => "spreadsheet",
        ".ppt" | ".pptx" | ".odp" | ".key" => "presentation",
        ".mp3" | ".wav" | ".flac" | ".ogg" | ".m4a" => "audio",
        ".mp4" | ".mov" | ".avi" | ".mkv" | ".webm" => "video",
        ".paper" => "paper",
        _ => "others",
    }
}
