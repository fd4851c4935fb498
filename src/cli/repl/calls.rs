//! Signals in a session: at a terminal, Ctrl-C stops the call and not the session.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::report::Status;

/// Knows which call runs, and stops it when a signal comes.
pub(super) struct Calls(Arc<Mutex<State>>);

enum State {
    Idle,
    Running(CancellationToken),
    /// The call was told to stop, and with it the session if there is a status to leave with.
    Stopping(Option<Status>),
}

impl Calls {
    /// Begins to listen; inside the runtime.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(super) fn listen(is_terminal: bool) -> io::Result<Self> {
        let calls = Arc::new(Mutex::new(State::Idle));
        for (kind, status, ends) in [
            (SignalKind::interrupt(), Status::INTERRUPTED, !is_terminal),
            (SignalKind::terminate(), Status::TERMINATED, true),
        ] {
            let mut signals = signal(kind)?;
            let heard = Arc::clone(&calls);
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    hear(&heard, status, ends);
                }
            });
        }
        Ok(Self(calls))
    }

    /// Notes that a call begins, which the token stops.
    pub(super) fn begin(&self) -> CancellationToken {
        let token = CancellationToken::new();
        *lock(&self.0) = State::Running(token.clone());
        token
    }

    /// Notes that the call is over, and gives the status to leave with if a signal has ended the session.
    pub(super) fn end(&self) -> Option<Status> {
        match std::mem::replace(&mut *lock(&self.0), State::Idle) {
            State::Stopping(leave) => leave,
            State::Idle | State::Running(_) => None,
        }
    }
}

fn hear(calls: &Mutex<State>, status: Status, ends: bool) {
    let mut state = lock(calls);
    match &*state {
        // At the prompt Ctrl-C comes as a key; this signal comes from elsewhere and has nothing to stop.
        State::Idle if !ends => {}
        State::Running(token) => {
            token.cancel();
            *state = State::Stopping(ends.then_some(status));
        }
        // Nothing can end the wait for input but this; and whoever asks twice to stop a call means it.
        State::Idle | State::Stopping(_) => std::process::exit(status.code().into()),
    }
}

fn lock(calls: &Mutex<State>) -> MutexGuard<'_, State> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}
