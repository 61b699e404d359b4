//! What may reach git's argument list: full ids, beginnings of ids, and names of branches that git itself would allow.

/// A full commit id.
pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_hex(text)
}

/// The beginning of a commit id, long enough to mean one, or a whole one.
pub(super) fn is_prefix(text: &str) -> bool {
    (7..=64).contains(&text.len()) && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a text is the name of a branch and nothing else, by the rules of `git check-ref-format`.
pub fn is_branch(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && part.to_ascii_lowercase().strip_suffix(".lock").is_none()
    };
    (1..=200).contains(&name.len())
        && !name.starts_with('-')
        && name != "@"
        && name != "HEAD"
        && !name.contains("..")
        && !name.contains("@{")
        && !name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c))
        && name.split('/').all(is_part)
}
