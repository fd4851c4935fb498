//! Keys that a person presses without Enter, and the terminal as it was before.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::sync::mpsc;

/// How the terminal was before keys were asked for.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Keys as they are pressed, while this lives. Ctrl-C stays what it is.
pub(super) struct Keys(mpsc::UnboundedReceiver<u8>);

impl Keys {
    /// Listens to the terminal; `None` where there is none, or this program is not in the foreground.
    pub(super) fn listen() -> Option<Self> {
        let input = io::stdin();
        if !input.is_terminal() || !is_in_front() {
            return None;
        }
        let before = tcgetattr(&input).ok()?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        tcsetattr(&input, OptionalActions::Now, &modes).ok()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("keys".into())
            .spawn(move || read(&sender))
            .ok()?;
        Some(Self(receiver))
    }

    /// The next key.
    pub(super) async fn next(&mut self) -> Option<u8> {
        self.0.recv().await
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back as it was. The program is about to end.
pub(super) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before.filter(|_| is_in_front()) {
        // A terminal that is gone needs no mending.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

fn read(keys: &mpsc::UnboundedSender<u8>) {
    let input = io::stdin();
    while !keys.is_closed() {
        // A program in the background that reads would be stopped.
        if !is_in_front() {
            std::thread::sleep(Duration::from_millis(500));
            continue;
        }
        let mut ready = [PollFd::new(&input, PollFlags::IN)];
        if poll(&mut ready, None).is_err() || !is_in_front() {
            continue;
        }
        let mut key = [0];
        // Past the buffer of standard input, which hides from `poll` what it holds.
        match rustix::io::read(&input, &mut key) {
            Ok(1) if keys.send(key[0]).is_ok() => {}
            _ => return,
        }
    }
}

fn is_in_front() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}
