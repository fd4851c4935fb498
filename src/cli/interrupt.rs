//! Ctrl-C, and being told to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::report::Status;

/// Listens for SIGINT and SIGTERM. The first cancels, the second ends the process where it stands.
#[derive(Clone, Debug)]
pub(super) struct Interrupts {
    cancel: CancellationToken,
    status: Arc<AtomicU8>,
}

impl Interrupts {
    /// Begins to listen; inside the runtime.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(super) fn listen() -> io::Result<Self> {
        let interrupts = Self {
            cancel: CancellationToken::new(),
            status: Arc::default(),
        };
        for (kind, status) in [
            (SignalKind::interrupt(), Status::INTERRUPTED),
            (SignalKind::terminate(), Status::TERMINATED),
        ] {
            let mut signals = signal(kind)?;
            let noted = interrupts.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    noted.note(status);
                }
            });
        }
        Ok(interrupts)
    }

    /// Cancelled by the first signal.
    pub(super) fn token(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// The exit status that the signal asks for, once there was one.
    pub(super) fn status(&self) -> Option<Status> {
        match self.status.load(Ordering::SeqCst) {
            0 => None,
            status => Some(Status::new(status)),
        }
    }

    fn note(&self, status: Status) {
        let first =
            self.status
                .compare_exchange(0, status.code(), Ordering::SeqCst, Ordering::SeqCst);
        if first.is_err() {
            super::keys::restore();
            std::process::exit(status.code().into());
        }
        self.cancel.cancel();
    }
}
