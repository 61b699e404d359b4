//! Calls to Slack's Web API through slack-morphism. Owns the connection, the bot token and the time limits; it must never
//! retry, pace or queue: the outbox does that per channel, and the library's own rate control would hold every post of the
//! workspace back behind the slowest. Next: `notifier.rs` says messages with it, `classify.rs` reads its errors.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::{SlackApiToken, SlackClient, SlackClientHyperConnector};
use tokio::time::timeout;
use url::Url;

use super::classify;
use crate::adapters::secret::Secret;
use crate::engine::ports::NotifyError;

/// Slack answers within a second or two; later than this nobody waits for it.
const CALL_LIMIT: Duration = Duration::from_secs(5);
/// A response address is only the quicker of two ways.
const RESPOND_LIMIT: Duration = Duration::from_secs(3);

/// The library's connector over plain HTTP or TLS, whichever the address asks for.
pub(super) type Connector = SlackClientHyperConnector<HttpsConnector<HttpConnector>>;

/// Where Slack's Web API is, and who we are there.
#[derive(Clone, Debug)]
pub struct SlackApiConfig {
    /// `https://slack.com/api`, or a model's address.
    pub api_url: String,
    /// The bot token (`xoxb-…`).
    pub bot_token: Secret,
    /// The workspace's id.
    pub team: String,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The configured address is none.
    #[error("{0:?} is not an address of Slack's Web API")]
    Address(String),
    /// The system has no certificates to check Slack's against.
    #[error("read the system's root certificates")]
    Roots(#[source] std::io::Error),
}

/// Slack's Web API for one workspace.
pub struct SlackApi {
    slack: SlackClient<Connector>,
    token: SlackApiToken,
    web: Client<HttpsConnector<HttpConnector>, Body>,
    team: String,
}

/// Who a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Identity {
    /// The workspace's id.
    #[serde(rename = "team_id")]
    pub team: String,
    /// The bot's user id.
    #[serde(rename = "user_id")]
    pub bot_user: String,
}

impl SlackApi {
    /// A client; connects at its first call.
    pub fn new(config: &SlackApiConfig) -> Result<Self, ClientError> {
        let tls = tls_connector(&config.api_url)?;
        Ok(Self {
            slack: SlackClient::new(api_connector(tls.clone(), &config.api_url)),
            token: SlackApiToken::new(config.bot_token.expose().to_owned().into()),
            web: Client::builder(TokioExecutor::new()).build(tls),
            team: config.team.clone(),
        })
    }

    /// The configured workspace's id.
    pub fn team(&self) -> &str {
        &self.team
    }

    /// Asks Slack who we are. A token of another workspace than the configured one does not work for us.
    pub async fn auth_test(&self) -> Result<Identity, NotifyError> {
        let identity: Identity = self.call("auth.test", &serde_json::json!({})).await?;
        if identity.team != self.team {
            return Err(NotifyError::Unauthorised(format!(
                "the bot token belongs to workspace {:?}, not to the configured {:?}",
                identity.team, self.team
            )));
        }
        Ok(identity)
    }

    /// One call of a method with a JSON body. Answers are read with structs of our own: the library's ask for members that
    /// we do not need, and a message that was said must not count as failed because of one.
    pub(super) async fn call<T>(
        &self,
        method: &str,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<T, NotifyError>
    where
        T: DeserializeOwned + Send,
    {
        let session = self.slack.open_session(&self.token);
        let call = session.http_session_api.http_post(method, body, None);
        match timeout(CALL_LIMIT, call).await {
            Ok(answer) => answer.map_err(|error| classify::failure(method, &error)),
            Err(_) => {
                let limit = CALL_LIMIT.as_secs();
                Err(NotifyError::Transient(format!("no answer to {method} within {limit} s")))
            }
        }
    }

    /// One call of a method that reads: Slack takes its arguments from the query.
    pub(super) async fn get<T>(
        &self,
        method: &str,
        asked: &[(&str, Option<&String>)],
    ) -> Result<T, ReadError>
    where
        T: DeserializeOwned + Send,
    {
        let session = self.slack.open_session(&self.token);
        let asked = asked.to_vec();
        let call = session.http_session_api.http_get(method, &asked, None);
        match timeout(CALL_LIMIT, call).await {
            Ok(answer) => answer.map_err(|error| ReadError::of(method, &error)),
            Err(_) => {
                let limit = CALL_LIMIT.as_secs();
                let what = format!("no answer to {method} within {limit} s");
                Err(ReadError { code: None, failure: NotifyError::Transient(what) })
            }
        }
    }

    /// Posts to a response address that was admitted. Whether it was taken is all that counts: Slack sends no JSON here, and
    /// an address that has expired or was used up is answered by status. Redirects are not followed.
    pub(super) async fn respond(&self, url: &Url, body: &impl Serialize) -> Delivered {
        let Ok(body) = serde_json::to_vec(body) else { return Delivered::No };
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Body::from(body));
        let Ok(request) = request else { return Delivered::No };
        match timeout(RESPOND_LIMIT, self.web.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Delivered::Yes,
            Ok(Ok(answer)) => {
                tracing::debug!(status = answer.status().as_u16(), "a response address said no");
                Delivered::No
            }
            Ok(Err(_)) | Err(_) => {
                tracing::debug!("a response address could not be reached");
                Delivered::No
            }
        }
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub(super) struct ReadError {
    /// Slack's own code, where it gave one.
    code: Option<String>,
    failure: NotifyError,
}

impl ReadError {
    fn of(method: &str, error: &SlackClientError) -> Self {
        let code = match error {
            SlackClientError::ApiError(error) => Some(error.code.clone()),
            _ => None,
        };
        Self { code, failure: classify::failure(method, error) }
    }

    /// Whether Slack answered with this code.
    pub(super) fn is_of(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Whether a response address took a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// It did.
    Yes,
    /// It did not, or nobody knows.
    No,
}

/// The library's connector for an address. It joins with a slash itself.
pub(super) fn api_connector(tls: HttpsConnector<HttpConnector>, api_url: &str) -> Connector {
    Connector::with_connector(tls).with_slack_api_url(api_url.trim_end_matches('/'))
}

/// A connector for the scheme of the configured address. A model on plain HTTP needs no certificates, and a machine without
/// any can still run one.
pub(super) fn tls_connector(api_url: &str) -> Result<HttpsConnector<HttpConnector>, ClientError> {
    let unusable = || ClientError::Address(api_url.to_owned());
    let address = Url::parse(api_url).map_err(|_| unusable())?;
    let builder = HttpsConnectorBuilder::new();
    let builder = match address.scheme() {
        "https" => builder.with_native_roots().map_err(ClientError::Roots)?,
        "http" => builder.with_tls_config(
            rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth(),
        ),
        _ => return Err(unusable()),
    };
    Ok(builder.https_or_http().enable_http1().build())
}
