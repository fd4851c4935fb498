//! What somebody who mistyped a name may have meant.

/// The candidate that `wrong` is most likely a slip of.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let lower = wrong.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != wrong)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        // A third of the letters may be wrong, but never all of a short name.
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(wrong.len()) / 3).max(1))
        .filter(|(distance, _)| *distance < wrong.chars().count())
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_finds_none() {
        let names = ["upload", "download", "list", "info"];
        assert_eq!(nearest("uplod", names).as_deref(), Some("upload"));
        assert_eq!(nearest("lsit", names).as_deref(), Some("list"));
        assert_eq!(nearest("Info", names).as_deref(), Some("info"));
        assert_eq!(nearest("synchronise", names), None);
        assert_eq!(nearest("x", ["y"]), None);
    }
}
