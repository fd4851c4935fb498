//! Values for reading.

mod pretty;
mod table;
mod width;

use rhai::{Array, Dynamic, Engine, Map, Scope};

use super::gate::Raised;
use super::modules::Listing;
use super::values;
use crate::tasks::{Item, Report};

/// How a session shows values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// How wide a line may be, in columns of a terminal.
    pub columns: usize,
    /// Whether all is shown of what is large; else it is cut, and says so.
    pub whole: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            columns: 80,
            whole: false,
        }
    }
}

/// So many items of a listing are shown; fetching more takes its time.
const ITEMS: usize = 100;

/// What tells of something left out.
const MORE: &str = "`:all` shows all";

/// A value for reading; `None` where there is nothing to show.
///
/// # Errors
/// Showing a listing asks Dropbox, and may fail as any call.
pub(super) fn show(engine: &Engine, value: &Dynamic, view: View) -> Raised<Option<String>> {
    if value.is_unit() {
        return Ok(None);
    }
    if let Some(listing) = value.read_lock::<Listing>() {
        return listed(&listing, view).map(Some);
    }
    if let Some(item) = value.read_lock::<Item>() {
        return Ok(Some(table::items(std::slice::from_ref(&*item), view)));
    }
    if let Some(report) = value.read_lock::<Report>() {
        return Ok(Some(reported(&report, view)));
    }
    if value.is_string() {
        return Ok(Some(pretty::text(&values::show(value), view)));
    }
    if let Some(array) = value.read_lock::<Array>()
        && let Some(items) = all_items(&array)
    {
        let shown = if view.whole { items.len() } else { ITEMS };
        let table = table::items(&items[..shown.min(items.len())], view);
        return Ok(Some(with_rest(table, items.len().saturating_sub(shown))));
    }
    if value.is::<Array>() || value.is::<Map>() {
        return Ok(Some(pretty::lines(value, view)));
    }
    if let Some(brief) = pretty::brief(value) {
        return Ok(Some(brief));
    }
    // A value of a type that a program added prints as that type says, and the engine knows how.
    let mut scope = Scope::new();
    scope.push_constant("value", value.clone());
    engine
        .eval_with_scope(&mut scope, "value.to_debug()")
        .map(Some)
}

/// A value in a line, whatever it is.
pub(super) fn brief(value: &Dynamic) -> String {
    const COLUMNS: usize = 60;
    pretty::in_one_line(value, COLUMNS)
}

/// An array or map with an entry a line, all of it.
pub(super) fn lines(value: &Dynamic) -> String {
    // What is longer than that is an entry a line itself.
    let view = View {
        columns: 40,
        whole: true,
    };
    pretty::lines(value, view)
}

fn listed(listing: &Listing, view: View) -> Raised<String> {
    let most = if view.whole { usize::MAX } else { ITEMS };
    let mut items = Vec::new();
    let mut rest = listing.items();
    while items.len() < most
        && let Some(item) = rest.next()
    {
        items.push(item?);
    }
    if items.is_empty() {
        return Ok("no items".to_owned());
    }
    let table = table::items(&items, view);
    // Whether there are more is known only by asking for the next.
    if items.len() == most && rest.next().transpose()?.is_some() {
        return Ok(format!("{table}\nand more; {MORE}"));
    }
    Ok(table)
}

/// A summary; whole, it tells of each item.
fn reported(report: &Report, view: View) -> String {
    let summary = width::printable(&report.to_string());
    if !view.whole || report.items.is_empty() {
        return summary;
    }
    format!("{}\n{summary}", table::outcomes(&report.items, view))
}

fn all_items(array: &Array) -> Option<Vec<Item>> {
    if array.is_empty() {
        return None;
    }
    let item = |value: &Dynamic| value.read_lock::<Item>().map(|item| item.clone());
    array.iter().map(item).collect()
}

fn with_rest(text: String, rest: usize) -> String {
    match rest {
        0 => text,
        rest => format!("{text}\nand {rest} more; {MORE}"),
    }
}
