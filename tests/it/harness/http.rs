//! How a test asks over HTTP.

use repoint::world::loopback;

/// A client with this name, as the models have it.
pub fn http_client(name: &str) -> reqwest::Client {
    loopback::http_client().user_agent(name).build().expect("a client")
}
