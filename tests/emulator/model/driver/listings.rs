//! Listings and their cursors.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::Step;
use super::super::rules::parent;
use super::{Driver, Outcome, path, result};

/// A listing that is carried on, and what a client knows from it.
pub(super) struct Listing {
    cursor: Value,
    folder: String,
    recursive: bool,
    /// Paths, each with the id, and the rev of files.
    known: BTreeMap<String, (String, Option<String>)>,
    complete: bool,
}

impl Driver<'_> {
    pub(super) async fn listing(&mut self, step: &Step) -> Outcome {
        match step {
            Step::List {
                slot,
                path: names,
                recursive,
                limit,
                at_end,
            } => {
                let folder = path(names);
                let arg = json!({"path": folder.given, "recursive": recursive, "limit": limit});
                let route = if *at_end {
                    "files/list_folder/get_latest_cursor"
                } else {
                    "files/list_folder"
                };
                let reply = self.call(route, arg, None).await;
                self.count(&reply);
                let expected = match self.tree.items.get(&folder.key) {
                    Some(item) if item.rev().is_some() => Some("path/not_folder"),
                    None if !folder.key.is_empty() => Some("path/not_found"),
                    _ => None,
                };
                if let Some(error) = expected {
                    agree!(
                        reply.status == 409 && reply.summary() == error,
                        "{error} expected, got {}",
                        reply.text()
                    );
                    return Ok(());
                }
                let mut listing = Listing {
                    cursor: Value::Null,
                    folder: folder.key,
                    recursive: *recursive,
                    known: BTreeMap::new(),
                    complete: *at_end,
                };
                if *at_end {
                    listing.cursor = result(&reply)["cursor"].clone();
                    listing.known = self.scope(&listing);
                } else {
                    listing.take_in(&result(&reply));
                }
                self.check(&listing)?;
                self.listings[*slot] = Some(listing);
                Ok(())
            }
            Step::Continue { slot, pages } => {
                let Some(mut listing) = self.listings[*slot].take() else {
                    return self.skip();
                };
                for _ in 0..*pages {
                    let reply = self
                        .call(
                            "files/list_folder/continue",
                            json!({"cursor": listing.cursor}),
                            None,
                        )
                        .await;
                    agree!(reply.status == 200, "{}", reply.text());
                    listing.take_in(&result(&reply));
                    if listing.complete {
                        break;
                    }
                }
                self.check(&listing)?;
                self.listings[*slot] = Some(listing);
                self.skip()
            }
            _ => unreachable!("only steps of listings come here"),
        }
    }

    /// What a complete listing must hold.
    fn scope(&self, listing: &Listing) -> BTreeMap<String, (String, Option<String>)> {
        let below = format!("{}/", listing.folder);
        let items = self.tree.items.iter().filter(|(path, _)| {
            path.starts_with(&below) && (listing.recursive || parent(path) == listing.folder)
        });
        items
            .map(|(path, item)| {
                let id = item.id.clone().unwrap_or_default();
                (path.clone(), (id, item.rev().map(str::to_owned)))
            })
            .collect()
    }

    fn check(&self, listing: &Listing) -> Outcome {
        let there = self.scope(listing);
        agree!(
            !listing.complete || listing.known == there,
            "a cursor told {:#?}, but there is {there:#?}",
            listing.known
        );
        Ok(())
    }
}

impl Listing {
    /// Does what a client does with a page.
    fn take_in(&mut self, page: &Value) {
        for entry in page["entries"].as_array().into_iter().flatten() {
            let path = entry["path_lower"].as_str().unwrap_or_default().to_owned();
            let below = format!("{path}/");
            if entry[".tag"] != "folder" {
                self.known.retain(|known, _| !known.starts_with(&below));
            }
            // The listed folder itself is not a part of what it holds.
            if entry[".tag"] == "deleted" || path == self.folder {
                self.known.remove(&path);
                continue;
            }
            let text = |name: &str| entry[name].as_str().map(str::to_owned);
            self.known
                .insert(path, (text("id").unwrap_or_default(), text("rev")));
        }
        self.cursor = page["cursor"].clone();
        self.complete = page["has_more"] == false;
    }
}
