//! Probes of production: what customers get, fetched fresh and judged against a deployment.
//!
//! `site` says what is fetched and how an answer names its deployment, `fetch` gets one page over a fresh connection to
//! a checked address, `prober` judges. `journey` says what a verification asks and expects, `walker` walks it with the
//! cookies of `cookies`. Nothing here decides what a judgement means for the incident.

mod cookies;
mod fetch;
mod journey;
mod prober;
mod site;
#[cfg(test)]
mod tests;
mod walker;

pub use journey::{Expectation, ExpectedHeader, ExpectedJson, Journey, Sent, Step, USUAL_WITHIN};
pub use prober::HttpProber;
pub use site::{CacheBuster, Marker, Site, VENDOR_HOSTS};
pub use walker::{Deadlines, HttpWalker};
