//! What the end of a run means for its files.

use std::path::{Path, PathBuf};

use dropscript::{Aftermath, Batch, OnDone, Verdict, WatchHandle};

use super::super::output::RunEvent;
use super::super::report::Status;
use super::super::run::{Ended, Stage};
use super::super::voice::Voice;

/// What became of the run, as the watcher is told.
pub(super) fn verdict(ended: &Ended, script: &Path) -> Verdict {
    if !ended.parsed || !script.exists() {
        return Verdict::Unready;
    }
    match &ended.error {
        None if ended.status == Status::OK => Verdict::Done,
        None => Verdict::Failed {
            error: format!(
                "the script ended itself with status {}",
                ended.status.code()
            ),
            counts: true,
        },
        // The files are not to blame, and a later try may work.
        Some(error) => Verdict::Failed {
            error: error.clone(),
            counts: !matches!(ended.status, Status::UNREACHABLE | Status::SIGN_IN),
        },
    }
}

/// Tells of what comes of it.
pub(super) fn tell(
    voice: Voice,
    stage: &Stage,
    script: &Path,
    batch: &Batch,
    aftermath: Aftermath,
) {
    let id = batch.id.as_str();
    match aftermath {
        Aftermath::Again(wait) => {
            let (files, seconds) = (batch.files.len(), wait.as_secs());
            let come = match files {
                1 => "one file comes".to_owned(),
                files => format!("{files} files come"),
            };
            voice.status(&format!("{come} again in {seconds} s"));
            stage.tell(&RunEvent::Again { id, files, seconds });
        }
        Aftermath::Apart(files) => {
            voice.status(&format!(
                "the {files} files come again one by one, to find out which is to blame"
            ));
            let seconds = 0;
            stage.tell(&RunEvent::Again { id, files, seconds });
        }
        Aftermath::GivenUp(_) => {
            let paths = batch.files.iter();
            let names: Vec<_> = paths
                .clone()
                .map(|file| format!("`{}`", file.relative.display()))
                .collect();
            let script = script.display();
            voice.error(&format!("{} is given up", names.join(", ")));
            voice.help(&format!(
                "`dropscript watch --failed {script}` tells of it, `dropscript watch --retry {script}` has it tried again"
            ));
            let paths = paths.map(|file| file.path.display().to_string()).collect();
            stage.tell(&RunEvent::GivenUp { id, paths });
        }
        Aftermath::Over | Aftermath::Waiting => {}
    }
}

/// Takes files as done with as the script says.
pub(super) fn on_done(handle: WatchHandle, batch: Option<&Batch>) -> OnDone {
    let Some(Batch { id, files, .. }) = batch.cloned() else {
        return OnDone::default();
    };
    OnDone::new(move |file| {
        if let Some(file) = files.get(file) {
            handle.done(&id, &file.path)?;
        }
        Ok(())
    })
}

/// What to follow after a run: whatever it read, and the script in any case.
pub(super) fn followed(ended: &Ended, script: &Path) -> Vec<PathBuf> {
    let mut files = ended.files.clone();
    if !files.iter().any(|file| same(file, script)) {
        files.push(script.to_owned());
    }
    files
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
