//! The private key of a GitHub App, and the word that it signs to show who it is: a JSON web token of ten minutes.
//!
//! Three encoded parts and one signature, so no library of tokens is needed: `ring` is here for TLS already. Must never
//! show the key.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::adapters::secret::Secret;
use crate::domain::time::Timestamp;

/// A word says that it was given this long ago, for a GitHub whose clock is behind ours.
const BEFORE_S: i64 = 60;

/// It counts for so long from then on: GitHub allows ten minutes from its own now.
const LASTS_S: i64 = 600;

/// A GitHub App with its key.
#[derive(Clone)]
pub struct AppKey {
    app: u64,
    pair: Arc<RsaKeyPair>,
}

impl AppKey {
    /// Reads a key as GitHub gives it: RSA in PEM.
    ///
    /// # Errors
    /// In words, what it is instead.
    pub fn read(app: u64, pem: &Secret) -> Result<Self, String> {
        let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes())
            .map_err(|_| "it is no private key in PEM".to_owned())?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err("it is no RSA key".to_owned()),
        };
        let pair = pair.map_err(|why| format!("it is no RSA key of GitHub's: {why}"))?;
        Ok(Self { app, pair: Arc::new(pair) })
    }

    /// The App's id.
    pub fn app(&self) -> u64 {
        self.app
    }

    /// The App's word at this time.
    pub(super) fn word(&self, now: Timestamp) -> Result<Secret, String> {
        let given = now.0.div_euclid(1000) - BEFORE_S;
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({"alg": "RS256", "typ": "JWT"}));
        let claims = part(json!({
            "iat": given, "exp": given + LASTS_S, "iss": self.app.to_string(),
        }));
        let said = format!("{head}.{claims}");
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), said.as_bytes(), &mut signature)
            .map_err(|_| "the app's key does not sign".to_owned())?;
        Ok(Secret::new(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppKey({}, [hidden])", self.app)
    }
}
