//! How a model calls the bot, and a test a model: on loopback, in plain HTTP.

use reqwest::ClientBuilder;
use rustls::{ClientConfig, RootCertStore};

/// A client in the making that follows nothing and trusts nobody: the system's certificates need not be read for it.
pub fn http_client() -> ClientBuilder {
    // A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_backend_preconfigured(trusted)
}
