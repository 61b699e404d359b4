//! Which response addresses may be called. Owns the allow-list; it must never let a request choose where we connect to.
//! Next: `notifier.rs` asks it and falls back to a message by token, so a foreign address costs nothing but its use.

use url::Url;

/// The one host that Slack hands out response addresses of.
const SLACK_HOST: &str = "hooks.slack.com";

/// The allow-list: Slack's own host, and the address of a model where one is configured.
#[derive(Clone, Debug, Default)]
pub struct ResponseUrls {
    model: Option<Url>,
}

/// A configured prefix that would not limit anything, or that is no web address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a prefix of response addresses; write scheme://host:port/path/")]
pub struct UnusablePrefix(pub String);

impl ResponseUrls {
    /// Slack's own addresses, and those that begin with `prefix` (`http://127.0.0.1:4003/response/`).
    pub fn new(prefix: Option<&str>) -> Result<Self, UnusablePrefix> {
        let Some(prefix) = prefix else { return Ok(Self::default()) };
        let model = parse(prefix)
            .filter(|url| url.path().ends_with('/') && url.query().is_none())
            .ok_or_else(|| UnusablePrefix(prefix.to_owned()))?;
        Ok(Self { model: Some(model) })
    }

    /// The address, if it may be called.
    pub fn admit(&self, address: &str) -> Option<Url> {
        let url = parse(address)?;
        let of_slack =
            url.scheme() == "https" && url.host_str() == Some(SLACK_HOST) && url.port().is_none();
        let of_model = self.model.as_ref().is_some_and(|model| {
            // Both are normalised: dot segments are gone, so the prefix holds.
            url.origin() == model.origin() && url.path().starts_with(model.path())
        });
        (of_slack || of_model).then_some(url)
    }
}

/// A web address without credentials or fragment. The parser drops line breaks and tabs and turns back-slashes around;
/// an address that needs that is not one that Slack made.
fn parse(address: &str) -> Option<Url> {
    let odd = |c: char| !c.is_ascii_graphic() || matches!(c, '\\' | '"' | '<' | '>');
    if address.contains(odd) {
        return None;
    }
    let url = Url::parse(address).ok()?;
    let web = matches!(url.scheme(), "https" | "http") && url.has_host();
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (web && bare).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slacks_host_and_the_configured_model_are_admitted() {
        let urls = ResponseUrls::new(Some("http://127.0.0.1:4003/response/")).unwrap();
        for (address, admitted) in [
            ("https://hooks.slack.com/commands/T1/2/x", true),
            ("https://hooks.slack.com:443/actions/T1/2/x?a=b", true),
            ("https://HOOKS.slack.com/actions/T1/2/x", true),
            ("http://127.0.0.1:4003/response/any", true),
            ("http://hooks.slack.com/commands/T1/2/x", false),
            ("https://hooks.slack.com:8443/commands/T1/2/x", false),
            ("https://hooks.slack.com./commands/T1/2/x", false),
            ("https://hooks.slack.com.evil.com/", false),
            ("https://evil.com/hooks.slack.com/", false),
            ("https://evilhooks.slack.com/", false),
            ("https://hooks.slack.com@evil.com/", false),
            ("https://evil.com@hooks.slack.com/", false),
            ("https://evil.com#hooks.slack.com", false),
            ("https://hooks.slack.com/x#y", false),
            ("https://evil.com\\@hooks.slack.com/", false),
            ("https://hooks.slack.com\\.evil.com/", false),
            ("https://ho\noks.slack.com/", false),
            (" https://hooks.slack.com/x", false),
            ("https://hooks.sl\u{430}ck.com/", false),
            ("ftp://hooks.slack.com/", false),
            ("file:///etc/passwd", false),
            ("http://127.0.0.1:4004/response/any", false),
            ("http://127.0.0.2:4003/response/any", false),
            ("http://localhost:4003/response/any", false),
            ("https://127.0.0.1:4003/response/any", false),
            ("http://127.0.0.1:4003/responses", false),
            ("http://127.0.0.1:4003/response/../api/chat.postMessage", false),
            ("http://127.0.0.1:4003/response/%2e%2e/api/chat.postMessage", false),
            ("http://user@127.0.0.1:4003/response/any", false),
            ("http://169.254.169.254/latest/meta-data/", false),
            ("", false),
        ] {
            assert_eq!(urls.admit(address).is_some(), admitted, "{address:?}");
        }
    }

    #[test]
    fn without_a_model_loopback_is_foreign() {
        let urls = ResponseUrls::new(None).unwrap();
        assert!(urls.admit("http://127.0.0.1:4003/response/any").is_none());
        assert!(urls.admit("https://hooks.slack.com/commands/T1/2/x").is_some());
    }

    #[test]
    fn a_prefix_must_limit_something() {
        for prefix in ["", "http://", "127.0.0.1:4003", "http://127.0.0.1/response", "file:///x/"] {
            let unusable = UnusablePrefix(prefix.to_owned());
            assert_eq!(ResponseUrls::new(Some(prefix)).err(), Some(unusable), "{prefix}");
        }
    }
}
