//! What is fetched for a service, and how an answer names the deployment that gave it.
//!
//! Pure: addresses are built and answers are read here, nothing is sent.

use regex::Regex;
use serde_json::Value;
use url::Url;

use super::fetch::Page;
use super::journey::Journey;
use crate::adapters::secret::Secret;
use crate::domain::deployment::Deployment;
use crate::domain::ids::ServiceId;

/// One service's addresses and pages.
#[derive(Clone, Debug)]
pub struct Site {
    /// The service.
    pub service: ServiceId,
    /// The address that customers use.
    pub production_url: Url,
    /// A deployment's own address, with `{host}` in it: `https://{host}`.
    pub deployment_url: String,
    /// How an answer names its deployment; without one it is compared with the deployment's own answer.
    pub marker: Option<Marker>,
    /// The pages that must be well, each beginning with `/`; empty means the start page.
    pub paths: Vec<String>,
    /// Whether each request carries a query of its own, for caches that do not listen to `Cache-Control`.
    pub cache_buster: CacheBuster,
    /// Opens protected deployments; sent to deployments' own addresses only.
    pub protection_bypass: Option<Secret>,
    /// Private addresses that may be connected to, as exact `host:port`.
    pub egress: Vec<String>,
    /// What a verification walks.
    pub journeys: Vec<Journey>,
    /// The hosts that deployments' own addresses may have: exact, or `*.` before a domain.
    pub deployment_hosts: Vec<String>,
}

/// Where the deployment's id, its host or its commit stands in an answer.
#[derive(Clone, Debug)]
pub enum Marker {
    /// In a header of every page.
    Header(String),
    /// In a JSON page.
    JsonPointer {
        /// The page.
        path: String,
        /// Where in it, for example `/commit`.
        pointer: String,
    },
    /// In the text of a page.
    Regex {
        /// The page.
        path: String,
        /// Its first group is the marker.
        pattern: Regex,
    },
}

/// Whether each request carries a query of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheBuster {
    /// Addresses are fetched as configured.
    Off,
    /// A parameter `repoint-probe` with a fresh value is added.
    QueryParameter,
}

/// Where deployments live unless something else is configured.
pub const VENDOR_HOSTS: &str = "*.vercel.app";

/// What an answer says about where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the deployment that we asked about.
    Target,
    /// From another, which is called this: foreign text.
    Other(String),
    /// It does not say, or cannot be compared.
    NotSaid,
}

impl Site {
    /// A service's site with the start page as its only page and without a marker.
    pub fn new(service: ServiceId, production_url: Url, deployment_url: impl Into<String>) -> Self {
        Self {
            service,
            production_url,
            deployment_url: deployment_url.into(),
            marker: None,
            paths: vec!["/".to_owned()],
            cache_buster: CacheBuster::Off,
            protection_bypass: None,
            egress: Vec::new(),
            journeys: Vec::new(),
            deployment_hosts: vec![VENDOR_HOSTS.to_owned()],
        }
    }

    pub(super) fn pages(&self) -> Vec<&str> {
        if self.paths.is_empty() {
            return vec!["/"];
        }
        self.paths.iter().map(String::as_str).collect()
    }

    /// A page at the customers' address.
    pub(super) fn production_page(&self, path: &str) -> Option<Url> {
        let mut base = self.production_url.clone();
        base.set_query(None);
        base.set_fragment(None);
        page(base.as_str(), path)
    }

    /// Whether a deployment's host is one that this service's deployments may have.
    pub(super) fn knows_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.deployment_hosts.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(domain) => host.len() > domain.len() && host.ends_with(domain),
            None => host == *pattern,
        })
    }

    /// A page at a deployment's own address. The host is the provider's word: one that could change the address's
    /// meaning gives none.
    pub(super) fn own_page(&self, host: &str, path: &str) -> Option<Url> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if host.is_empty() || !host.bytes().all(plain) {
            return None;
        }
        page(&self.deployment_url.replace("{host}", host), path)
    }
}

fn page(base: &str, path: &str) -> Option<Url> {
    Url::parse(&format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))).ok()
}

impl Marker {
    /// What the marker in a page says. For a marker in a page of its own, `page` is that page.
    pub(super) fn origin(&self, page: &Page, target: &Deployment) -> Origin {
        let value = match self {
            Self::Header(name) => page.header(name),
            Self::JsonPointer { pointer, .. } => json_at(&page.body, pointer),
            Self::Regex { pattern, .. } => pattern
                .captures(&String::from_utf8_lossy(&page.body))
                .and_then(|found| Some(found.get(1)?.as_str().to_owned())),
        };
        match value.as_deref().map(str::trim) {
            None | Some("") => Origin::NotSaid,
            Some(value) if names(value, target) => Origin::Target,
            Some(value) => Origin::Other(shown(value)),
        }
    }
}

fn json_at(body: &[u8], pointer: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a marker means this deployment: its id, its host, or its commit, shortened on either side.
fn names(value: &str, target: &Deployment) -> bool {
    // Shorter commit prefixes are ambiguous in practice.
    const SHORTEST_SHA: usize = 7;
    if value == target.id.as_str() || value.eq_ignore_ascii_case(&target.host) {
        return true;
    }
    let Some(sha) = target.sha.as_deref() else { return false };
    let value = value.to_ascii_lowercase();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    value.len().min(sha.len()) >= SHORTEST_SHA
        && is_hex(&value)
        && (sha.starts_with(&value) || value.starts_with(sha))
}

/// Foreign text on one line, at most 80 characters.
fn shown(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}

/// Compares production's page with the same page at the deployment's own address. Only an identity that both carry
/// counts; error pages look alike everywhere, and a page made for each request differs from itself.
pub(super) fn compare(production: &Page, own: &Page) -> Origin {
    // A login wall or a redirect speaks for the wall, not for the deployment.
    if own.is_walled() {
        return Origin::NotSaid;
    }
    if let (Some(seen), Some(expected)) = (production.strong_tag(), own.strong_tag()) {
        return if seen == expected { Origin::Target } else { Origin::Other(shown(&seen)) };
    }
    let comparable = production.is_good() && own.is_good() && !production.body.is_empty();
    if comparable && production.body == own.body { Origin::Target } else { Origin::NotSaid }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::{BuildState, DeploymentKind, Served};
    use crate::domain::time::Timestamp;

    fn target(sha: Option<&str>) -> Deployment {
        Deployment {
            id: "dpl_B".into(),
            host: "shop-b.vercel.app".into(),
            sha: sha.map(ToOwned::to_owned),
            subject: None,
            author: None,
            created_at: Timestamp(0),
            promoted_at: None,
            kind: DeploymentKind::Production,
            state: BuildState::Ready,
            served: Served::Yes,
            provider_allows: None,
        }
    }

    fn page(status: u16, headers: &[(&str, &str)], body: &str) -> Page {
        let headers = headers.iter().map(|(name, value)| {
            (name.parse::<reqwest::header::HeaderName>().unwrap(), value.parse().unwrap())
        });
        Page { status, headers: headers.collect(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_marker_names_a_deployment_by_id_host_or_commit() {
        let sha = "9fceb02ae7d1438f6b5c09a2d8e4f17b3c605d9a";
        let with = target(Some(sha));
        for value in
            ["dpl_B", "shop-b.vercel.app", "Shop-B.vercel.app", sha, "9fceb02", "9FCEB02AE7"]
        {
            assert!(names(value, &with), "{value} was not recognised");
        }
        let longer = format!("{sha}00");
        assert!(names(&longer, &with));
        for value in ["dpl_A", "dpl_b", "9fceb0", "9fceb03", "main", "shop-b", "9fceb02x"] {
            assert!(!names(value, &with), "{value} was taken for the target");
        }
        assert!(!names("9fceb02", &target(None)));
    }

    #[test]
    fn each_kind_of_marker_is_read_where_it_stands() {
        let target = target(None);
        let body = r#"{"build": {"id": "dpl_B", "number": 7}}"#;
        let json =
            |pointer: &str| Marker::JsonPointer { path: "/v".into(), pointer: pointer.into() };
        let regex =
            |text: &str| Marker::Regex { path: "/".into(), pattern: Regex::new(text).unwrap() };
        let header = |name: &str| Marker::Header(name.into());
        for (marker, expected) in [
            (header("X-Deployment-Id"), Origin::Target),
            (header("x-other"), Origin::Other("dpl_A".into())),
            (header("x-none"), Origin::NotSaid),
            (header("x-empty"), Origin::NotSaid),
            (header("not a header"), Origin::NotSaid),
            (json("/build/id"), Origin::Target),
            (json("/build/number"), Origin::Other("7".into())),
            (json("/build"), Origin::NotSaid),
            (json("/nothing"), Origin::NotSaid),
            (regex(r#""id": "(\w+)""#), Origin::Target),
            (regex("number"), Origin::NotSaid),
            (regex("absent (.*)"), Origin::NotSaid),
        ] {
            let headers = [("x-deployment-id", "dpl_B"), ("x-other", "dpl_A"), ("x-empty", " ")];
            assert_eq!(marker.origin(&page(200, &headers, body), &target), expected, "{marker:?}");
        }
        let marker = json("/build/id");
        assert_eq!(marker.origin(&page(200, &[], "<html>"), &target), Origin::NotSaid);
    }

    #[test]
    fn a_foreign_marker_is_shortened_and_kept_on_one_line() {
        let Origin::Other(text) =
            Marker::Regex { path: "/".into(), pattern: Regex::new("(?s)^(.*)$").unwrap() }
                .origin(&page(200, &[], &format!("a\nb{}", "ü".repeat(200))), &target(None))
        else {
            panic!("not another's")
        };
        assert_eq!(text.chars().count(), 80);
        assert!(!text.contains('\n'));
    }

    #[test]
    fn pages_without_a_marker_are_compared_only_by_what_both_carry() {
        let tagged = |tag: &str| page(200, &[("etag", tag)], "body");
        for (production, own, expected) in [
            (tagged("\"a\""), tagged("\"a\""), Origin::Target),
            (tagged("\"a\""), tagged("\"b\""), Origin::Other("\"a\"".into())),
            (tagged("W/\"a\""), page(200, &[], "other"), Origin::NotSaid),
            (page(200, &[], "same"), page(200, &[], "same"), Origin::Target),
            (page(200, &[], "same"), page(200, &[], "else"), Origin::NotSaid),
            (page(200, &[], ""), page(200, &[], ""), Origin::NotSaid),
            (page(500, &[], "oops"), page(500, &[], "oops"), Origin::NotSaid),
            (page(200, &[], "same"), page(401, &[], "same"), Origin::NotSaid),
            (page(200, &[], "same"), page(302, &[], "same"), Origin::NotSaid),
            (tagged("\"a\""), page(403, &[("etag", "\"b\"")], ""), Origin::NotSaid),
        ] {
            assert_eq!(compare(&production, &own), expected);
        }
    }

    #[test]
    fn a_deployments_own_address_cannot_be_bent_by_its_host() {
        let url = Url::parse("https://shop.example.com/de/?x=1#top").unwrap();
        let site = Site::new("shop".into(), url, "https://{host}");
        let own = |host: &str| site.own_page(host, "/checkout?a=b").map(String::from);
        assert_eq!(own("b.vercel.app").as_deref(), Some("https://b.vercel.app/checkout?a=b"));
        for host in ["", "evil.com/", "a@evil.com", "a:80", "a?b", "a#b", "a b", "é"] {
            assert_eq!(own(host), None, "{host}");
        }
        let page = site.production_page("/checkout").unwrap();
        assert_eq!(page.as_str(), "https://shop.example.com/de/checkout");
    }
}
