//! Strict reading of `application/x-www-form-urlencoded`. Owns the decoding only; what the fields mean is `wire.rs`.
//!
//! The common decoders put U+FFFD in place of bytes that are not UTF-8 and keep every repetition of a key. A request that
//! asks to move production is read one way or not at all: here both are refused.

use serde_json::{Map, Value};

use super::wire::Malformed;

/// Slack sends about fifteen fields.
const MOST_FIELDS: usize = 64;

/// The fields of a form, each key once, as a JSON object of strings.
pub fn decode(body: &[u8]) -> Result<Map<String, Value>, Malformed> {
    let mut fields = Map::new();
    for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        let key = decode_part(halves.next().unwrap_or_default())?;
        let value = decode_part(halves.next().unwrap_or_default())?;
        if fields.len() == MOST_FIELDS {
            return Err(Malformed("too many form fields"));
        }
        if fields.insert(key, Value::String(value)).is_some() {
            return Err(Malformed("a form field is repeated"));
        }
    }
    Ok(fields)
}

fn decode_part(part: &[u8]) -> Result<String, Malformed> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, remaining) = match first {
            b'+' => (b' ', after),
            b'%' => decode_escape(after)?,
            plain => (plain, after),
        };
        bytes.push(byte);
        rest = remaining;
    }
    String::from_utf8(bytes).map_err(|_| Malformed("a form field is not UTF-8"))
}

/// The byte that the two hex digits at the start of `rest` stand for, and what follows them.
fn decode_escape(rest: &[u8]) -> Result<(u8, &[u8]), Malformed> {
    let broken = Malformed("a form field has a broken escape");
    let (digits, after) = rest.split_at_checked(2).ok_or(broken)?;
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).map_err(|_| broken)?;
    Ok((byte[0], after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_decoded_once() {
        let fields = decode(b"text=web+v41%20%2B%2525&token=&empty&a=b=c").unwrap();
        let expected = json!({"text": "web v41 +%25", "token": "", "empty": "", "a": "b=c"});
        assert_eq!(Value::Object(fields), expected);
    }

    #[test]
    fn doubtful_forms_are_refused() {
        for (body, reason) in [
            (&b"text=web&text=api"[..], "a form field is repeated"),
            (b"te%78t=web&text=api", "a form field is repeated"),
            (b"text=%ff%fe", "a form field is not UTF-8"),
            (b"text=\xc3", "a form field is not UTF-8"),
            (b"text=%4", "a form field has a broken escape"),
            (b"text=%zz", "a form field has a broken escape"),
        ] {
            assert_eq!(decode(body), Err(Malformed(reason)), "{body:?}");
        }
    }

    #[test]
    fn a_hundred_thousand_keys_are_refused() {
        let body: String = (0..100_000).map(|n| format!("k{n}=v&")).collect();
        assert_eq!(decode(body.as_bytes()), Err(Malformed("too many form fields")));
    }
}
