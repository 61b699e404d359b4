//! Which words look like a deployment. Only the look: whether there is such a deployment, and whether one may roll back
//! to it, is decided later, against what the provider says.

/// Whether a bare word in the target's place is the target and not the beginning of the reason.
pub(super) fn looks_like_deployment(word: &str) -> bool {
    is_id(word)
        || is_commit(word)
        || is_address(word)
        || is_version(word)
        || list_number(word).is_some()
}

/// The number of a line in the list of targets: `2` or `#2`. Two digits at most, so that "500" can be a reason.
pub(super) fn list_number(word: &str) -> Option<&str> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let is_small = (1..=2).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    is_small.then_some(digits)
}

/// The ids of deployments at Vercel; other providers' ids can be given as `to=…`.
fn is_id(word: &str) -> bool {
    word.strip_prefix("dpl_").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Four to forty hexadecimal digits. A short one needs a digit: "dead" and "face" are words.
fn is_commit(word: &str) -> bool {
    (4..=40).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (word.len() >= 7 || word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// An address with its scheme, or a host of three labels or more: with fewer, "checkout.js" would be one.
fn is_address(word: &str) -> bool {
    if word.starts_with("https://") || word.starts_with("http://") {
        return true;
    }
    let labels: Vec<&str> = word.trim_end_matches('/').split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_top =
        |label: &&str| label.len() >= 2 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    labels.len() >= 3 && labels.iter().all(is_label) && labels.last().is_some_and(is_top)
}

/// `v41`, `v1.4.2`.
fn is_version(word: &str) -> bool {
    let Some(numbers) = word.strip_prefix(['v', 'V']) else { return false };
    numbers
        .split('.')
        .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
