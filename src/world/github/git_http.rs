//! git over HTTP, as clients clone and push: `git http-backend` answers, run for each request as a web server runs a
//! CGI program. A push is seen by the model as soon as it is through.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::routes::at_the_door;
use super::{GitHubModel, REPO, git};
use crate::world::cut_off::cut_off;

/// How the ledger calls these requests: they are git's own, and no description of GitHub's knows them.
pub(super) const VENDOR: &str = "git";

pub(super) fn routes() -> Router<Arc<GitHubModel>> {
    Router::new().route(&format!("/{REPO}.git/{{*rest}}"), any(handle))
}

/// A request as `git http-backend` is told of it.
struct Cgi {
    method: Method,
    /// What follows the repository's name.
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

async fn handle(
    Shared(model): Shared<Arc<GitHubModel>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(response) = at_the_door(&model, &method, &uri).await {
        return response;
    }
    if !has_token(&model, &headers) {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"GitHub\"")];
        return (StatusCode::UNAUTHORIZED, ask, "Repository not found.\n").into_response();
    }
    let is_push = method == Method::POST && uri.path().ends_with("/git-receive-pack");
    let trap = |kind| model.ledger.spring(super::VENDOR, kind, method.as_str(), uri.path());
    let is_lost = is_push && trap("lost_answer").is_some();
    let teammate = trap("teammate");
    let path = uri.path().trim_start_matches(&format!("/{REPO}.git")).to_owned();
    let query = uri.query().unwrap_or_default().to_owned();
    let request = Cgi { method, path, query, headers, body };
    let asked = Arc::clone(&model);
    let answered = tokio::task::spawn_blocking(move || {
        teammate.iter().for_each(|fault| asked.teammate(fault));
        let answered = asked.serve(&request);
        if is_push {
            let seen = asked.desk().and_then(|mut desk| desk.sees_pushes());
            seen.map_err(|why| anyhow::anyhow!(why))?;
        }
        answered
    });
    match answered.await {
        _ if is_lost => cut_off(),
        Ok(Ok(response)) => response,
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(_) => cut_off(),
    }
}

/// git shows a token as the password of any user.
fn has_token(model: &GitHubModel, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, shown)) = given.and_then(|given| given.split_once(' ')) else {
        return false;
    };
    match scheme.to_lowercase().as_str() {
        "bearer" | "token" => model.lets_in(shown),
        "basic" => {
            let pair = STANDARD.decode(shown).ok().and_then(|pair| String::from_utf8(pair).ok());
            pair.is_some_and(|pair| {
                pair.split_once(':').is_some_and(|(_, word)| model.lets_in(word))
            })
        }
        _ => false,
    }
}

impl GitHubModel {
    fn serve(&self, request: &Cgi) -> anyhow::Result<Response> {
        let repository = self.awake().map_err(|why| anyhow::anyhow!(why))?.repository();
        let text = |name: &str| {
            let value = request.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let mut backend = git::command(repository.path());
        backend
            .arg("http-backend")
            .env_remove("GIT_DIR")
            .env("GIT_PROJECT_ROOT", repository.path())
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", &request.path)
            .env("REQUEST_METHOD", request.method.as_str())
            .env("QUERY_STRING", &request.query)
            .env("CONTENT_TYPE", text("content-type"))
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
            .env("GIT_PROTOCOL", text("git-protocol"))
            .env("REMOTE_USER", "token")
            .env("REMOTE_ADDR", "127.0.0.1");
        let output = git::run(&mut backend, &request.body)?;
        Ok(response(&output.stdout))
    }
}

/// A CGI program writes its headers, an empty line and the body. `Status` stands for the first line.
fn response(output: &[u8]) -> Response {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = output[end + 4..].to_vec().into_response();
    response.headers_mut().clear();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse().ok());
            *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name), HeaderValue::from_str(value))
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
