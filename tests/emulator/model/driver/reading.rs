//! What only looks: metadata, versions, archives.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipArchive;

use super::super::rules::{Kind, Path};
use super::{Driver, Outcome, header_safe, result};
use crate::lab::Reply;

impl Driver<'_> {
    pub(super) async fn look(&mut self, path: &Path, deleted: bool) -> Outcome {
        let reply = self
            .call(
                "files/get_metadata",
                json!({"path": path.given, "include_deleted": deleted}),
                None,
            )
            .await;
        self.count(&reply);
        let tag = match self.tree.items.get(&path.key) {
            Some(item) if item.rev().is_some() => "file",
            Some(_) => "folder",
            None if deleted && self.tree.deleted.contains(&path.key) => "deleted",
            None => {
                agree!(
                    reply.status == 409 && reply.summary() == "path/not_found",
                    "not found expected, got {}",
                    reply.text()
                );
                return Ok(());
            }
        };
        agree!(
            result(&reply)[".tag"] == tag,
            "{tag} expected, got {}",
            reply.text()
        );
        Ok(())
    }

    /// The versions that a path has held, the newest first.
    pub(super) async fn versions(&mut self, path: &Path, limit: usize) -> Outcome {
        let arg = json!({"path": path.given, "limit": limit});
        let reply = self.call("files/list_revisions", arg, None).await;
        self.count(&reply);
        let item = self.tree.items.get(&path.key);
        let versions = self.tree.history.get(&path.key);
        let expected = match (item, versions) {
            (Some(item), _) if item.rev().is_none() => Err("path/not_file"),
            (_, None) => Err("path/not_found"),
            (_, Some(versions)) => Ok(versions),
        };
        let versions = match expected {
            Ok(versions) => versions,
            Err(error) => {
                let agrees = reply.status == 409 && reply.summary() == error;
                agree!(agrees, "{error} expected, got {}", reply.text());
                return Ok(());
            }
        };
        agree!(reply.status == 200, "{}", reply.text());
        let told = result(&reply);
        let newest = versions.iter().rev().take(limit);
        let wanted: Vec<Value> = newest.map(|(rev, _)| json!(rev)).collect();
        let entries = told["entries"].as_array().into_iter().flatten();
        let revs: Vec<Value> = entries.map(|entry| entry["rev"].clone()).collect();
        agree!(revs == wanted, "{wanted:?} expected, got {revs:?}");
        agree!(
            told["has_more"] == (versions.len() > limit),
            "of {} versions: {told}",
            versions.len()
        );
        agree!(
            told["is_deleted"] == item.is_none(),
            "deleted or not: {told}"
        );
        Ok(())
    }

    /// A folder as an archive.
    pub(super) async fn archive(&mut self, path: &Path) -> Outcome {
        let arg = json!({ "path": path.given }).to_string();
        let escaped: String = arg.chars().flat_map(header_safe).collect();
        let request = self
            .lab
            .request(Method::POST, "/2/files/download_zip")
            .bearer_auth(&self.token)
            .header("dropbox-api-arg", escaped);
        let reply = Reply::of(request).await.expect("an answer");
        self.diary
            .push(format!("files/download_zip {arg} -> {}", reply.status));
        self.count(&reply);
        let expected = match self.tree.items.get(&path.key) {
            None => Err("path/not_found"),
            Some(item) if item.rev().is_some() => Err("path/not_folder"),
            Some(item) => Ok(item),
        };
        let top = match expected {
            Ok(item) => &item.display,
            Err(error) => {
                let agrees = reply.status == 409 && reply.summary() == error;
                agree!(agrees, "{error} expected, got {}", reply.text());
                return Ok(());
            }
        };
        let hidden = top.rfind('/').map_or(0, |slash| slash + 1);
        let below = format!("{}/", path.key);
        let inside = self
            .tree
            .items
            .iter()
            .filter(|(key, _)| **key == path.key || key.starts_with(&below));
        let wanted: BTreeMap<String, Vec<u8>> = inside
            .map(|(_, item)| {
                let name = &item.display[hidden..];
                match &item.kind {
                    Kind::Folder => (format!("{name}/"), Vec::new()),
                    Kind::File(content, _) => (name.to_owned(), content.clone()),
                }
            })
            .collect();
        let mut archive =
            ZipArchive::new(Cursor::new(&reply.body[..])).map_err(|error| error.to_string())?;
        let mut there = BTreeMap::new();
        for index in 0..archive.len() {
            let mut member = archive.by_index(index).map_err(|error| error.to_string())?;
            let mut bytes = Vec::new();
            member
                .read_to_end(&mut bytes)
                .map_err(|error| error.to_string())?;
            there.insert(member.name().expect("a name").into_owned(), bytes);
        }
        agree!(there == wanted, "{wanted:?} expected, got {there:?}");
        Ok(())
    }
}
