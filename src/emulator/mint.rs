//! What the server makes up: ids, revs, request ids, the dots after an error summary.
//!
//! Nothing here comes from the clock or the system's randomness, so that a run with the same seed and the same calls repeats.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and a bijection of its counter, so its values never repeat.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Hands out names, each once.
#[derive(Debug)]
pub(super) struct Mint {
    rng: Rng,
    revs: u64,
}

impl Mint {
    pub(super) fn new(seed: u64) -> Mint {
        Mint {
            rng: Rng::new(seed),
            revs: 0x015f_0000_0000_0000,
        }
    }

    /// How far it has come, for [`Mint::resume`].
    pub(super) fn position(&self) -> (u64, u64) {
        (self.rng.0, self.revs)
    }

    /// Goes on where another left off.
    pub(super) fn resume(&mut self, random: u64, revs: u64) {
        self.rng = Rng(random);
        self.revs = revs;
    }

    /// A rev: 16 hexadecimal digits, the later the greater.
    pub(super) fn rev(&mut self) -> String {
        self.revs += 1;
        format!("{:016x}", self.revs)
    }

    /// An item's id: `id:` and 22 characters.
    pub(super) fn file_id(&mut self) -> String {
        format!("id:{}", self.letters(22))
    }

    /// An account's id: 40 characters, the length that the Python SDK asks for.
    pub(super) fn account_id(&mut self) -> String {
        format!("dbid:{}", self.letters(35))
    }

    /// An upload session's id: 100 characters.
    pub(super) fn session_id(&mut self) -> String {
        format!("pid_upload_session:{}", self.letters(81))
    }

    /// A job's id.
    pub(super) fn job_id(&mut self) -> String {
        format!("dbjid:{}", self.letters(43))
    }

    /// An access token, short-lived by its look.
    pub(super) fn access_token(&mut self) -> String {
        format!("sl.{}", self.letters(61))
    }

    /// A refresh token.
    pub(super) fn refresh_token(&mut self) -> String {
        self.letters(64)
    }

    /// A code to exchange for tokens.
    pub(super) fn code(&mut self) -> String {
        self.letters(43)
    }

    /// The part of a link that nobody guesses.
    pub(super) fn link_id(&mut self) -> String {
        self.letters(25)
    }

    /// A request's id: 32 hexadecimal digits.
    pub(super) fn request_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.rng.next(), self.rng.next())
    }

    /// The dots after an error summary: none to four, so that nobody compares the whole.
    pub(super) fn dots(&mut self) -> &'static str {
        &"...."[..usize::try_from(self.rng.next() % 5).expect("less than 5")]
    }

    /// Characters that are safe in a URL.
    fn letters(&mut self, count: usize) -> String {
        let words = count * 6 / 64 + 1;
        let bytes: Vec<u8> = (0..words)
            .flat_map(|_| self.rng.next().to_le_bytes())
            .collect();
        let mut text = URL_SAFE_NO_PAD.encode(bytes);
        text.truncate(count);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_minted_has_the_right_length() {
        let mut mint = Mint::new(7);
        assert_eq!(mint.account_id().len(), 40);
        assert_eq!(mint.session_id().len(), 100);
        assert_eq!(mint.file_id().len(), 25);
        assert_eq!(mint.request_id().len(), 32);
        assert!(mint.rev() < mint.rev());
    }
}
