//! The `Walker` port over HTTP: walks a service's journeys at production or at a deployment's own address.
//!
//! Every journey is a visitor of its own: fresh connections, its own cookies, no cache. Hosts are built here from what is
//! configured and the deployment's host, and must be allowed; a redirect is followed on the same host only. Must never fail,
//! and never show a page.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{COOKIE, HeaderMap, LOCATION};
use url::{Origin as UrlOrigin, Url};

use super::cookies::Jar;
use super::fetch::{Ask, FetchError, Page, fetch};
use super::journey::{Journey, Step};
use super::prober::HttpProber;
use super::site::Site;
use crate::adapters::egress::Egress;
use crate::adapters::secret::Secret;
use crate::domain::ids::ServiceId;
use crate::domain::probe::Seen;
use crate::domain::time::Timestamp;
use crate::domain::verification::{self, Address, Found, Goal, Walk};
use crate::engine::ports::{Clock, Prober, Walker};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// One request, from the name's resolution to the last byte.
    pub request: Duration,
    /// The whole walk.
    pub walk: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { request: Duration::from_secs(10), walk: Duration::from_secs(40) }
    }
}

/// Redirects that are followed for one step.
const MOST_REDIRECTS: usize = 5;

/// Walks as customers do.
pub struct HttpWalker {
    prober: Arc<HttpProber>,
    clock: Arc<dyn Clock>,
    deadlines: Deadlines,
}

impl HttpWalker {
    /// A walker of the prober's sites.
    pub fn new(prober: Arc<HttpProber>, clock: Arc<dyn Clock>, deadlines: Deadlines) -> Self {
        Self { prober, clock, deadlines }
    }

    async fn at_production(&self, service: &ServiceId, goal: &Goal, path: &Path<'_>) -> Walk {
        let answers = self.prober.probe(service, &goal.deployment).await.seen;
        if !is_of_target(&answers) {
            return Walk { answers: Some(answers), journeys: path.not_walked() };
        }
        let journeys = self.all(path).await;
        // What moved in between was not walked: who answers is asked at both ends.
        let answers = self.prober.probe(service, &goal.deployment).await.seen;
        Walk { answers: Some(answers), journeys }
    }

    /// All journeys in order, until the time for the whole is over.
    async fn all(&self, path: &Path<'_>) -> Vec<verification::Journey> {
        let until = tokio::time::Instant::now() + self.deadlines.walk;
        let mut walked = Vec::new();
        for journey in path.journeys {
            walked.push(self.one(path, journey, until).await);
        }
        walked
    }

    async fn one(
        &self,
        path: &Path<'_>,
        journey: &Journey,
        until: tokio::time::Instant,
    ) -> verification::Journey {
        let mut jar = Jar::default();
        let mut steps = Vec::new();
        for step in &journey.steps {
            let goes_on = steps.iter().all(|one: &verification::Step| one.found == Found::Expected);
            if !goes_on {
                steps.push(not_asked(step));
                continue;
            }
            let began = self.clock.now();
            let asked = tokio::time::timeout_at(until, self.ask(path, journey, step, &mut jar));
            let found = asked.await.unwrap_or_else(|_| Found::NoAnswer {
                why: format!("the journeys took longer than {} s", self.deadlines.walk.as_secs()),
            });
            let took = self.clock.now().since(began);
            steps.push(verification::Step { request: step.named(), took, found });
        }
        verification::Journey { name: journey.name.clone(), steps }
    }

    async fn ask(&self, path: &Path<'_>, journey: &Journey, step: &Step, jar: &mut Jar) -> Found {
        let began = self.clock.now();
        let found = match self.answer(path, step, jar).await {
            Ok(page) => path.judge(step, &page, began, self.clock.now()),
            Err(error) => Found::NoAnswer { why: error.to_string() },
        };
        let shown = |text: String| journey.shown(&text, path.bypass);
        match found {
            Found::Unexpected { expected, found } => {
                Found::Unexpected { expected: shown(expected), found: shown(found) }
            }
            Found::NoAnswer { why } => Found::NoAnswer { why: shown(why) },
            other => other,
        }
    }

    /// The answer to a step, behind redirects that stay on the same host.
    async fn answer(
        &self,
        path: &Path<'_>,
        step: &Step,
        jar: &mut Jar,
    ) -> Result<Page, FetchError> {
        let mut url = path.page(&step.path).map_err(FetchError::NoAnswer)?;
        let (mut method, mut body) = (step.method.clone(), step.body.clone());
        for _ in 0..=MOST_REDIRECTS {
            let mut headers: HeaderMap = step
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.value()?)))
                .collect();
            headers.extend(jar.header().map(|cookies| (COOKIE, cookies)));
            let fresh = self.prober.freshen(path.site.cache_buster, url.clone());
            let ask = Ask { method: method.clone(), url: fresh, headers, body: body.clone() };
            let page = fetch(path.egress, ask.past(path.bypass), self.deadlines.request).await?;
            jar.take(&page.headers);
            match inside(&page, &url).filter(|_| page.status != step.expect.status) {
                None => return Ok(page),
                Some(next) => {
                    url = next;
                    if !matches!(page.status, 307 | 308) {
                        (method, body) = (Method::GET, None);
                    }
                }
            }
        }
        Err(FetchError::NoAnswer(format!("more than {MOST_REDIRECTS} redirects")))
    }
}

#[async_trait]
impl Walker for HttpWalker {
    async fn walk(&self, service: &ServiceId, goal: &Goal) -> Walk {
        let Some((site, egress)) = self.prober.site(service) else {
            return Walk { answers: None, journeys: Vec::new() };
        };
        let path = Path::of(site, egress, goal);
        match goal.address {
            Address::Production => self.at_production(service, goal, &path).await,
            Address::Own => Walk { answers: None, journeys: self.all(&path).await },
        }
    }
}

/// Where a walk leads.
struct Path<'a> {
    site: &'a Site,
    egress: &'a Egress,
    goal: &'a Goal,
    journeys: &'a [Journey],
    /// Goes to deployments' own addresses only.
    bypass: Option<&'a Secret>,
}

impl<'a> Path<'a> {
    fn of(site: &'a Site, egress: &'a Egress, goal: &'a Goal) -> Self {
        let bypass = match goal.address {
            Address::Production => None,
            Address::Own => site.protection_bypass.as_ref(),
        };
        Self { site, egress, goal, journeys: &site.journeys, bypass }
    }

    /// A page's address, or why there is none.
    fn page(&self, path: &str) -> Result<Url, String> {
        let host = &self.goal.deployment.host;
        let page = match self.goal.address {
            Address::Production => self.site.production_page(path),
            Address::Own if self.site.knows_host(host) => self.site.own_page(host, path),
            Address::Own => return Err(format!("its host {host} is not in deployment_hosts")),
        };
        page.ok_or_else(|| "the configured address and path make no address".to_owned())
    }

    fn judge(&self, step: &Step, page: &Page, began: Timestamp, ended: Timestamp) -> Found {
        if self.goal.address == Address::Own && is_before_a_login(page, step) {
            return Found::Protected { status: page.status };
        }
        if let Some(host) = outside(page).filter(|_| page.status != step.expect.status) {
            let expected = format!("status {}", step.expect.status);
            return Found::Unexpected { expected, found: format!("a redirect to {host}") };
        }
        step.expect.judge(page, ended.since(began))
    }

    fn not_walked(&self) -> Vec<verification::Journey> {
        let journey = |one: &Journey| verification::Journey {
            name: one.name.clone(),
            steps: one.steps.iter().map(not_asked).collect(),
        };
        self.journeys.iter().map(journey).collect()
    }
}

fn not_asked(step: &Step) -> verification::Step {
    let took = crate::domain::time::Span(0);
    verification::Step { request: step.named(), took, found: Found::NotAsked }
}

fn is_of_target(answers: &Seen) -> bool {
    match answers {
        Seen::Target | Seen::TargetFailing { .. } => true,
        Seen::Other { .. } | Seen::NoMarker { .. } | Seen::NoAnswer { .. } => false,
    }
}

/// Whether the answer is the vendor's login and not the deployment's.
fn is_before_a_login(page: &Page, step: &Step) -> bool {
    page.status != step.expect.status
        && (page.status == 401 || (is_redirect(page) && outside(page).is_some()))
}

fn is_redirect(page: &Page) -> bool {
    matches!(page.status, 301 | 302 | 303 | 307 | 308)
}

fn location(page: &Page) -> Option<&str> {
    page.headers.get(LOCATION)?.to_str().ok().filter(|_| is_redirect(page))
}

/// Where an answer leads on the same scheme, host and port.
fn inside(page: &Page, from: &Url) -> Option<Url> {
    let next = from.join(location(page)?).ok()?;
    let is_plain = next.username().is_empty() && next.password().is_none();
    let is_same = next.origin() == from.origin() && matches!(next.origin(), UrlOrigin::Tuple(..));
    (is_plain && is_same).then_some(next)
}

/// The host that an answer leads to by a whole address. One that [`inside`] accepts was followed before.
fn outside(page: &Page) -> Option<String> {
    let location = location(page)?;
    let whole = location.strip_prefix("//").map(|rest| format!("https://{rest}"));
    let next = Url::parse(whole.as_deref().unwrap_or(location)).ok()?;
    Some(next.host_str().unwrap_or(next.scheme()).to_owned())
}

#[cfg(test)]
mod tests;
