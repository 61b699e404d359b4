//! What every request of a chat platform is held to before its members are looked at. Owns the depth of JSON and the
//! refusal of NUL; each platform's `wire.rs` owns the shapes.

use serde::Deserialize;

/// The platforms' payloads nest about ten levels deep.
const DEEPEST_JSON: usize = 64;

/// A request that is not what its platform sends. The reason is ours and holds nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// Whether JSON nests deeper than a platform's ever does. The parser has a limit of its own, but skips members that
/// nobody reads without counting.
pub(super) fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_JSON {
            return true;
        }
    }
    false
}

/// Text without NUL, which no person can type and which databases and terminals stumble over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Clean(pub(super) String);

impl TryFrom<String> for Clean {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.contains('\0') { Err("holds NUL") } else { Ok(Self(text)) }
    }
}

/// The text of a member, if there is one and it is not empty.
pub(super) fn some_text(text: Option<Clean>) -> Option<String> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}
