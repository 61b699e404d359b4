//! The cookies of one journey. All its requests go to one host, so that every cookie goes to every one of them; what a
//! server takes back is forgotten. Nothing outlives the journey.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};

/// What a server may make us carry.
const MOST_COOKIES: usize = 50;

/// A visitor's cookies, by name.
#[derive(Debug, Default)]
pub(super) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Takes over what an answer sets and takes back.
    pub(super) fn take(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let Ok(line) = value.to_str() else { continue };
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let is_taken_back = value.is_empty() || parts.any(is_over);
            if is_taken_back {
                self.0.remove(name);
            } else if self.0.len() < MOST_COOKIES || self.0.contains_key(name) {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The header that carries them; `None` without cookies.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut value = HeaderValue::from_str(&pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Whether an attribute says that the cookie's time is over. Servers take cookies back with an age of zero, or with the
/// beginning of all time.
fn is_over(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else { return false };
    match name.trim().to_ascii_lowercase().as_str() {
        "max-age" => value.trim().parse::<i64>().is_ok_and(|seconds| seconds <= 0),
        "expires" => value.contains("1970"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(lines: &[&str]) -> Option<String> {
        let mut jar = Jar::default();
        for line in lines {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, line.parse().expect("a header"));
            jar.take(&headers);
        }
        jar.header().map(|value| value.to_str().expect("text").to_owned())
    }

    #[test]
    fn what_is_set_is_carried_and_what_is_taken_back_is_not() {
        for (lines, expected) in [
            (&["a=1; Path=/; HttpOnly", "b=2; Secure"][..], Some("a=1; b=2")),
            (&["a=1", "a=2; Max-Age=60"], Some("a=2")),
            (&["a=1", "a=; Path=/"], None),
            (&["a=1", "a=x; Max-Age=0"], None),
            (&["a=1", "a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], None),
            (&["token=x=y==; Path=/"], Some("token=x=y==")),
            (&["no pair"], None),
            (&[], None),
        ] {
            assert_eq!(carried(lines).as_deref(), expected, "{lines:?}");
        }
    }
}
