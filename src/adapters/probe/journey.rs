//! What a verification asks of a service, and whether an answer is what was expected.
//!
//! Pure: nothing is sent here. Must not repeat a page: what is told of an answer is its status, a header or one JSON value,
//! shortened and without any secret that was sent.

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::fetch::{Page, secret_header};
use crate::adapters::secret::Secret;
use crate::domain::time::Span;
use crate::domain::verification::Found;

/// Requests in order, made as one fresh visitor.
#[derive(Clone, Debug)]
pub struct Journey {
    /// What people call it.
    pub name: String,
    /// The requests.
    pub steps: Vec<Step>,
}

/// One request, and what must come back. It must be safe to make it again.
#[derive(Clone, Debug)]
pub struct Step {
    /// The method.
    pub method: Method,
    /// The path with its query, beginning with `/`.
    pub path: String,
    /// Headers.
    pub headers: Vec<(HeaderName, Sent)>,
    /// The body.
    pub body: Option<String>,
    /// What must come back.
    pub expect: Expectation,
}

/// A header's value.
#[derive(Clone, Debug)]
pub enum Sent {
    /// Nothing that must be hidden.
    Plain(String),
    /// Must not be seen again.
    Secret(Secret),
}

/// What must come back.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The HTTP status.
    pub status: u16,
    /// A text that the body holds.
    pub body: Option<String>,
    /// A value in a JSON body.
    pub json: Option<ExpectedJson>,
    /// A header.
    pub header: Option<ExpectedHeader>,
    /// How long the answer may take.
    pub within: Span,
}

/// A value in a JSON body.
#[derive(Clone, Debug)]
pub struct ExpectedJson {
    /// Where, by RFC 6901.
    pub pointer: String,
    /// Which.
    pub value: Value,
}

/// A header of the answer.
#[derive(Clone, Debug)]
pub struct ExpectedHeader {
    /// Its name.
    pub name: HeaderName,
    /// Its whole value.
    pub value: String,
}

/// How long an answer may take where nothing is configured.
pub const USUAL_WITHIN: Span = Span::seconds(5);

/// Foreign text is shown up to here.
const LONGEST_SHOWN: usize = 80;

impl Journey {
    /// What is walked where no journey is configured: the pages that prove a flip.
    pub fn of_pages(paths: &[String]) -> Self {
        let steps = paths.iter().map(|path| Step::page(path)).collect();
        Self { name: "proof paths".to_owned(), steps }
    }

    /// What is sent and must not be seen again.
    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.steps.iter().flat_map(|step| &step.headers).filter_map(|(_, value)| match value {
            Sent::Plain(_) => None,
            Sent::Secret(secret) => Some(secret),
        })
    }

    /// Foreign text on one line, shortened, without what was sent in secret.
    pub(super) fn shown(&self, text: &str, bypass: Option<&Secret>) -> String {
        let clean =
            self.secrets().chain(bypass).fold(text.to_owned(), |text, secret| secret.blot(&text));
        clean.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SHOWN).collect()
    }
}

impl Step {
    /// A page that must be there.
    pub fn page(path: &str) -> Self {
        let expect =
            Expectation { status: 200, body: None, json: None, header: None, within: USUAL_WITHIN };
        let path = path.to_owned();
        Self { method: Method::GET, path, headers: Vec::new(), body: None, expect }
    }

    /// As people name it: `POST /basket`. A query may hold anything, so it is left out.
    pub(super) fn named(&self) -> String {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

impl Expectation {
    /// What an answer is, held against what was expected. The texts are raw: the caller shortens them.
    pub(super) fn judge(&self, page: &Page, took: Span) -> Found {
        let wrong = [self.wrong_status(page), self.wrong_header(page), self.wrong_body(page)];
        if let Some(found) = wrong.into_iter().flatten().next() {
            return found;
        }
        if let Some(found) = self.json.as_ref().and_then(|json| json.wrong(page)) {
            return found;
        }
        if took > self.within {
            return Found::TooSlow { limit: self.within };
        }
        Found::Expected
    }

    fn wrong_status(&self, page: &Page) -> Option<Found> {
        (page.status != self.status).then(|| Found::Unexpected {
            expected: format!("status {}", self.status),
            found: format!("status {}", page.status),
        })
    }

    fn wrong_header(&self, page: &Page) -> Option<Found> {
        let ExpectedHeader { name, value } = self.header.as_ref()?;
        let found = page.header(name.as_str());
        (found.as_ref() != Some(value)).then(|| Found::Unexpected {
            expected: format!("header {name}: {value}"),
            found: found.unwrap_or_else(|| "no such header".to_owned()),
        })
    }

    fn wrong_body(&self, page: &Page) -> Option<Found> {
        let text = self.body.as_ref()?;
        let has = String::from_utf8_lossy(&page.body).contains(text.as_str());
        (!has).then(|| Found::Unexpected {
            expected: format!("“{text}” in the page"),
            found: format!("{} bytes without it", page.body.len()),
        })
    }
}

impl ExpectedJson {
    fn wrong(&self, page: &Page) -> Option<Found> {
        let wrong = |found: String| {
            let expected = format!("{} at {}", self.value, self.pointer);
            Some(Found::Unexpected { expected, found })
        };
        let Ok(body) = serde_json::from_slice::<Value>(&page.body) else {
            return wrong("no JSON".to_owned());
        };
        match body.pointer(&self.pointer) {
            Some(value) if *value == self.value => None,
            Some(value) => wrong(value.to_string()),
            None => wrong("nothing there".to_owned()),
        }
    }
}

impl Sent {
    /// As it goes on the wire.
    pub(super) fn value(&self) -> Option<HeaderValue> {
        match self {
            Self::Plain(text) => HeaderValue::from_str(text).ok(),
            Self::Secret(secret) => secret_header(secret),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, headers: &[(&str, &str)], body: &str) -> Page {
        let headers = headers.iter().map(|(name, value)| {
            (name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"))
        });
        Page { status, headers: headers.collect(), body: body.as_bytes().to_vec() }
    }

    fn expectation(change: impl FnOnce(&mut Expectation)) -> Expectation {
        let mut expect = Step::page("/").expect;
        change(&mut expect);
        expect
    }

    fn json(pointer: &str, value: Value) -> Expectation {
        expectation(|one| one.json = Some(ExpectedJson { pointer: pointer.to_owned(), value }))
    }

    #[test]
    fn an_answer_is_held_against_everything_that_was_expected() {
        let wrong = |expected: &str, found: &str| Found::Unexpected {
            expected: expected.to_owned(),
            found: found.to_owned(),
        };
        let body = |text: &str| expectation(|one| one.body = Some(text.to_owned()));
        let header = |value: &str| {
            let name = HeaderName::from_static("x-kind");
            expectation(|one| one.header = Some(ExpectedHeader { name, value: value.to_owned() }))
        };
        let page = page(200, &[("x-kind", "tea")], r#"{"items": 1, "ok": true}"#);
        for (expect, found) in [
            (expectation(|_| {}), Found::Expected),
            (expectation(|one| one.status = 303), wrong("status 303", "status 200")),
            (body("items"), Found::Expected),
            (body("order"), wrong("“order” in the page", "24 bytes without it")),
            (json("/items", 1.into()), Found::Expected),
            (json("/items", 2.into()), wrong("2 at /items", "1")),
            (json("/ok", "true".into()), wrong("\"true\" at /ok", "true")),
            (json("/none", true.into()), wrong("true at /none", "nothing there")),
            (header("tea"), Found::Expected),
            (header("mug"), wrong("header x-kind: mug", "tea")),
        ] {
            assert_eq!(expect.judge(&page, Span(4_000)), found);
        }
        let late = expectation(|_| {}).judge(&page, Span(5_001));
        assert_eq!(late, Found::TooSlow { limit: USUAL_WITHIN });
        let html = json("/items", 1.into()).judge(&self::page(200, &[], "<html>"), Span(1));
        assert_eq!(html, wrong("1 at /items", "no JSON"));
    }

    #[test]
    fn what_is_told_of_an_answer_is_one_short_line_without_secrets() {
        let mut step = Step::page("/a?token=s3cr3t");
        assert_eq!(step.named(), "GET /a");
        step.headers.push((HeaderName::from_static("x-key"), Sent::Secret(Secret::new("s3cr3t"))));
        let journey = Journey { name: "a".to_owned(), steps: vec![step] };
        let bypass = Secret::new("by-pass");
        let shown =
            journey.shown(&format!("a\nb s3cr3t by-pass {}", "x".repeat(200)), Some(&bypass));
        assert!(shown.starts_with("a b [hidden] [hidden] x"), "{shown}");
        assert_eq!(shown.chars().count(), 80);
    }
}
