//! Text measured as a terminal shows it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns that a text takes up.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// A text without what would steer a terminal: the name of a file may hold anything.
pub(super) fn printable(text: &str) -> String {
    let visible = |letter: char| match letter {
        '\n' => letter,
        letter if letter.is_control() => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    text.chars().map(visible).collect()
}

/// The same of a text that is shown whole, whose tabs are its own.
pub(super) fn printable_text(text: &str) -> String {
    let parts: Vec<String> = text.split('\t').map(printable).collect();
    parts.join("\t")
}

/// The beginning of a text, as much as fits, with a sign where it was cut.
pub(super) fn cut_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let kept = text.chars().take_while(|letter| {
        let takes = letter.width().unwrap_or_default();
        let fits = takes <= left;
        left = left.saturating_sub(takes);
        fits
    });
    kept.chain(['…']).collect()
}

/// The end of a text, as much as fits: of a path, the name tells more than what is above it.
pub(super) fn cut_start(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut from = text.len();
    for (at, letter) in text.char_indices().rev() {
        let takes = letter.width().unwrap_or_default();
        if takes > left {
            break;
        }
        left -= takes;
        from = at;
    }
    format!("…{}", &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_what_it_takes_up_on_the_screen() {
        assert_eq!(cut_end("abc", 3), "abc");
        assert_eq!(cut_end("abcd", 3), "ab…");
        assert_eq!(cut_start("/a/bcd", 4), "…bcd");
        // Each of these takes two columns.
        assert_eq!(cut_end("日本語", 6), "日本語");
        assert_eq!(cut_end("日本語", 5), "日本…");
        assert_eq!(cut_end("日本語", 4), "日…");
        assert_eq!(cut_start("日本語", 4), "…語");
        assert_eq!(width("e\u{301}"), 1, "an accent takes none");
    }

    #[test]
    fn no_name_steers_the_terminal() {
        assert_eq!(printable("a\x1b[2J\tb"), "a\u{fffd}[2J\u{fffd}b");
        assert_eq!(printable_text("a\x1b[2J\tb"), "a\u{fffd}[2J\tb");
    }
}
