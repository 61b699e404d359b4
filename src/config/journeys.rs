//! `[[service.journeys]]` and the hosts that are walked: checked here, so that a verification fails at 2 AM only because
//! something is broken.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};

use super::{Checker, raw};
use crate::adapters::probe::{
    Expectation, ExpectedHeader, ExpectedJson, Journey, Sent, Step, USUAL_WITHIN, VENDOR_HOSTS,
};
use crate::domain::time::Span;

/// More than this would take longer than anybody waits for a verdict.
const MOST_JOURNEYS: usize = 10;
const MOST_STEPS: usize = 20;
const LONGEST_WITHIN_MS: u32 = 10_000;
const LONGEST_NAME: usize = 60;
const LONGEST_PATH: usize = 300;

/// What a browser's visitor does.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Headers that the walk itself sets.
const OURS: [&str; 5] =
    ["host", "cookie", "content-length", "transfer-encoding", "x-vercel-protection-bypass"];

impl Checker<'_> {
    /// The hosts of deployments' own addresses; the vendor's where none is written.
    pub(super) fn deployment_hosts(&mut self, service: &str, hosts: &[String]) -> Vec<String> {
        for host in hosts {
            let name = host.strip_prefix("*.").unwrap_or(host);
            let plain =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
            let is_host = name.contains('.')
                && !name.starts_with('.')
                && !name.ends_with('.')
                && name.bytes().all(plain);
            if !is_host {
                self.wrong(format!(
                    "service {service:?}: deployment_hosts {host:?} is neither a host such as shop.example.com nor a pattern such as *.vercel.app"
                ));
            }
        }
        if hosts.is_empty() { vec![VENDOR_HOSTS.to_owned()] } else { hosts.to_vec() }
    }

    /// What `/verify` walks.
    pub(super) fn journeys(&mut self, service: &str, raw: &[raw::Journey]) -> Vec<Journey> {
        if raw.len() > MOST_JOURNEYS {
            self.wrong(format!("service {service:?}: more than {MOST_JOURNEYS} journeys"));
        }
        let mut names = BTreeSet::new();
        let mut journeys = Vec::new();
        for one in raw {
            let key = format!("service {service:?}: journey {:?}", one.name);
            let length = one.name.trim().chars().count();
            if !(1..=LONGEST_NAME).contains(&length) {
                self.wrong(format!("{key}: a name has 1 to {LONGEST_NAME} characters"));
            }
            if !names.insert(&one.name) {
                self.wrong(format!("{key} is configured twice"));
            }
            if !(1..=MOST_STEPS).contains(&one.steps.len()) {
                self.wrong(format!("{key}: a journey has 1 to {MOST_STEPS} steps"));
            }
            let numbered = one.steps.iter().zip(1..);
            let steps = numbered
                .filter_map(|(step, number)| self.step(&format!("{key}, step {number}"), step));
            journeys.push(Journey { name: one.name.trim().to_owned(), steps: steps.collect() });
        }
        journeys
    }

    fn step(&mut self, key: &str, raw: &raw::Step) -> Option<Step> {
        let is_path = raw.path.starts_with('/')
            && !raw.path.starts_with("//")
            && raw.path.len() <= LONGEST_PATH
            && raw.path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if !is_path {
            self.wrong(format!(
                "{key}: path {:?} is not a path: it begins with one /, without spaces",
                raw.path
            ));
        }
        let method = METHODS.contains(&raw.method.as_str());
        if !method {
            self.wrong(format!("{key}: method {:?} is none of {}", raw.method, METHODS.join(", ")));
        }
        let headers = raw.headers.iter();
        let headers = headers.filter_map(|(name, value)| self.header(key, name, value)).collect();
        let expect = self.expectation(key, raw)?;
        let method = Method::from_bytes(raw.method.as_bytes()).ok()?;
        let (path, body) = (raw.path.clone(), raw.body.clone());
        Some(Step { method, path, headers, body, expect })
    }

    fn header(&mut self, key: &str, name: &str, value: &str) -> Option<(HeaderName, Sent)> {
        let name = self.header_name(&format!("{key}: headers"), name)?;
        if OURS.contains(&name.as_str()) {
            self.wrong(format!("{key}: header {name} is set by the walk itself"));
            return None;
        }
        let source = value.to_owned();
        let is_secret = value.starts_with("env:") || value.starts_with("file:");
        let sent = if is_secret {
            Sent::Secret(self.secret(&format!("{key}: header {name}"), Some(&source))?)
        } else {
            Sent::Plain(source)
        };
        let text = match &sent {
            Sent::Plain(text) => text.as_str(),
            Sent::Secret(secret) => secret.expose(),
        };
        if HeaderValue::from_str(text).is_err() {
            self.wrong(format!("{key}: header {name}: the value cannot stand in a header"));
            return None;
        }
        Some((name, sent))
    }

    fn header_name(&mut self, key: &str, name: &str) -> Option<HeaderName> {
        let read = HeaderName::from_bytes(name.as_bytes()).ok();
        if read.is_none() {
            self.wrong(format!("{key}: {name:?} is not the name of a header"));
        }
        read
    }

    fn expectation(&mut self, key: &str, raw: &raw::Step) -> Option<Expectation> {
        if !(100..=599).contains(&raw.expect_status) {
            self.wrong(format!("{key}: expect_status is 100 to 599, not {}", raw.expect_status));
        }
        if raw.expect_body.as_ref().is_some_and(String::is_empty) {
            self.wrong(format!("{key}: expect_body is empty, so that every page would do"));
        }
        if let Some(json) = &raw.expect_json
            && !(json.pointer.is_empty() || json.pointer.starts_with('/'))
        {
            self.wrong(format!("{key}: expect_json: pointer {:?} begins with /", json.pointer));
        }
        if raw.within_ms.is_some_and(|ms| !(1..=LONGEST_WITHIN_MS).contains(&ms)) {
            self.wrong(format!("{key}: within_ms is 1 to {LONGEST_WITHIN_MS}"));
        }
        let header = match &raw.expect_header {
            Some(one) => Some(ExpectedHeader {
                name: self.header_name(&format!("{key}: expect_header"), &one.name)?,
                value: one.value.clone(),
            }),
            None => None,
        };
        let json = raw.expect_json.as_ref();
        Some(Expectation {
            status: raw.expect_status,
            body: raw.expect_body.clone(),
            json: json
                .map(|one| ExpectedJson { pointer: one.pointer.clone(), value: one.value.clone() }),
            header,
            within: raw.within_ms.map_or(USUAL_WITHIN, |ms| Span(ms.into())),
        })
    }
}
