//! Sending an answer, as it is or as a fault distorts it.

use std::future::ready;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::answer::{API_RESULT, Answer, Payload, Pieces};
use super::fault::FaultKind;
use super::meter::Ticket;

/// Marks a response that is not to be sent: the connection is cut in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut;

impl Cut {
    pub(super) fn response() -> Response<Body> {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Cut);
        response
    }
}

/// The response for an answer.
pub(super) fn response(
    mut answer: Answer,
    fault: Option<&FaultKind>,
    ticket: Option<Ticket>,
) -> Response<Body> {
    if fault == Some(&FaultKind::WrongContentHash) {
        spoil_hash(&mut answer);
    }
    let size = answer.payload.size();
    let announced = size.map(|size| match fault {
        Some(FaultKind::TruncatedBody { bytes }) => size.min(*bytes),
        _ => size,
    });
    let mut headers = answer.headers;
    if let (true, Some(announced)) = (answer.status != StatusCode::NOT_MODIFIED, announced) {
        headers.insert(header::CONTENT_LENGTH, announced.into());
    }
    let distorted = fault.and_then(|fault| distortion(fault, size));
    let body = match (answer.payload, distorted) {
        (Payload::Bytes(bytes), None) => {
            if let Some(ticket) = &ticket {
                ticket.record.sent(bytes.len());
            }
            Body::from(bytes)
        }
        (payload, distorted) => {
            let pieces = pieces(payload);
            let pieces = match distorted {
                Some(distort) => distort(pieces),
                None => pieces,
            };
            // The call is over when its body is.
            Body::from_stream(pieces.inspect_ok(move |piece| {
                if let Some(ticket) = &ticket {
                    ticket.record.sent(piece.len());
                }
            }))
        }
    };
    respond(answer.status, headers, body)
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn pieces(payload: Payload) -> Pieces {
    match payload {
        Payload::Bytes(bytes) => stream::iter([Ok(bytes)]).boxed(),
        Payload::Blob(blob, range) => blob.stream(range).boxed(),
        Payload::Stream(pieces) => pieces,
    }
}

type Distortion = Box<dyn FnOnce(Pieces) -> Pieces>;

/// What a fault does to a body of `size` bytes, if that is known.
fn distortion(fault: &FaultKind, size: Option<u64>) -> Option<Distortion> {
    match *fault {
        FaultKind::CutAfter { bytes } => Some(Box::new(move |pieces| cut(first(pieces, bytes)))),
        FaultKind::TruncatedBody { bytes } => Some(Box::new(move |pieces| first(pieces, bytes))),
        FaultKind::FlippedByte { offset } if size != Some(0) => {
            let last = size.map_or(u64::MAX, |size| size - 1);
            Some(Box::new(move |pieces| flip(pieces, offset.min(last))))
        }
        FaultKind::SlowDrip { bytes_per_second } => Some(Box::new(move |pieces| {
            drip(pieces, bytes_per_second.max(1))
        })),
        _ => None,
    }
}

/// The first bytes only.
fn first(pieces: Pieces, bytes: u64) -> Pieces {
    let shorten = |left: &mut u64, piece: io::Result<Bytes>| {
        let piece = piece.map(|piece| {
            piece.slice(..usize::try_from(*left).map_or(piece.len(), |left| left.min(piece.len())))
        });
        *left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        ready(
            piece
                .as_ref()
                .map_or(true, |piece| !piece.is_empty())
                .then_some(piece),
        )
    };
    pieces.scan(bytes, shorten).boxed()
}

/// All that comes, and then the end of the connection.
fn cut(pieces: Pieces) -> Pieces {
    let end = stream::once(async {
        // What was written goes out while the body has nothing to give.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionReset.into())
    });
    pieces.chain(end).boxed()
}

/// One bit of the byte at `offset` is wrong.
fn flip(pieces: Pieces, offset: u64) -> Pieces {
    let spoil = move |seen: &mut u64, piece: io::Result<Bytes>| {
        let spoiled = piece.map(|piece| {
            let at = offset
                .checked_sub(*seen)
                .and_then(|at| usize::try_from(at).ok())
                .filter(|at| *at < piece.len());
            *seen += piece.len() as u64;
            at.map_or(piece.clone(), |at| {
                let mut spoiled = BytesMut::from(&piece[..]);
                spoiled[at] ^= 1;
                spoiled.freeze()
            })
        });
        ready(Some(spoiled))
    };
    pieces.scan(0, spoil).boxed()
}

/// A tenth of a second's worth at a time, or byte by byte.
fn drip(pieces: Pieces, bytes_per_second: u64) -> Pieces {
    let portion = usize::try_from((bytes_per_second / 10).max(1)).unwrap_or(usize::MAX);
    let nanos = portion as u128 * 1_000_000_000 / u128::from(bytes_per_second);
    let pause = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    let split = move |piece: Bytes| {
        let starts = (0..piece.len()).step_by(portion);
        stream::iter(
            starts.map(move |start| Ok(piece.slice(start..(start + portion).min(piece.len())))),
        )
    };
    let wait = move |portion| async move {
        tokio::time::sleep(pause).await;
        Ok(portion)
    };
    pieces.map_ok(split).try_flatten().and_then(wait).boxed()
}

/// Turns the first digit of each content hash in the result.
fn spoil_hash(answer: &mut Answer) {
    const FIELD: &str = "\"content_hash\":\"";
    let spoil = |json: &str| -> String {
        let mut parts = json.split(FIELD);
        let mut spoiled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            spoiled.push_str(FIELD);
            spoiled.push(if part.starts_with('0') { '1' } else { '0' });
            spoiled.push_str(part.get(1..).unwrap_or_default());
        }
        spoiled
    };
    if let Payload::Bytes(bytes) = &mut answer.payload {
        *bytes = spoil(&String::from_utf8_lossy(bytes)).into();
    }
    if let Some(result) = answer.headers.get_mut(API_RESULT)
        && let Ok(text) = result.to_str()
    {
        *result = HeaderValue::try_from(spoil(text)).expect("a digit is as printable as another");
    }
}
