//! Looking after a served directory while it is served.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::scan::Settled;
use super::shared::Shared;

/// The shortest time between two scans.
const PAUSE: Duration = Duration::from_millis(500);

/// A thread that scans again and again, and ends when this is dropped.
#[derive(Debug)]
pub(super) struct Patrol {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Patrol {
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Patrol> {
        let (stop, stopped) = mpsc::channel();
        let walk = move || {
            let mut pause = PAUSE;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let start = Instant::now();
                // What cannot be read now, perhaps because a person is moving it, may be readable at the next scan.
                let _ = shared.scan(Settled::SinceLastScan);
                // However large the directory, looking at it takes a twentieth of the time.
                pause = PAUSE.max(start.elapsed() * 20);
            }
        };
        let thread = thread::Builder::new()
            .name("emulator-scan".to_owned())
            .spawn(walk)?;
        Ok(Patrol {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Patrol {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}
