//! What every HTTP client of ours needs: one beginning, bodies read up to a limit, and causes told without addresses.

use std::error::Error as _;
use std::sync::OnceLock;

use hyper_rustls::ConfigBuilderExt;
use reqwest::{ClientBuilder, Response};
use rustls::ClientConfig;

/// The longest body that is read from anyone: 1 MiB, so that no server can fill our memory.
pub(super) const LONGEST_BODY: usize = 1024 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// More than so many bytes.
    #[error("the answer is longer than {} MiB", .0 / 1024 / 1024)]
    TooLong(usize),
    /// The connection broke off or took too long.
    #[error("the answer broke off")]
    Broken(#[source] reqwest::Error),
}

/// A client in the making that follows nothing, sends nothing twice by itself, and goes the straight way.
pub(super) fn http_client() -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy();
    match trusted() {
        Some(trusted) => builder.tls_backend_preconfigured(trusted),
        // Its making fails and says why.
        None => builder,
    }
}

/// Whom the system trusts. Read once: to read more than a hundred certificates costs more than the probe that wants them.
fn trusted() -> Option<ClientConfig> {
    static TRUSTED: OnceLock<ClientConfig> = OnceLock::new();
    if TRUSTED.get().is_none() {
        let trusted = ClientConfig::builder().with_native_roots().ok()?.with_no_client_auth();
        // Whoever was quicker read the same.
        let _ = TRUSTED.set(trusted);
    }
    TRUSTED.get().cloned()
}

/// The whole body, if it is no longer than what is read from anyone.
pub(super) async fn read_body(response: Response) -> Result<Vec<u8>, BodyError> {
    read_body_up_to(response, LONGEST_BODY).await
}

/// The whole body, read piece by piece; the length that the header promises is not believed.
pub(super) async fn read_body_up_to(
    mut response: Response,
    longest: usize,
) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > longest {
            return Err(BodyError::TooLong(longest));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The cause at the end of the chain, "connection refused" rather than "error sending request". The address is left
/// out: its query may hold what a person typed.
pub(super) fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        text = deeper.to_string();
        source = deeper.source();
    }
    text
}
