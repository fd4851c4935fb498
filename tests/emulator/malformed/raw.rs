//! Requests as bytes, and their answers.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// A request, part by part.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) start: Vec<u8>,
    /// Whole header lines without their ends.
    pub(super) headers: Vec<Vec<u8>>,
    pub(super) body: Vec<u8>,
    /// Whether a `Content-Length` that fits is added.
    pub(super) sized: bool,
}

impl Raw {
    pub(super) fn new(method: &str, target: &str) -> Raw {
        Raw {
            start: format!("{method} {target} HTTP/1.1").into_bytes(),
            headers: vec![b"Host: 127.0.0.1".to_vec()],
            body: Vec::new(),
            sized: true,
        }
    }

    pub(super) fn header(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.headers
            .push([name.as_bytes(), b": ", value.as_ref()].concat());
    }

    /// Takes out the headers of this name.
    pub(super) fn without(&mut self, name: &str) {
        let name = format!("{name}:").into_bytes();
        self.headers
            .retain(|line| !line.to_ascii_lowercase().starts_with(&name));
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.start.clone();
        for line in &self.headers {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(line);
        }
        if self.sized {
            bytes.extend(format!("\r\nContent-Length: {}", self.body.len()).bytes());
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Sends bytes and reads all that is answered. With `end`, says that no more will come. A peer that closes early has answered too.
pub(super) fn exchange(address: &str, request: &[u8], end: bool) -> Result<Vec<u8>, String> {
    let mut stream = TcpStream::connect(address).map_err(|error| format!("connect: {error}"))?;
    let patience = Some(Duration::from_secs(20));
    stream
        .set_read_timeout(patience)
        .and_then(|()| stream.set_write_timeout(patience))
        .map_err(|error| format!("timeouts: {error}"))?;
    let mut reader = stream.try_clone().map_err(|error| error.to_string())?;
    let reading = std::thread::spawn(move || {
        let mut answer = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            match reader.read(&mut chunk) {
                Ok(0) => return Ok(answer),
                Ok(count) => answer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(answer),
                Err(error) => return Err(format!("no end of the answer: {error}")),
            }
        }
    });
    match stream.write_all(request) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            return Err("the request is not read".to_owned());
        }
        // The peer closed before it read everything, as it may.
        Ok(()) | Err(_) => {}
    }
    if end {
        let _ = stream.shutdown(Shutdown::Write);
    }
    reading.join().expect("the reader does not panic")
}

/// The statuses of the answers, in order. Bodies have a `Content-Length`, or none.
pub(super) fn statuses(mut answer: &[u8], without_body: bool) -> Result<Vec<u16>, String> {
    let mut statuses = Vec::new();
    while !answer.is_empty() {
        let end = find(answer, b"\r\n\r\n").ok_or("an answer without an end of its headers")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut words = head.split(' ');
        if !words.next().is_some_and(|word| word.starts_with("HTTP/1.")) {
            return Err(format!("not an answer: {head:?}"));
        }
        let status = words.next().and_then(|word| word.parse().ok());
        statuses.push(status.ok_or_else(|| format!("no status: {head:?}"))?);
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        let length = if without_body { 0 } else { length.unwrap_or(0) };
        answer = answer
            .get(end + 4 + length..)
            .ok_or_else(|| format!("an answer cut short: {head:?}"))?;
    }
    Ok(statuses)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
