//! The `Prober` port over HTTP: fetches the configured pages at once and judges them in their order.
//!
//! Must never fail, and never take silence for the target: what cannot be told apart is said to be so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures_util::future::{join, join_all};
use url::Url;

use super::fetch::{Ask, DEADLINE, FetchError, Page, fetch};
use super::site::{CacheBuster, Marker, Origin, Site, compare};
use crate::adapters::egress::Egress;
use crate::domain::deployment::Deployment;
use crate::domain::ids::ServiceId;
use crate::domain::probe::{Probe, Seen};
use crate::engine::ports::{Clock, Prober};

/// Looks at production as a customer would.
pub struct HttpProber {
    sites: BTreeMap<ServiceId, (Site, Egress)>,
    clock: Arc<dyn Clock>,
    /// Makes each cache-busting value a new one.
    sent: AtomicU64,
}

impl HttpProber {
    /// A prober of these sites.
    pub fn new(sites: Vec<Site>, clock: Arc<dyn Clock>) -> Self {
        let with_egress = |site: Site| {
            let egress = Egress::new(site.egress.clone());
            (site.service.clone(), (site, egress))
        };
        let sites = sites.into_iter().map(with_egress).collect();
        Self { sites, clock, sent: AtomicU64::new(0) }
    }

    async fn look(&self, service: &ServiceId, target: &Deployment) -> Seen {
        let Some((site, egress)) = self.site(service) else {
            let why = format!("service {service} has no production address in the configuration");
            return Seen::NoAnswer { why };
        };
        let look = Look { prober: self, site, egress, target };
        match &site.marker {
            Some(marker @ Marker::Header(_)) => look.by_header(marker).await,
            Some(marker @ (Marker::JsonPointer { path, .. } | Marker::Regex { path, .. })) => {
                look.by_marker_page(marker, path).await
            }
            None => look.by_own_answer().await,
        }
    }

    /// What is configured for a service, and where it may connect to.
    pub(super) fn site(&self, service: &ServiceId) -> Option<&(Site, Egress)> {
        self.sites.get(service)
    }

    pub(super) fn freshen(&self, cache_buster: CacheBuster, mut url: Url) -> Url {
        if cache_buster == CacheBuster::QueryParameter {
            let count = self.sent.fetch_add(1, Ordering::Relaxed);
            let value = format!("{}-{count}", self.clock.now().0);
            url.query_pairs_mut().append_pair("repoint-probe", &value);
        }
        url
    }
}

#[async_trait]
impl Prober for HttpProber {
    async fn probe(&self, service: &ServiceId, target: &Deployment) -> Probe {
        // The time of asking: an answer that takes long says nothing about later.
        let at = self.clock.now();
        let seen = self.look(service, target).await;
        Probe { at, target: target.id.clone(), seen }
    }
}

/// One probe under way.
struct Look<'a> {
    prober: &'a HttpProber,
    site: &'a Site,
    egress: &'a Egress,
    target: &'a Deployment,
}

impl Look<'_> {
    /// Every page carries the marker.
    async fn by_header(&self, marker: &Marker) -> Seen {
        let pages = self.site.pages();
        let answers = join_all(pages.iter().map(|path| self.production(path))).await;
        let judged = pages.iter().zip(answers).map(|(path, answer)| match answer {
            Ok(page) => judge(marker.origin(&page, self.target), page.status, path),
            Err(error) => no_answer(path, &error),
        });
        first_that_is_not_the_target(judged)
    }

    /// One page carries the marker, the others are judged by their statuses.
    async fn by_marker_page(&self, marker: &Marker, marker_path: &str) -> Seen {
        let pages = self.site.pages();
        let answers = join_all(pages.iter().map(|path| self.production(path)));
        let (named, answers) = join(self.production(marker_path), answers).await;
        let named = match named {
            Ok(page) => judge(marker.origin(&page, self.target), page.status, marker_path),
            Err(error) => no_answer(marker_path, &error),
        };
        let judged = pages.iter().zip(answers).map(|(path, answer)| match answer {
            Ok(page) => judge(Origin::Target, page.status, path),
            Err(error) => no_answer(path, &error),
        });
        first_that_is_not_the_target(std::iter::once(named).chain(judged))
    }

    /// No marker: each page is compared with the same page at the deployment's own address.
    async fn by_own_answer(&self) -> Seen {
        let pages = self.site.pages();
        let both = |path| join(self.production(path), self.own(path));
        let answers = join_all(pages.iter().map(|path| both(path))).await;
        let judged = pages.iter().zip(answers).map(|(path, answers)| match answers {
            (Ok(production), Ok(own)) => judge(compare(&production, &own), production.status, path),
            // Production answered; that the deployment's own address does not is not production's fault.
            (Ok(production), Err(_)) => judge(Origin::NotSaid, production.status, path),
            (Err(error), _) => no_answer(path, &error),
        });
        first_that_is_not_the_target(judged)
    }

    async fn production(&self, path: &str) -> Result<Page, FetchError> {
        let url = self.site.production_page(path).ok_or_else(not_an_address)?;
        let url = self.prober.freshen(self.site.cache_buster, url);
        fetch(self.egress, Ask::page(url), DEADLINE).await
    }

    async fn own(&self, path: &str) -> Result<Page, FetchError> {
        let url = self.site.own_page(&self.target.host, path).ok_or_else(not_an_address)?;
        let bypass = self.site.protection_bypass.as_ref();
        let url = self.prober.freshen(self.site.cache_buster, url);
        fetch(self.egress, Ask::page(url).past(bypass), DEADLINE).await
    }
}

fn not_an_address() -> FetchError {
    FetchError::NoAnswer("the configured address and path do not make an address".to_owned())
}

fn judge(origin: Origin, status: u16, path: &str) -> Seen {
    match origin {
        Origin::Target if status >= 500 => Seen::TargetFailing { status, path: path.to_owned() },
        Origin::Target => Seen::Target,
        Origin::Other(marker) => Seen::Other { marker, status },
        Origin::NotSaid => Seen::NoMarker { status },
    }
}

fn no_answer(path: &str, error: &FetchError) -> Seen {
    Seen::NoAnswer { why: format!("{path}: {error}") }
}

fn first_that_is_not_the_target(judged: impl Iterator<Item = Seen>) -> Seen {
    judged.into_iter().find(|seen| *seen != Seen::Target).unwrap_or(Seen::Target)
}
