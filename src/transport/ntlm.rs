//! NTLM version 2, the client's half [MS-NLMP]: a message that asks, the server's challenge, and the answer to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::{Digest as _, Md4};
use md5::Md5;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

const UNICODE: u32 = 0x0000_0001;
const REQUEST_TARGET: u32 = 0x0000_0004;
const NTLM: u32 = 0x0000_0200;
const ALWAYS_SIGN: u32 = 0x0000_8000;
const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
const TARGET_INFO: u32 = 0x0080_0000;

/// What is asked for. Nothing is signed or sealed: it only opens a tunnel.
const WANTED: u32 = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | EXTENDED_SESSION_SECURITY;

/// The machine's name, which a proxy has no need to know.
const WORKSTATION: &str = "WORKSTATION";

/// The head of the answer: eight fields, then flags, version and the code over all three messages.
const HEAD: usize = 88;
const CODE: std::ops::Range<usize> = 72..88;

/// The ids of what is in the target information.
const END: u16 = 0;
const FLAGS: u16 = 6;
const TIMESTAMP: u16 = 7;

/// The flag that says there is a code over the messages.
const HAS_CODE: u32 = 2;

/// Who answers.
#[derive(Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) domain: &'a str,
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}

/// What changes from answer to answer; given from outside, so that the published examples can be computed.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) client_challenge: [u8; 8],
    /// Tenths of microseconds since 1601.
    pub(super) time: u64,
}

/// The server's message.
#[derive(Debug)]
pub(super) struct Challenge {
    message: Vec<u8>,
    nonce: [u8; 8],
    flags: u32,
    target_info: Vec<Pair>,
}

#[derive(Debug, Clone, PartialEq)]
struct Pair {
    id: u16,
    value: Vec<u8>,
}

/// The first message, in base64.
pub(super) fn negotiate() -> String {
    STANDARD.encode(first())
}

fn first() -> Vec<u8> {
    let mut message = Vec::with_capacity(32);
    message.extend(SIGNATURE);
    message.extend(1_u32.to_le_bytes());
    message.extend(WANTED.to_le_bytes());
    // Domain and workstation are not told before the challenge.
    message.extend([0; 16]);
    message
}

impl Challenge {
    /// Reads the second message, which comes from who knows whom. `None` where it is not one, or asks for less than version 2.
    pub(super) fn read(base64: &str) -> Option<Self> {
        Self::parse(STANDARD.decode(base64.trim()).ok()?)
    }

    fn parse(message: Vec<u8>) -> Option<Self> {
        if message.get(..8)? != SIGNATURE || u32_at(&message, 8)? != 2 {
            return None;
        }
        let flags = u32_at(&message, 20)?;
        let nonce = message.get(24..32)?.try_into().ok()?;
        let target_info = if flags & TARGET_INFO == 0 {
            Vec::new()
        } else {
            let length = usize::from(u16_at(&message, 40)?);
            let offset = usize::try_from(u32_at(&message, 44)?).ok()?;
            pairs(message.get(offset..offset.checked_add(length)?)?)?
        };
        // Names in a code page of the server's choice are of a time before version 2.
        (flags & UNICODE != 0).then_some(Self {
            message,
            nonce,
            flags,
            target_info,
        })
    }

    /// The third message, in base64. `None` where a name is longer than the message has room for.
    pub(super) fn answer(&self, identity: Identity<'_>, moment: Moment) -> Option<String> {
        Some(STANDARD.encode(self.third(identity, moment)?))
    }

    fn third(&self, identity: Identity<'_>, moment: Moment) -> Option<Vec<u8>> {
        let key = response_key(identity);
        let stamp = self.target_info.iter().find(|pair| pair.id == TIMESTAMP);
        let stamp: Option<[u8; 8]> = match stamp {
            Some(pair) => Some(pair.value.as_slice().try_into().ok()?),
            None => None,
        };
        let mut info = self.target_info.clone();
        if stamp.is_some() {
            promise_code(&mut info);
        }
        let time = stamp.unwrap_or(moment.time.to_le_bytes());
        let temp = temp(time, moment.client_challenge, &info);
        let proof = code(&key, &[&self.nonce, &temp]);
        let old = if stamp.is_some() {
            [0; 24]
        } else {
            lm_response(&key, self.nonce, moment.client_challenge)
        };
        let mut message = vec![0; HEAD];
        let parts = [
            old.to_vec(),
            [proof.as_slice(), &temp].concat(),
            utf16(identity.domain),
            utf16(identity.username),
            utf16(WORKSTATION),
            Vec::new(),
        ];
        message[..8].copy_from_slice(SIGNATURE);
        message[8..12].copy_from_slice(&3_u32.to_le_bytes());
        for (field, part) in parts.iter().enumerate() {
            let (at, length) = (
                12 + field * 8,
                u16::try_from(part.len()).ok()?.to_le_bytes(),
            );
            let offset = u32::try_from(message.len()).ok()?.to_le_bytes();
            message[at..at + 2].copy_from_slice(&length);
            message[at + 2..at + 4].copy_from_slice(&length);
            message[at + 4..at + 8].copy_from_slice(&offset);
            message.extend(part);
        }
        let flags = self.flags & (WANTED | TARGET_INFO);
        message[60..64].copy_from_slice(&flags.to_le_bytes());
        if stamp.is_some() {
            let over_all = code(&code(&key, &[&proof]), &[&first(), &self.message, &message]);
            message[CODE].copy_from_slice(&over_all);
        }
        Some(message)
    }
}

/// `NTOWFv2`: the key that stands for user and password.
fn response_key(identity: Identity<'_>) -> [u8; 16] {
    let password = Md4::digest(utf16(identity.password));
    let user: String = identity.username.chars().map(upper).collect();
    code(&password, &[&utf16(&user), &utf16(identity.domain)])
}

/// Windows takes one letter for one letter: what would become two stays as it is.
fn upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

/// `LMv2`, for servers that look at it still.
fn lm_response(key: &[u8; 16], server: [u8; 8], client: [u8; 8]) -> [u8; 24] {
    let mut response = [0; 24];
    response[..16].copy_from_slice(&code(key, &[&server, &client]));
    response[16..].copy_from_slice(&client);
    response
}

/// What is proved to be known at that time.
fn temp(time: [u8; 8], client: [u8; 8], info: &[Pair]) -> Vec<u8> {
    let mut temp = vec![1, 1, 0, 0, 0, 0, 0, 0];
    temp.extend(time);
    temp.extend(client);
    temp.extend([0; 4]);
    for pair in info {
        let length = u16::try_from(pair.value.len()).unwrap_or_default();
        temp.extend(pair.id.to_le_bytes());
        temp.extend(length.to_le_bytes());
        temp.extend(&pair.value);
    }
    temp.extend([0; 4]);
    temp.extend([0; 4]);
    temp
}

/// Says in the target information that there is a code over the messages.
fn promise_code(info: &mut Vec<Pair>) {
    let known = info.iter().position(|pair| pair.id == FLAGS);
    let flags = known.and_then(|at| u32_at(&info.remove(at).value, 0));
    info.push(Pair {
        id: FLAGS,
        value: (flags.unwrap_or_default() | HAS_CODE)
            .to_le_bytes()
            .to_vec(),
    });
}

fn pairs(mut bytes: &[u8]) -> Option<Vec<Pair>> {
    let mut found = Vec::new();
    loop {
        let (id, length) = (u16_at(bytes, 0)?, usize::from(u16_at(bytes, 2)?));
        if id == END {
            return Some(found);
        }
        let value = bytes.get(4..4 + length)?.to_vec();
        found.push(Pair { id, value });
        bytes = &bytes[4 + length..];
    }
}

fn code(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let mut code = Hmac::<Md5>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        code.update(part);
    }
    code.finalize().into_bytes().into()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of MS-NLMP 4.2.4.
    const USER: Identity<'static> = Identity {
        domain: "Domain",
        username: "User",
        password: "Password",
    };
    const THEN: Moment = Moment {
        client_challenge: [0xaa; 8],
        time: 0,
    };
    const SERVER_CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

    fn pair(id: u16, text: &str) -> Pair {
        Pair {
            id,
            value: utf16(text),
        }
    }

    /// A challenge with this target information.
    fn challenge(info: &[Pair]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for pair in info {
            bytes.extend(pair.id.to_le_bytes());
            bytes.extend(
                u16::try_from(pair.value.len())
                    .expect("short")
                    .to_le_bytes(),
            );
            bytes.extend(&pair.value);
        }
        bytes.extend([0; 4]);
        let length = u16::try_from(bytes.len()).expect("short").to_le_bytes();
        let mut message = SIGNATURE.to_vec();
        message.extend(2_u32.to_le_bytes());
        message.extend([0; 8]);
        message.extend((WANTED | TARGET_INFO).to_le_bytes());
        message.extend(SERVER_CHALLENGE);
        message.extend([0; 8]);
        message.extend(length);
        message.extend(length);
        message.extend(48_u32.to_le_bytes());
        message.extend(bytes);
        message
    }

    fn example() -> Challenge {
        let info = [pair(2, "Domain"), pair(1, "Server")];
        Challenge::parse(challenge(&info)).expect("a challenge")
    }

    /// A field of the third message.
    fn field(message: &[u8], field: usize) -> &[u8] {
        let at = 12 + field * 8;
        let length = usize::from(u16_at(message, at).expect("a length"));
        let offset = u32_at(message, at + 4).expect("an offset") as usize;
        &message[offset..offset + length]
    }

    fn hex(bytes: &[u8]) -> String {
        let two = |byte: &u8| [byte >> 4, byte & 15];
        let digit = |half| char::from_digit(u32::from(half), 16).expect("it is below 16");
        bytes.iter().flat_map(two).map(digit).collect()
    }

    #[test]
    fn the_published_example_comes_out() {
        let key = response_key(USER);
        assert_eq!(hex(&key), "0c868a403bfd7a93a3001ef22ef02e3f");
        let message = example().third(USER, THEN).expect("an answer");
        assert_eq!(
            hex(field(&message, 0)),
            "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
        );
        let response = field(&message, 1);
        assert_eq!(hex(&response[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
        assert_eq!(
            hex(&response[16..]),
            "01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e00\
             01000c005300650072007600650072000000000000000000"
        );
        assert_eq!(
            hex(&code(&key, &[&response[..16]])),
            "8de40ccadbc14a82f15cb0ad0de95ca3"
        );
        assert_eq!(field(&message, 2), utf16("Domain"));
        assert_eq!(field(&message, 3), utf16("User"));
    }

    #[test]
    fn the_user_is_known_in_any_case_and_the_domain_is_not() {
        let key = |username, domain| {
            response_key(Identity {
                username,
                domain,
                password: "Password",
            })
        };
        assert_eq!(key("USER", "Domain"), response_key(USER));
        assert_ne!(key("User", "DOMAIN"), response_key(USER));
        assert_ne!(key("straße", "Domain"), key("STRASSE", "Domain"));
    }

    #[test]
    fn a_server_that_tells_the_time_gets_a_code_over_all_messages() {
        let stamp = Pair {
            id: TIMESTAMP,
            value: 0x01d0_0000_0000_0000_u64.to_le_bytes().to_vec(),
        };
        let second = challenge(&[pair(2, "Domain"), stamp.clone()]);
        let challenge = Challenge::parse(second.clone()).expect("a challenge");
        let mut message = challenge.third(USER, THEN).expect("an answer");
        assert_eq!(field(&message, 0), [0; 24]);
        let response = field(&message, 1).to_vec();
        assert_eq!(response[24..32], stamp.value);
        let promised = [&FLAGS.to_le_bytes()[..], &[4, 0, 2, 0, 0, 0]].concat();
        assert!(response.windows(8).any(|window| window == promised));

        let told: [u8; 16] = message[CODE].try_into().expect("16 bytes");
        message[CODE].fill(0);
        let key = code(&response_key(USER), &[&response[..16]]);
        assert_eq!(told, code(&key, &[&first(), &second, &message]));
    }

    #[test]
    fn what_is_no_challenge_is_refused() {
        let good = challenge(&[pair(1, "Server")]);
        assert!(Challenge::parse(good.clone()).is_some());
        for end in 0..good.len() {
            assert!(Challenge::parse(good[..end].to_vec()).is_none(), "{end}");
        }
        let mut oem = good;
        oem[20] &= 0xfe;
        assert!(Challenge::parse(oem).is_none());
        assert!(Challenge::read("%%%").is_none());
    }

    proptest! {
        #[test]
        fn no_challenge_is_too_strange(
            flips in prop::collection::vec((0..120_usize, any::<u8>()), 0..24),
            end in 0..140_usize,
            name in ".{0,20}",
        ) {
            let mut message = challenge(&[
                pair(2, "Domain"),
                pair(1, "Server"),
                Pair { id: FLAGS, value: vec![0; 4] },
                Pair { id: TIMESTAMP, value: vec![0; 8] },
            ]);
            for (at, byte) in flips {
                if let Some(place) = message.get_mut(at) {
                    *place = byte;
                }
            }
            message.truncate(end);
            if let Some(challenge) = Challenge::parse(message) {
                let identity = Identity { username: &name, ..USER };
                let _ = challenge.answer(identity, THEN);
            }
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let message = [SIGNATURE.as_slice(), &2_u32.to_le_bytes(), &bytes].concat();
            if let Some(challenge) = Challenge::parse(message) {
                let _ = challenge.answer(USER, THEN);
            }
        }
    }
}
