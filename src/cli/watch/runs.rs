//! The runs of a watched script: what leads to the next one, and when it ends.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dropscript::{Batch, ChangeSource, EventSource, Result, RunOptions, Verdict, Watcher};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::super::keys::Keys;
use super::super::output::RunEvent;
use super::super::progress::StatusLine;
use super::super::report::Status;
use super::super::run::{Ended, Stage};
use super::super::setup::Setup;
use super::super::voice::{Voice, write};
use super::args::OnBusy;
use super::event::{announcement, event};
use super::supervisor;
use super::verdict::{followed, on_done, tell, verdict};

/// What to run, and how.
pub(super) struct Plan {
    pub(super) script: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) jobs: usize,
    pub(super) on_busy: OnBusy,
    pub(super) stop_timeout: Duration,
}

/// A script that runs again and again.
pub(super) struct Runs {
    setup: Setup,
    stage: Arc<Stage>,
    watcher: Watcher,
    plan: Plan,
    voice: Voice,
    status: StatusLine,
    /// How many there were, and how many of them failed.
    count: u64,
    failed: u64,
    /// The first run is still to come, with files or without.
    is_start: bool,
    /// The script was saved.
    is_saved: bool,
    is_paused: bool,
    /// When to end: at once after that the runs are stopped.
    ending: Option<Ending>,
    active: HashMap<u64, Active>,
    running: FuturesUnordered<BoxFuture<'static, Over>>,
}

/// The program ends.
struct Ending {
    status: Status,
    at: Instant,
}

/// A run that goes on.
struct Active {
    cancel: CancellationToken,
    /// It is stopped so that another one can begin.
    is_restarted: bool,
}

/// What leads to a run.
struct Cause {
    source: EventSource,
    batch: Option<Batch>,
}

/// A run that is over.
struct Over {
    number: u64,
    cause: Cause,
    ended: Ended,
    loaded: SystemTime,
}

impl Runs {
    pub(super) fn new(setup: Setup, stage: Stage, watcher: Watcher, plan: Plan) -> Self {
        let voice = setup.voice;
        Self {
            setup,
            stage: Arc::new(stage),
            watcher,
            plan,
            voice,
            status: StatusLine::new(voice),
            count: 0,
            failed: 0,
            is_start: true,
            is_saved: false,
            is_paused: false,
            ending: None,
            active: HashMap::new(),
            running: FuturesUnordered::new(),
        }
    }

    /// Runs the script for each cause until a signal says to end.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written: then nothing can be promised any more.
    pub(super) async fn go_on(mut self) -> Result<Status> {
        let stop = self.stage.interrupts.token();
        let mut keys = Keys::listen();
        let mut hangups = hangups();
        supervisor::tell("READY=1");
        loop {
            self.hear();
            self.make_room()?;
            self.begin()?;
            self.show();
            if let Some(ending) = &self.ending
                && self.running.is_empty()
            {
                return Ok(self.stage.status_of(ending.status));
            }
            let ends_at = self.ending.as_ref().map(|ending| ending.at);
            tokio::select! {
                Some(over) = self.running.next() => self.over(over)?,
                () = self.watcher.ready() => {}
                () = stop.cancelled(), if ends_at.is_none() => {
                    let status = self.stage.interrupts.status();
                    self.end(status.unwrap_or(Status::INTERRUPTED));
                }
                () = at(ends_at) => self.stop_all(),
                Some(key) = next_key(&mut keys) => self.press(key),
                Some(()) = next_hangup(&mut hangups) => self.reload(),
            }
        }
    }

    /// Takes note of what is no file.
    fn hear(&mut self) {
        let news = self.watcher.news();
        for text in &news.notices {
            self.voice.warning(text);
            self.stage.tell(&RunEvent::Notice { text });
        }
        super::tell_skipped(self.voice, news.skipped);
        if !news.followed.is_empty() {
            self.is_saved = true;
            self.watcher.retry_now();
        }
    }

    /// Does with what came during a run as is wanted.
    fn make_room(&mut self) -> Result<()> {
        if self.running.is_empty() || self.is_paused || self.ending.is_some() {
            return Ok(());
        }
        match self.plan.on_busy {
            OnBusy::Restart if self.is_saved || self.watcher.waiting().0 > 0 => {
                for active in self.active.values_mut() {
                    active.is_restarted = true;
                    active.cancel.cancel();
                }
            }
            OnBusy::Queue | OnBusy::Restart => {}
            OnBusy::Skip => {
                let files = self.watcher.skip()?;
                if files > 0 {
                    self.voice.status(&format!(
                        "left out, as a run is going on: {files} {}",
                        if files == 1 { "file" } else { "files" }
                    ));
                    self.stage.tell(&RunEvent::Skipped { files });
                }
            }
        }
        Ok(())
    }

    /// Begins runs while there is something to run, and room.
    fn begin(&mut self) -> Result<()> {
        while self.ending.is_none()
            && !self.is_paused
            && self.active.len() < self.plan.jobs
            && !self.active.values().any(|active| active.is_restarted)
            && let Some(cause) = self.next()?
        {
            let run = self.run(cause);
            self.running.push(run);
        }
        Ok(())
    }

    /// What leads to the next run: the script that was saved comes before files.
    fn next(&mut self) -> Result<Option<Cause>> {
        if std::mem::take(&mut self.is_saved) {
            let source = EventSource::Script;
            return Ok(Some(Cause {
                source,
                batch: None,
            }));
        }
        let batch = self.watcher.claim()?;
        let is_start = std::mem::take(&mut self.is_start);
        let from_before = batch.as_ref().is_some_and(|batch| batch.from_before);
        Ok(match batch {
            batch if is_start || from_before => Some(Cause {
                source: EventSource::Start,
                batch,
            }),
            None => None,
            Some(batch) => Some(Cause {
                source: match batch.source {
                    ChangeSource::Local => EventSource::Local,
                    ChangeSource::Remote => EventSource::Remote,
                },
                batch: Some(batch),
            }),
        })
    }

    fn run(&mut self, cause: Cause) -> BoxFuture<'static, Over> {
        self.count += 1;
        let number = self.count;
        let event = event(cause.source, cause.batch.as_ref(), number);
        if cause.source == EventSource::Script {
            clear_screen();
        }
        self.voice.status(&announcement(&event, number));
        let cancel = CancellationToken::new();
        let active = Active {
            cancel: cancel.clone(),
            is_restarted: false,
        };
        self.active.insert(number, active);
        let options = RunOptions {
            args: self.plan.args.clone(),
            event,
            cancel,
            on_done: on_done(self.watcher.handle(), cause.batch.as_ref()),
            ..self.stage.options()
        };
        let stage = Arc::clone(&self.stage);
        async move {
            let loaded = SystemTime::now();
            let ended = stage.run(options).await;
            Over {
                number,
                cause,
                ended,
                loaded,
            }
        }
        .boxed()
    }

    fn over(&mut self, over: Over) -> Result<()> {
        let Over {
            number,
            cause,
            ended,
            loaded,
        } = over;
        let active = self.active.remove(&number);
        let is_restarted = active.is_some_and(|active| active.is_restarted);
        self.failed += u64::from(ended.error.is_some() && !ended.interrupted);
        if ended.interrupted && is_restarted {
            let why = "stopped for what came meanwhile";
            self.voice.status(&format!("run {number}: {why}"));
            self.stage.tell(&RunEvent::Restarted { run: number });
        }
        let followed = followed(&ended, &self.plan.script);
        self.watcher.follow_since(&followed, loaded);
        let Some(batch) = cause.batch else {
            return Ok(());
        };
        let verdict = match ended.interrupted {
            true if is_restarted => Verdict::Restarted,
            true => Verdict::Stopped,
            false => verdict(&ended, &self.plan.script),
        };
        let aftermath = self.watcher.finish(&batch.id, verdict)?;
        tell(
            self.voice,
            &self.stage,
            &self.plan.script,
            &batch,
            aftermath,
        );
        Ok(())
    }

    /// Takes no more work, and lets the runs go on for a while.
    fn end(&mut self, status: Status) {
        supervisor::tell("STOPPING=1");
        let mut at = Instant::now();
        // Nobody reads what they print any more.
        if !self.stage.is_broken() {
            at += self.plan.stop_timeout;
            if !self.running.is_empty() {
                self.voice.status(&format!(
                    "ends with the run, in {} s at most; Ctrl-C again ends it now",
                    self.plan.stop_timeout.as_secs_f32()
                ));
            }
        }
        self.ending = Some(Ending { status, at });
    }

    fn stop_all(&mut self) {
        for active in self.active.values() {
            active.cancel.cancel();
        }
        if let Some(ending) = &mut self.ending {
            // They are told once.
            ending.at += Duration::from_secs(3600);
        }
    }

    fn press(&mut self, key: u8) {
        match key {
            b'r' => {
                self.is_saved = true;
                self.watcher.retry_now();
            }
            b'p' => self.is_paused = !self.is_paused,
            b'q' if self.ending.is_none() => self.end(Status::OK),
            _ => {}
        }
    }

    /// Sets the host up anew by the configuration as it is now, and runs the script.
    fn reload(&mut self) {
        supervisor::tell("RELOADING=1");
        match self.stage.again(&self.setup) {
            Ok(stage) => {
                self.stage = Arc::new(stage);
                self.voice.status("the configuration was read again");
                self.is_saved = true;
                self.watcher.retry_now();
            }
            Err(error) => self.voice.error(&format!(
                "the configuration stays as it was: {}",
                error.full_message()
            )),
        }
        supervisor::tell("READY=1");
    }

    /// Shows on a terminal how it stands.
    fn show(&self) {
        if !self.status.is_shown() {
            return;
        }
        let (settled, unsettled, failing) = self.watcher.waiting();
        let what = match self.active.len() {
            _ if self.ending.is_some() => "ending".to_owned(),
            0 if self.is_paused => "paused".to_owned(),
            0 => "watching".to_owned(),
            count => format!("running {count}"),
        };
        self.status.show(format!(
            "{what} · {} waiting · {failing} to try again · {} done · {} failed   r run, p pause, q quit",
            settled + unsettled,
            self.count - self.failed - self.active.len() as u64,
            self.failed,
        ));
    }
}

/// What is there is of the script as it was.
fn clear_screen() {
    if io::stdout().is_terminal() && io::stderr().is_terminal() {
        write("\x1b[2J\x1b[3J\x1b[H");
    }
}

/// SIGHUP, where no terminal sends it as it goes away.
fn hangups() -> Option<Signal> {
    if io::stdin().is_terminal() || io::stderr().is_terminal() {
        return None;
    }
    signal(SignalKind::hangup()).ok()
}

async fn next_hangup(hangups: &mut Option<Signal>) -> Option<()> {
    match hangups {
        Some(hangups) => hangups.recv().await,
        None => std::future::pending().await,
    }
}

async fn next_key(keys: &mut Option<Keys>) -> Option<u8> {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
