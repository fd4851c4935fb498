//! The line between client and server: how long it is and how much goes through, in each direction.

use std::future::Future;
use std::io::{self, IoSlice};
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What may go through at once after a pause, as time: timers are no finer than some milliseconds.
const BURST: Duration = Duration::from_millis(5);

/// The line as it was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// How much later each answer begins; a new connection takes twice that.
    pub(super) latency: Duration,
    /// Bytes a second of each connection.
    pub(super) bandwidth: Option<NonZeroU64>,
    /// Bytes a second of all connections together, there and back.
    total: Option<[Arc<Pace>; 2]>,
}

impl Line {
    pub(super) fn new(
        latency: Duration,
        bandwidth: Option<NonZeroU64>,
        total: Option<NonZeroU64>,
    ) -> Line {
        Line {
            latency,
            bandwidth,
            total: total.map(|rate| [Pace::new(rate), Pace::new(rate)]),
        }
    }

    /// One more connection over this line.
    pub(super) fn carry<S>(&self, stream: S) -> OverLine<S> {
        let gate = |direction: usize| {
            let total = self
                .total
                .as_ref()
                .map(|total| Arc::clone(&total[direction]));
            Gate {
                paces: self
                    .bandwidth
                    .map(Pace::new)
                    .into_iter()
                    .chain(total)
                    .collect(),
                wait: None,
            }
        };
        OverLine {
            stream,
            reading: gate(0),
            writing: gate(1),
        }
    }
}

/// A rate, and when all that went through at it will have passed.
#[derive(Debug)]
struct Pace {
    rate: NonZeroU64,
    free: Mutex<Instant>,
}

impl Pace {
    fn new(rate: NonZeroU64) -> Arc<Pace> {
        Arc::new(Pace {
            rate,
            free: Mutex::new(Instant::now()),
        })
    }

    fn free(&self) -> Instant {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passed(&self, bytes: usize) {
        let nanos = bytes as u128 * 1_000_000_000 / u128::from(self.rate.get());
        let time = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let now = Instant::now();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = (*free).max(now.checked_sub(BURST).unwrap_or(now)) + time;
    }

    /// Bytes of a hundredth of a second, within reason.
    fn portion(&self) -> usize {
        usize::try_from(self.rate.get() / 100)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 20)
    }
}

/// One direction of a connection.
#[derive(Debug)]
struct Gate {
    paces: Vec<Arc<Pace>>,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Gate {
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
            }
            match self.paces.iter().map(|pace| pace.free()).max() {
                Some(free) if free > Instant::now() => {
                    self.wait = Some(Box::pin(sleep_until(free)));
                }
                _ => return Poll::Ready(()),
            }
        }
    }

    fn passed(&self, bytes: usize) {
        for pace in &self.paces {
            pace.passed(bytes);
        }
    }

    /// Bytes to pass at once; `None` where there is no limit.
    fn portion(&self) -> Option<usize> {
        self.paces.iter().map(|pace| pace.portion()).min()
    }
}

/// A connection over a line.
#[derive(Debug)]
pub(super) struct OverLine<S> {
    stream: S,
    reading: Gate,
    writing: Gate,
}

impl<S: AsyncRead + Unpin> AsyncRead for OverLine<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.reading.poll_open(cx));
        let Some(portion) = self.reading.portion() else {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        };
        let mut piece = vec![0; portion.min(buf.remaining())];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        self.reading.passed(piece.filled().len());
        buf.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for OverLine<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.writing.poll_open(cx));
        let portion = self.writing.portion().unwrap_or(buf.len()).min(buf.len());
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..portion]))?;
        self.writing.passed(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.writing.paces.is_empty() {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[], |first| first))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
