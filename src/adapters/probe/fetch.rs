//! One page, fetched fresh.
//!
//! Owns the connection: its address is checked by `egress`, made anew, given up after the deadline, never redirected and
//! never proxied. Must not show what it fetched: a page is foreign and may hold customers' data.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderValue};
use url::Url;

use crate::adapters::egress::{Egress, EgressError};
use crate::adapters::http_client::{BodyError, cause, http_client, read_body};
use crate::adapters::secret::Secret;

/// How long one page may take, from the name's resolution to the last byte.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// Opens a protected deployment of Vercel's.
const BYPASS: &str = "x-vercel-protection-bypass";

/// A page as it was answered.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("the http client cannot be made")]
    Client(#[source] reqwest::Error),
    #[error("no answer within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("{0}")]
    NoAnswer(String),
    #[error(transparent)]
    Body(BodyError),
}

impl Page {
    /// A header's text; bytes that are not text are replaced.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The entity tag, if it promises identical bytes.
    pub(super) fn strong_tag(&self) -> Option<String> {
        let tag = self.headers.get(ETAG)?.to_str().ok()?.trim();
        (tag.len() > 2 && tag.starts_with('"')).then(|| tag.to_owned())
    }

    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Behind a login: the answer is not the deployment's.
    pub(super) fn is_walled(&self) -> bool {
        (300..400).contains(&self.status) || matches!(self.status, 401 | 403)
    }
}

/// One request, ready to be made.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
}

impl Ask {
    /// A page of its address and nothing else.
    pub(super) fn page(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: None }
    }

    /// The same, past the login that stands before a deployment.
    pub(super) fn past(mut self, bypass: Option<&Secret>) -> Self {
        if let Some(value) = bypass.and_then(secret_header) {
            self.headers.insert(BYPASS, value);
        }
        self
    }
}

/// Asks over a connection of its own.
pub(super) async fn fetch(
    egress: &Egress,
    ask: Ask,
    deadline: Duration,
) -> Result<Page, FetchError> {
    tokio::time::timeout(deadline, fetch_now(egress, ask))
        .await
        .unwrap_or(Err(FetchError::TooSlow(deadline)))
}

async fn fetch_now(egress: &Egress, ask: Ask) -> Result<Page, FetchError> {
    let destination = egress.check(&ask.url).await?;
    // A client of its own for each fetch: nothing is pooled, and it can reach the checked addresses only.
    let client = http_client()
        .user_agent(concat!("repoint-probe/", env!("CARGO_PKG_VERSION")))
        .resolve_to_addrs(&destination.host, &destination.addresses)
        .pool_max_idle_per_host(0)
        .build()
        .map_err(FetchError::Client)?;
    let mut request = client
        .request(ask.method, destination.url)
        .header(CACHE_CONTROL, "no-cache")
        .headers(ask.headers);
    if let Some(body) = ask.body {
        request = request.body(body);
    }
    let response = request.send().await.map_err(|error| FetchError::NoAnswer(cause(error)))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = read_body(response).await.map_err(FetchError::Body)?;
    Ok(Page { status, headers, body })
}

/// A header's value that no log shows.
pub(super) fn secret_header(secret: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
