//! The demo's shop: what customers of the modelled production see.
//!
//! Owns the pages and the customers' requests counted by the second. It shows what the data plane serves, which is not always
//! what the modelled control plane says. `page` draws; the deployments and what their code does come from `vercel`, whose
//! request log is told of every answer. A basket lives in the visitor's cookie, as in a shop without accounts.

mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::call::noting;
use super::clock::WorldClock;
use super::cut_off::cut_off;
use super::ledger::{Fault, Ledger};
pub use super::vercel::Health;
use super::vercel::{ModelDeployment, Through, VercelModel, Visit as Logged};
use crate::domain::ids::DeploymentId;
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::Clock;

/// The traps of the shop, by the name that a fault carries.
///
/// | trap | what happens |
/// |---|---|
/// | `dropped` | the connection drops without an answer |
/// | `hang` | never answers |
/// | `status` | answers `{"status":503}` with an empty page that carries no marker |
/// | `protected` | a deployment's own address answers 401, as behind a login |
/// | `unmarked` | the page is well, but does not say which deployment it is from |
/// | `login` | a deployment's own address redirects to the vendor's login |
/// | `away` | the page redirects to a host of somebody else |
/// | `slow` | answers after `{"ms":3000}` of the world's time, which passes at once |
pub const FAULTS: &[&str] =
    &["dropped", "hang", "status", "protected", "unmarked", "login", "away", "slow"];

const VENDOR: &str = "shop";

/// Deployments' own addresses: a host of their own is hard to have on loopback, so it is part of the path.
const OWN: &str = "/_deployments/";

/// Where the `login` and the `away` trap lead.
const LOGIN: &str = "https://vercel.com/sso-api?url=shop";
const AWAY: &str = "https://elsewhere.example/";

/// What the basket's cookie is called, and where the basket is.
const BASKET: &str = "basket";
const BASKET_PATH: &str = "/basket";

/// How many seconds of traffic are remembered.
const WINDOW_SECONDS: i64 = 180;

/// The shop.
#[derive(Debug)]
pub struct ShopModel {
    vercel: Arc<VercelModel>,
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    project: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Second since the epoch → what happened in it.
    traffic: BTreeMap<i64, Bucket>,
}

/// One second of customers' requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// The beginning of the second.
    pub at: Timestamp,
    /// How many requests production got.
    pub requests: u32,
    /// How many of them ended with a server error.
    pub failures: u32,
}

/// What a page says: one answer, from one deployment or from none.
struct Served {
    status: StatusCode,
    content: Content,
    from: Option<ModelDeployment>,
    /// One more header.
    also: Option<(HeaderName, String)>,
}

/// One visitor's request, as far as the shop looks at it.
struct Visit<'a> {
    method: &'a Method,
    path: &'a str,
    /// How many things are in the basket that the visitor carries.
    carried: u32,
}

enum Content {
    Html(String),
    Json(Value),
    Nothing,
}

impl ShopModel {
    /// The shop of a modelled project.
    pub fn new(
        vercel: Arc<VercelModel>,
        clock: Arc<WorldClock>,
        ledger: Arc<Ledger>,
        project: &str,
    ) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { vercel, clock, ledger, project: project.to_owned(), state })
    }

    /// Production at `/`, every deployment at `/_deployments/{host}/`.
    pub fn router(self: &Arc<Self>) -> Router {
        let rooms = Router::new().fallback(handle).with_state(Arc::clone(self));
        noting(VENDOR, &self.clock, &self.ledger, rooms)
    }

    /// Mends or breaks a deployment.
    pub fn set_health(&self, deployment: &DeploymentId, health: Health) {
        self.vercel.set_health(&self.project, deployment, health);
    }

    /// The last three minutes of production, second by second, oldest first; quiet seconds are there with zeros.
    pub fn buckets(&self) -> Vec<Bucket> {
        let now = second(self.clock.now());
        let state = self.state();
        let Some((first, _)) = state.traffic.first_key_value() else { return Vec::new() };
        let from = (now - WINDOW_SECONDS + 1).max(*first);
        let bucket = |second| match state.traffic.get(&second) {
            Some(bucket) => *bucket,
            None => Bucket { at: Timestamp(second * 1000), ..Bucket::default() },
        };
        (from..=now).map(bucket).collect()
    }

    /// Customers who come and go, five requests a second, for as long as this is polled. They are counted in
    /// [`Self::buckets`] and not noted in the ledger, which is for those who talk to the models.
    pub async fn traffic(self: Arc<Self>) {
        let pause = Span(200);
        let now = self.clock.now();
        let mut at = now - Span::seconds(WINDOW_SECONDS - 1);
        for visit in VISITS.iter().cycle() {
            // The shop did not open this moment: the minutes before are filled in at once. After a jump of the clock
            // nobody makes up for the visits in between.
            if self.clock.now().since(at) > Span::seconds(WINDOW_SECONDS) {
                at = self.clock.now();
            }
            self.clock.sleep_until(at).await;
            let visit = Visit { method: &Method::GET, path: visit, carried: 0 };
            let served = self.production(&visit);
            self.count(at, served.status);
            self.log(at, served.by(Through::Production), &visit, served.status);
            if second(at) != second(at + pause) {
                self.ledger.touch();
            }
            at = at + pause;
        }
    }

    fn count(&self, at: Timestamp, status: StatusCode) {
        let mut state = self.state();
        let key = second(at);
        let bucket = state.traffic.entry(key).or_default();
        bucket.at = Timestamp(key * 1000);
        bucket.requests += 1;
        bucket.failures += u32::from(status.is_server_error());
        state.traffic = state.traffic.split_off(&(second(self.clock.now()) - WINDOW_SECONDS));
    }

    /// Tells the host's request log what a deployment answered.
    fn log(
        &self,
        at: Timestamp,
        by: Option<(DeploymentId, Through)>,
        visit: &Visit<'_>,
        status: StatusCode,
    ) {
        let Some((deployment, through)) = by else { return };
        let (method, path) = (visit.method.to_string(), visit.path.to_owned());
        let status = status.as_u16();
        let logged = Logged { at, deployment, through, method, path, status };
        self.vercel.visited(&self.project, logged);
    }

    /// What customers get.
    fn production(&self, visit: &Visit<'_>) -> Served {
        match self.vercel.serving(&self.project) {
            Some(deployment) => page(deployment, Through::Production, "", visit),
            None => Served::nowhere(),
        }
    }

    /// What a deployment answers at its own address.
    fn own(&self, host: &str, visit: &Visit<'_>) -> Served {
        let found = self.vercel.deployments(&self.project).into_iter().find(|d| d.host == host);
        match found.filter(|deployment| deployment.state == "READY") {
            Some(deployment) => {
                page(deployment, Through::OwnAddress, &format!("{OWN}{host}"), visit)
            }
            None => Served::nowhere(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking request must not close the shop.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pages that customers ask for, in turn.
const VISITS: [&str; 7] = ["/", "/checkout", "/", "/", "/checkout", "/", "/checkout"];

fn second(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

fn page(deployment: ModelDeployment, through: Through, base: &str, visit: &Visit<'_>) -> Served {
    if visit.path == BASKET_PATH {
        return basket(deployment, base, visit);
    }
    if !is_reading(visit.method) {
        let refused = Served::empty(StatusCode::METHOD_NOT_ALLOWED);
        return Served { from: Some(deployment), ..refused };
    }
    let breaks = match deployment.health {
        Health::Good => false,
        Health::BreaksCheckout => true,
        Health::BreaksInProduction => through == Through::Production,
    };
    let (status, content) = match visit.path {
        "/" => (StatusCode::OK, Content::Html(page::home(&deployment, base))),
        "/checkout" if breaks => {
            (StatusCode::INTERNAL_SERVER_ERROR, Content::Html(page::broken(&deployment, base)))
        }
        "/checkout" => (StatusCode::OK, Content::Html(page::checkout(&deployment, base))),
        "/version.json" => {
            let version = json!({"commit": deployment.sha, "deployment": deployment.id});
            (StatusCode::OK, Content::Json(version))
        }
        _ => (StatusCode::NOT_FOUND, Content::Html(page::not_found(&deployment, base))),
    };
    Served { status, content, from: Some(deployment), also: None }
}

/// The basket: a POST puts one thing in, a GET says how many there are.
fn basket(deployment: ModelDeployment, base: &str, visit: &Visit<'_>) -> Served {
    let is_adding = !is_reading(visit.method);
    let items = visit.carried + u32::from(is_adding);
    let status = if is_adding { StatusCode::CREATED } else { StatusCode::OK };
    let cookie = format!("{BASKET}={items}; Path={base}/; HttpOnly");
    let also = is_adding.then_some((header::SET_COOKIE, cookie));
    Served { status, content: Content::Json(json!({"items": items})), from: Some(deployment), also }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// How many things are in the basket that a visitor carries.
fn carried(headers: &HeaderMap) -> u32 {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
    let pairs =
        cookies.unwrap_or_default().split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut basket = pairs.filter(|(name, _)| *name == BASKET);
    basket.next().and_then(|(_, items)| items.parse().ok()).unwrap_or(0)
}

/// The host and the page of a deployment's own address.
fn own_address(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(OWN)?;
    Some(rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash)))
}

/// The trap `status`: an empty page with the status that was ordered.
fn forced(fault: &Fault) -> Served {
    let ordered = fault.with.get("status").and_then(Value::as_u64);
    let ordered = ordered.and_then(|status| StatusCode::from_u16(status.try_into().ok()?).ok());
    Served::empty(ordered.unwrap_or(StatusCode::SERVICE_UNAVAILABLE))
}

async fn handle(
    Shared(shop): Shared<Arc<ShopModel>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path();
    let trap = |kind| shop.ledger.spring(VENDOR, kind, method.as_str(), path);
    if trap("hang").is_some() {
        std::future::pending::<()>().await;
    }
    if trap("dropped").is_some() {
        return cut_off();
    }
    if let Some(fault) = trap("slow") {
        let ms = fault.with.get("ms").and_then(Value::as_i64).unwrap_or(3_000);
        shop.clock.advance(Span(ms));
    }
    let own = own_address(path);
    let asked = own.map_or(path, |(_, asked)| asked);
    let visit = Visit { method: &method, path: asked, carried: carried(&headers) };
    let mut served = match own {
        Some(_) if trap("protected").is_some() => Served::empty(StatusCode::UNAUTHORIZED),
        Some(_) if trap("login").is_some() => Served::redirect(LOGIN),
        _ if trap("away").is_some() => Served::redirect(AWAY),
        Some((host, _)) => shop.own(host, &visit),
        None => shop.production(&visit),
    };
    let by = served.by(if own.is_some() { Through::OwnAddress } else { Through::Production });
    if let Some(fault) = trap("status") {
        served = forced(&fault);
    }
    if trap("unmarked").is_some() {
        served.from = None;
    }
    if own.is_none() && matches!(path, "/" | "/checkout") {
        shop.count(shop.clock.now(), served.status);
    }
    shop.log(shop.clock.now(), by, &visit, served.status);
    served.into_response()
}

impl Served {
    fn empty(status: StatusCode) -> Self {
        Self { status, content: Content::Nothing, from: None, also: None }
    }

    fn redirect(to: &str) -> Self {
        let also = Some((header::LOCATION, to.to_owned()));
        Self { also, ..Self::empty(StatusCode::FOUND) }
    }

    /// Which deployment answered.
    fn by(&self, through: Through) -> Option<(DeploymentId, Through)> {
        self.from.as_ref().map(|deployment| (deployment.id.clone(), through))
    }

    /// No deployment stands behind the address; a host answers so itself.
    fn nowhere() -> Self {
        Self::empty(StatusCode::NOT_FOUND)
    }
}

impl IntoResponse for Served {
    fn into_response(self) -> Response {
        let mut response = match self.content {
            Content::Html(html) => {
                ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
            }
            Content::Json(value) => axum::Json(value).into_response(),
            Content::Nothing => ().into_response(),
        };
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let marks = self.from.iter().flat_map(|deployment| {
            [("x-deployment-id", deployment.id.as_str()), ("x-commit", deployment.sha.as_str())]
        });
        let marks = marks.map(|(name, value)| (HeaderName::from_static(name), value.to_owned()));
        for (name, value) in marks.chain(self.also) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
