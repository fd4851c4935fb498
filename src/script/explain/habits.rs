//! What people write who know another language, and how it is written here.

mod words;

use rhai::Position;

use super::Explained;
use super::place::{self, rest_of_line};

pub(super) use words::{member, word};

/// What stands around the place of an error.
struct Spot<'a> {
    line: &'a str,
    before: &'a str,
    here: &'a str,
    word: &'a str,
    last_word: &'a str,
}

impl<'a> Spot<'a> {
    fn new(text: &'a str, at: Position) -> Option<Self> {
        at.line()?;
        let line = place::line(text, at);
        let here = rest_of_line(text, at);
        let before = line[..line.len() - here.len()].trim();
        Some(Self {
            line: line.trim(),
            before,
            here,
            word: leading_word(here),
            last_word: before
                .rsplit(|c: char| !is_of_word(c))
                .next()
                .unwrap_or_default(),
        })
    }

    /// What stands behind the word here.
    fn behind(&self) -> &'a str {
        self.here[self.word.len()..].trim_start()
    }

    fn declares(&self) -> bool {
        self.line.starts_with("let ") || self.line.starts_with("const ")
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn leading_word(text: &str) -> &str {
    text.split(|c: char| !is_of_word(c))
        .next()
        .unwrap_or_default()
}

/// Explains what does not parse and is right in another language.
pub(super) fn syntax(text: &str, at: Position) -> Option<Explained> {
    let spot = Spot::new(text, at)?;
    let told = |message: String, hint: &str| Some(Explained::new(message, "here").hint(hint));
    let first = leading_word(spot.line);

    if first == "for" && (spot.before == "for" || spot.before.starts_with("for (")) {
        return told(
            "`for` takes no brackets and no counter".to_owned(),
            "write `for i in 0..10 { ... }`, or `for name in names { ... }`",
        );
    }
    if first == "for" && spot.word == "of" {
        return told(
            "`for` goes through a collection with `in`".to_owned(),
            "write `for name in names { ... }`",
        );
    }
    if spot.word == "case" || spot.last_word == "case" {
        return told(
            "`switch` has no `case`".to_owned(),
            "write `switch n { 1 => print(\"one\"), _ => print(\"other\") }`",
        );
    }
    if spot.word == "print" && !spot.behind().starts_with('(') {
        return told("`print` is a function".to_owned(), "write `print(...)`");
    }
    if spot.last_word == "throw" && spot.word == "new" {
        return told(
            "there are no classes of errors".to_owned(),
            "write `throw \"what went wrong\"`",
        );
    }
    if spot.last_word == "catch" && !spot.word.is_empty() {
        return told(
            "the name of the error stands in brackets".to_owned(),
            "write `catch (e) { ... }`",
        );
    }
    if spot.last_word == "import" && !spot.word.is_empty() {
        let name = spot.word;
        return told(
            "the path of a module is text".to_owned(),
            &format!("write `import \"{name}\" as {name};`"),
        );
    }
    if spot.word == "is" {
        return told("`is` is no operator".to_owned(), "write `==`");
    }
    if spot.word == "in" && spot.last_word == "not" {
        return told("`not in` is no operator".to_owned(), "write `!(x in list)`");
    }
    for word in [spot.word, spot.last_word] {
        if let Some(hint) = self::word(word)
            && !spot.before.ends_with(['"', '`', '.'])
        {
            return told(format!("`{word}` is no word of a script"), hint);
        }
    }
    if spot.behind().starts_with("=>") && !spot.word.is_empty() && !first.starts_with("switch") {
        let name = spot.word;
        return told(
            format!("`{name} => ...` is no closure"),
            &format!("a closure is written `|{name}| ...`"),
        );
    }
    if matches!(spot.word, "f" | "r" | "b") && spot.here[1..].starts_with(['"', '\'', '`']) {
        return told(
            format!("text has no `{}` before it", spot.word),
            "values go into text between back-ticks: `hello ${name}`",
        );
    }
    symbols(&spot)
}

fn symbols(spot: &Spot<'_>) -> Option<Explained> {
    let told = |message: &str, hint: &str| Some(Explained::new(message, "here").hint(hint));
    let here = spot.here;
    if here.starts_with('=') && !here.starts_with("==") && spot.before.contains("#{") {
        return told(
            "an entry of a map has a `:` between its name and its value",
            "write `#{ name: value }`",
        );
    }
    if here.starts_with(":=") {
        return told(
            "`:=` means nothing in a script",
            "declare a variable with `let n = ...`",
        );
    }
    if here.starts_with('=') && !here.starts_with("==") && !spot.declares() {
        return told(
            "`=` sets a variable and is no comparison",
            "to compare write `==`",
        );
    }
    if here.starts_with('#') && !here.starts_with("#{") {
        return told("`#` begins no comment", "a comment begins with `//`");
    }
    if here.starts_with('?') {
        return told(
            "there is no `? :`",
            "an `if` gives a value: `let word = if n == 1 { \"one\" } else { \"many\" };`",
        );
    }
    if here.starts_with('>') && spot.before.ends_with('<') {
        return told("`<>` is no comparison", "write `!=`");
    }
    if here.starts_with(':') && spot.before.contains('[') && !spot.before.contains("#{") {
        return told(
            "there are no slices",
            "write `list.extract(0, 2)` or `text.sub_string(0, 2)`: where it begins, and how much",
        );
    }
    if here.starts_with(':') && spot.declares() {
        return told("a variable has no type", "write `let n = ...`");
    }
    if here.starts_with(':') && ["if", "for", "while", "else"].contains(&leading_word(spot.line)) {
        return told(
            "a block stands between `{` and `}`",
            "write `if n == 1 { ... }`",
        );
    }
    if spot.before.ends_with(|c: char| c.is_ascii_digit())
        && !spot.word.is_empty()
        && !["if", "while", "for"].contains(&leading_word(spot.line))
    {
        return if spot.declares()
            && ["let", "const"].contains(
                &spot
                    .before
                    .trim_end_matches(|c: char| c.is_ascii_digit())
                    .trim(),
            ) {
            told(
                "a name does not begin with a digit",
                "write the digit behind: `b2`",
            )
        } else {
            told(
                "a number with a unit is text",
                "write it between quotes: `\"10 MB\"`, `\"2s\"`",
            )
        };
    }
    declaration(spot)
}

fn declaration(spot: &Spot<'_>) -> Option<Explained> {
    let told = |message: &str, hint: &str| Some(Explained::new(message, "here").hint(hint));
    let here = spot.here;
    if spot.last_word == "let" && here.starts_with(['[', '(', '{']) {
        return told(
            "`let` declares one variable",
            "take the parts one by one: `let a = list[0]; let b = list[1];`",
        );
    }
    if spot.last_word == "let" && here.starts_with(|c: char| c.is_ascii_digit()) {
        return told(
            "a name does not begin with a digit",
            "write the digit behind: `b2`",
        );
    }
    if spot.last_word == "let" && here.starts_with('=') {
        return told("the variable has no name", "write `let n = ...`");
    }
    let begun = spot.before.starts_with("let ") || spot.before.starts_with("const ");
    let names_only = begun && !spot.before.contains('=');
    if names_only && here.starts_with(',') {
        return told(
            "`let` declares one variable",
            "write one after the other: `let a = 1; let b = 2;`",
        );
    }
    if names_only && here.starts_with('-') {
        return told("a name has no `-`", "write `_` in its place: `my_folder`");
    }
    if names_only && here.starts_with(|c: char| c.is_alphanumeric() && c.is_ascii() || c == '"') {
        return told(
            "a `=` is missing between the name and its value",
            "write `let n = ...`; a name has no spaces",
        );
    }
    if here.starts_with(|c: char| c.is_alphabetic() && !c.is_ascii()) {
        return told(
            "a name has only the letters a to z, digits and `_`",
            "other letters are fine in text and in comments",
        );
    }
    None
}

/// Explains a variable that is none, where what stands around it is right in another language.
pub(super) fn variable(name: &str, text: &str, at: Position) -> Option<Explained> {
    if let Some(explained) = syntax(text, at) {
        return Some(explained);
    }
    let spot = Spot::new(text, at)?;
    let behind = spot.behind();
    if behind.starts_with(":=") {
        return Some(
            Explained::new("`:=` means nothing in a script", "here")
                .hint(format!("declare a variable with `let {name} = ...`")),
        );
    }
    let opened = spot.before.matches('(').count() > spot.before.matches(')').count();
    if opened && behind.starts_with('=') && !behind.starts_with("==") {
        return Some(
            Explained::new(format!("`{name} = ...` is no argument"), "here")
                .hint(format!("options go in a map: `#{{ {name}: ... }}`")),
        );
    }
    if behind.starts_with(':') && !behind.starts_with("::") && spot.before.ends_with('{') {
        return Some(
            Explained::new("a map begins with `#{`", "here")
                .hint(format!("write `#{{ {name}: ... }}`")),
        );
    }
    None
}
