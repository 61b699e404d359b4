//! Probes of production: what customers get, fetched fresh and judged against a deployment.
//!
//! `site` says what is fetched and how an answer names its deployment, `fetch` gets one page over a fresh connection to
//! a checked address, `prober` judges. Nothing here decides what a judgement means for the incident.

mod fetch;
mod prober;
mod site;
#[cfg(test)]
mod tests;

pub use prober::HttpProber;
pub use site::{CacheBuster, Marker, Site};
