//! The source of changes at Dropbox: a cursor and a longpoll, without end.
//!
//! The cursor is in the journal, and moves in the transaction that notes what it passed. Where it is of no use any more, all is listed
//! and compared with what is known. While the folder is away or cannot be reached nothing is known of it: no file counts as removed,
//! and none settles.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::findings::Findings;
use super::journal::{JournalPlace, Look};
use super::queue::{Queue, lock};
use crate::client::Client;
use crate::connection::Connection;
use crate::path::RemotePath;
use crate::{Error, ErrorKind, Result};

/// How long to wait after the first failure; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long Dropbox is asked to wait for a change in one call.
const POLL: Duration = Duration::from_secs(120);

/// A folder at Dropbox to watch, with all that is below it.
#[derive(Clone, Debug)]
pub struct RemoteFolder {
    /// Who looks at it.
    pub connection: Connection,
    /// The folder: its path from the root on.
    pub path: RemotePath,
    /// Where it is kept what is done with, and where the cursor is.
    pub journal: JournalPlace,
    /// What tells the connection from others in that journal.
    pub name: String,
}

impl RemoteFolder {
    /// What the journal knows the folder by.
    pub(super) fn source(&self) -> String {
        format!("remote {} {}", self.name, self.path.key())
    }
}

/// What the owner of the watcher and the remote source know of each other.
#[derive(Default)]
pub(super) struct Link {
    state: Mutex<State>,
    /// There is a first word of the folder.
    heard: Notify,
    /// Something is due sooner than it was.
    pub(super) nudge: Notify,
    pub(super) stop: CancellationToken,
}

#[derive(Default)]
struct State {
    is_heard: bool,
    is_connected: bool,
    failure: Option<Error>,
}

impl Link {
    /// Waits for the first word of the folder.
    pub(super) async fn heard(&self) {
        let heard = self.heard.notified();
        if !self.state().is_heard {
            heard.await;
        }
    }

    /// Why the source has ended, told once.
    pub(super) fn take_failure(&self) -> Option<Error> {
        self.state().failure.take()
    }

    fn is_connected(&self) -> bool {
        self.state().is_connected
    }

    fn hear(&self, is_connected: bool) {
        let mut state = self.state();
        state.is_heard = true;
        state.is_connected = is_connected;
        self.heard.notify_waiters();
        self.nudge.notify_one();
    }

    fn fail(&self, error: Error) {
        self.state().failure = Some(error);
        self.hear(false);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows a folder.
pub(super) struct Remote {
    client: Client,
    name: String,
    path: RemotePath,
    queue: Arc<Mutex<Queue>>,
    findings: Arc<Findings>,
    link: Arc<Link>,
}

/// How the times are.
struct Times {
    /// The account is the one that the journal knows.
    is_checked: bool,
    /// A person was told that nothing is known of the folder for now.
    is_away: bool,
    /// How long to wait after the next trouble.
    pause: Duration,
}

impl Times {
    fn new() -> Self {
        Self {
            is_checked: false,
            is_away: false,
            pause: FIRST_PAUSE,
        }
    }
}

/// Why nothing is known of the folder for now.
enum Trouble {
    /// It is not there.
    Away,
    /// The cursor is of no use: all is to be listed.
    Reset,
    /// Dropbox is not reached, or answers with an error.
    Unreached(Error),
    /// It is no use to go on.
    Fatal(Error),
}

impl Remote {
    pub(super) fn new(
        folder: &RemoteFolder,
        queue: Arc<Mutex<Queue>>,
        findings: Arc<Findings>,
        link: Arc<Link>,
    ) -> Self {
        Self {
            client: folder.connection.client().clone(),
            name: folder.connection.name().to_owned(),
            path: folder.path.clone(),
            queue,
            findings,
            link,
        }
    }

    /// Watches until the link says to stop.
    pub(super) async fn run(self) {
        let stop = self.link.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            error = self.follow() => self.give_up(error),
            error = self.settle() => self.give_up(error),
        }
    }

    fn give_up(&self, error: Error) {
        self.link.fail(error);
        self.findings.wake();
    }

    /// Follows the changes until it is no use to go on.
    async fn follow(&self) -> Error {
        let mut times = Times::new();
        loop {
            let Err(trouble) = self.step(&mut times).await else {
                continue;
            };
            match self.meet(trouble) {
                // A cursor that is lost once is no sign that the server has a bad time.
                Ok(None) if times.pause == FIRST_PAUSE => {
                    times.pause *= 2;
                    continue;
                }
                Ok(None) => {}
                Ok(Some(why)) => {
                    self.link.hear(false);
                    if !std::mem::replace(&mut times.is_away, true) {
                        self.notice(why);
                    }
                }
                Err(error) => return error,
            }
            tokio::time::sleep(times.pause).await;
            times.pause = (times.pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A page has come.
    fn note_answer(&self, times: &mut Times) {
        if std::mem::take(&mut times.is_away) {
            self.notice(format!("`{}` is back", self.path));
        }
        times.pause = FIRST_PAUSE;
    }

    /// What comes of a trouble: what a person is told, if that is worth telling; or the error that ends it.
    fn meet(&self, trouble: Trouble) -> Result<Option<String>> {
        let path = &self.path;
        match trouble {
            Trouble::Fatal(error) => Err(error),
            Trouble::Reset => {
                self.queue().look_anew()?;
                Ok(None)
            }
            Trouble::Away => {
                let queue = self.queue();
                let (look, _) = queue.look()?;
                if look.number == 0 && !look.is_whole {
                    let message = format!("there is no folder `{path}` at Dropbox");
                    return Err(Error::new(ErrorKind::NotFound, message)
                        .with_path(path.to_string())
                        .with_hint("make it, or name another with `--remote`"));
                }
                queue.look_anew()?;
                Ok(Some(format!(
                    "`{path}` is not there any more: nothing in it counts as removed, and it is looked for"
                )))
            }
            Trouble::Unreached(error) => Ok(Some(format!(
                "`{path}` cannot be looked at ({}): nothing in it counts as removed, and it is tried again",
                error.full_message()
            ))),
        }
    }

    /// Asks for one page, and waits for changes where it was the last.
    async fn step(&self, times: &mut Times) -> Result<(), Trouble> {
        if !times.is_checked {
            self.check_account().await?;
            times.is_checked = true;
        }
        let (look, _) = self.queue().look().map_err(Trouble::Fatal)?;
        let cursor = look.cursor.as_deref();
        let page = self.client.page_of_changes(&self.path, cursor).await;
        let page = page.map_err(|error| trouble(error, &look))?;
        let (is_last, cursor) = (!page.has_more, page.cursor.clone());
        let taken = self.queue().take_page(page).map_err(Trouble::Fatal)?;
        taken.map_err(|_| Trouble::Away)?;
        self.note_answer(times);
        if !is_last {
            return Ok(());
        }
        let skipped = self.queue().begin_from_here().map_err(Trouble::Fatal)?;
        self.findings.update(|state| state.skipped += skipped);
        self.link.hear(true);
        self.findings.wake();
        while !self
            .client
            .longpoll(&self.path, &cursor, POLL)
            .await
            .map_err(|error| trouble(error, &look))?
        {}
        Ok(())
    }

    /// Whether the folder is that of the account which the journal knows: a cursor is of no use in another one, and all that is known
    /// would be told as removed.
    async fn check_account(&self) -> Result<(), Trouble> {
        let (look, known) = self.queue().look().map_err(Trouble::Fatal)?;
        let account = match self.client.current_account().await {
            Ok(account) => account.account_id,
            // An app need not be allowed to see whose account it is.
            Err(error) if matches!(error.kind(), ErrorKind::Permission) => return Ok(()),
            Err(error) => return Err(trouble(error, &look)),
        };
        match known {
            Some(known) if known == account => Ok(()),
            Some(_) => Err(Trouble::Fatal(
                Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "the connection `{}` is another account than when `{}` was watched last",
                        self.name, self.path
                    ),
                )
                .with_hint(
                    "use the connection that it was, or name another journal with `--journal FILE`",
                ),
            )),
            None => self.queue().set_account(&account).map_err(Trouble::Fatal),
        }
    }

    /// Settles what has not changed for long enough, while it is known that it has not.
    async fn settle(&self) -> Error {
        loop {
            let due = self.findings.next_due();
            let due = due.filter(|_| self.link.is_connected());
            let at = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.link.nudge.notified() => {}
                () = at => if let Err(error) = self.queue().settle() {
                    return error;
                },
            }
        }
    }

    fn notice(&self, sentence: String) {
        self.findings.update(|state| state.notices.push(sentence));
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

/// What an error of Dropbox's means for the watch.
fn trouble(error: Error, look: &Look) -> Trouble {
    let is_new = look.number == 0 && !look.is_whole;
    let is_lasting = matches!(
        error.kind(),
        ErrorKind::NotSignedIn
            | ErrorKind::Permission
            | ErrorKind::InvalidArgument
            | ErrorKind::InvalidPath
            | ErrorKind::Unsupported
            | ErrorKind::Conflict
    );
    match error.tag() {
        Some("reset") => Trouble::Reset,
        // A cursor that Dropbox cannot read is told as a wrong call.
        _ if look.cursor.is_some() && error.kind() == ErrorKind::InvalidArgument => Trouble::Reset,
        _ if error.kind() == ErrorKind::NotFound => Trouble::Away,
        _ if is_new && is_lasting => Trouble::Fatal(error),
        _ => Trouble::Unreached(error),
    }
}
