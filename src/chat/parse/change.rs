//! Which words name a change: a commit, a pull request, a range, or the address of one of them. Only the look: whether there
//! is such a change is found out later, where the code is kept.

use crate::chat::request::Linked;
use crate::domain::fix::Subject;

/// Whether a bare word in the change's place is the change and not the beginning of the reason.
pub(super) fn looks_like_change(word: &str) -> bool {
    linked(word).is_some()
}

/// A number that may be a pull request as well as a count.
pub(super) fn is_bare_number(word: &str) -> bool {
    word.len() < 7 && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The change that a word names.
pub(super) fn linked(word: &str) -> Option<Linked> {
    if let Some(linked) = from_address(word) {
        return Some(linked);
    }
    Subject::parse(word)?;
    Some(Linked { what: word.to_owned(), repository: None })
}

/// The pull request that a word names, with its repository if that is said.
pub(super) fn pull(word: &str) -> Option<(u64, Option<String>)> {
    let Linked { what, repository } =
        from_address(word).unwrap_or_else(|| Linked { what: word.to_owned(), repository: None });
    let number = what.strip_prefix('#').or_else(|| is_bare_number(&what).then_some(&*what))?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| number.parse().ok())?;
    number.filter(|number| *number > 0).map(|number| (number, repository))
}

/// `https://host/owner/name/pull/124`, also one of its tabs; `https://host/owner/name/commit/9fceb02…`.
fn from_address(word: &str) -> Option<Linked> {
    let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"))?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let mut pieces = rest.split('/').skip(1);
    let (owner, name, kind, id) = (pieces.next()?, pieces.next()?, pieces.next()?, pieces.next()?);
    let what = match kind {
        "pull" => format!("#{id}"),
        "commit" => id.to_owned(),
        _ => return None,
    };
    if owner.is_empty() || name.is_empty() {
        return None;
    }
    Subject::parse(&what)?;
    Some(Linked { what, repository: Some(format!("{owner}/{name}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_commit_a_pull_request_a_range_or_the_address_of_one() {
        for word in ["9fceb02", "#124", "124", "23a9e46..9fceb02"] {
            let named = Linked { what: word.to_owned(), repository: None };
            assert_eq!(linked(word), Some(named), "{word}");
        }
        for (word, what) in [
            ("https://github.com/demo/shop/pull/124", "#124"),
            ("https://github.com/demo/shop/pull/124/files?w=1#r2", "#124"),
            ("https://github.com/demo/shop/commit/9fceb02", "9fceb02"),
        ] {
            let repository = Some("demo/shop".to_owned());
            assert_eq!(linked(word), Some(Linked { what: what.to_owned(), repository }), "{word}");
        }
        for word in ["", "#", "checkout", "9fceb0", "a..b", "https://github.com/demo/shop"] {
            assert_eq!(linked(word), None, "{word}");
        }
    }

    #[test]
    fn a_fix_is_named_by_number_or_address_and_never_by_a_commit() {
        assert_eq!(pull("130"), Some((130, None)));
        assert_eq!(pull("#130"), Some((130, None)));
        let named = Some((130, Some("demo/shop".to_owned())));
        assert_eq!(pull("https://github.com/demo/shop/pull/130"), named);
        for word in ["0", "#", "9fceb02", "https://github.com/demo/shop/commit/9fceb02", "pr130"] {
            assert_eq!(pull(word), None, "{word}");
        }
    }
}
