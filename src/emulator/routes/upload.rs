//! `files/upload`

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Caller, Outcome};
use super::super::fields::Fields;
use super::super::limits::too_many_writes;
use super::super::names;
use super::super::path_arg::{PathArg, Pattern};
use super::super::shared::Shared;
use super::super::state::State;
use super::super::state::tree::FileNode;
use super::super::state::write::{Commit, Content, WriteError, WriteMode};
use super::super::{tag, wire};

pub(super) async fn upload(call: &mut Call) -> Outcome {
    let commit = CommitInfo::read(&mut call.arg)?;
    let hash = call.arg.optional_hash("content_hash")?;
    call.arg.finish()?;
    let content = call.receive_content(hash.as_deref()).await?;
    let caller = call.caller();
    if let Err(busy) = call.hold_namespace().await {
        let shared = &call.shared;
        return Err(busy.refusal(|| kept(shared, &caller, content, &too_many_writes())));
    }
    match commit.carry_out(&call.shared, &caller, content.clone()) {
        Ok(file) => {
            call.shared.settle().await?;
            Ok(Answer::json(&wire::file(
                &caller.view,
                &names::fold(&file.display),
                &file,
            )))
        }
        Err(error) => {
            let reason = wire::write_error(error);
            Err(Refusal::Route(kept(
                &call.shared,
                &caller,
                content,
                &reason,
            )))
        }
    }
}

/// The error of an upload that could not be committed, with the session that keeps it.
fn kept(shared: &Shared, caller: &Caller, content: Content, reason: &Value) -> Value {
    let session = keep(shared, caller, content);
    let fields = json!({ "reason": reason, "upload_session_id": session });
    tag::with_fields("path", fields)
}

/// What could not be committed waits in a session, so that the commit can be tried again without the bytes.
fn keep(shared: &Shared, caller: &Caller, content: Content) -> String {
    let now = shared.clock.now();
    let mut state = shared.state();
    let id = state.mint.session_id();
    state
        .sessions
        .keep(id.clone(), caller.account, content, now);
    id
}

/// `CommitInfo`, before its path is followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct CommitInfo {
    path: PathArg,
    mode: WriteMode,
    autorename: bool,
    strict_conflict: bool,
    client_modified: Option<Timestamp>,
}

impl CommitInfo {
    /// A commit that takes another name where there is something already.
    pub(super) fn renaming(path: PathArg) -> CommitInfo {
        CommitInfo {
            path,
            mode: WriteMode::Add,
            autorename: true,
            strict_conflict: false,
            client_modified: None,
        }
    }

    /// Takes its fields out of the argument.
    pub(super) fn read(arg: &mut Fields) -> Result<CommitInfo, Refusal> {
        let path = arg.path("path", Pattern::WriteOrId)?;
        let mode = match arg.optional_union("mode")? {
            None => WriteMode::Add,
            Some((name, mut inner)) => {
                let mode = match name.as_str() {
                    "add" => WriteMode::Add,
                    "overwrite" => WriteMode::Overwrite,
                    "update" => WriteMode::Update(inner.rev("update")?),
                    other => return Err(arg.refuse("mode", &format!("invalid tag '{other}'"))),
                };
                inner.finish()?;
                mode
            }
        };
        let info = CommitInfo {
            path,
            mode,
            autorename: arg.flag("autorename")?,
            strict_conflict: arg.flag("strict_conflict")?,
            client_modified: arg.optional_time("client_modified")?,
        };
        // Whether a desktop shows a notice, and templates that nobody can make here: nothing depends on them.
        arg.flag("mute")?;
        arg.take("property_groups");
        Ok(info)
    }

    /// Commits, unless the rules or the quota forbid it.
    pub(super) fn carry_out(
        &self,
        shared: &Arc<Shared>,
        caller: &Caller,
        content: Content,
    ) -> Result<Arc<FileNode>, WriteError> {
        self.commit(&mut shared.state(), caller, content, shared.clock.now())
    }

    /// The same, of a session, which is over then. There is no moment when both are there: bytes for the session would go into
    /// the file.
    pub(super) fn carry_out_session(
        &self,
        shared: &Arc<Shared>,
        caller: &Caller,
        content: Content,
        session: &str,
    ) -> Result<Arc<FileNode>, WriteError> {
        let mut state = shared.state();
        let file = self.commit(&mut state, caller, content, shared.clock.now())?;
        state.end_session(session, caller.account);
        Ok(file)
    }

    /// The same, for those who hold the state.
    pub(super) fn commit(
        &self,
        state: &mut State,
        caller: &Caller,
        content: Content,
        now: Timestamp,
    ) -> Result<Arc<FileNode>, WriteError> {
        let place = state.locate_target(&caller.view, &self.path)?;
        if content.blob.size() > state.room(caller.account) {
            return Err(WriteError::NoSpace);
        }
        let commit = Commit {
            place,
            mode: self.mode.clone(),
            autorename: self.autorename,
            strict_conflict: self.strict_conflict,
            client_modified: self.client_modified,
        };
        let (tree, mint) = state.tree_mut(caller.view.tree);
        tree.commit(&commit, content, now, mint)
    }
}
