//! Words of other languages, and how what they mean is written here.

/// Words of other languages, what to say of them, and how it is written here.
const WORDS: &[(&[&str], &str)] = &[
    (&["elif", "elseif", "elsif"], "write `else if`"),
    (
        &["def", "function", "func", "sub"],
        "functions are defined as `fn name(a, b) { ... }`",
    ),
    (&["and"], "write `&&`"),
    (&["or"], "write `||`"),
    (&["not"], "write `!`"),
    (&["foreach"], "write `for name in names { ... }`"),
    (&["lambda"], "a closure is written `|x| x + 1`"),
    (
        &["echo", "console", "println", "printf"],
        "write `print(...)`",
    ),
    (&["raise"], "write `throw \"what went wrong\"`"),
    (
        &["from", "require", "include"],
        "write `import \"lib/dates\" as dates;`",
    ),
    (&["except"], "write `try { ... } catch (e) { ... }`"),
    (
        &["finally"],
        "there is no `finally`: write what comes last behind the `catch` block",
    ),
    (&["then"], "a block stands between `{` and `}`"),
    (
        &["null", "nil", "None", "undefined"],
        "nothing is written `()`",
    ),
    (&["True"], "write `true`"),
    (&["False"], "write `false`"),
    (&["self"], "write `this`"),
    (
        &[
            "int", "float", "string", "str", "bool", "char", "auto", "val", "mut",
        ],
        "variables are declared with `let`, without a type",
    ),
    (&["elsewhere", "unless"], "write `if !(...) { ... }`"),
    (
        &["pass", "begin", "end"],
        "leave it out: a block stands between `{` and `}`",
    ),
    (
        &["del", "delete", "unset"],
        "leave it out: a variable ends with its block, and `map.remove(\"key\")` takes an entry away",
    ),
    (
        &["class", "struct", "enum", "interface"],
        "there are no types of one's own: keep what belongs together in a map, `#{ name: \"a\" }`",
    ),
];

/// What names of methods and properties mean that other languages have.
const MEMBERS: &[(&[&str], &str)] = &[
    (
        &["length", "size", "count", "Length", "Count"],
        "write `len()`",
    ),
    (
        &["append", "add", "push_back", "Add"],
        "write `push(value)`",
    ),
    (
        &["upper", "toUpperCase", "upcase", "to_uppercase", "ToUpper"],
        "write `to_upper()`",
    ),
    (
        &[
            "lower",
            "toLowerCase",
            "downcase",
            "to_lowercase",
            "ToLower",
        ],
        "write `to_lower()`",
    ),
    (
        &["strip", "Trim"],
        "write `trim()`, which changes the text itself",
    ),
    (
        &["includes", "Contains", "has", "has_key"],
        "write `contains(...)`, or `x in list`",
    ),
    (
        &["startsWith", "startswith", "StartsWith"],
        "write `starts_with(...)`",
    ),
    (
        &["endsWith", "endswith", "EndsWith"],
        "write `ends_with(...)`",
    ),
    (&["indexOf", "IndexOf"], "write `index_of(...)`"),
    (
        &["substring", "substr", "slice", "Substring"],
        "write `sub_string(start, length)` for text, `extract(start, length)` for an array",
    ),
    (
        &["forEach", "each", "ForEach"],
        "write `for x in list { ... }`",
    ),
    (
        &["join", "Join"],
        "put them together: `let all = \"\"; for name in names { all += name + \", \"; }`",
    ),
    (
        &["toString", "ToString", "to_s", "str"],
        "write `to_string()`",
    ),
    (
        &["items", "entries"],
        "write `for key in map.keys() { let value = map[key]; ... }`",
    ),
    (&["is_empty", "isEmpty", "empty"], "write `len() == 0`"),
];

/// How a word of another language is written here.
pub(in crate::script::explain) fn word(word: &str) -> Option<&'static str> {
    find(WORDS, word)
}

/// How a method or property of another language is written here.
pub(in crate::script::explain) fn member(name: &str) -> Option<&'static str> {
    find(MEMBERS, name)
}

fn find(table: &'static [(&[&str], &str)], word: &str) -> Option<&'static str> {
    let (_, hint) = table.iter().find(|(words, _)| words.contains(&word))?;
    Some(hint)
}
