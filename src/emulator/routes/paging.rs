//! Lists that come in pages, and the cursors between them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::Call;
use super::super::tag::tag;

/// Entries in a page, at most.
const LONGEST: u64 = 1000;

/// How far somebody has come in a list. The cursor is all there is to it: the server keeps nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Page {
    /// What is listed.
    of: String,
    skip: usize,
    limit: usize,
}

impl Page {
    /// The first page of a list; takes `limit` out of the argument.
    pub(super) fn first(call: &mut Call, of: &str) -> Result<Page, Refusal> {
        let limit = call.arg.optional_number("limit", 1..=LONGEST)?;
        let limit = usize::try_from(limit.unwrap_or(LONGEST)).unwrap_or(usize::MAX);
        let of = of.to_owned();
        Ok(Page { of, skip: 0, limit })
    }

    /// The page that a cursor leads to, which is the only argument. One of another list is no cursor.
    pub(super) fn next(call: &mut Call, of: &str) -> Result<Page, Refusal> {
        let cursor = call.arg.text("cursor")?;
        call.arg.finish()?;
        let json = URL_SAFE_NO_PAD.decode(cursor).ok();
        let page: Option<Page> = json.and_then(|json| serde_json::from_slice(&json).ok());
        let page = page.filter(|page| page.of == of && page.limit > 0);
        page.ok_or_else(|| Refusal::Route(tag("invalid_cursor")))
    }

    /// The answer: this page of what `all` has, as the field `name`.
    pub(super) fn answer(self, name: &str, all: impl Iterator<Item = Value>) -> Answer {
        let mut rest = all.skip(self.skip);
        let page: Vec<Value> = rest.by_ref().take(self.limit).collect();
        let has_more = rest.next().is_some();
        let next = Page {
            skip: self.skip.saturating_add(page.len()),
            ..self
        };
        let cursor = serde_json::to_vec(&next).expect("a page is plain data");
        let mut result = json!({ "cursor": URL_SAFE_NO_PAD.encode(cursor), "has_more": has_more });
        result[name] = page.into();
        Answer::json(&result)
    }
}
