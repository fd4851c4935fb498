//! Where a behaviour is looked for: a folder of its own, and the calls that most checks make.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::service::{Host, Reply, Service};

type Got<T> = Result<T, String>;

/// A folder at a service. Nothing is in it, and it need not be there.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) service: Arc<Service>,
    folder: String,
}

/// JSON that may stand in a header.
fn header_json(json: &str) -> String {
    use std::fmt::Write as _;
    let mut safe = String::new();
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

fn is_download(route: &str) -> bool {
    matches!(
        route,
        "files/download" | "files/export" | "files/get_preview" | "files/get_thumbnail_v2"
    )
}

fn is_upload(route: &str) -> bool {
    route == "files/upload"
        || (route.starts_with("files/upload_session/") && !is_rpc_of_sessions(route))
}

fn is_rpc_of_sessions(route: &str) -> bool {
    route.contains("finish_batch") || route.ends_with("start_batch")
}

impl Scene {
    pub(crate) fn new(service: &Arc<Service>, folder: String) -> Scene {
        Scene {
            service: Arc::clone(service),
            folder,
        }
    }

    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// The path of something in the folder.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Got<Reply> {
        self.service.send(request).await
    }

    pub(crate) fn rpc_request(&self, route: &str) -> RequestBuilder {
        let host = match route {
            "files/list_folder/longpoll" => Host::Notify,
            _ => Host::Api,
        };
        self.service.request(host, route)
    }

    /// A request to a route whose argument travels in a header.
    pub(crate) fn content_request(&self, route: &str, argument: &str) -> RequestBuilder {
        self.service
            .request(Host::Content, route)
            .header("dropbox-api-arg", header_json(argument))
    }

    /// Calls a route in its own style; `contents` go along with uploads.
    pub(crate) async fn call(&self, route: &str, argument: &str, contents: &str) -> Got<Reply> {
        if is_download(route) {
            return self.send(self.content_request(route, argument)).await;
        }
        if is_upload(route) {
            let request = self.content_request(route, argument);
            let request = request.header("content-type", "application/octet-stream");
            return self.send(request.body(contents.to_owned())).await;
        }
        let request = self
            .rpc_request(route)
            .header("content-type", "application/json");
        self.send(request.body(argument.to_owned())).await
    }

    pub(crate) async fn rpc(&self, route: &str, argument: Value) -> Got<Reply> {
        self.call(route, &argument.to_string(), "").await
    }

    /// The result of an rpc call that works.
    pub(crate) async fn ok(&self, route: &str, argument: Value) -> Got<Value> {
        self.rpc(route, argument).await?.result()
    }

    /// The tags with which an rpc call is refused.
    pub(crate) async fn refused(&self, route: &str, argument: Value) -> Got<String> {
        self.rpc(route, argument).await?.refused()
    }

    /// Sends bytes to an upload route.
    pub(crate) async fn send_bytes(
        &self,
        route: &str,
        argument: Value,
        bytes: impl Into<Vec<u8>>,
    ) -> Got<Reply> {
        let request = self
            .content_request(route, &argument.to_string())
            .header("content-type", "application/octet-stream")
            .body(bytes.into());
        self.send(request).await
    }

    /// Uploads a file, over what is there.
    pub(crate) async fn put(&self, name: &str, contents: &str) -> Got<Value> {
        self.put_with(name, contents, json!({"mode": "overwrite"}))
            .await?
            .result()
    }

    /// Uploads a file with these further fields of the argument.
    pub(crate) async fn put_with(&self, name: &str, contents: &str, mut more: Value) -> Got<Reply> {
        more["path"] = self.path(name).into();
        self.send_bytes("files/upload", more, contents).await
    }

    /// Makes a folder.
    pub(crate) async fn make(&self, name: &str) -> Got<Value> {
        let made = self.ok("files/create_folder_v2", json!({"path": self.path(name)}));
        Ok(made.await?["metadata"].take())
    }

    pub(crate) async fn info(&self, name: &str) -> Got<Value> {
        self.ok("files/get_metadata", json!({"path": self.path(name)}))
            .await
    }

    pub(crate) async fn is_missing(&self, name: &str) -> Got<bool> {
        let reply = self
            .rpc("files/get_metadata", json!({"path": self.path(name)}))
            .await?;
        Ok(reply.status == 409 && reply.summary()? == "path/not_found")
    }

    pub(crate) async fn download(&self, name: &str) -> Got<Reply> {
        let argument = json!({"path": self.path(name)}).to_string();
        self.call("files/download", &argument, "").await
    }

    pub(crate) async fn contents(&self, name: &str) -> Got<String> {
        let reply = self.download(name).await?;
        reply.result()?;
        Ok(reply.text())
    }

    /// All pages of a listing: the entries, and the last cursor.
    pub(crate) async fn list(&self, mut argument: Value) -> Got<(Vec<Value>, String)> {
        if argument["path"].is_null() {
            argument["path"] = self.folder().into();
        }
        let page = self.ok("files/list_folder", argument).await?;
        self.pages(page).await
    }

    /// All that changed since a cursor.
    pub(crate) async fn changes(&self, cursor: &str) -> Got<(Vec<Value>, String)> {
        let argument = json!({ "cursor": cursor });
        let page = self.ok("files/list_folder/continue", argument).await?;
        self.pages(page).await
    }

    async fn pages(&self, mut page: Value) -> Got<(Vec<Value>, String)> {
        let mut entries = Vec::new();
        loop {
            entries.append(page["entries"].as_array_mut().ok_or("no entries")?);
            let cursor = page["cursor"].as_str().ok_or("no cursor")?.to_owned();
            if page["has_more"] != true {
                return Ok((entries, cursor));
            }
            let argument = json!({ "cursor": cursor });
            page = self.ok("files/list_folder/continue", argument).await?;
        }
    }

    /// A cursor to the end of a listing of the folder, which is there after this.
    pub(crate) async fn cursor(&self, recursive: bool) -> Got<String> {
        let argument = json!({"path": self.folder(), "recursive": recursive});
        let latest = self
            .ok("files/list_folder/get_latest_cursor", argument)
            .await?;
        Ok(latest["cursor"].as_str().ok_or("no cursor")?.to_owned())
    }

    /// The outcome of a batch, however it is told.
    pub(crate) async fn batch(&self, route: &str, check: &str, argument: Value) -> Got<Value> {
        let launched = self.ok(route, argument).await?;
        self.job(check, launched).await
    }

    /// The outcome of a job that was launched.
    pub(crate) async fn job(&self, check: &str, launched: Value) -> Got<Value> {
        if launched[".tag"] != "async_job_id" {
            return Ok(launched);
        }
        let argument = json!({"async_job_id": launched["async_job_id"]});
        for _ in 0..120 {
            let told = self.ok(check, argument.clone()).await?;
            if told[".tag"] != "in_progress" {
                return Ok(told);
            }
            self.pause().await;
        }
        Err("the job does not end".to_owned())
    }

    /// Searches in the folder until something is found, as the index of the real service follows late.
    pub(crate) async fn search(&self, query: &str, options: Value) -> Got<Vec<String>> {
        for _ in 0..30 {
            let found = self.search_once(query, options.clone()).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            self.pause().await;
        }
        Ok(Vec::new())
    }

    /// The names that a search finds, sorted.
    pub(crate) async fn search_once(&self, query: &str, mut options: Value) -> Got<Vec<String>> {
        options["path"] = self.folder().into();
        let argument = json!({"query": query, "options": options});
        let found = self.ok("files/search_v2", argument).await?;
        let matches = found["matches"].as_array().ok_or("no matches")?.iter();
        let mut names: Vec<String> = matches
            .map(|found| text(&found["metadata"]["metadata"]["name"]))
            .collect();
        names.sort();
        Ok(names)
    }

    async fn pause(&self) {
        if self.service.real {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Gives the emulator an order.
    pub(crate) async fn control(&self, method: Method, path: &str, body: &Value) -> Got<()> {
        let request = self
            .service
            .anonymous(method, Host::Api, &format!("/emulator/{path}"));
        self.send(request.body(body.to_string()))
            .await?
            .result()
            .map(drop)
    }

    /// Lets the next call of a route go wrong.
    pub(crate) async fn fault(&self, route: &str, what: Value) -> Got<()> {
        let fault = json!({"route": route, "when": {"first": 1}, "what": what});
        self.control(Method::DELETE, "faults", &Value::Null).await?;
        self.control(Method::POST, "faults", &fault).await
    }
}

/// A text of an answer; empty where there is none.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What is expected of several texts.
pub(crate) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Entries as `file name`, in the order in which they came.
pub(crate) fn shown(entries: &[Value]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("{} {}", text(&entry[".tag"]), text(&entry["name"])))
        .collect()
}

/// The same sorted: the order of a listing is nowhere promised.
pub(crate) fn sorted(entries: &[Value]) -> Vec<String> {
    let mut shown = shown(entries);
    shown.sort();
    shown
}
