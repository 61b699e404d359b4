//! Reads an answer's body up to a limit, so that no server can fill our memory.

use reqwest::Response;

/// The longest body that is read from anyone: 1 MiB.
pub(super) const LONGEST_BODY: usize = 1024 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// More than [`LONGEST_BODY`].
    #[error("the answer is longer than {} MiB", LONGEST_BODY / 1024 / 1024)]
    TooLong,
    /// The connection broke off or took too long.
    #[error("the answer broke off")]
    Broken(#[source] reqwest::Error),
}

/// The whole body, read piece by piece; the length that the header promises is not believed.
pub(super) async fn read_body(mut response: Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > LONGEST_BODY {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
