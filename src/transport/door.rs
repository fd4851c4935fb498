//! The door on this machine that the HTTP crate comes through: SOCKS 5 [RFC 1928] with a password [RFC 1929].

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::dial::Target;

/// The name that goes with the key.
pub(super) const NAME: &str = "dropscript";

const VERSION: u8 = 5;
const BY_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;

/// What opens the door: made anew for each, and known to this process only.
#[derive(Clone)]
pub(super) struct Key(String);

impl Key {
    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes as long for every key of the same length, so that it cannot be guessed letter by letter.
    fn opens(&self, given: &[u8]) -> bool {
        let differing = self
            .0
            .bytes()
            .zip(given)
            .fold(0, |bits, (a, b)| bits | (a ^ b));
        given.len() == self.0.len() && differing == 0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Hears where the one who came wants to go. An error ends it without another word.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    key: &Key,
) -> io::Result<Target> {
    let [version, methods] = bytes(stream).await?;
    let methods = text(stream, methods).await?;
    if version != VERSION || !methods.contains(&BY_PASSWORD) {
        stream.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(refused());
    }
    stream.write_all(&[VERSION, BY_PASSWORD]).await?;
    let [version, length] = bytes(stream).await?;
    let name = text(stream, length).await?;
    let [length] = bytes(stream).await?;
    let given = text(stream, length).await?;
    if version != LOGIN_VERSION || name != NAME.as_bytes() || !key.opens(&given) {
        stream.write_all(&[LOGIN_VERSION, 1]).await?;
        return Err(refused());
    }
    stream.write_all(&[LOGIN_VERSION, 0]).await?;
    let [version, command, _, kind] = bytes(stream).await?;
    if version != VERSION || command != CONNECT {
        return Err(refused());
    }
    let host = match kind {
        1 => Ipv4Addr::from(bytes::<4>(stream).await?).to_string(),
        4 => Ipv6Addr::from(bytes::<16>(stream).await?).to_string(),
        3 => {
            let [length] = bytes(stream).await?;
            String::from_utf8(text(stream, length).await?).map_err(|_| refused())?
        }
        _ => return Err(refused()),
    };
    let port = u16::from_be_bytes(bytes(stream).await?);
    Ok(Target { host, port })
}

/// Says that the way is open.
pub(super) async fn admit<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    answer(stream, 0).await
}

/// Says that there is no way.
pub(super) async fn refuse<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    answer(stream, 1).await
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, status: u8) -> io::Result<()> {
    let nowhere = [1, 0, 0, 0, 0, 0, 0];
    let answer = [&[VERSION, status, 0][..], &nowhere].concat();
    stream.write_all(&answer).await
}

async fn bytes<const N: usize>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn text(stream: &mut (impl AsyncRead + Unpin), length: u8) -> io::Result<Vec<u8>> {
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text).await?;
    Ok(text)
}

fn refused() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(key: &Key, says: &[u8]) -> (io::Result<Target>, Vec<u8>) {
        let (mut here, mut there) = tokio::io::duplex(4096);
        here.write_all(says).await.expect("room");
        here.shutdown().await.expect("open");
        let heard = ask(&mut there, key).await;
        drop(there);
        let mut answers = Vec::new();
        here.read_to_end(&mut answers).await.expect("answers");
        (heard, answers)
    }

    fn greeting(password: &str) -> Vec<u8> {
        let mut says = vec![5, 2, 0, 2, 1, 10];
        says.extend(NAME.bytes());
        says.push(u8::try_from(password.len()).expect("short"));
        says.extend(password.bytes());
        says
    }

    #[tokio::test]
    async fn who_has_the_key_is_asked_where_to() {
        let key = Key::random().expect("a key");
        for (place, host) in [
            (&b"\x03\x04host"[..], "host"),
            (b"\x01\x7f\0\0\x01", "127.0.0.1"),
            (b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", "::1"),
        ] {
            let mut says = greeting(key.as_str());
            says.extend([5, 1, 0]);
            says.extend(place);
            says.extend([1, 0xbb]);
            let (heard, answers) = told(&key, &says).await;
            let target = heard.expect("a target");
            assert_eq!((target.host.as_str(), target.port), (host, 443));
            assert_eq!(answers, [5, 2, 1, 0]);
        }
    }

    #[tokio::test]
    async fn nobody_else_is_let_in() {
        let key = Key::random().expect("a key");
        let other = Key::random().expect("a key");
        let shorter = &key.as_str()[1..];
        for password in ["", shorter, other.as_str()] {
            let (heard, answers) = told(&key, &greeting(password)).await;
            assert!(heard.is_err());
            assert_eq!(answers, [5, 2, 1, 1]);
        }
        let (heard, answers) = told(&key, &[5, 1, 0]).await;
        assert!(heard.is_err());
        assert_eq!(answers, [5, 0xff]);
        assert!(told(&key, b"GET / HTTP/1.1\r\n\r\n").await.0.is_err());
    }
}
