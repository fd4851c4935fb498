//! The ways in which a request is spoilt.

use serde_json::{Map, Value, json};

use super::raw::Raw;
use super::routes::{Sample, Style};
use crate::dice::Dice;

/// What must come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A 4xx.
    Refused,
    /// The same, without a body.
    RefusedWithoutBody,
    /// A 4xx, or no answer but the end of the connection: the request is no HTTP.
    RefusedOrClosed,
    /// So many 4xx, and then a 200.
    RefusedThenGood(usize),
    /// Anything but a failure of the server: some of these are well formed after all.
    NoFailure,
}

/// A request, what it is called, and what must come of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) expected: Expected,
}

/// Nothing is served there, or not like this.
const TARGETS: &[&str] = &[
    "/2/files/none",
    "/2/",
    "/",
    "/2//files/upload",
    "/2/files/upload/",
    "/2/files%2fupload",
    "/2/FILES/UPLOAD",
    "/%ff",
    "/2/files/../files/upload",
    "/2/files/list_folder/none",
    "/apitl/1/%ff",
    "/apitul/1/x",
    "/oauth2/token",
    "/1/oauth2/token?grant_type=%ff",
    "/oauth2/authorize?client_id=%00",
    "/oauth2/authorize",
];

/// No request begins like this.
const STARTS: &[&[u8]] = &[
    b"POST",
    b"POST /2/check/user",
    b"POST /2/check/user HTTP/9.9",
    b"POST  /2/check/user HTTP/1.1 x",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00\x01\x02",
    b"P\xd6ST / HTTP/1.1",
    b"POST /\xff\xfe HTTP/1.1",
    b"POST http://[::1 HTTP/1.1",
    b"POST check/user HTTP/1.1",
    b"{\"path\":\"/x\"}",
];

/// No header is like this.
const LINES: &[&[u8]] = &[
    b"no colon",
    b": no name",
    b"a b: x",
    b"x: \x00",
    b"x: a\x01b",
    b"x: a\rb",
    b" folded",
    b"\xff: x",
    b"x\x7f: y",
];

/// Nobody is authorized by these.
const BROKEN: &[&[u8]] = &[
    b"",
    b"Bearer",
    b"Bearer ",
    b"bearer x",
    b"Basic !!!",
    b"Basic ",
    b"Token x",
    b"Bearer \xff\xfe",
    b"Bearer unknown",
];

/// No argument in a URL is like this.
const GARBAGE: &[&str] = &[
    "%",
    "%ff%fe",
    "{",
    "%7b%22path%22",
    "%00",
    "",
    "[1]",
    "%22%ED%A0%80%22",
    "a&arg={}",
    "%zz",
];

pub(super) struct Cases<'a> {
    pub(super) dice: Dice,
    pub(super) samples: &'a [Sample],
    pub(super) token: &'a str,
}

/// A well-formed call of a sample, with its argument as given.
pub(super) fn request(sample: &Sample, token: &str, arg: &[u8]) -> Raw {
    let mut raw = Raw::new("POST", &format!("/2/{}", sample.route));
    let basic = "Basic ZW11bGF0b3ItYXBwOmVtdWxhdG9yLXNlY3JldA==";
    match sample.route {
        "check/app" => raw.header("Authorization", basic),
        "files/list_folder/longpoll" => {}
        route if route.starts_with("team/") => {
            raw.header("Authorization", "Bearer emulator-team-access-token");
        }
        _ => raw.header("Authorization", format!("Bearer {token}")),
    }
    match sample.style {
        Style::Rpc => {
            raw.header("Content-Type", "application/json");
            raw.body = arg.to_vec();
        }
        Style::Upload => {
            raw.header("Content-Type", "application/octet-stream");
            raw.header("Dropbox-API-Arg", arg);
            raw.body = b"abc".to_vec();
        }
        Style::Download => raw.header("Dropbox-API-Arg", arg),
    }
    raw.header("Connection", "close");
    raw
}

impl Case {
    /// Whether the server would wait for more of it.
    pub(super) fn is_incomplete(&self) -> bool {
        matches!(
            self.expected,
            Expected::RefusedOrClosed | Expected::NoFailure
        )
    }
}

impl Cases<'_> {
    pub(super) fn next(&mut self) -> Case {
        let sample = self.dice.pick(self.samples).clone();
        match self.dice.below(16) {
            0..8 => self.bad_argument(&sample),
            8..11 => self.bad_call(&sample),
            11..14 => self.bad_http(&sample),
            14 => self.pipeline(&sample),
            _ => self.noise(),
        }
    }

    /// HTTP is in order, the argument is not.
    fn bad_argument(&mut self, sample: &Sample) -> Case {
        let text = sample.arg.to_string().into_bytes();
        let mut spoilt = sample.arg.clone();
        let (name, arg) = match self.dice.below(10) {
            0 => {
                let cut = 1 + self.dice.below(text.len() - 1);
                ("truncated JSON", text[..cut].to_vec())
            }
            1 | 2 if retype(&mut spoilt, &mut self.dice) => ("a wrong type", bytes(&spoilt)),
            3 if add_unknown(&mut spoilt, &mut self.dice) => ("an unknown field", bytes(&spoilt)),
            4 if absurd(&mut spoilt, &mut self.dice) => ("an absurd number", bytes(&spoilt)),
            5 if bad_path(&mut spoilt, &mut self.dice) => ("a bad path", bytes(&spoilt)),
            6 => {
                let depth = 130 + self.dice.below(2000);
                let nested = [b"[".repeat(depth), b"]".repeat(depth)].concat();
                let text = [b"{\"path\":".as_slice(), &nested, b"}"].concat();
                ("deep nesting", text)
            }
            7 => {
                // After a quote, so that it lies in a text or a name: no place makes it right.
                let quotes: Vec<usize> = (0..text.len()).filter(|at| text[*at] == b'"').collect();
                let at = quotes.get(self.dice.below(quotes.len().max(1)));
                let at = at.map_or(0, |at| at + 1);
                let bad: [&[u8]; 5] = [
                    b"\xff",
                    b"\xc3",
                    b"\xed\xa0\x80",
                    b"\xf4\x90\x80\x80",
                    b"\xc0\xaf",
                ];
                let bad = *self.dice.pick(&bad);
                ("bad UTF-8", [&text[..at], bad, &text[at..]].concat())
            }
            8 if duplicate(&sample.arg, &mut self.dice).is_some() => {
                let text = duplicate(&sample.arg, &mut self.dice).expect("as before");
                ("a field twice, the second wrong", text)
            }
            _ => {
                let others: [&[u8]; 12] = [
                    b"[]",
                    b"\"x\"",
                    b"17",
                    b"true",
                    b"{}{}",
                    b"{\"path\":}",
                    b"{'path':'/x'}",
                    b"{path:1}",
                    b"{\"path\":\"\\ud800\"}",
                    b"{\"path\":\"\\x\"}",
                    b"{\"path\":\"/x\",}",
                    b"\xef\xbb\xbf{}",
                ];
                ("other JSON", self.dice.pick(&others).to_vec())
            }
        };
        let bytes = request(sample, self.token, &arg).bytes();
        Case {
            name,
            bytes,
            expected: Expected::Refused,
        }
    }

    /// The argument is in order, what goes with it is not.
    fn bad_call(&mut self, sample: &Sample) -> Case {
        let text = bytes(&sample.arg);
        let mut raw = request(sample, self.token, &text);
        let mut expected = Expected::Refused;
        let guarded = sample.route != "files/list_folder/longpoll";
        let name = match self.dice.below(7) {
            0 if guarded => {
                raw.without("authorization");
                "no authorization"
            }
            1 if guarded => {
                raw.without("authorization");
                raw.header("Authorization", self.dice.pick(BROKEN));
                "broken authorization"
            }
            2 => {
                let mut methods =
                    vec!["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "HEAD"];
                if sample.style != Style::Download {
                    methods.push("GET");
                }
                let method = *self.dice.pick(&methods);
                raw.start = format!("{method} /2/{} HTTP/1.1", sample.route).into_bytes();
                if method == "HEAD" {
                    expected = Expected::RefusedWithoutBody;
                }
                "a wrong method"
            }
            3 if sample.style != Style::Download && !sample.arg.is_null() => {
                raw.without("content-type");
                let mut kinds = vec![
                    "text/html",
                    "application/xml",
                    "multipart/form-data",
                    "\u{fc}",
                    "",
                    "application/x-www-form-urlencoded",
                ];
                if sample.style == Style::Upload {
                    kinds.push("application/json");
                }
                raw.header("Content-Type", self.dice.pick(&kinds));
                "a wrong content type"
            }
            4 if sample.style == Style::Download => {
                raw.body = text;
                "a body where there is none"
            }
            5 => {
                let garbage = *self.dice.pick(GARBAGE);
                raw.start = format!("POST /2/{}?arg={garbage} HTTP/1.1", sample.route).into_bytes();
                raw.without("dropbox-api-arg");
                if sample.style == Style::Rpc {
                    raw.body.clear();
                    raw.without("content-type");
                }
                "garbage in the URL"
            }
            _ => {
                raw.start = format!("POST {} HTTP/1.1", self.dice.pick(TARGETS)).into_bytes();
                "no such route"
            }
        };
        Case {
            name,
            bytes: raw.bytes(),
            expected,
        }
    }

    /// HTTP itself is broken.
    fn bad_http(&mut self, sample: &Sample) -> Case {
        let mut raw = request(sample, self.token, &bytes(&sample.arg));
        let mut expected = Expected::Refused;
        let name = match self.dice.below(9) {
            0 => {
                raw.start = self.dice.pick(STARTS).to_vec();
                "a broken request line"
            }
            1 => {
                let line = self.dice.pick(LINES).to_vec();
                raw.headers.push(line);
                "a broken header"
            }
            2 => {
                let size = 1_000_000 + self.dice.below(200_000);
                raw.header("X-Long", "x".repeat(size));
                "a huge header"
            }
            3 => {
                for n in 0..101 + self.dice.below(300) {
                    raw.header(&format!("x-{n}"), "y");
                }
                "many headers"
            }
            4 => {
                let long = "x".repeat(70_000 + self.dice.below(200_000));
                raw.start = format!("POST /2/files/{long} HTTP/1.1").into_bytes();
                "a huge URL"
            }
            5 => {
                raw.sized = false;
                let lies = [
                    "-1",
                    "x",
                    "99999999999999999999999",
                    "1, 2",
                    "+3",
                    "0x10",
                    "3 3",
                ];
                raw.header("Content-Length", self.dice.pick(&lies));
                "a broken Content-Length"
            }
            6 => {
                raw.sized = false;
                let beyond = raw.body.len() + 1 + self.dice.below(5000);
                raw.header("Content-Length", beyond.to_string());
                expected = Expected::RefusedOrClosed;
                "a body shorter than announced"
            }
            7 => {
                raw.sized = false;
                raw.header("Transfer-Encoding", "chunked");
                expected = Expected::RefusedOrClosed;
                let text = std::mem::take(&mut raw.body);
                let whole = [format!("{:x}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat();
                raw.body = match self.dice.below(5) {
                    0 => whole,
                    1 => [whole.as_slice(), b"zz\r\nabc\r\n0\r\n\r\n"].concat(),
                    2 => [whole.as_slice(), b"ffffffffffffffffff\r\nabc"].concat(),
                    3 => [whole.as_slice(), b"10\r\nabc"].concat(),
                    _ => [whole.as_slice(), b"3\r\nabcdef\r\n0\r\n\r\n"].concat(),
                };
                "chunks cut short"
            }
            _ => {
                raw.start = format!("POST /2/{} HTTP/1.0", sample.route).into_bytes();
                raw.without("dropbox-api-arg");
                raw.body = b"{".to_vec();
                "HTTP/1.0"
            }
        };
        Case {
            name,
            bytes: raw.bytes(),
            expected,
        }
    }

    /// Bad requests before a good one, on one connection.
    fn pipeline(&mut self, sample: &Sample) -> Case {
        let count = 1 + self.dice.below(9);
        let mut bad = request(sample, self.token, b"{");
        bad.without("connection");
        let bad = bad.bytes();
        let mut good = Raw::new("POST", "/2/check/user");
        good.header("Connection", "close");
        good.header("Authorization", format!("Bearer {}", self.token));
        let bytes = [bad.repeat(count), good.bytes()].concat();
        Case {
            name: "a pipeline",
            bytes,
            expected: Expected::RefusedThenGood(count),
        }
    }

    /// A request that changes nothing, with some bytes of it wrong, lost or doubled.
    fn noise(&mut self) -> Case {
        let mut raw = Raw::new("POST", "/2/files/list_folder");
        raw.header("Authorization", format!("Bearer {}", self.token));
        raw.header("Content-Type", "application/json");
        raw.body = br#"{"path":"/deep","recursive":true,"limit":100}"#.to_vec();
        let mut bytes = raw.bytes();
        for _ in 0..=self.dice.below(4) {
            let at = self.dice.below(bytes.len());
            match self.dice.below(3) {
                0 => bytes[at] = self.dice.next().to_le_bytes()[0],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, bytes[at]),
            }
        }
        Case {
            name: "noise",
            bytes,
            expected: Expected::NoFailure,
        }
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Goes down to one of the values in an argument at random.
fn descend<'a>(
    value: &'a mut Value,
    dice: &mut Dice,
    wanted: fn(&Value) -> bool,
) -> Option<&'a mut Value> {
    fn collect<'a>(
        value: &'a mut Value,
        wanted: fn(&Value) -> bool,
        found: &mut Vec<&'a mut Value>,
    ) {
        if wanted(value) {
            found.push(value);
            return;
        }
        match value {
            Value::Object(map) => map
                .values_mut()
                .for_each(|value| collect(value, wanted, found)),
            Value::Array(list) => list
                .iter_mut()
                .for_each(|value| collect(value, wanted, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, wanted, &mut found);
    if found.is_empty() {
        return None;
    }
    let index = dice.below(found.len());
    Some(found.swap_remove(index))
}

fn retype(arg: &mut Value, dice: &mut Dice) -> bool {
    let whole_first = dice.below(3) == 0;
    let wanted: fn(&Value) -> bool = if whole_first {
        |value| value.is_array()
    } else {
        |value| !value.is_array() && !value.is_object() && !value.is_null()
    };
    let Some(value) = descend(arg, dice, wanted) else {
        return false;
    };
    let wrong: &[Value] = match value {
        Value::String(_) => &[json!(1), json!(true), json!([]), json!({}), json!(1.5)],
        Value::Number(_) => &[json!("7"), json!([]), json!({}), json!(true)],
        Value::Bool(_) => &[json!("true"), json!(1), json!([]), json!({})],
        _ => &[json!("x"), json!(1), json!({}), json!(true)],
    };
    *value = dice.pick(wrong).clone();
    true
}

fn add_unknown(arg: &mut Value, dice: &mut Dice) -> bool {
    let wanted: fn(&Value) -> bool = if dice.below(2) == 0 {
        Value::is_object
    } else {
        |value| {
            value.as_object().is_some_and(|map| {
                !map.values()
                    .any(|inner| inner.is_object() || inner.is_array())
            })
        }
    };
    let names = ["zz_unknown", "Path", "path ", "", ".tagged", "\u{e9}"];
    let name = *dice.pick(&names);
    let inner = descend(arg, dice, wanted).and_then(Value::as_object_mut);
    inner
        .is_some_and(|map: &mut Map<String, Value>| map.insert(name.to_owned(), json!(1)).is_none())
}

fn absurd(arg: &mut Value, dice: &mut Dice) -> bool {
    let numbers = [
        // An offset may be as large: a call is refused for it, of a batch only the entry.
        "9223372036854775808",
        "18446744073709551615",
        "-1",
        "18446744073709551616",
        "-9223372036854775809",
        "1.5e300",
        "1e999",
        "-0.5",
        "4194304.5",
    ];
    let legal = if arg.get("entries").is_some() { 2 } else { 0 };
    let number = *dice.pick(&numbers[legal..]);
    let Some(value) = descend(arg, dice, Value::is_number) else {
        return false;
    };
    // Beyond what a value can hold: a text as is no JSON either way.
    *value = serde_json::from_str(number).unwrap_or(json!("1e999"));
    true
}

fn bad_path(arg: &mut Value, dice: &mut Dice) -> bool {
    let paths = [
        "relative", "rev:xyz", "ns:", "ns:x/a", "\\", " /a", "\u{0}", "http://x",
    ];
    let path = *dice.pick(&paths);
    let value = descend(arg, dice, |value| {
        value.as_str().is_some_and(|text| text.starts_with('/'))
    });
    value.is_some_and(|value| {
        *value = json!(path);
        true
    })
}

/// The fields of the argument, one of them once more with a value of no type that it could have.
fn duplicate(arg: &Value, dice: &mut Dice) -> Option<Vec<u8>> {
    let map = arg.as_object()?;
    let names: Vec<&String> = map.keys().collect();
    let name = *dice.pick(&names);
    let wrong = if map[name].is_array() {
        json!({})
    } else {
        json!([[]])
    };
    let text = arg.to_string();
    Some(format!("{},{}:{wrong}}}", &text[..text.len() - 1], json!(name)).into_bytes())
}
